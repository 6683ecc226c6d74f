"""Errors of the system's, and others, in words."""

from __future__ import annotations

import pytest

from pyclnf.reasons import reason_of, said_of

MISSING = FileNotFoundError(2, "No such file or directory", "nothere.json")


def test_the_system_s_errors():
    assert reason_of(MISSING) == "No such file or directory"
    assert said_of(MISSING) == "nothere.json: No such file or directory"


@pytest.mark.parametrize("error", [ValueError("no number"), OSError("no number"), OSError(2, None)])
def test_other_errors(error: Exception):
    assert reason_of(error) == said_of(error) == str(error)
