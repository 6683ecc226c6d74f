"""A face warped to a reference shape, triangle by triangle.

Each triangle of the reference shape's frame is mapped affinely onto the landmarks' (Cootes, Edwards
and Taylor, Active Appearance Models, PAMI 2001). *Quirk:* sample positions are rounded to 1/32 px,
as OpenCV's ``remap`` did through 4.x.
"""

from __future__ import annotations

import numpy as np

from pyclnf.experts.area_of_interest import PaddedImage, sample_at
from pyclnf.model.validator_file import WarpData
from pyclnf.typing import BoolArray, Float32Array, IntArray

__all__ = ["PiecewiseAffineWarp"]

_STEPS = np.float32(32)
_FARTHEST = np.float32(1 << 20)


class PiecewiseAffineWarp:
    """Where the pixels of a reference shape's picture lie in a face.

    Parameters
    ----------
    data : WarpData
        Of a reference shape with p pixels.

    Attributes
    ----------
    mask : (w, h) bool
        Which pixels belong to the face, columns first: the order in which the p pixels come.
    """

    def __init__(self, data: WarpData) -> None:
        self.mask: BoolArray = data.mask.T
        self._triangles = data.triangles
        self._alpha, self._beta = data.alpha.T, data.beta.T
        self._triangle_of_pixel: IntArray = data.triangle_of_pixel.T[self.mask].astype(np.intp)
        column, row = np.nonzero(self.mask)
        self._x = column.astype(np.float32) + data.left
        self._y = row.astype(np.float32) + data.top

    def __call__(self, image: PaddedImage, landmarks: Float32Array) -> Float32Array:
        """Return the grey values of the face's pixels.

        Parameters
        ----------
        image : PaddedImage
        landmarks : (n, 2) float32
            In it, px, finite.

        Returns
        -------
        (p,) float32
            Bilinear between pixel centres; 0 outside the picture.
        """
        x, y = self.positions(landmarks)
        return sample_at(image, _whole_steps(x), _whole_steps(y))

    def positions(self, landmarks: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Return where the face's pixels lie among (n, 2) landmarks: x and y, (p,) float32, px."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._along(landmarks[:, 0]), self._along(landmarks[:, 1])

    def _along(self, coordinates: Float32Array) -> Float32Array:
        """Return one coordinate of the pixels, given the landmarks'; rounded at every step."""
        origin, second, third = coordinates[self._triangles.T]
        second, third = second - origin, third - origin
        alpha, beta = self._alpha, self._beta
        offsets = origin + second * alpha[0] + third * beta[0]
        per_x = second * alpha[1] + third * beta[1]
        per_y = second * alpha[2] + third * beta[2]
        of = self._triangle_of_pixel
        along: Float32Array = offsets[of] + per_x[of] * self._x + per_y[of] * self._y
        return along


def _whole_steps(positions: Float32Array) -> IntArray:
    """Round positions to whole 1/32 px, half to even; what is not a number lies far away."""
    # fmin and fmax pass over NaN.
    within = np.fmax(np.fmin(positions, _FARTHEST), -_FARTHEST)
    return np.rint(within * _STEPS).astype(np.intp)
