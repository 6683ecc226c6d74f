"""Non-maximum suppression: of boxes that overlap much, only the best one stays."""

from __future__ import annotations

import numpy as np

from pyclnf.typing import BoolArray, Float32Array, IntArray

__all__ = ["by_score", "suppress"]


def suppress(
    boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
) -> IntArray:
    """Return the indices of the boxes that stay, those with the highest scores first.

    Among equal scores the last one is first. Boxes are rounded to whole px, halves to even.

    Parameters
    ----------
    boxes : (k, 4) float32
        x, y, width, height in px.
    scores : (k,) float32
    most : float
        Overlap that two boxes may have: their intersection in units of their union.
    of_smaller : bool
        In units of the smaller one instead.
    """
    whole = np.rint(boxes).astype(np.int64)
    order = by_score(scores)
    stay = []
    while len(order):
        best, others = order[0], order[1:]
        stay.append(best)
        order = others[~_overlaps(whole[best], whole[others], most, of_smaller)]
    return np.array(stay, np.intp)


def by_score(scores: Float32Array) -> IntArray:
    """Return the indices of scores from the highest to the lowest, of equal ones the last first."""
    order: IntArray = np.argsort(scores, kind="stable")[::-1]
    return order


def _overlaps(box: IntArray, others: IntArray, most: float, of_smaller: bool) -> BoolArray:
    """Tell which of the other boxes, (k, 4), overlap a box too much."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1).astype(np.float32)
    area, areas = box[2] * box[3], others[:, 2] * others[:, 3]
    if of_smaller:
        whole = np.minimum(area, areas).astype(np.float32)
    else:
        whole = (area + areas).astype(np.float32) - shared
    with np.errstate(divide="ignore", invalid="ignore"):
        too_much: BoolArray = shared / whole > np.float32(most)
    return too_much
