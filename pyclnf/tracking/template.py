"""Where a face has gone between two frames: its last picture is looked for around its last place.

Normalised cross-correlation, see Lewis, Fast normalized cross-correlation, 1995.
"""

from __future__ import annotations

import numpy as np

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.extent import extent_of
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.resizing import shrink, shrunk_size
from pyclnf.typing import ByteArray, Float32Array, Float64Array, IntArray

__all__ = ["cut_template", "follow_template", "match"]

_LARGEST_TEMPLATE = 2**20
"""Pixels: up to here all sums are exact."""


def cut_template(image: PaddedImage, landmarks: Float32Array) -> ByteArray | None:
    """Return the picture of a face, (h, w) uint8; None if nothing of it is within the frame.

    Parameters
    ----------
    image : PaddedImage
    landmarks : (n, 2) float32
        Their extent is cut out, its sides rounded towards zero.
    """
    x, y, width, height = (int(value) for value in extent_of(landmarks))
    return _cut(image, x, y, width, height)


def follow_template(
    image: PaddedImage,
    template: ByteArray,
    parameters: Parameters,
    pdm: PointDistributionModel,
    face_scale: float,
) -> Parameters:
    """Move a shape to where its template fits best.

    Parameters
    ----------
    image : PaddedImage
        The new frame.
    template : (h, w) uint8
        Of the frame before.
    parameters : Parameters
        Of the shape in the frame before.
    pdm : PointDistributionModel
    face_scale : float
        The face scale at which templates are compared; larger faces are shrunk to it.

    Returns
    -------
    moved : Parameters
        With another translation. The search spans twice the extent of the landmarks, around them.
    """
    factor = min(np.float32(face_scale) / parameters.global_[0], np.float32(1))
    extent = extent_of(pdm.pose(parameters).landmarks)
    corner = _search(image, template, extent, factor)
    if corner is None:
        return parameters
    global_ = parameters.global_.copy()
    global_[4:] += corner - extent[:2]
    return Parameters(global_, parameters.local)


def match(image: ByteArray, template: ByteArray) -> Float64Array:
    """Return the normalised cross-correlation of a template at every place within a picture.

    Parameters
    ----------
    image : (H, W) uint8
    template : (h, w) uint8
        Not larger than the picture, of at most 2**20 px.

    Returns
    -------
    (H - h + 1, W - w + 1) float64
        From -1 to 1; 0 where picture or template are flat.

    Raises
    ------
    ValueError
        If the template is larger.

    Notes
    -----
    All sums are whole numbers and exact, so that the best place is the same on every machine.
    """
    count = template.size
    if count > _LARGEST_TEMPLATE:
        height, width = template.shape
        raise ValueError(
            f"template: {width} x {height} px are more than {_LARGEST_TEMPLATE}; choose a smaller "
            f"template_scale"
        )
    pixels, looked_for = image.astype(np.float64), template.astype(np.float64)
    sums, squares = _sums(image, template.shape), _sums(image.astype(np.int64) ** 2, template.shape)
    of_template = int(template.sum(dtype=np.int64))
    spread = count * int((template.astype(np.int64) ** 2).sum()) - of_template**2
    together = count * _correlation(pixels, looked_for) - sums * of_template
    spreads = (count * squares - sums * sums).astype(np.float64) * float(spread)
    flat = spreads == 0
    scale = np.sqrt(np.where(flat, 1.0, spreads))
    return np.where(flat, 0.0, together / scale)


def _search(
    image: PaddedImage, template: ByteArray, extent: Float32Array, factor: np.float32
) -> Float32Array | None:
    """Return where the upper left corner of a template fits best, x and y in px.

    None if nothing can be compared: the face is beyond the frame, or its template larger than what
    is left of its surroundings, or too small.
    """
    x, y, width, height = extent
    two = np.float32(2)
    left, top = int(x - width / two), int(y - height / two)
    around = _cut(image, left, top, int(width * two), int(height * two))
    if around is None:
        return None
    if factor < 1:
        sides = (*around.shape, *template.shape)
        if min(shrunk_size(side, float(factor)) for side in sides) < 1:
            return None
        around, template = shrink(around, float(factor)), shrink(template, float(factor))
    if template.shape[0] > around.shape[0] or template.shape[1] > around.shape[1]:
        return None
    likeness = match(around, template)
    row, column = divmod(int(likeness.argmax()), likeness.shape[1])
    origin = np.array((max(left, 0), max(top, 0)), np.float32)
    return np.array((column, row), np.float32) / factor + origin


def _cut(image: PaddedImage, x: int, y: int, width: int, height: int) -> ByteArray | None:
    """Return what a rectangle shows of a picture; None if nothing."""
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, image.width), min(y + height, image.height)
    if right <= left or bottom <= top:
        return None
    return image.grey[top:bottom, left:right]


def _sums(values: IntArray | ByteArray, shape: tuple[int, ...]) -> IntArray:
    """Return the sums over every window of a shape."""
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int64)
    total[1:, 1:] = values.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    h, w = shape
    sums: IntArray = total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w]
    return sums


def _correlation(image: Float64Array, template: Float64Array) -> IntArray:
    """Return the sum of products at every place; whole numbers, by way of Fourier's transform."""
    shape = [_fast_length(side) for side in image.shape]
    spectrum = np.fft.rfft2(image, shape) * np.conj(np.fft.rfft2(template, shape))
    rows, columns = (i - t + 1 for i, t in zip(image.shape, template.shape, strict=True))
    sums = np.fft.irfft2(spectrum, shape)[:rows, :columns]
    whole: IntArray = np.rint(sums).astype(np.int64)
    return whole


def _fast_length(side: int) -> int:
    """Return the least length from a side on whose transform is quick: 2, 3 and 5 divide it."""
    for length in range(side, 2 * side):
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
    return side
