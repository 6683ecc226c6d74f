"""The command's CSV beside what OpenFace found: the same text, with OpenFace's decimals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyclnf.backends import is_available
from pyclnf.cli import main

PLAIN = ("--no-parts", "-validate_detections", "0")
CAMERA = ("-fx", "500", "-fy", "500", "-cx", "320", "-cy", "240")
RUNS = {
    "default": PLAIN,
    "weighted": (*PLAIN, "-w_reg", "2.5"),
    "parts": ("-validate_detections", "0"),
    "multi_view": (*PLAIN, "-multi_view", "1"),
    "multi_view_parts_validated": ("-multi_view", "1"),
    "wild": (*PLAIN, "-wild", "-multi_view", "0"),
}
"""What OpenFace was told in each of its recorded runs."""


@pytest.fixture(autouse=True)
def built() -> None:
    if not is_available("cython"):
        pytest.skip("backend cython is not built; another one takes minutes, or rounds elsewhere")


def text_of(run: dict[str, Any], *, pose: bool) -> list[str]:
    """Return the fields of a run: pose, landmarks, parameters."""
    told = []
    if pose:
        recorded = run["pose_500_500_320_240"]
        told += [(recorded[:3], 1), (recorded[3:], 3)]
    told += [(run["landmarks"], 1), (run["params_global"], 3), (run["params_local"], 3)]
    return [f"{np.float32(value):.{digits}f}" for values, digits in told for value in values]


@pytest.mark.parametrize("name", RUNS)
def test_pictures(openface_data: Path, tmp_path: Path, name: str):
    """From the picture alone: OpenFace's own detector finds the faces."""
    results = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    pictures = [str(openface_data / "samples" / result["image"]) for result in results]
    kind = "wild" if name == "wild" else "general"
    model = ["-mloc", str(openface_data / "model" / f"main_clnf_{kind}.txt")]
    blocks = ["-pose", "-2Dfp", "-pdmparams", *CAMERA]
    given = [*pictures, *model, *RUNS[name], *blocks, "-out_dir", str(tmp_path)]
    assert main(["image", *given, "--backend", "cython"]) == 0
    for result in results:
        with (tmp_path / f"{Path(result['image']).stem}.csv").open(newline="") as file:
            header, row = csv.reader(file)
        assert header[:3] == ["face", "confidence", "pose_Tx"]
        assert header[-1] == "p_33"
        run = result["runs"][name]
        assert row[1] == f"{run['certainty']:.3f}"
        assert row[2:] == text_of(run, pose=True)


@pytest.mark.parametrize(
    ("name", "options"),
    [("sequence_template", PLAIN), ("sequence_template_parts_validated", ())],
)
def test_sequences(openface_data: Path, tmp_path: Path, name: str, options: tuple[str, ...]):
    recorded = json.loads((openface_data / "golden" / f"{name}.json").read_text("utf-8"))
    model = ["-mloc", str(openface_data / "model" / "main_clnf_general.txt")]
    frames = ["-fdir", str(openface_data / "samples" / "sequence"), "--template"]
    given = [*frames, *model, *options, "-2Dfp", "-pdmparams", "-out_dir", str(tmp_path)]
    assert main(["video", *given, "--backend", "cython"]) == 0
    with (tmp_path / "sequence.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    assert len(rows) == len(recorded) == 30
    for row, frame in zip(rows, recorded, strict=True):
        expected = [str(frame["frame"] + 1), "0", f"{frame['certainty']:.2f}", "1"]
        assert [row[0], row[1], row[3], row[4]] == expected
        assert row[5:] == text_of(frame, pose=False)
