"""The pytest plugin, in processes of its own: what it loads and registers stays there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fixture_faces import FIXTURES
from support.recordings import Recordings

import openface_bridge
from openface_bridge.cli import main
from openface_bridge.gate.results import read_results

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
PACKAGES = Path(openface_bridge.__file__).resolve().parents[1]
"""Where the packages are imported from: the clone, or an installation."""

PORT = """
    from pyclnf import CLNF

    class MyPort:
        def __init__(self, model, broken=False):
            self.clnf, self.broken = CLNF(model, backend="numpy-exact"), broken

        def fit(self, image, bbox, settings, observer):
            if self.broken:
                bbox = [bbox[0] + 5, *bbox[1:]]
            return self.clnf.fit(image, bbox, settings, observer)
"""


@pytest.fixture
def run(pytester: pytest.Pytester, recordings: Recordings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tests beside the port above, with the plugin, on the recordings or on what is given."""
    monkeypatch.setenv("PYTHONPATH", str(PACKAGES))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(port=PORT)

    def run(test: str, *options: object, recorded: bool = True) -> pytest.RunResult:
        pytester.makepyfile(test_port=test)
        named = (
            *("--parity-traces", recordings.traces, "--parity-images", recordings.images),
            *("--parity-model", recordings.model),
        )
        plugin = ("-p", "openface_bridge.pytest_plugin", "-p", "no:cacheprovider")
        arguments = (*plugin, *(named if recorded else ()), *options)
        return pytester.runpytest_subprocess(*map(str, arguments))

    return run


CHECK = """
    from port import MyPort

    def test_port(parity):
        parity.check(MyPort(parity.model))
"""
BROKEN = """
    from port import MyPort

    def test_port(parity):
        parity.check(MyPort(parity.model, broken=True), "my port")
"""


def test_sound_ports_pass_each_fit(run: Run):
    result = run(CHECK, "-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*test_port*anna-default* PASSED*", "*test_port*ben_2-weighted*"])


def test_broken_ports_fail_with_a_sentence(run: Run, tmp_path: Path):
    path = tmp_path / "new" / "port.json"
    result = run(BROKEN, "--parity-json", path, "-k", "anna-default")
    result.assert_outcomes(failed=1, deselected=3)
    said = "my port, anna, default: Given its own inputs, the initialisation is wrong"
    result.stdout.fnmatch_lines([f"E * AssertionError: {said}*"])
    (fit,) = read_results(path).fits
    assert (fit.key.backend, fit.wrong[0].stage) == ("my port", "initialisation")
    assert fit.sentence.startswith("Given its own inputs, ")


def test_results_for_the_gate(run: Run, tmp_path: Path):
    path = tmp_path / "port.json"
    run(CHECK, "--parity-json", path).assert_outcomes(passed=4)
    summary = json.loads(path.read_text("utf-8"))["summary"]
    assert (summary["fits"], summary["verdicts"]["equal"], summary["passed"]) == (4, 4, True)


def test_results_of_another_run_do_not_stay(run: Run, tmp_path: Path):
    """A port that raises in every fit has none, and the gate does not pass that."""
    path = tmp_path / "port.json"
    path.write_text("old", "utf-8")
    run(CHECK, "--parity-json", path, "-k", "nothing of the kind")
    assert path.read_text("utf-8") == "old"
    run("def test_port(parity):\n    parity.check(None)\n", "--parity-json", path)
    assert read_results(path).fits == ()
    assert main(["gate", str(path)]) == 1


def test_what_a_fit_is(run: Run):
    result = run(
        """
        from pyclnf import FitSettings

        def test_fit(parity):
            assert parity.image.shape == (260, 300, 3)
            assert len(parity.bbox) == 4 and parity.rotation == (0, 0, 0)
            assert parity.settings == FitSettings.named(parity.case.setting)
            assert parity.case.face in ("anna", "ben_2")
        """
    )
    result.assert_outcomes(passed=4)


def test_embedded_fits_where_nothing_is_given(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYCLNF_FIXTURES", str(FIXTURES))
    result = run(
        """
        from pyclnf import CLNF

        def test_fit(parity):
            assert parity.check(CLNF(parity.model, backend="numpy-exact")).verdict.kind == "equal"
        """,
        "-k",
        "frontal01-default or yaw60-default",
        recorded=False,
    )
    assert result.parseoutcomes()["passed"] == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "or give --parity-traces DIR, --parity-images DIR and --parity-model MAIN.txt"),
        (
            ("--parity-traces", "nowhere"),
            "--parity-images and --parity-model must be given as well",
        ),
        (
            ("--parity-traces", "nowhere", "--parity-images", ".", "--parity-model", "a.txt"),
            "nowhere: no such folder of traces",
        ),
        (
            ("--parity-traces", ".", "--parity-images", ".", "--parity-model", "wlid=a.txt"),
            "no setting is called 'wlid'",
        ),
    ],
)
def test_fits_there_are_not(
    options: tuple[str, ...], words: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A gate without fits must not pass."""
    monkeypatch.setenv("PYCLNF_FIXTURES", str(tmp_path))
    result = run(CHECK, *options, recorded=False)
    assert result.ret != pytest.ExitCode.OK
    said = "\n".join((*result.outlines, *result.errlines))
    assert "fixture parity: " in said
    assert words in said


def test_outputs_are_checked_first(run: Run, tmp_path: Path):
    result = run(CHECK, "--parity-json", tmp_path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--parity-json: * is a folder*"])


def test_other_fixtures_of_that_name_are_left_alone(run: Run):
    result = run(
        """
        import pytest

        @pytest.fixture
        def parity():
            return "even"

        def test_mine(parity):
            assert parity == "even"
        """,
        recorded=False,
    )
    result.assert_outcomes(passed=1)


def test_nothing_is_loaded_where_it_is_not_used(run: Run):
    result = run(
        """
        import sys

        def test_nothing():
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert loaded.isdisjoint({"numpy", "cv2", "scipy", "pyclnf", "jinja2", "rich"})
        """,
        recorded=False,
    )
    result.assert_outcomes(passed=1)


def test_the_plugin_is_cheap():
    code = "import sys, openface_bridge.pytest_plugin; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGES
    )
    assert {"numpy", "pyclnf", "openface_bridge.port"}.isdisjoint(found.stdout.split())
