"""Many faces at once: of one picture, or one of each of many pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.image import check_box
from pyclnf.likelihood import UNEVALUATED
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads, thread_count
from pyclnf.typing import AnyArray

__all__ = ["fit_batch"]


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
    faces = list(_faces(images, list(boxes), backend))
    count = thread_count(threads)
    each = backend.using(max(count // max(len(faces), 1), 1))
    return in_threads(lambda face: _fit(face, settings, each), faces, count)


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


def _fit(face: _Face, settings: FitSettings, backend: Backend) -> FitResult:
    """Fit one face; what cannot be fitted is an unsuccessful result."""
    try:
        image = face.image
        if not isinstance(image, PaddedImage):
            image = backend.picture(image)
        box = check_box(face.box, (image.height, image.width))
    except ValueError as error:
        return _refused(error, backend)
    start = backend.detector.pdm.parameters_from_box(box)
    return fit(image, box, start, settings, backend)


def _refused(error: ValueError, backend: Backend) -> FitResult:
    """Return the result of a face that cannot be fitted: NaN, and why."""
    pdm = backend.detector.pdm
    return FitResult(
        landmarks=np.full((pdm.n_landmarks, 2), np.nan, np.float32),
        params_global=np.full(6, np.nan, np.float32),
        params_local=np.full(pdm.n_modes, np.nan, np.float32),
        likelihood=UNEVALUATED,
        success=False,
        view=0,
        failure=str(error),
    )
