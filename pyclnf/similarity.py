"""The scaled rotation between a face in the picture and the frame its patch experts know."""

from __future__ import annotations

import math

import numpy as np

from pyclnf.arithmetic.jacobi_svd import jacobi_svd
from pyclnf.typing import Float32Array

__all__ = ["align", "inverse", "transform"]

_BLOCK = 16


def align(source: Float32Array, target: Float32Array) -> Float32Array:
    """Return the scaled rotation that best maps one mean-free shape onto another (Kabsch).

    Parameters
    ----------
    source, target : (n, 2) float32
        Corresponding points; their positions do not matter, only their shapes.

    Returns
    -------
    (2, 2) float32
        A, to be applied as ``A @ point``; never a reflection. Zeros where all points of the source
        are the same.
    """
    source_unit, source_norm = _mean_free_unit(source)
    target_unit, target_norm = _mean_free_unit(target)
    if source_norm == 0:
        return np.zeros((2, 2), np.float32)
    u, vt = jacobi_svd(_covariance(source_unit, target_unit))
    rotation = _rotation(u, vt)
    return (target_norm / source_norm) * rotation


def inverse(similarity: Float32Array) -> Float32Array:
    """Invert a (2, 2) float32 matrix by its determinant, every step rounded to float32.

    Returns zeros for a singular one, and for one so large that its determinant overflows.
    """
    (a, b), (c, d) = similarity
    with np.errstate(over="ignore", invalid="ignore"):
        determinant = a * d - b * c
    if determinant == 0 or not np.isfinite(determinant):
        return np.zeros((2, 2), np.float32)
    reciprocal = np.float32(1) / determinant
    return np.array(
        ((d * reciprocal, -b * reciprocal), (-c * reciprocal, a * reciprocal)), np.float32
    )


def transform(matrix: Float32Array, vectors: Float32Array) -> Float32Array:
    """Apply a (2, 2) matrix to (n, 2) vectors, summed in float64 and rounded once."""
    x, y = vectors[:, 0].astype(np.float64), vectors[:, 1].astype(np.float64)
    (a, b), (c, d) = matrix.tolist()
    turned = np.empty_like(vectors)
    turned[:, 0] = x * a + y * b
    turned[:, 1] = x * c + y * d
    return turned


def _mean_free_unit(shape: Float32Array) -> tuple[Float32Array, np.float32]:
    """Return a shape less its mean, divided by its root-mean-square norm, and that norm."""
    means = _column_means(shape)
    free = shape - means
    norm = np.float32(math.sqrt(_grouped_sum(free * free) / len(shape)))
    # Divided through the reciprocal in float64 rounded to float32, as the reference divides.
    reciprocal = np.float32(1.0 / float(norm)) if norm > 0 else np.float32(0.0)
    return free * reciprocal, norm


def _column_means(shape: Float32Array) -> Float32Array:
    """Return the mean of each column, summed in float64."""
    sums = [_exact_sum(shape[:, axis]) for axis in range(2)]
    return np.array([total / len(shape) for total in sums], np.float32)


def _exact_sum(values: Float32Array) -> float:
    """Return the sum of float32 values, exact, rounded to float64 once."""
    return math.fsum(values.ravel().tolist())


def _covariance(source: Float32Array, target: Float32Array) -> Float32Array:
    """Return sourceᵀ · target of (n, 2) shapes, summed in float64, rounded once: (2, 2)."""
    products = source[:, :, None].astype(np.float64) * target[:, None, :].astype(np.float64)
    covariance: Float32Array = np.add.reduce(products, axis=0).astype(np.float32)
    return covariance


def _grouped_sum(values: Float32Array) -> float:
    """Return the sum of float32 values in float64, except for the last ones.

    *Quirk:* OpenCV adds whole blocks of sixteen values in float64. What is left over, it adds in
    fours in float32 first.
    """
    flat = values.ravel()
    whole = len(flat) - len(flat) % _BLOCK
    fours = whole + (len(flat) - whole) // 4 * 4
    total = _exact_sum(flat[:whole])
    for a, b, c, d in flat[whole:fours].reshape(-1, 4):
        total += float(a + b + c + d)
    rest: list[float] = flat[fours:].tolist()
    return total + sum(rest)


def _rotation(u: Float32Array, vt: Float32Array) -> Float32Array:
    """Return V·diag(1, ±1)·Uᵀ, the sign chosen so that it is no reflection."""
    rotation = _times_transposed(vt.T, u)
    (a, b), (c, d) = rotation.tolist()
    if a * d - b * c > 0:
        return rotation
    return _times_transposed(vt.T * np.array((1, -1), np.float32), u)


def _times_transposed(a: Float32Array, b: Float32Array) -> Float32Array:
    """Return a · bᵀ of (2, 2) matrices, in float64, rounded once."""
    left, right = a.astype(np.float64), b.astype(np.float64)
    product = left[:, 0, None] * right[:, 0] + left[:, 1, None] * right[:, 1]
    return np.asarray(product, np.float32)
