"""The update that an iteration made, from its parameters before and after."""

from __future__ import annotations

import numpy as np

from pyclnf.pdm import Parameters
from pyclnf.typing import Float32Array, Float64Array

__all__ = ["inferred_change", "inferred_turn"]

_RIGID = 6


def inferred_change(
    before: Parameters, after: Parameters, mode_limits: Float32Array, *, rigid: bool
) -> Float64Array:
    """Return the solution of the normal equations that leads from one to the other.

    Parameters
    ----------
    before, after : Parameters
    mode_limits : (m,) float32
        Where modes are clamped.
    rigid : bool

    Returns
    -------
    (6,) or (6 + m,) float64
        As exact as the parameters' last places allow. NaN for modes that ended at their limit,
        which hides how far they would have gone.
    """
    change = np.empty(_RIGID if rigid else _RIGID + len(before.local))
    change[:_RIGID] = after.global_.astype(np.float64) - before.global_
    change[1:4] = inferred_turn(before.global_[1:4], after.global_[1:4])
    if not rigid:
        change[_RIGID:] = after.local.astype(np.float64) - before.local
        change[_RIGID:][np.abs(after.local) >= mode_limits] = np.nan
    return change


def inferred_turn(before: Float32Array, after: Float32Array) -> Float64Array:
    """Return ω of the small turn that was composed onto a rotation, (3,) float64.

    The turn is I + [ω]× made orthonormal: a rotation about ω by the angle whose tangent is ‖ω‖.
    NaN if it ends upright: a rotation by less than 1e-5 is taken for none, whatever led to it.
    """
    if not after.any():
        return np.full(3, np.nan)
    turn = _matrix(before).T @ _matrix(after)
    skew = (turn - turn.T) / 2
    cosine = (np.trace(turn) - 1) / 2
    axis_times_sine = np.array((skew[2, 1], skew[0, 2], skew[1, 0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(axis_times_sine / cosine)


def _matrix(euler: Float32Array) -> Float64Array:
    """Return Rx · Ry · Rz in float64."""
    (c1, c2, c3), (s1, s2, s3) = np.cos(euler.astype(np.float64)), np.sin(euler.astype(np.float64))
    return np.array(
        (
            (c2 * c3, -c2 * s3, s2),
            (c1 * s3 + c3 * s1 * s2, c1 * c3 - s1 * s2 * s3, -c2 * s1),
            (s1 * s3 - c1 * c3 * s2, c3 * s1 + c1 * s2 * s3, c1 * c2),
        )
    )
