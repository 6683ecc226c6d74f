"""Which of a scale's views serves a head pose."""

from __future__ import annotations

import numpy as np

from pyclnf.typing import Float32Array, Float64Array

__all__ = ["nearest_view", "view_distances"]


def nearest_view(centers: Float64Array, euler: Float32Array) -> int:
    """Return the view whose centre is nearest to a rotation; the first one of equals.

    Parameters
    ----------
    centers : (v, 3) float64
        Euler angles of the views' centres, radians.
    euler : (3,) float32
        Euler angles of the face, radians.

    Returns
    -------
    int
    """
    return int(np.argmin(view_distances(centers, euler)))


def view_distances(centers: Float64Array, euler: Float32Array) -> Float32Array:
    """Return the squared distances of a rotation to the views' centres, (v,) float32."""
    apart = (euler.astype(np.float64) - centers).astype(np.float32)
    squares = apart * apart
    distances: Float32Array = squares[:, 0] + squares[:, 1] + squares[:, 2]
    return distances
