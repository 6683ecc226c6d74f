"""How one array follows from another, where that can be said in a few words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["common_factor", "relation"]

Array = npt.NDArray[Any]
_CLOSE = 1e-4
"""The part of the reference's spread that a relation may leave unexplained."""


def relation(candidate: Array, reference: Array) -> str | None:
    """Say how a candidate's values follow from the reference's; None if in no simple way.

    Only relations that are true to four digits, of at least three values that are not all alike.
    """
    ours, theirs = candidate.astype(np.float64), reference.astype(np.float64)
    if ours.shape != theirs.shape:
        return f"the candidate's has shape {ours.shape}, the reference's {theirs.shape}"
    if not np.isfinite(ours).all():
        return "the candidate's is not finite" if np.isfinite(theirs).all() else None
    if ours.size < 3 or not np.isfinite(theirs).all() or np.ptp(theirs) == 0:
        return None
    if not ours.any():
        return "the candidate's is zero throughout"
    return _transposed(ours, theirs) or _linear(ours.ravel(), theirs.ravel())


def common_factor(candidate: Array, reference: Array) -> str | None:
    """Say by which factor all of a candidate's values are off, though their units differ."""
    known = (reference != 0) | (candidate != 0)
    ours, theirs = candidate[known].astype(np.float64), reference[known].astype(np.float64)
    if ours.size < 3 or not (np.isfinite(ours).all() and theirs.all()):
        return None
    ratios = ours / theirs
    if np.ptp(ratios) > 1e-3 * abs(ratios[0]) or abs(ratios[0] - 1) < 1e-2:
        return None
    return f"the candidate's is {ratios[0]:.4g} times the reference's"


def _transposed(ours: Array, theirs: Array) -> str | None:
    """Recognise exchanged axes."""
    square = ours.ndim == 2 and ours.shape[0] == ours.shape[1] > 2
    if square and not _alike(ours, theirs) and _alike(ours, theirs.T):
        return "the candidate's is the reference's with rows and columns exchanged"
    return None


def _linear(ours: Array, theirs: Array) -> str | None:
    """Recognise a factor, a sum, or both."""
    if _alike(ours, theirs):
        return None
    if _alike(ours, -theirs):
        return "the candidate's is the reference's with the sign changed"
    factor = float(ours @ theirs / (theirs @ theirs))
    if _alike(ours, factor * theirs):
        return f"the candidate's is {factor:.4g} times the reference's"
    added = float((ours - theirs).mean())
    if _alike(ours, theirs + added):
        return f"the candidate's is the reference's {'+' if added > 0 else '−'} {abs(added):.4g}"
    slope, intercept = np.polyfit(theirs, ours, 1)
    if _alike(ours, slope * theirs + intercept) and abs(slope) > _CLOSE:
        sign = "+" if intercept > 0 else "−"
        return f"the candidate's is {slope:.4g} times the reference's {sign} {abs(intercept):.4g}"
    return None


def _alike(ours: Array, theirs: Array) -> bool:
    """Tell whether nothing but a small part of the spread differs."""
    spread = max(float(np.ptp(theirs)), float(np.abs(theirs).max()) * 1e-3)
    return bool(np.abs(ours - theirs).max() <= _CLOSE * spread)
