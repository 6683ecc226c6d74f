"""Whole faces by OpenFace as it runs: what is embedded, and its own models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generator.record_faces import live_faces
from support.face_records import EMBEDDED, RECORDS

from openface_bridge.cli import main
from openface_bridge.faces.live import LiveFaces
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import compare_face
from openface_bridge.reference import Case
from openface_bridge.trace import PROVENANCE
from pyclnf.backends import is_available


@pytest.mark.parametrize(
    "case",
    [Case("yaw60", "whole"), Case("frontal01", "sequence"), Case("frontal02", "sequence")],
    ids=str,
)
def test_what_is_embedded_is_what_openface_does(bridge: Any, recorded_kernel: None, case: Case):
    live, recorded = live_faces(EMBEDDED).record(case), RECORDS.record(case)
    assert set(live.entries) == set(recorded.entries)
    for name, array in recorded.entries.items():
        if name != PROVENANCE:
            np.testing.assert_array_equal(live[name], array, err_msg=name)
    told, known = live.provenance, recorded.provenance
    assert told["model"] == known["model"]
    assert told["image"] == known["image"]


@pytest.fixture(scope="module")
def sample(bridge: Any, recorded_kernel: None, openface_data: Path) -> LiveFaces:
    """A picture of OpenFace's, with its own model and detector."""
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    box = next(face["bbox"] for face in faces if face["image"] == "sample1.jpg")
    model = openface_data / "model"
    return LiveFaces(
        model / "main_clnf_general.txt",
        model / "mtcnn_detector" / "MTCNN_detector.txt",
        {"sample1": openface_data / "samples" / "sample1.jpg"},
        {"sample1": np.array(box, np.float32)},
        ["sample1"],
    )


@pytest.mark.parametrize("setting", ["whole", "sequence"])
def test_openfaces_own_models(sample: LiveFaces, openface_data: Path, setting: str):
    if not is_available("cython"):
        pytest.skip("backend cython is not built, and the others would take minutes")
    case, model = Case("sample1", setting), openface_data / "model"
    candidate = FaceCandidate(
        "cython",
        model / "main_clnf_general.txt",
        model / "mtcnn_detector" / "MTCNN_detector.txt",
    )
    found = compare_face(sample.record(case), case, candidate, openface_data / "samples")
    assert found.passed, found.verdict.sentence
    assert found.max_px == 0


def test_the_command_records_faces_and_compares_with_them(
    bridge: Any, recorded_kernel: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    face = next(each for each in EMBEDDED.faces if each.name == "small")
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps({"small": list(face.box)}), "utf-8")
    model = ("--model", str(EMBEDDED.whole_model))
    live = ("--images", str(EMBEDDED.pictures), "--boxes", str(boxes), "--kernels", "Haswell")
    assert main(["record", *model, *live, "--faces", "--out", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").glob("face_*")}
    assert names == {"face_small_whole.npz", "face_small_sequence.npz"}
    recorded = ("--traces", str(tmp_path / "out"), "--images", str(EMBEDDED.pictures))
    capfd.readouterr()
    for reference in (recorded, ("--reference", "live", *live)):
        assert main(["parity", *model, *reference, "--backend", "numpy"]) == 0
        assert "1 fit and 2 faces" in capfd.readouterr().out


def test_a_box_that_cannot_be_fitted_is_told_beside_the_others(
    bridge: Any, recorded_kernel: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    face = next(each for each in EMBEDDED.faces if each.name == "small")
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps({"flat": [5000, 5000, 10, 10], "small": list(face.box)}), "utf-8")
    model = ("--model", str(EMBEDDED.whole_model), "--images", str(EMBEDDED.pictures))
    live = ("--reference", "live", "--boxes", str(boxes), "--kernels", "Haswell")
    assert main(["parity", *model, *live, "--backend", "numpy"]) == 1
    lines = capfd.readouterr().out.splitlines()
    found = {tuple(line.split()[1:3]): line.split()[0] for line in lines[:6]}
    assert found == {
        (name, setting): "FAIL" if name == "flat" else "pass"
        for name in ("flat", "small")
        for setting in ("default", "whole", "sequence")
    }
    refused = [line for line in lines if "lies wholly outside the picture" in line]
    assert len(refused) == 3
    assert lines[-1].startswith("FAILED: 2 fits and 4 faces (")


def test_whole_faces_are_detected_by_the_detector_that_is_named(
    bridge: Any, recorded_kernel: None, tmp_path: Path
):
    """Here there is none beside the model."""
    (tmp_path / "whole").mkdir()
    for path in EMBEDDED.whole_model.parent.iterdir():
        if path.name != "mtcnn_detector":
            (tmp_path / "whole" / path.name).symlink_to(path)
    (tmp_path / "model").symlink_to(EMBEDDED.model.parent)
    pictures, results = tmp_path / "pictures", tmp_path / "results.json"
    pictures.mkdir()
    (pictures / "frontal06.png").symlink_to(EMBEDDED.pictures / "frontal06.png")
    model = tmp_path / "whole" / EMBEDDED.whole_model.name
    status = main(
        [
            *(
                "parity",
                "--reference",
                "live",
                "--model",
                str(model),
            ),
            *("--images", str(pictures), "--detect", str(EMBEDDED.face_detector)),
            *("--backend", "numpy-exact", "--kernels", "", "--json", str(results)),
        ]
    )
    run = json.loads(results.read_text("utf-8"))
    assert status == 0, run["faces"]
    assert [face["setting"] for face in run["faces"]] == ["whole", "sequence"]
    assert "detector boxes" in run["faces"][0]["stages"]
