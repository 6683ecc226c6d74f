"""Many faces at once: of one picture, or one of each of many pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.image import check_box
from pyclnf.likelihood import UNEVALUATED
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads, thread_count
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["fit_batch", "fit_each"]

_Found = TypeVar("_Found", bound=FitResult)


@dataclass(frozen=True, eq=False)
class _Face:
    """A face to be fitted: its picture, prepared if several faces share it, and its box."""

    image: PaddedImage | AnyArray
    box: Sequence[float] | AnyArray


def fit_batch(
    images: AnyArray | Sequence[AnyArray],
    boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
    settings: FitSettings,
    backend: Backend,
    threads: int | None,
) -> list[FitResult]:
    """Fit every face; see :meth:`pyclnf.CLNF.fit_many`."""
    count = thread_count(threads)
    each = backend.using(max(count // max(len(boxes), 1), 1))

    def fit_face(picture: PaddedImage, box: Float32Array) -> FitResult:
        return fit(picture, box, each.detector.pdm.parameters_from_box(box), settings, each)

    return fit_each(images, boxes, fit_face, FitResult, backend, count)


def fit_each(
    images: AnyArray | Sequence[AnyArray],
    boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
    fit: Callable[[PaddedImage, Float32Array], _Found],
    kind: type[_Found],
    backend: Backend,
    threads: int | None,
) -> list[_Found]:
    """Fit every face in a way of its own.

    Parameters
    ----------
    images, boxes, threads
        As :meth:`pyclnf.CLNF.fit_many` takes them.
    fit : callable
        Fits the face in a box of a picture.
    kind : type
        What that returns: the result of faces that cannot be fitted is of the same kind.
    backend : Backend
    """

    def fit_face(face: _Face) -> _Found:
        try:
            image = face.image
            if not isinstance(image, PaddedImage):
                image = backend.picture(image)
            box = check_box(face.box, (image.height, image.width))
        except ValueError as error:
            return _refused(kind, error, backend)
        return fit(image, box)

    return in_threads(fit_face, list(_faces(images, list(boxes), backend)), threads)


def _faces(
    images: AnyArray | Sequence[AnyArray],
    boxes: list[Sequence[float] | AnyArray],
    backend: Backend,
) -> Iterator[_Face]:
    """Yield faces in order; a picture of several is made grey once."""
    if isinstance(images, np.ndarray):
        image = backend.picture(images)
        yield from (_Face(image, box) for box in boxes)
        return
    if len(images) != len(boxes):
        raise ValueError(
            f"boxes: {len(boxes)} for {len(images)} pictures; give one of each, or a single "
            f"picture as an array with the boxes of all its faces"
        )
    for pixels, box in zip(images, boxes, strict=True):
        yield _Face(pixels, box)


def _refused(kind: type[_Found], error: ValueError, backend: Backend) -> _Found:
    """Return the result of a face that cannot be fitted: NaN, and why."""
    pdm = backend.detector.pdm
    return kind(
        landmarks=np.full((pdm.n_landmarks, 2), np.nan, np.float32),
        params_global=np.full(6, np.nan, np.float32),
        params_local=np.full(pdm.n_modes, np.nan, np.float32),
        likelihood=UNEVALUATED,
        success=False,
        view=0,
        failure=str(error),
    )
