"""Grey pictures of every level against :func:`pyclnf.image.to_grey`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.typing import ByteArray

COLOUR = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)


def grey(level: int, pixels: ByteArray) -> ByteArray:
    from pyclnf.kernels import _kernels

    height, width = pixels.shape[:2]
    padded = np.full(PaddedImage.padded_shape(height, width), 77, np.uint8)
    _kernels.grey(level, pixels, padded)
    return padded


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (7, 2), (5, 15), (5, 16), (3, 17), (120, 131)])
def test_grey(level: int, shape: tuple[int, int]):
    pixels = np.random.default_rng(shape).integers(0, 256, (*shape, 3), np.uint8)
    expected = PaddedImage.of(to_grey(pixels)).pixels
    assert grey(level, pixels).tobytes() == expected.tobytes()


def test_every_extreme(level: int):
    pixels = np.array(list(itertools.product([0, 1, 127, 128, 254, 255], repeat=3)), np.uint8)[None]
    assert grey(level, pixels)[2:-2, 2:-2].tobytes() == to_grey(pixels).tobytes()


@pytest.mark.parametrize(
    "view",
    [
        COLOUR[::2, ::-3],
        COLOUR[::-1],
        COLOUR[:, :, ::-1],
        COLOUR[:, :50],
        COLOUR.transpose(1, 0, 2),
        np.asfortranarray(COLOUR),
        np.broadcast_to(COLOUR[:, :1], COLOUR.shape),
        COLOUR[:, :, 1],
        COLOUR[::-1, ::2, 2],
        np.ascontiguousarray(COLOUR[:, :, 0]),
        np.ascontiguousarray(COLOUR[:, :, 0])[5:, 3:17],
        np.asfortranarray(COLOUR[:, :, 0]),
        np.broadcast_to(COLOUR[:1, :, 0], COLOUR.shape[:2]),
    ],
)
def test_any_layout_in_memory(level: int, view: ByteArray):
    expected = PaddedImage.of(to_grey(view)).pixels
    assert grey(level, view).tobytes() == expected.tobytes()


def test_pictures_that_may_not_be_written_to(level: int):
    pixels = COLOUR.copy()
    pixels.setflags(write=False)
    assert grey(level, pixels)[2:-2, 2:-2].tobytes() == to_grey(COLOUR).tobytes()


@pytest.mark.parametrize(
    ("shape", "padded"),
    [
        *[((0, 5, 3), (4, 9)), ((5, 5, 4), (9, 9)), ((5, 5, 3), (9, 8)), ((5, 5, 3), (10, 9))],
        *[((0, 5), (4, 9)), ((5, 5), (9, 8)), ((5, 5), (10, 9)), ((5,), (9, 9))],
    ],
)
def test_shapes_that_do_not_fit(level: int, shape: tuple[int, ...], padded: tuple[int, int]):
    from pyclnf.kernels import _kernels

    with pytest.raises(ValueError, match="expected"):
        _kernels.grey(level, np.zeros(shape, np.uint8), np.zeros(padded, np.uint8))
