"""Fixtures for the compiled kernels; all of their tests are skipped where they are not built."""

from __future__ import annotations

import pytest

from pyclnf.backends import is_available

LEVELS = ("baseline", "avx2", "avx512")


@pytest.fixture(autouse=True)
def built() -> None:
    """Skip where the kernels are not built."""
    if not is_available("cython"):
        pytest.skip("the kernels are not built")


@pytest.fixture(params=LEVELS)
def level_name(request: pytest.FixtureRequest, built: None) -> str:
    """The name of each level of instructions; skips those that this processor lacks."""
    from pyclnf.kernels.levels import available_levels

    name: str = request.param
    if name not in available_levels():
        pytest.skip(f"no {name} here")
    return name


@pytest.fixture
def level(level_name: str) -> int:
    """The number of each level."""
    from pyclnf.kernels.levels import choose_level

    return choose_level(level_name)
