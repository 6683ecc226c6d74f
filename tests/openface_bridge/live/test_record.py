"""Recordings: the command, boxes, provenance; and reading them back."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openface_bridge.cli import main
from openface_bridge.recorded import Recorded
from openface_bridge.recording.boxes import read_starts, write_starts
from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.trace import SCHEMA_VERSION, Trace, TraceError

CASE = Case("blobs", "default")


@pytest.fixture(scope="module")
def recording(
    bridge: Any, small_model: Path, blobs: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What the command writes."""
    folder = tmp_path_factory.mktemp("recording")
    cv2.imwrite(str(folder / "blobs.png"), blobs[0])
    write_starts(folder / "in.json", {"blobs": Start(blobs[1])})
    status = main(
        [
            *("record", "--model", str(small_model), "--images", str(folder)),
            *("--boxes", str(folder / "in.json"), "--settings", "default,weighted"),
            *("--kernels", "Nehalem", "--out", str(folder / "out")),
        ]
    )
    assert status == 0
    return folder / "out"


def test_recordings_are_read_back(recording: Path, small: Any, blobs: tuple[Any, Any]) -> None:
    recorded = Recorded(recording)
    assert recorded.cases() == [CASE, Case("blobs", "weighted")]
    trace = recorded.trace(CASE)
    assert np.array_equal(trace["bbox"], blobs[1])
    reruns = recorded.rerun_landmarks(CASE)
    assert reruns is not None
    assert reruns.shape[1:] == (small.n_landmarks, 2)
    with np.load(recording / "noise_floor.npz") as floors:
        kernels = floors["blas_kernels"].tolist()
    assert len(reruns) == 16 + len(kernels)
    assert set(kernels) <= {"Nehalem"}


def test_recordings_say_where_they_come_from(
    recording: Path, bridge: Any, small_model: Path
) -> None:
    told = Recorded(recording).trace(CASE).provenance
    assert told is not None
    assert told["schema_version"] == SCHEMA_VERSION
    assert told["blas_kernel"] == bridge.system()["blas_kernel"]
    assert told["opencv"] == bridge.system()["opencv"]
    assert told["settings"]["window_sizes"] == [11, 9, 7, 5]
    picture = (recording.parent / "blobs.png").read_bytes()
    assert told["image"]["sha256"] == hashlib.sha256(picture).hexdigest()
    files = told["model"]["sha256"]
    assert files["main.txt"] == hashlib.sha256(small_model.read_bytes()).hexdigest()
    assert len(files) == 6


def test_recording_again_gives_the_same_bytes(
    recording: Path, small_model: Path, tmp_path: Path
) -> None:
    status = main(
        [
            *(
                "record",
                "--model",
                str(small_model),
                "--images",
                str(recording.parent / "blobs.png"),
            ),
            *("--boxes", str(recording / "boxes.json"), "--kernels", "", "--out", str(tmp_path)),
        ]
    )
    assert status == 0
    name = "trace_blobs_default.npz"
    first, second = Recorded(recording).trace(CASE), Recorded(tmp_path).trace(CASE)
    assert {n: a.tobytes() for n, a in first.entries.items()} == {
        n: a.tobytes() for n, a in second.entries.items()
    }
    assert (tmp_path / name).is_file()


def test_recording_into_a_folder_leaves_what_it_has(
    recording: Path, small_model: Path, blobs: tuple[Any, Any], tmp_path: Path
) -> None:
    """Other fits keep their noise floors, other faces their boxes; the fit itself gets new ones."""
    out = tmp_path / "out"
    shutil.copytree(recording, out)
    cv2.imwrite(str(tmp_path / "again.png"), blobs[0])
    given = ("--model", str(small_model), "--images", str(tmp_path), str(recording.parent))
    for face, settings in (("again", "default"), ("blobs", "weighted")):
        write_starts(tmp_path / "in.json", {face: Start(blobs[1])})
        options = ("--boxes", str(tmp_path / "in.json"), "--settings", settings, "--kernels", "")
        assert main(["record", *given, *options, "--out", str(out)]) == 0
    before, after = Recorded(recording), Recorded(out)
    assert after.cases() == [Case("again", "default"), *before.cases()]
    kept, expected = after.rerun_landmarks(CASE), before.rerun_landmarks(CASE)
    assert kept is not None
    assert expected is not None
    assert np.array_equal(kept, expected)
    replaced = after.rerun_landmarks(Case("blobs", "weighted"))
    assert replaced is not None
    assert len(replaced) == 16  # without kernels this time
    assert set(read_starts(out / "boxes.json")) == {"again", "blobs"}
    (out / "noise_floor.npz").write_bytes(b"damaged")
    assert main(["record", *given, *options, "--out", str(out)]) == 2


def test_a_head_pose_is_recorded_and_compared(
    recording: Path,
    recorded_kernel: None,
    small_model: Path,
    tmp_path: Path,
) -> None:
    box = [float(value) for value in Recorded(recording).trace(CASE)["bbox"]]
    turned = {"blobs": {"box": box, "rotation": [0.1, -0.4, 0.05]}}
    (tmp_path / "in.json").write_text(json.dumps(turned), "utf-8")
    pictures = ("--images", str(recording.parent))
    given = ("--model", str(small_model), *pictures, "--boxes", str(tmp_path / "in.json"))
    out = tmp_path / "out"
    assert main(["record", *given, "--kernels", "", "--lean", "--out", str(out)]) == 0
    trace = Recorded(out).trace(CASE)
    assert np.array_equal(trace["rotation"], np.array([0.1, -0.4, 0.05], np.float32))
    assert "scale0.areas_of_interest" not in trace
    start = read_starts(out / "boxes.json")["blobs"]
    assert np.array_equal(start.box, trace["bbox"])
    assert np.array_equal(start.rotation, trace["rotation"])
    compared = ("--model", str(small_model), *pictures, "--traces", str(out))
    results = tmp_path / "results.json"
    arguments = [*compared, "--backend", "numpy-exact", "--json", str(results)]
    assert main(["parity", *arguments]) == 0
    assert verdicts(results) == ["equal"]


def verdicts(results: Path) -> list[str]:
    """Return the kinds of all verdicts in a file of results."""
    fits = json.loads(results.read_text("utf-8"))["fits"]
    return [fit["verdict"]["kind"] for fit in fits]


def test_parity_with_the_live_reference(
    recording: Path, recorded_kernel: None, small_model: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results.json"
    status = main(
        [
            *("parity", "--reference", "live", "--model", str(small_model)),
            *("--images", str(recording.parent), "--boxes", str(recording / "boxes.json")),
            *("--backend", "numpy-exact", "--kernels", "", "--json", str(results)),
        ]
    )
    assert verdicts(results) == ["equal"]
    assert status == 0


def test_a_face_that_cannot_be_fitted_is_reported(
    recording: Path, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tmp_path / "boxes.json"
    boxes.write_text('{"blobs": [5000, 5000, 10, 10]}', "utf-8")
    status = main(
        [
            *(
                "record",
                "--model",
                str(small_model),
                "--images",
                str(recording.parent / "blobs.png"),
            ),
            *("--boxes", str(boxes), "--kernels", "", "--out", str(tmp_path / "out")),
        ]
    )
    assert status == 2
    assert "not recorded: blobs default: bbox" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--images", "nowhere"], "nowhere: no such picture or folder"),
        (["--images", "{folder}"], "where are the faces"),
        (["--images", "{folder}", "--boxes", "nowhere.json"], "not a readable box file"),
        (["--images", "{folder}", "--detect", "nowhere.txt"], "expected a file"),
        (
            ["--images", "{folder}", "--boxes", "{folder}/in.json", "--kernels", "Haswell,Foo"],
            "kernels: OpenBLAS has none called 'Foo'; it has Haswell, SkylakeX, Nehalem, Prescott",
        ),
    ],
)
def test_what_is_missing_is_said(
    recording: Path,
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    given = [option.format(folder=recording.parent) for option in options]
    arguments = ["record", "--model", str(small_model), *given, "--out", str(tmp_path)]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


# ---- Without the bridge ----


def test_boxes_keep_every_bit(tmp_path: Path) -> None:
    box = np.array([0.1, -1e-7, 185.248459, 1 / 3], np.float32)
    rotation = np.array([0.1, -0.96, 1 / 3], np.float32)
    write_starts(tmp_path / "boxes.json", {"a": Start(box), "b": Start(box, rotation)})
    found = read_starts(tmp_path / "boxes.json")
    assert [found[face].box.tobytes() for face in "ab"] == [box.tobytes()] * 2
    assert not found["a"].rotation.any()
    assert found["b"].rotation.tobytes() == rotation.tobytes()
    stored = json.loads((tmp_path / "boxes.json").read_text("utf-8"))
    assert isinstance(stored["a"], list)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a": [1, 2, 3]}',
        '{"a": [1, 2, 3, NaN]}',
        '{"a": "b"}',
        '{"a": {"rotation": [0, 0, 0]}}',
        '{"a": {"box": [1, 2, 3]}}',
        '{"a": {"box": [1, 2, 3, 4], "turn": [0, 0, 0]}}',
        '{"a": {"box": [1, 2, 3, 4], "rotation": [0, 0]}}',
        '{"a": {"box": [1, 2, 3, 4], "rotation": [0, NaN, 0]}}',
        '{"a": {"box": [1, 2, 3, 4], "rotation": [0, 30, 0]}}',
    ],
)
def test_box_files_are_checked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(text, "utf-8")
    with pytest.raises(TraceError, match=r"boxes\.json"):
        read_starts(path)


def test_provenance_is_optional_and_checked(openface_data: Path) -> None:
    recorded = Recorded(openface_data / "golden").trace(Case("sample1", "default"))
    assert recorded.provenance is None
    told = Trace({**recorded.entries, "provenance": np.array(json.dumps({"a": 1}))})
    assert told.provenance == {"a": 1}
    for wrong in (np.array("["), np.array("[]"), np.array([1.0])):
        with pytest.raises(TraceError, match="provenance"):
            _ = Trace({**recorded.entries, "provenance": wrong}).provenance
