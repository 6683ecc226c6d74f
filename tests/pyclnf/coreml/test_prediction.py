"""Loading programs: what is compiled and kept, with a Core ML of the test's; and the real one."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.coreml import (
    BOUNDS,
    Data,
    composed,
    first_difference,
    fitted,
    load_host,
    programs,
    relative_errors,
    seen,
)

from openface_bridge.reference import Case
from pyclnf.coreml import prediction
from pyclnf.coreml.precision import FLOAT16, FLOAT32, Precision
from pyclnf.coreml.prediction import load_program

AREAS = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
CASES = [*(Case(face, "default") for face in ("frontal01", "yaw60")), Case("frontal03", "wild")]

precisions = pytest.mark.parametrize("precision", [FLOAT16, FLOAT32], ids=lambda each: each.name)


class StandIn:
    """What this package uses of coremltools on a Mac; 'predicts' twice the areas."""

    ComputeUnit = SimpleNamespace(ALL="all")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.compiled = 0
        self.loaded: list[Path] = []
        self.models = SimpleNamespace(
            CompiledMLModel=self._load, utils=SimpleNamespace(compile_model=self._compile)
        )

    def _compile(self, package: str) -> str:
        assert (Path(package) / "Manifest.json").is_file()
        self.compiled += 1
        made = self._folder / f"compiled{self.compiled}.mlmodelc"
        made.mkdir()
        (made / "program").write_text("whole")
        return str(made)

    def _load(self, path: str, compute_units: str) -> Any:
        assert compute_units == "all"
        if not path.endswith(".mlmodelc") or (Path(path) / "program").read_text() != "whole":
            raise RuntimeError(f"{path} cannot be loaded")
        self.loaded.append(Path(path))
        return SimpleNamespace(predict=lambda inputs: {"maps": 2 * inputs["areas"]})


@pytest.fixture
def core_ml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn(tmp_path / "temporary")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(prediction, "coremltools", lambda: stand_in)
    return stand_in


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "entry" / "program.mlpackage"
    path.mkdir(parents=True)
    (path / "Manifest.json").write_text("{}")
    return path


def test_compiled_once_and_kept(core_ml: StandIn, package: Path, tmp_path: Path):
    for _ in range(2):
        maps = load_program(package)(AREAS)
        np.testing.assert_array_equal(maps, 2 * AREAS, strict=True)
    assert core_ml.compiled == 1
    assert len(set(core_ml.loaded)) == 1
    assert core_ml.loaded[0].parent == package.parent
    assert list((tmp_path / "temporary").iterdir()) == []
    assert len(list(package.parent.iterdir())) == 2


def test_what_cannot_be_loaded_is_compiled_anew(core_ml: StandIn, package: Path):
    load_program(package)
    (core_ml.loaded[0] / "program").write_text("damaged")
    assert load_program(package)(AREAS).tolist() == (2 * AREAS).tolist()
    assert core_ml.compiled == 2


def test_a_folder_that_cannot_be_written_to(
    core_ml: StandIn, package: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*arguments: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(shutil, "copytree", refuse)
    assert load_program(package)(AREAS).tolist() == (2 * AREAS).tolist()
    assert list(package.parent.iterdir()) == [package]


# ---- On a Mac ----


@pytest.mark.macos
@precisions
@pytest.mark.parametrize("case", CASES, ids=str)
def test_predicted_maps(
    embedded_data: Data, case: Case, precision: Precision, programs_folder: Path
):
    host = load_host("auto", embedded_data.manifest(case.setting))
    made = programs(host, precision, programs_folder, load_program)
    for each in seen(embedded_data, case):
        maps = made.response_maps(each.areas, each.scale, each.view)
        assert maps.dtype == np.float32
        assert maps.shape == each.maps.shape
        assert relative_errors(maps, each.maps).max() <= BOUNDS[precision.name], each.scale


@pytest.mark.macos
@precisions
@pytest.mark.parametrize("case", CASES, ids=str)
def test_predicted_landmarks(
    embedded_data: Data, case: Case, precision: Precision, programs_folder: Path
):
    host = load_host("auto", embedded_data.manifest(case.setting))
    backend = composed(host, programs(host, precision, programs_folder, load_program))
    found, limit = fitted(embedded_data, case, backend), embedded_data.floor(case).limit_px
    if found.max_px > limit:
        branch = first_difference(embedded_data, case, found, backend)
        assert branch is not None
        assert branch.excused(limit), branch


@pytest.mark.macos
def test_predictions_in_several_threads(embedded_data: Data, programs_folder: Path):
    case = CASES[0]
    host = load_host("auto", embedded_data.manifest(case.setting))
    made = programs(host, FLOAT32, programs_folder, load_program)
    each = seen(embedded_data, case)[0]
    expected = made.response_maps(each.areas, each.scale, each.view)
    with ThreadPoolExecutor(4) as pool:
        found = [
            pool.submit(made.response_maps, each.areas, each.scale, each.view) for _ in range(20)
        ]
    assert all(relative_errors(one.result(), expected).max() <= 1e-5 for one in found)
