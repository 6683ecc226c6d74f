"""Converting whole models ahead."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from support.coreml import programs
from support.expert_files import write_model_of
from support.model_files import add_part, write_small_model

from pyclnf import FitSettings
from pyclnf.backends import BackendUnavailableError, create_backend, is_available
from pyclnf.cli import main
from pyclnf.coreml import converter, key, tools
from pyclnf.coreml.conversion import convert_model
from pyclnf.coreml.key import program_key
from pyclnf.coreml.precision import FLOAT16, FLOAT32
from pyclnf.coreml.prediction import Predict
from pyclnf.experts.ccnf_experts import CCNFExperts

VIEWS, SCALES = 2, 2


def experts_of(manifest: Path, backend: str = "numpy") -> CCNFExperts:
    experts = create_backend(backend, manifest).detector.experts
    assert isinstance(experts, CCNFExperts)
    return experts


@pytest.fixture
def no_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Converting writes an empty package."""
    monkeypatch.setattr(converter, "write_program", lambda constants, path: path.mkdir())
    monkeypatch.setattr(key, "tools_version", lambda: "9.0")


def test_all_views_of_all_scales(converts: None, small_model: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    packages = convert_model(
        small_model, tmp_path / "new", progress=lambda *numbers: told.append(numbers)
    )
    assert told == [(done, VIEWS * SCALES) for done in range(VIEWS * SCALES)]
    assert len(set(packages)) == VIEWS * SCALES
    assert all((each / "Manifest.json").is_file() for each in packages)
    assert convert_model(small_model, tmp_path / "new") == packages


@pytest.mark.parametrize("backend", ["numpy", "numpy-exact", "cython"])
def test_what_was_converted_serves_any_host(
    no_conversion: None,
    small_model: Path,
    backend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    if not is_available(backend):
        pytest.skip(f"backend {backend} is not built")
    packages = convert_model(small_model, tmp_path, precision=FLOAT32)
    monkeypatch.setattr(converter, "write_program", None)
    loaded: list[Path] = []

    def load(package: Path) -> Predict:
        loaded.append(package)
        return lambda areas: areas

    made = programs(create_backend(backend, small_model), FLOAT32, tmp_path, load)
    for scale, window_size in enumerate(FitSettings().window_sizes[:SCALES]):
        for view in range(VIEWS):
            made.prepare(scale, view, window_size)
    assert loaded == packages


def test_parts_as_well(no_conversion: None, tmp_path: Path):
    main = write_small_model(tmp_path / "model")
    add_part(main, "brow", range(5))
    with_parts = convert_model(main, tmp_path / "programs")
    alone = convert_model(main, tmp_path / "programs", parts=False)
    assert set(alone) < set(with_parts)


def test_keys(no_conversion: None, small_model: Path, monkeypatch: pytest.MonkeyPatch):
    experts = experts_of(small_model)
    in_view, other = experts.view(0, 0), experts.view(0, 1)
    components = experts.sigma_components(11)
    keys = [
        program_key(in_view, components, 11, FLOAT16),
        program_key(in_view, components, 11, FLOAT32),
        program_key(other, components, 11, FLOAT16),
        program_key(in_view, experts.sigma_components(9), 9, FLOAT16),
        program_key(in_view, None, 11, FLOAT16),
    ]
    monkeypatch.setattr(key, "tools_version", lambda: "9.1")
    keys.append(program_key(in_view, components, 11, FLOAT16))
    monkeypatch.setattr(key, "VERSION", -1)
    keys.append(program_key(in_view, components, 11, FLOAT16))
    assert len(set(keys)) == len(keys)
    assert program_key(in_view, components, 11, FLOAT16) == keys[-1]


def test_models_without_ccnf_experts(no_conversion: None, tmp_path: Path):
    main = write_model_of("SVR", tmp_path / "model")
    with pytest.raises(ValueError, match=r"has SVR experts; Core ML programs are made of CCNF"):
        convert_model(main, tmp_path / "programs")


def test_a_folder_that_cannot_be_written_to(no_conversion: None, small_model: Path, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        convert_model(small_model, tmp_path / "file" / "programs")


def test_without_coremltools(small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(tools, "version", none)
    with pytest.raises(BackendUnavailableError, match="pip install coremltools"):
        convert_model(small_model, tmp_path)
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(BackendUnavailableError, match="pip install coremltools"):
        tools.coremltools()


def test_the_command(
    converts: None, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["model", "convert", str(small_model), "--coreml", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == f"4 programs of {small_model} in {tmp_path}\n"
    assert said.err == ""
    entries = sorted(tmp_path.iterdir())
    assert len(entries) == VIEWS * SCALES
    shutil.rmtree(entries[0])
    arguments = [str(small_model), "--coreml", str(tmp_path), "--precision", "float32", "--wild"]
    assert main(["model", "convert", *arguments]) == 0
    assert len(list(tmp_path.iterdir())) == 2 * VIEWS * SCALES - 1


def test_the_command_without_a_folder(small_model: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["model", "convert", str(small_model)])
    assert "--coreml" in capsys.readouterr().err
