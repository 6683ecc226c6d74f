"""The faces that a user gives at once: boxes, and one picture of all or one of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from pyclnf.arguments import listed, shown
from pyclnf.backends.base import FitsFaces
from pyclnf.image import is_on_device
from pyclnf.typing import AnyArray

__all__ = ["GivenFaces"]


@dataclass(frozen=True, eq=False)
class GivenFaces:
    """Faces as :meth:`pyclnf.CLNF.fit_many` takes them; neither boxes nor pixels are checked.

    Attributes
    ----------
    images : array, or list of arrays
        The picture of all faces, or each face's picture.
    boxes : list
    share_picture : bool
        Whether all faces are of one picture.
    """

    images: Any
    boxes: list[Any]
    share_picture: bool

    @classmethod
    def of(
        cls,
        images: AnyArray | Iterable[AnyArray],
        boxes: Iterable[Sequence[float] | AnyArray] | AnyArray,
    ) -> GivenFaces:
        """Return the faces in what a user passes.

        Raises
        ------
        ValueError
            Naming ``images`` or ``boxes``, if one is no sequence of such, or they are not equally
            many.
        """
        there = _listed_boxes(boxes)
        if isinstance(images, np.ndarray) or is_on_device(images):
            _refuse_stack(images)
            return cls(images, there, share_picture=True)
        expected = "a picture as an array, or a list of pictures, one for each box"
        pictures = listed("images", images, expected)
        if len(pictures) != len(there):
            raise ValueError(
                f"boxes: {len(there)} for {len(pictures)} pictures; give one of each, or a single "
                f"picture as an array with the boxes of all its faces"
            )
        return cls(pictures, there, share_picture=False)

    @property
    def are_on_device(self) -> bool:
        """Whether the picture, or the first of several, lies on a device."""
        first = self.images if self.share_picture else next(iter(self.images), None)
        return is_on_device(first)

    def only(self, index: int) -> GivenFaces:
        """Return one of the faces."""
        image = self.images if self.share_picture else self.images[index]
        return GivenFaces([image], [self.boxes[index]], share_picture=False)

    def on_host(self, backend: FitsFaces) -> GivenFaces:
        """Return them with all pictures on the host; the backend knows how to bring them there."""
        if self.share_picture:
            return replace(self, images=backend.on_host(self.images))
        return replace(self, images=[backend.on_host(image) for image in self.images])


def _listed_boxes(boxes: Any) -> list[Any]:
    """Return what may be boxes; a ValueError if that is a single one, or nothing of the kind."""
    there = listed("boxes", boxes, "a sequence of boxes, four numbers each")
    if there and all(isinstance(each, Real) for each in there):
        raise ValueError(
            f"boxes: expected a sequence of boxes, four numbers each, got {shown(boxes)}; of a "
            f"single face, give a list with its box"
        )
    return there


def _refuse_stack(images: Any) -> None:
    """Raise a ValueError if an array can only hold several pictures, or none."""
    shape = getattr(images, "shape", None)
    if shape is not None and len(shape) not in (2, 3):
        raise ValueError(
            f"images: an array {shape} is not one picture, (H, W) or (H, W, 3); if it holds "
            f"several, give list(images)"
        )
