"""The smallest errors that decisions can have: one of them, taken the other way."""

from __future__ import annotations

import numpy as np

from openface_bridge.parity.faults.planting import Planting
from pyclnf import nu_rlms
from pyclnf.experts import views
from pyclnf.typing import AnyArray, Float32Array, Float64Array

__all__ = ["flip_stopping", "flip_view"]

_SAME_ANGLE, _SAME_POSITION = 1e-5, 1e-3
"""Radians and px: more than rounding, and less than an iteration that goes on moves a shape."""


class _FirstQuestion:
    """What was asked first, to be known again where rounding has changed it.

    A comparison asks the same of the candidate's own numbers and of the reference's.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._question: AnyArray | None = None

    def is_asked(self, question: AnyArray) -> bool:
        """Tell whether this is the first question; remember it if none was asked before."""
        if self._question is None:
            self._question = question.copy()
        known = self._question
        return known.shape == question.shape and bool(
            np.allclose(known, question, rtol=0, atol=self._tolerance)
        )


def flip_view(substitutions: Planting) -> None:
    """Choose the second nearest view for the first pose asked about (where there are two)."""
    original, first = views.nearest_view, _FirstQuestion(_SAME_ANGLE)

    def erring(centers: Float64Array, euler: Float32Array) -> int:
        nearest = original(centers, euler)
        if len(centers) == 1 or not first.is_asked(euler):
            return nearest
        distances = views.view_distances(centers, euler)
        distances[nearest] = np.inf
        return int(np.argmin(distances))

    substitutions.function(original, erring)


def flip_stopping(substitutions: Planting) -> None:
    """Stop where the first iteration asked about goes on, or the other way round."""
    original, first = nu_rlms.has_converged, _FirstQuestion(_SAME_POSITION)

    def erring(before: Float32Array, after: Float32Array) -> bool:
        converged = original(before, after)
        return converged is not first.is_asked(np.stack((before, after)))

    substitutions.function(original, erring)
