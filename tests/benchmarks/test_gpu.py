"""What measures batches on a GPU, tried without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from measuring import gpu
from measuring.occupancy import HOPPER, registers_of, resident_blocks
from measuring.workload import workload
from support.fixture_faces import FIXTURES

from pyclnf import CLNF
from pyclnf.backends.cuda import availability, compiling


@pytest.fixture
def embedded_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded faces, whatever else is at hand."""
    monkeypatch.delenv("PYCLNF_OPENFACE_DATA", raising=False)
    monkeypatch.setattr("measuring.workload._OPENFACE_DATA", tmp_path / "none")
    assert FIXTURES.is_dir()


@pytest.mark.usefixtures("embedded_work", "cuda_somewhere")
def test_batches_are_measured_and_proven():
    work = workload()
    seconds = gpu.measure(CLNF(work.manifest, backend="cuda"), work, 3, 2, lambda array: array)
    assert {where: len(taken) for where, taken in seconds.items()} == {"host": 2, "device": 2}
    assert min(min(taken) for taken in seconds.values()) > 0


@pytest.mark.usefixtures("embedded_work", "cuda_somewhere")
def test_results_that_are_off_are_not_measured():
    work = workload()
    work.faces[0].landmarks[3, 0] += 0.01
    with pytest.raises(AssertionError, match=work.faces[0].name):
        gpu.measure(CLNF(work.manifest, backend="cuda"), work, 2, 1, lambda array: array)


@pytest.mark.usefixtures("embedded_work")
def test_what_is_counted_without_a_gpu(capsys: pytest.CaptureFixture[str]):
    assert gpu.main(["--count"]) == 0
    said = capsys.readouterr().out
    assert "launches of a batch: 11" in said
    assert re.search(r"pyclnf_fit_scale +15352 bytes shared", said)


@pytest.mark.usefixtures("embedded_work")
def test_without_a_gpu_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(availability, "problem", lambda: ("has none", "buy one"))
    assert gpu.main([]) == 2
    assert "cuda has none. buy one" in capsys.readouterr().err


def test_a_line_of_the_table():
    rates = {"faces": 1024, "device": [0.1] * 9, "host": [0.5] * 9}
    line = gpu._line(rates)
    assert "device    10240/s (10240 - 10240, aim 5000: reached)" in line
    assert "host     2048/s (2048 - 2048, aim 2500: missed)" in line


@pytest.mark.parametrize(
    ("registers", "shared", "expected"),
    [(32, 0, 16), (64, 0, 8), (72, 0, 7), (64, 40000, 5), (255, 0, 2)],
)
def test_resident_blocks(registers: int, shared: int, expected: int):
    assert resident_blocks(HOPPER, 128, registers, shared) == expected


def test_registers_are_read_from_machine_code():
    pytest.importorskip("cupy", reason="CuPy is not installed")
    try:
        code, _ = compiling.compiled(90)
    except compiling.CompilerError as error:
        pytest.skip(str(error))
    found = registers_of(code)
    # As many as program.cu leaves, for the blocks that are to be resident.
    most = {"pyclnf_grey": 32, "pyclnf_start": 40, "pyclnf_place": 72}
    most |= {"pyclnf_respond": 64, "pyclnf_fit_scale": 72}
    assert found.keys() == most.keys()
    assert all(0 < found[kernel] <= most[kernel] for kernel in most), found


def test_what_is_no_machine_code():
    with pytest.raises(ValueError, match="ELF"):
        registers_of(b"code")
