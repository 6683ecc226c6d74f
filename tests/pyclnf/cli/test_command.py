from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from support.backends import Plant, made_up

import pyclnf
from pyclnf.backends import available_backends, backend_names, choose_backend
from pyclnf.backends.entry import State
from pyclnf.cli import main
from pyclnf.cli.interrupts import stoppable
from pyclnf.cli.progress import _Line, progress
from pyclnf.selfcheck.comparison import Distances

from .conftest import StubEngine

DONE, SKIPPED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
HEAVY = {"cv2", "scipy", "rich", "platformdirs", "urllib.request", "openface_bridge"}


def test_as_a_module():
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pyclnf", "--version"],
        env={**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"pyclnf {pyclnf.__version__}\n"


def test_as_a_script():
    scripts = [each for each in entry_points(group="console_scripts") if each.name == "pyclnf"]
    if not scripts:
        pytest.skip("pyclnf is not installed here")
    assert scripts[0].load() is main


def test_help_is_quick():
    code = "import sys; import pyclnf.cli.command; sys.stdout.write(' '.join(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert HEAVY & set(finished.stdout.split()) == set()


def test_without_arguments(capsys: pytest.CaptureFixture[str]):
    assert main([]) == UNUSABLE
    said = capsys.readouterr().err
    assert "landmarks of the faces in pictures" in said
    assert "exit status: " in said


@pytest.mark.parametrize("given", [["video", "--pts"], ["model", "list", "--pts"]])
def test_an_option_of_another_command(given: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(given)
    assert caught.value.code == UNUSABLE
    said = capsys.readouterr().err
    assert f"pyclnf {given[0]}: error: unrecognized arguments: --pts" in said
    assert f"See 'pyclnf {given[0]} --help'" in said


def test_where_there_is_no_library_for_windows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    problem = "libGL.so.1: cannot open shared object file: No such file or directory"

    def fail(options: object) -> int:
        raise ImportError(problem)

    monkeypatch.setattr("pyclnf.cli.backends._backends", fail)
    assert main(["backends"]) == UNUSABLE
    said = capsys.readouterr().err
    assert said.startswith(f"pyclnf backends: {problem}. ")
    assert "pip install opencv-python-headless" in said
    problem = "cannot import name 'face'"
    assert main(["backends"]) == UNUSABLE
    assert capsys.readouterr().err == f"pyclnf backends: {problem}\n"


def test_an_error_of_the_system_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(options: object) -> int:
        raise PermissionError(13, "Permission denied", "processed/anna.csv.part")

    monkeypatch.setattr("pyclnf.cli.backends._backends", fail)
    assert main(["backends"]) == UNUSABLE
    said = capsys.readouterr().err
    assert said == "pyclnf backends: processed/anna.csv.part: Permission denied\n"


def test_backends(capsys: pytest.CaptureFixture[str]):
    assert main(["backends"]) == DONE
    said = capsys.readouterr().out
    assert all(name in said for name in ("cython", "numpy", "numpy-exact"))
    assert ("absent: it was not compiled" in said) is ("cython" not in available_backends())
    assert f"takes {choose_backend('auto')}: the first available one of cython, numpy" in said


def test_an_absent_backend_and_one_for_many(planted: Plant, capsys: pytest.CaptureFixture[str]):
    planted(
        made_up("abacus", State(False, "needs beads", "pip install beads"), auto_from=64),
        made_up("loom", auto_from=8),
    )
    assert main(["backends"]) == DONE
    said = capsys.readouterr().out
    assert "absent: it needs beads" in said
    assert "pip install beads" in said
    assert "takes loom for 8 faces at once or more: the first available one of loom, " in said
    assert "takes abacus" not in said
    assert "for 64 faces" not in said


def test_backends_as_data(planted: Plant, capsys: pytest.CaptureFixture[str]):
    planted(made_up("abacus", State(False, "needs beads", "pip install beads"), auto_from=64))
    assert main(["backends", "--json"]) == DONE
    said = json.loads(capsys.readouterr().out)
    assert said["auto"] == choose_backend("auto")
    assert said["backends"][0] == {
        "name": "abacus",
        "summary": "made up",
        "available": False,
        "reason": "needs beads",
        "remedy": "pip install beads",
        "auto_from": 64,
        "exact": False,
    }
    assert [each["name"] for each in said["backends"]] == list(backend_names())


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison that finds numpy-exact in order, and all others without a driver."""

    class Stub:
        def distances(self, name: str) -> Distances:
            if name == "numpy-exact":
                return Distances(name, 9, 0, 9, 0.0001, 0.02, 2e-6, 180.0, 150.0)
            return Distances(name, failures=("OSError: no driver",))

    monkeypatch.setattr("pyclnf.selfcheck.comparison.Comparison", Stub)


def test_checking_backends(checked: None, capsys: pytest.CaptureFixture[str]):
    assert main(["backends", "--check"]) == SKIPPED
    lines = capsys.readouterr().out.splitlines()
    exact = next(line for line in lines if line.startswith("numpy-exact"))
    assert exact.split() == [
        *("numpy-exact", "9", "0", "9", "0.00010", "0.02000", "2.0e-06", "180.00", "150.00", "ok")
    ]
    other = next(line for line in lines if line.startswith("numpy "))
    assert other.split() == ["numpy", "0", "0", "0", *["–"] * 5, "NOT", "OK"]
    assert "numpy: OSError: no driver" in lines


def test_checking_backends_as_data(checked: None, capsys: pytest.CaptureFixture[str]):
    assert main(["backends", "--check", "--json"]) == SKIPPED
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    checks = {each["name"]: each.get("check") for each in said["backends"]}
    assert checks["numpy-exact"]["worst_px"] == 0.02
    assert checks["numpy"]["worst_px"] is None
    assert checks["numpy"]["failures"] == ["OSError: no driver"]


def test_asking_for_an_absent_backend(
    planted: Plant, small_model: Path, capsys: pytest.CaptureFixture[str]
):
    planted(made_up("abacus", State(False, "needs beads", "Install them: pip install beads")))
    asked = ["image", "face.png", "--model", str(small_model), "--bbox", "1,2,3,4"]
    assert main([*asked, "--backend", "abacus"]) == UNUSABLE
    said = capsys.readouterr().err
    assert said == (
        "pyclnf image: backend: 'abacus' needs beads. Install them: pip install beads\n"
    )


def test_a_backend_without_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(options: object) -> int:
        raise MemoryError("cuda: the device has too little memory for a single face")

    monkeypatch.setattr("pyclnf.cli.backends._backends", fail)
    assert main(["backends"]) == UNUSABLE
    assert "pyclnf backends: cuda: the device has too little memory" in capsys.readouterr().err


def test_an_opencv_that_cannot_be_imported(
    engine: StubEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
):
    monkeypatch.setitem(sys.modules, "cv2", None)
    picture = tmp_path / "any.png"
    picture.touch()
    assert main(["image", str(picture), "--out-dir", str(tmp_path)]) == UNUSABLE
    assert "pyclnf image: import of cv2 halted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "encoding"), [(b"caf\xe9.png", "utf-8"), ("café.png".encode(), "ascii")]
)
@pytest.mark.skipif(sys.platform != "linux", reason="names are letters there, not bytes")
def test_names_that_the_terminal_cannot_print(
    name: bytes, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stdout", terminal)
    folder = tmp_path / os.fsdecode(name)
    monkeypatch.setenv("PYCLNF_MODELS", str(folder))
    assert main(["model", "list"]) == DONE
    terminal.flush()
    assert b"caf\\" in terminal.buffer.getvalue()


def test_detecting_without_a_detector(models: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["detect", "anna.png"]) == UNUSABLE
    assert "face detector" in capsys.readouterr().err


def test_an_interrupt_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupted(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("pyclnf.cli.backends._backends", interrupted)
    assert main(["backends"]) == INTERRUPTED


@pytest.fixture
def ctrl_c() -> Iterator[Any]:
    """Ctrl-C as on a terminal; what is started in the background is told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="no signals between processes")
@pytest.mark.parametrize(
    "start", ["import pyclnf.__main__", "from pyclnf.cli import main; exit(main())"]
)
def test_an_interrupt_while_modules_are_imported(start: str, tmp_path: Path):
    """As module and as script: NumPy is the first one that takes its time."""
    interrupted = "import os\ntry: os.kill(os.getpid(), 2)\nfinally: raise ImportError('broken')"
    (tmp_path / "numpy.py").write_text(interrupted)
    places = (str(tmp_path), str(Path(pyclnf.__file__).parents[1]))
    heeds = "import signal; signal.signal(2, signal.default_int_handler); "
    finished = subprocess.run(
        [sys.executable, "-c", heeds + start],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (INTERRUPTED, "")


@pytest.mark.skipif(os.name == "nt", reason="no signals between processes")
def test_the_second_ctrl_c_does_not_wait(ctrl_c: Any, capsys: pytest.CaptureFixture[str]):
    with stoppable() as stop:
        assert list(stop.until([1, 2])) == [1, 2]
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.requested
        assert list(stop.until([1, 2])) == []
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is ctrl_c
    assert "stopping after this picture" in capsys.readouterr().err


def test_where_ctrl_c_is_ignored_it_stays_so(ctrl_c: Any):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_signals_of_a_program_around_python_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signal, "getsignal", lambda number: None)  # not Python's
    monkeypatch.setattr(signal, "signal", lambda number, handler: pytest.fail("was replaced"))
    with stoppable() as stop:
        assert not stop.requested


def test_in_another_thread_signals_are_left_alone():
    found: list[bool] = []

    def work() -> None:
        with stoppable() as stop:
            found.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_no_progress_in_a_pipe(capsys: pytest.CaptureFixture[str]):
    with progress(3, "frames") as tell:
        tell(1, "a.png")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize("total", [3, None])
def test_progress_on_a_terminal(
    rich: bool,
    total: int | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    if rich:
        pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("pyclnf.cli.progress.find_spec", lambda name: rich or None)
    with progress(total, "frames") as tell:
        tell(1, "a[b].png")
        tell(2, "c.png")
    said = capsys.readouterr()
    assert said.out == ""
    assert "frames" in said.err
    assert ("1/3" in said.err or "2/3" in said.err) is (total == 3)


def test_a_line_of_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    now = iter([100.0, 110.0, 110.01, 120.0])
    monkeypatch.setattr("pyclnf.cli.progress.time.monotonic", lambda: next(now))
    line = _Line(30, "frames")
    line.show(5, "a.png")
    line.show(6, "too soon")
    line.show(20, "b.png")
    said = capsys.readouterr().err
    assert said == (
        "\r5/30 frames  0.5/s  0:50 left  a.png\033[K\r20/30 frames  1.0/s  0:10 left  b.png\033[K"
    )
