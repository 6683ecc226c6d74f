"""A pytest plugin: gate a port of one's own against recorded fits of OpenFace.

::

    def test_port(parity):  # once for each recorded fit
        parity.check(MyPort())

``--parity-traces``, ``--parity-images`` and ``--parity-model`` say what to compare with; in a clone
of the project the fits embedded there need none of them. Nothing is imported before a test asks
for the fixture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from openface_bridge.port import Fits, Parity

__all__ = ["parity"]

_OPTIONS = {"traces": "--parity-traces", "images": "--parity-images", "model": "--parity-model"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("parity", "fits of OpenFace that the fixture parity compares with")
    group.addoption("--parity-traces", metavar="DIR", help="folder of recorded traces")
    group.addoption("--parity-images", metavar="DIR", help="folder of their pictures")
    group.addoption(
        "--parity-model",
        metavar="[SETTING=]MAIN.txt",
        action="append",
        default=[],
        help="OpenFace's manifest of the model, for all settings or one",
    )
    group.addoption(
        "--parity-json", metavar="OUT.json", help="write the results, for the command gate"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the output before anything runs."""
    path = config.getoption("--parity-json")
    if path is not None:
        from openface_bridge.gate.outputs import OutputError, check_outputs

        if config.getoption("numprocesses", None):
            raise pytest.UsageError("--parity-json: results of several processes are not gathered")
        try:
            check_outputs({"--parity-json": Path(path)})
        except OutputError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for the fixture once for each recorded fit."""
    if "parity" not in metafunc.fixturenames or not _is_ours(metafunc):
        return
    fits = _fits(metafunc.config)
    names = [f"{case.face}-{case.setting}" for case in fits.cases]
    metafunc.parametrize("parity", fits.cases, indirect=True, ids=names)


def _is_ours(metafunc: pytest.Metafunc) -> bool:
    """Tell whether the fixture is this one; a project may have one of that name."""
    known: dict[str, Any] = getattr(metafunc, "_arg2fixturedefs", {})
    found = known.get("parity")
    return not found or getattr(found[-1].func, "__module__", __name__) == __name__


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Parity:
    """One recorded fit; its ``check`` takes any object with a ``fit`` that can be observed."""
    from openface_bridge.port import Parity

    fits = _fits(request.config)
    fits.asked.add(request.param)
    return Parity(fits, request.param)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results, if that is wanted: none too, lest the gate judge those of another run."""
    path = session.config.getoption("--parity-json")
    fits = session.config.stash.get(_KEY, None)
    if path is not None and fits is not None and fits.asked:
        fits.write(Path(path))


_KEY: pytest.StashKey[Fits] = pytest.StashKey()


def _fits(config: pytest.Config) -> Fits:
    """Return the recorded fits, found once.

    Raises
    ------
    pytest.UsageError
        If there are none, or options are missing.
    """
    if _KEY not in config.stash:
        from openface_bridge.port import Fits

        given = {name: config.getoption(option) for name, option in _OPTIONS.items()}
        try:
            config.stash[_KEY] = Fits.found(**given)
        except ValueError as error:
            raise pytest.UsageError(f"fixture parity: {error}") from error
    return config.stash[_KEY]
