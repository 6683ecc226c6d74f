"""Parameters from landmarks: the shape of a model that explains given landmarks best.

Gauss-Newton on the distance between the model's landmarks and the given ones, with the shape
prior: the normal equations of NU-RLMS (Saragih, Lucey and Cohn, IJCV 2011, eq. 36) with residuals
in the place of mean shifts. The models of parts start from it, and a face ends with it.
"""

from __future__ import annotations

import math

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.nu_rlms import is_finite, regularisation, right_hand_side
from pyclnf.pdm import RIGID, Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import BoolArray, Float32Array, Float64Array

__all__ = ["MAX_ITERATIONS", "descend", "parameters_from_landmarks", "prior", "start", "visible"]

MAX_ITERATIONS = 1000
_STEP = np.float32(0.75)
_REG_FACTOR = np.float32(1)
_IMPROVED_BELOW = 0.999
_MOST_FAILURES = 3
_LEFT_TO_BLAS = 100
"""Coordinates from which on the reference leaves the sum over modes to its BLAS."""


def parameters_from_landmarks(
    pdm: PointDistributionModel, landmarks: Float32Array, arithmetic: Arithmetic
) -> Parameters:
    """Return the parameters whose landmarks are nearest to the given ones.

    Parameters
    ----------
    pdm : PointDistributionModel
    landmarks : (n, 2) float32
        px. *Quirk:* one whose x is exactly 0 counts as invisible.
    arithmetic : Arithmetic

    Returns
    -------
    found : Parameters
        Not clamped. The last finite ones, should they cease to be.

    Raises
    ------
    ValueError
        Naming ``landmarks``, if fewer than two are visible, or the visible ones tell no scale.
    """
    seen = visible(landmarks)
    if not seen.all():
        pdm, landmarks = pdm.of_landmarks(seen), landmarks[seen]
    parameters, _ = descend(pdm, landmarks, arithmetic)
    return parameters


def visible(landmarks: Float32Array) -> BoolArray:
    """Tell which of (n, 2) landmarks count: those whose x is not exactly 0.

    Raises
    ------
    ValueError
        Naming ``landmarks``, if they are fewer than two.
    """
    seen: BoolArray = landmarks[:, 0] != 0
    if np.count_nonzero(seen) < 2:
        raise ValueError("landmarks: fewer than two are visible (their x is not 0)")
    return seen


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def descend(
    pdm: PointDistributionModel, landmarks: Float32Array, arithmetic: Arithmetic
) -> tuple[Parameters, int]:
    """Return the parameters of landmarks that all count, and how many iterations that took.

    It ends at the third iteration (in total) that lowers the distance by less than a thousandth;
    one that stays exactly 0 is never such. *Quirk:* that distance is measured with the local
    parameters of before the step.
    """
    diagonal = prior(pdm)
    posed = pdm.pose(start(pdm, landmarks))
    error = _distance(posed.landmarks, landmarks)
    failures = 0
    for index in range(MAX_ITERATIONS):
        shape = _residual_shape(pdm, posed)
        residuals = landmarks - _projected(shape, posed)
        change = _STEP * _full_step(pdm, posed, residuals, diagonal, arithmetic)
        parameters = pdm.updated(posed, change)
        if not is_finite(parameters):
            return posed.parameters, index
        posed = pdm.pose(parameters)
        before, error = error, _distance(_projected(shape, posed), landmarks)
        failures += _IMPROVED_BELOW * before < error
        if failures == _MOST_FAILURES:
            break
    return posed.parameters, index + 1


def prior(pdm: PointDistributionModel) -> Float32Array:
    """Return the prior's diagonal, (6 + m,) float32."""
    return regularisation(pdm.eigenvalues, _REG_FACTOR, rigid=False)


def start(pdm: PointDistributionModel, landmarks: Float32Array) -> Parameters:
    """Return upright parameters of the mean shape that has the extent of (n, 2) landmarks.

    Scale is the mean of width and height ratio. *Quirk:* the model's origin, not the middle of its
    extent, lies on the middle of the landmarks' extent.

    Raises
    ------
    ValueError
        Naming ``landmarks``, if they tell no scale.
    """
    local = np.zeros(pdm.n_modes, np.float32)
    lowest, highest = landmarks.min(axis=0), landmarks.max(axis=0)
    with np.errstate(all="ignore"):
        ratios = (highest - lowest) / np.ptp(pdm.shape_3d(local)[:2], axis=1)
        scale = (ratios[0] + ratios[1]) / np.float32(2)
        middle = (lowest + highest) / np.float32(2)
    parameters = Parameters(np.array((scale, 0, 0, 0, *middle), np.float32), local)
    if not is_finite(parameters):
        raise ValueError("landmarks: the visible ones are not finite or tell no scale")
    return parameters


def _full_step(
    pdm: PointDistributionModel,
    posed: PosedShape,
    residuals: Float32Array,
    diagonal: Float32Array,
    arithmetic: Arithmetic,
) -> Float32Array:
    """Solve the normal equations: (n, 2) residuals, (6 + m,) prior -> (6 + m,)."""
    jacobian = pdm.jacobian(posed, rigid=False)
    right = right_hand_side(jacobian, residuals.T.ravel(), diagonal, posed.parameters.local)
    return arithmetic.solve(arithmetic.gram(jacobian, jacobian, diagonal), right)


def _residual_shape(pdm: PointDistributionModel, posed: PosedShape) -> Float32Array:
    """Return the 3D shape that distances are measured with, (3, n).

    *Quirk:* for a model of few landmarks the sum over its modes runs in float64 and is rounded
    once, other than the one that the Jacobian is taken of.
    """
    if len(pdm.mean_shape) >= _LEFT_TO_BLAS:
        return posed.shape_3d
    terms = pdm.components.T * posed.parameters.local.astype(np.float64)[:, None]
    total: Float64Array = np.add.reduce(terms, axis=0) + pdm.mean_shape
    return total.astype(np.float32).reshape(3, -1)


def _projected(shape_3d: Float32Array, posed: PosedShape) -> Float32Array:
    """Project a 3D shape, rotated and scaled in float64: (3, n) -> (n, 2) float32."""
    x, y, z = shape_3d.astype(np.float64)
    scale, shift = float(posed.parameters.global_[0]), posed.parameters.global_[RIGID - 2 :]
    landmarks = np.empty((len(x), 2), np.float32)
    for axis in range(2):
        a, b, c = posed.rotation[axis].tolist()
        landmarks[:, axis] = (x * a + y * b + z * c) * scale
    return landmarks + shift


def _distance(one: Float32Array, other: Float32Array) -> float:
    """Return the Euclidean distance of (n, 2) shapes, a float32 number.

    Squares are added up in float64, x of all landmarks first, and in fours.
    """
    apart = (one - other).T.ravel().astype(np.float64)
    squares: list[float] = (apart * apart).tolist()
    whole = len(squares) - len(squares) % 4
    total = 0.0
    for i in range(0, whole, 4):
        total += squares[i] + squares[i + 1] + squares[i + 2] + squares[i + 3]
    for square in squares[whole:]:
        total += square
    return float(np.float32(math.sqrt(total)))
