"""The command's CSV beside what OpenFace found: the same text, with OpenFace's decimals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from pyclnf.backends import is_available
from pyclnf.cli import main
from pyclnf.formats.boxes import write_boxes

BLOCKS = ("-2Dfp", "-pdmparams")


@pytest.mark.parametrize("setting", ["default", "wild"])
def test_the_same_text(openface_data: Path, tmp_path: Path, setting: str):
    if not is_available("cython"):
        pytest.skip("backend cython is not built; another one takes minutes, or rounds elsewhere")
    results = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    pictures = [str(openface_data / "samples" / result["image"]) for result in results]
    for result in results:
        box = np.array(result["bbox"], np.float32)
        write_boxes(tmp_path / f"{Path(result['image']).stem}.txt", box)
    options = ["-wild", "-multi_view", "0"] if setting == "wild" else []
    name = {"default": "general", "wild": "wild"}[setting]
    model = ["-mloc", str(openface_data / "model" / f"main_clnf_{name}.txt")]
    given = [*pictures, *model, *options, "-bboxdir", str(tmp_path), "-out_dir", str(tmp_path)]
    assert main(["image", *given, "--backend", "cython", *BLOCKS]) == 0
    for result in results:
        with (tmp_path / f"{Path(result['image']).stem}.csv").open(newline="") as file:
            header, row = csv.reader(file)
        run = result["runs"][setting]
        expected = [f"{np.float32(value):.1f}" for value in run["landmarks"]]
        parameters = [*run["params_global"], *run["params_local"]]
        expected += [f"{np.float32(value):.3f}" for value in parameters]
        assert row[2:] == expected
        assert header[2:4] == ["x_0", "x_1"]
        assert header[-1] == "p_33"
