"""Whole faces on the command line: compared by default, told in data, XML, page and table."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest
from support.expert_files import set_early_termination, write_model_of
from support.face_records import CASES, EMBEDDED
from support.recordings import Recordings

from openface_bridge.cli import main
from openface_bridge.cli.faces import live_faces
from openface_bridge.gate.results import read_results
from openface_bridge.live import Live
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faults import FACE_FAULTS, planted

PASSED, FAILED, UNUSABLE = 0, 1, 2
STAGES = [stage.name for stage in FACE_STAGES]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Name the embedded faces, and one fit."""
    traces = tmp_path / "traces"
    traces.mkdir()
    fit = EMBEDDED.recordings / "trace_flat_default.npz"
    for path in (fit, *EMBEDDED.face_records.iterdir()):
        (traces / path.name).symlink_to(path)
    named = {"--model": EMBEDDED.whole_model, "--traces": traces, "--images": EMBEDDED.pictures}
    return [word for name, value in named.items() for word in (name, str(value))]


def test_faces_are_compared_and_told(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict_json: Callable[[str], Any],
):
    data, xml = tmp_path / "p.json", tmp_path / "p.xml"
    status = main(["parity", *arguments, "--json", str(data), "--junit", str(xml)])
    lines = capsys.readouterr().out.splitlines()
    assert status == PASSED, lines
    assert [line.split()[1:3] for line in lines[1:9]] == [[c.face, c.setting] for c in CASES]
    assert lines[9].split() == ["whole", "faces", "equal", "rounding", "branch", "bug"]
    assert [line[:18].strip() for line in lines[10 : 10 + len(STAGES)]] == STAGES
    assert lines[10 + len(STAGES)].startswith("passed: 1 fit and 8 faces (")
    run = strict_json(data.read_text("utf-8"))
    assert (run["summary"]["faces"], run["summary"]["faces_failed"]) == (8, 0)
    stages = run["backends"]["numpy"]["face_stages"]
    assert list(stages) == STAGES
    assert all(counts["bug"] == 0 for counts in stages.values())
    assert len(read_results(data).fits) == 9
    cases = ElementTree.parse(xml).getroot().iter("testcase")
    named = [(case.get("classname"), case.get("name")) for case in cases]
    assert ("parity.numpy.sequence", "frontal06") in named


def test_the_figures_of_a_face(arguments: list[str], tmp_path: Path):
    path = tmp_path / "p.json"
    main(["parity", *arguments, "--json", str(path)])
    run = json.loads(path.read_text("utf-8"))
    faces = {(face["face"], face["setting"]): face for face in run["faces"]}
    figures = faces["yaw60", "whole"]["figures"]
    chosen = [each["chosen_by_reference"] for each in figures["hypotheses"]]
    assert chosen.index(True) == 3
    assert [each["chosen_by_candidate"] for each in figures["hypotheses"]] == chosen
    assert [each["name"] for each in figures["parts"]] == ["inner", "left_eye", "right_eye"]
    assert all(0 <= each["start"] < 1 and each["fit"] < 1 for each in figures["parts"])
    assert figures["certainty"]["reference"] == figures["certainty"]["candidate"]
    frames = faces["frontal01", "sequence"]["figures"]["frames"]
    assert frames[0]["shift_of_reference"] is None
    assert frames[3]["shift_of_reference"] == frames[3]["shift_of_candidate"]
    boxes = faces["frontal06", "whole"]["figures"]["boxes"]
    assert len(boxes["reference"]) == len(boxes["candidate"]) == 7
    assert set(boxes["left_by_reference"]) == {"proposal", "refinement", "output"}


def test_without_faces(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    kept = tmp_path / "run"
    assert main(["run", *arguments, "--out", str(kept)]) == PASSED
    thresholds = tmp_path / "thresholds.toml"
    texts = (
        f'[numpy."{each}"]\nall = {{ px = 1.0 }}\n' for each in ("flat.default", "small.whole")
    )
    thresholds.write_text("version = 1\n" + "".join(texts), "utf-8")
    capsys.readouterr()
    for without in (["--no-faces"], ["--run", str(kept)]):
        gated = ["parity", *arguments, *without, "--thresholds", str(thresholds)]
        assert main(gated) == PASSED
        output = capsys.readouterr().out
        assert "whole" not in output
        assert "1 fit (" in output


def test_totals_of_several_backends_are_of_fits(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    named = ["--backend", "numpy", "--backend", "numpy-exact"]
    assert main(["parity", *arguments, *named]) == PASSED
    output = capsys.readouterr().out.splitlines()
    lines = {line[:22].strip(): line.split() for line in output}
    assert lines["frontal06 sequence"][2] != "0.0000"
    assert lines["worst fit"][2:] == ["0.0000", "0.0000"]
    assert lines["fits equal in every bi"][-6:] == ["0", "of", "1", "1", "of", "1"]
    said = [" ".join(line.split()) for line in output]
    assert "whole faces numpy numpy-exact" in said
    assert "template shift 3 equal 3 equal" in said
    assert said[-1].startswith("passed: 1 fit and 8 faces on 2 backends: 18 comparisons (")


def of_one_setting(arguments: list[str]) -> list[str]:
    """Leave the model to fits of a setting that there are none of."""
    return [f"weighted={word}" if word.endswith(".txt") else word for word in arguments]


def test_fits_need_no_model_of_faces(recordings: Recordings, tmp_path: Path):
    traces = tmp_path / "traces"
    traces.mkdir()
    (traces / "trace_anna_weighted.npz").symlink_to(recordings.traces / "trace_anna_weighted.npz")
    given = ("--traces", str(traces), "--images", str(recordings.images))
    assert main(["parity", "--model", f"weighted={recordings.model}", *given]) == PASSED


def test_faces_need_a_model(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["parity", *of_one_setting(arguments)]) == UNUSABLE
    assert "there are whole faces, but there is no --model for" in capsys.readouterr().err


@pytest.mark.parametrize("ends_early", [False, True])
def test_live_faces_that_are_left_out_are_told(
    ends_early: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = write_model_of("CEN", tmp_path, 0, 16, 5, (0.25, 0.35, 0.5))
    set_early_termination(path, (1.0,) * 3, (0.0,) * 3, (0.0,) * 3)
    options = Namespace(model=[str(path) if ends_early else f"weighted={path}"])
    assert live_faces(options, cast(Live, None)) is None
    reason = "ends its search over head poses early" if ends_early else "no --model for setting"
    assert reason in capsys.readouterr().err


def test_a_bug_fails_the_run_unless_it_is_known(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    fault = next(fault for fault in FACE_FAULTS if fault.name == "parts of small faces fitted")
    known = tmp_path / "known.toml"
    known.write_text(
        '[[divergence]]\nbackend = "numpy"\nface = "small"\nsetting = "whole"\n'
        'stage = "part parameters"\nmax_error = 1.0\nreason = "a test"\nexpires = 2999-12-31\n'
        '[[divergence]]\nbackend = "numpy"\nface = "small"\nsetting = "whole"\n'
        f'landmarks = {list(range(68))}\nmax_error = 9.0\nreason = "a test"\n'
        "expires = 2999-12-31\n",
        "utf-8",
    )
    with planted(fault):
        assert main(["parity", *arguments]) == FAILED
        failed = capsys.readouterr().out
        assert main(["parity", *arguments, "--known", str(known)]) == PASSED
    assert "the stage 'part parameters' fails (fitted; part inner)" in failed
    line = next(each for each in failed.splitlines() if each.startswith("part parameters"))
    assert line.split()[-1] == "1"
    assert "known small" in " ".join(capsys.readouterr().out.split())


def test_faults_of_faces(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "faults.json"
    assert main(["faults", *arguments, "--only", "32,33", "--json", str(path)]) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[3:5]] == ["32", "33"]
    assert lines[-1].endswith("of 4 trials as expected, on 1 fit and 8 faces of backend numpy")
    found = {each["number"]: each for each in json.loads(path.read_text("utf-8"))["faults"]}
    assert found["32"]["named"] == ["part parameters"]
    assert found["33"]["fits"][0]["place"]["landmark"] is not None
