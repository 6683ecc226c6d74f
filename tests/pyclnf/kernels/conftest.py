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
def level(request: pytest.FixtureRequest, built: None) -> int:
    """Each level of instructions; skips those that this processor lacks."""
    from pyclnf.kernels.levels import available_levels, choose_level

    if request.param not in available_levels():
        pytest.skip(f"no {request.param} here")
    return choose_level(request.param)
