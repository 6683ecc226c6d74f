"""The kernels' source as a GPU's compiler sees it. NVIDIA's compiler needs no GPU."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyclnf.backends.cuda import compiling
from pyclnf.backends.cuda.source import FOLDER, OPTIONS, device_source

KERNELS = ("pyclnf_grey", "pyclnf_start", "pyclnf_place", "pyclnf_respond", "pyclnf_fit_scale")
ARCHITECTURES = (75, 80, 90)
FUSING = ("pyclnf_respond", "pyclnf_fit_scale")
"""Kernels whose definition has fused sums."""


def compiled_for(capability: int, *, assembly: bool = False) -> tuple[bytes, str]:
    """Compile; skips where there is no compiler."""
    pytest.importorskip("cupy", reason="CuPy is not installed")
    try:
        compiling._compiler()
    except compiling.CompilerError as error:
        pytest.skip(str(error))
    return compiling.compiled(capability, assembly=assembly)


def test_it_is_one_text():
    source = device_source()
    assert not re.search(r"^\s*#include", source, re.MULTILINE)
    for kernel in KERNELS:
        assert source.count(f"({kernel}, ") == 1
    for path in FOLDER.iterdir():
        if path.suffix in (".cu", ".cuh"):
            assert f"KERNELS_{path.stem.upper()}_{path.suffix[1:].upper()}" in source, path.name


def test_unconditional_files_come_once():
    guards = re.findall(r"#define (PYCLNF_HAS_\w+)", device_source())
    ours = [guard for guard in guards if "BACKENDS_CUDA" in guard]
    assert len(ours) == len(set(ours))


def test_conditions_are_balanced():
    source = device_source()
    opened = len(re.findall(r"^\s*#if", source, re.MULTILINE))
    assert opened == len(re.findall(r"^\s*#endif", source, re.MULTILINE))


def test_nothing_is_fused_or_approximated_by_option():
    assert {"--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true"} <= set(OPTIONS)
    assert not [option for option in OPTIONS if "fast" in option]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def assembly(request: pytest.FixtureRequest) -> str:
    """What the compiler makes of it for an architecture; skips where there is no compiler."""
    return compiled_for(request.param, assembly=True)[0].decode()


def entries(assembly: str) -> Iterator[tuple[str, str]]:
    """Yield each kernel's name and instructions; all functions are inlined."""
    for match in re.finditer(r"\.entry (\w+)\(.*?^\}", assembly, re.MULTILINE | re.DOTALL):
        yield match[1], match[0]


def test_all_kernels_compile(assembly: str):
    assert {name for name, _ in entries(assembly)} == set(KERNELS)
    assert not re.search(r"^\s*\.func", assembly, re.MULTILINE)


def test_every_rounding_is_to_nearest(assembly: str):
    """Neither approximations nor flushed subnormals, nor anything left for a later fusion."""
    assert not re.search(r"\.approx|\.ftz", assembly)
    arithmetic = re.findall(r"\b(?:add|sub|mul|div|sqrt|fma|mad)\.[\w.]*f(?:32|64)\b", assembly)
    assert arithmetic
    assert {each for each in arithmetic if ".rn." not in each} == set()


def test_only_what_is_defined_so_is_fused(assembly: str):
    for name, instructions in entries(assembly):
        assert ("fma." in instructions) is (name in FUSING), name
    assert set(re.findall(r"\bfma\.[\w.]+", assembly)) == {"fma.rn.f32"}


def test_machine_code_where_the_compiler_knows_the_device():
    code, suffix = compiled_for(90)
    assert (code[:4], suffix) == (b"\x7fELF", ".cubin")


def test_assembly_for_devices_that_are_newer():
    code, suffix = compiled_for(999)
    assert (b".entry pyclnf_fit_scale" in code, suffix) == (True, ".ptx")


def test_devices_that_are_too_old():
    compiled_for(90)
    with pytest.raises(compiling.CompilerError, match=r"compute capability 1\.0"):
        compiling.compiled(10)


def test_compiled_kernels_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    compiled_for(90)
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path / "kept"))
    path = compiling.compiled_file(90)
    assert path.parent == tmp_path / "kept"
    assert [path] == list(path.parent.iterdir())
    monkeypatch.setattr(compiling, "compiled", lambda _: pytest.fail("compiled again"))
    assert compiling.compiled_file(90) == path


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    written = compiling._written(tmp_path / "file", "kernels.cubin", b"code")
    assert written.read_bytes() == b"code"
    assert written.name == "kernels.cubin"
