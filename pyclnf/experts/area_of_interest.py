"""Grey values around each landmark, sampled upright at the experts' scale.

The sampler is this project's own: landmarks must not depend on the installed image library.
*Quirk:* sample positions are rounded to 1/32 px, as OpenCV's ``warpAffine`` did through 4.x, so a
last-bit change of the similarity moves some samples by 1/32 px.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.typing import ByteArray, Float32Array, Float64Array, IntArray

__all__ = ["PaddedImage", "sample_areas", "sample_at", "sample_positions"]

_FRACTION_BITS = 5
_FRACTIONS = 1 << _FRACTION_BITS
_FIXED_BITS = 10
_FIXED = float(1 << _FIXED_BITS)
_FARTHEST = float(1 << 30)
_PADDING = 2


@dataclass(frozen=True, eq=False)
class PaddedImage:
    """A grey picture within a border of zeros, which is what lies outside it.

    Attributes
    ----------
    pixels : (H + 4, W + 4) uint8
    height, width : int
        Of the picture itself.
    """

    pixels: ByteArray
    height: int
    width: int

    @classmethod
    def of(cls, grey: ByteArray) -> PaddedImage:
        """Pad an (H, W) uint8 picture."""
        height, width = grey.shape
        pixels = np.zeros(cls.padded_shape(height, width), grey.dtype)
        pixels[_PADDING:-_PADDING, _PADDING:-_PADDING] = grey
        return cls(pixels, height, width)

    @property
    def grey(self) -> ByteArray:
        """The picture itself, (H, W) uint8; a view."""
        return self.pixels[_PADDING:-_PADDING, _PADDING:-_PADDING]

    @staticmethod
    def padded_shape(height: int, width: int) -> tuple[int, int]:
        """Return the shape of a picture's pixels, border included."""
        return height + 2 * _PADDING, width + 2 * _PADDING


def sample_areas(
    image: PaddedImage,
    landmarks: Float32Array,
    reference_to_image: Float32Array,
    size: int,
) -> Float32Array:
    """Sample a square around each landmark on the grid of the similarity.

    Parameters
    ----------
    image : PaddedImage
    landmarks : (n, 2) float32
        Centres, px.
    reference_to_image : (2, 2) float32
        Scaled rotation from the experts' frame to the picture.
    size : int
        Samples per side, window + support - 1.

    Returns
    -------
    (n, size, size) float32
        Grey values, first axis y; 0 outside the picture. Bilinear between pixel centres.
    """
    x, y = sample_positions(landmarks, reference_to_image, size)
    return sample_at(image, x, y)


def sample_at(image: PaddedImage, x: IntArray, y: IntArray) -> Float32Array:
    """Return grey values at positions in whole 1/32 px, any shape; 0 outside the picture."""
    left = _clipped(x >> _FRACTION_BITS, image.width)
    top = _clipped(y >> _FRACTION_BITS, image.height)
    return _bilinear(image.pixels, left, top, _fractions(x), _fractions(y))


def sample_positions(
    landmarks: Float32Array, reference_to_image: Float32Array, size: int
) -> tuple[IntArray, IntArray]:
    """Return where samples lie, in whole 1/32 px.

    Parameters
    ----------
    landmarks, reference_to_image, size
        As in :func:`sample_areas`.

    Returns
    -------
    x, y : (n, size, size) integers
        Positions times 32, first axis after the landmark's is y. Positions that are not finite or
        beyond 2**20 px are brought there; they lie outside any picture.
    """
    a, b = reference_to_image[0, 0], -reference_to_image[0, 1]
    corner_x, corner_y = _corners(landmarks, a, b, size)
    along, across = np.float64(a), np.float64(b)
    steps = np.arange(size, dtype=np.float64)
    half = 1 << (_FIXED_BITS - _FRACTION_BITS - 1)
    shift = _FIXED_BITS - _FRACTION_BITS
    x = (_fixed(corner_x[:, None] + -across * steps) + half)[:, :, None] + _fixed(along * steps)
    y = (_fixed(corner_y[:, None] + along * steps) + half)[:, :, None] + _fixed(across * steps)
    x >>= shift
    y >>= shift
    return x, y


def _corners(
    landmarks: Float32Array, a: np.float32, b: np.float32, size: int
) -> tuple[Float64Array, Float64Array]:
    """Return the positions of each area's first sample, rounded to float32 left to right."""
    extent, two = np.float32(size - 1), np.float32(2)
    x = landmarks[:, 0] - a * extent / two + b * extent / two
    y = landmarks[:, 1] - a * extent / two - b * extent / two
    return x.astype(np.float64), y.astype(np.float64)


def _fixed(positions: Float64Array) -> IntArray:
    """Round positions to whole 1/1024 px, half to even."""
    scaled = np.rint(positions * _FIXED)
    # fmin and fmax pass over NaN.
    return np.fmax(np.fmin(scaled, _FARTHEST), -_FARTHEST).astype(np.intp)


def _clipped(pixels: IntArray, extent: int) -> IntArray:
    """Bring whole positions into a padded picture, counted from its border; in place."""
    np.clip(pixels, -_PADDING, extent, out=pixels)
    pixels += _PADDING
    return pixels


def _fractions(positions: IntArray) -> Float32Array:
    """Return what positions, in 1/32 px, have beyond whole pixels, in px."""
    fractions: Float32Array = (positions & (_FRACTIONS - 1)).astype(np.float32)
    fractions *= np.float32(1 / _FRACTIONS)
    return fractions


def _bilinear(
    pixels: ByteArray,
    left: IntArray,
    top: IntArray,
    fraction_x: Float32Array,
    fraction_y: Float32Array,
) -> Float32Array:
    """Interpolate along x, then y: exact in float32 for 8-bit grey values, so in any order."""
    flat, stride = pixels.ravel(), pixels.shape[1]
    index = top * stride
    index += left
    above = _between(flat, index, fraction_x)
    index += stride
    below = _between(flat, index, fraction_x)
    below -= above
    below *= fraction_y
    above += below
    return above


def _between(flat: ByteArray, index: IntArray, fraction: Float32Array) -> Float32Array:
    """Interpolate between pixels and their neighbours to the right."""
    left: Float32Array = flat.take(index).astype(np.float32)
    rise: Float32Array = flat[1:].take(index).astype(np.float32)
    rise -= left
    rise *= fraction
    left += rise
    return left
