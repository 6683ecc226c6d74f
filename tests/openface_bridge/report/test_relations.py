"""Relations are found where they hold, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from openface_bridge.report.relations import common_factor, relation

Array = npt.NDArray[Any]
MAP = np.random.default_rng(3).normal(size=(5, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: -a, "the candidate's is the reference's with the sign changed"),
        (lambda a: 2.5 * a, "the candidate's is 2.5 times the reference's"),
        (lambda a: a + 0.75, "the candidate's is the reference's + 0.75"),
        (lambda a: a - 0.75, "the candidate's is the reference's − 0.75"),
        (lambda a: 3 * a + 1, "the candidate's is 3 times the reference's + 1"),
        (lambda a: a.T, "the candidate's is the reference's with rows and columns exchanged"),
        (lambda a: 0 * a, "the candidate's is zero throughout"),
        (lambda a: a * np.nan, "the candidate's is not finite"),
        (lambda a: a[:4], "the candidate's has shape (4, 5), the reference's (5, 5)"),
        (lambda a: a * (1 + 1e-7), None),
        (lambda a: np.abs(a), None),
        (lambda a: a**3, None),
    ],
)
def test_relations(change: Callable[[Array], Array], said: str | None):
    assert relation(change(MAP), MAP) == said


def test_too_little_to_say():
    assert relation(np.ones(2), np.zeros(2)) is None
    assert relation(np.ones(9), np.full(9, 2.0)) is None
    assert relation(MAP, MAP * np.nan) is None


def test_factors_of_parameters():
    """A large parameter must not outvote the small ones."""
    theirs = np.array([1.2, 0.01, -0.02, 0.0, 140.0, 150.0])
    said = common_factor(0.5 * theirs, theirs)
    assert said == "the candidate's is 0.5 times the reference's"
    assert common_factor(theirs, theirs) is None
    other = theirs.copy()
    other[1] *= 1.6
    assert common_factor(other, theirs) is None
    assert common_factor(theirs * np.nan, theirs) is None
    assert common_factor(theirs[:2], theirs[:2]) is None
