"""Numbers of things, in words."""

from __future__ import annotations

import pytest

from pyclnf.cli.words import counted


@pytest.mark.parametrize(("number", "said"), [(0, "0 fits"), (1, "1 fit"), (2, "2 fits")])
def test_plurals(number: int, said: str):
    assert counted(number, "fit") == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 axes"), (1, "1 axis"), (2, "2 axes")])
def test_plurals_of_their_own(number: int, said: str):
    assert counted(number, "axis", "axes") == said
