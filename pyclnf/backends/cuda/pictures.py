"""Pictures of a batch: checked wherever they lie, and made grey on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyclnf.backends.cuda.arguments import FRAME, GREY, PICTURE
from pyclnf.backends.cuda.device import Array, Device, filled
from pyclnf.backends.cuda.faces import FrameTable
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import check_pixels, eight_bit_of, is_on_device, to_eight_bit
from pyclnf.typing import AnyArray, IntArray

__all__ = ["Pixels", "make_grey", "uploaded_frames"]

_PIXELS_PER_BLOCK = 1024
"""``pixels_per_block`` in ``kernels/grey.cuh``."""
_THREADS = 128


@dataclass(frozen=True, eq=False)
class Pixels:
    """A checked picture of 8 bits, on the host or on the device.

    Attributes
    ----------
    array : (H, W) or (H, W, 3) uint8
    on_device : bool
    """

    array: Any
    on_device: bool

    @classmethod
    def checked(cls, image: Any, device: Device) -> Pixels:
        """Check a picture as :func:`pyclnf.image.to_grey` does, and bring it to 8 bits.

        Raises
        ------
        ValueError
            Naming ``image``.
        """
        if not is_on_device(image):
            return cls(to_eight_bit(image), on_device=False)
        pixels = device.adopt(image)
        check_pixels(pixels)
        return cls(eight_bit_of(pixels, device.xp), on_device=True)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        height, width = self.array.shape[:2]
        return height, width

    def placed(self, device: Device) -> Array:
        """Return the picture on the device; one that is there is not copied."""
        return self.array if self.on_device else device.upload(self.array)


def make_grey(device: Device, pictures: Sequence[Pixels], frame_of: IntArray) -> FrameTable:
    """Make pictures grey, each once, in one launch.

    Parameters
    ----------
    device : Device
    pictures : sequence of Pixels
    frame_of : (F,) integers
        Which of them each face is on.
    """
    placed = [picture.placed(device) for picture in pictures]
    grey = [device.empty(PaddedImage.padded_shape(*each.size), np.uint8) for each in pictures]
    structs = np.zeros(len(pictures), PICTURE)
    for struct, pixels, to in zip(structs, placed, grey, strict=True):
        height, width = pixels.shape[:2]
        row_step, column_step, *colour_step = pixels.strides
        struct["pixels"], struct["grey"] = device.address(pixels), device.address(to)
        struct["height"], struct["width"] = height, width
        struct["row_step"], struct["column_step"] = row_step, column_step
        struct["colour_step"] = colour_step[0] if colour_step else 0
    blocks = max(-(-each.size // _PIXELS_PER_BLOCK) for each in grey)
    table = device.upload(structs.view(np.uint8))
    arguments = filled(device, GREY, {"pictures": table, "blocks": blocks})
    device.launch("pyclnf_grey", len(pictures) * blocks, _THREADS, 0, arguments)
    return _table(device, grey, [each.size for each in pictures], frame_of)


def uploaded_frames(device: Device, image: PaddedImage) -> FrameTable:
    """Return a picture that is grey already, of one face."""
    grey = device.upload(image.pixels)
    return _table(device, [grey], [(image.height, image.width)], np.zeros(1, np.intp))


def _table(
    device: Device, grey: list[Array], sizes: list[tuple[int, int]], frame_of: IntArray
) -> FrameTable:
    """Return the table of some grey pictures."""
    structs = np.zeros(len(grey), FRAME)
    structs["grey"] = [device.address(each) for each in grey]
    structs["height"], structs["width"] = np.array(sizes, np.int32).T
    numbers: AnyArray = frame_of.astype(np.int32)
    return FrameTable(device.upload(structs.view(np.uint8)), device.upload(numbers), grey)
