"""Many faces at once: of one picture, or one of each of many pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.image import check_box, to_grey
from pyclnf.likelihood import UNEVALUATED
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray

__all__ = ["fit_batch"]


@dataclass(frozen=True, eq=False)
class _Face:
    """A face to be fitted: its picture, prepared if several faces share it, and its box."""

    image: PaddedImage | AnyArray
    box: AnyArray


def fit_batch(
    images: AnyArray | Sequence[AnyArray],
    boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
    settings: FitSettings,
    backend: Backend,
    threads: int | None,
) -> list[FitResult]:
    """Fit every face; see :meth:`pyclnf.CLNF.fit_many`."""
    faces = list(_faces(images, list(boxes)))
    workers = min(_threads(threads), max(1, len(faces)))
    if workers == 1:
        return [_fit(face, settings, backend) for face in faces]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda face: _fit(face, settings, backend), faces))


def _faces(
    images: AnyArray | Sequence[AnyArray], boxes: list[Sequence[float] | AnyArray]
) -> Iterator[_Face]:
    """Yield faces in order; a picture of several is made grey once."""
    if isinstance(images, np.ndarray):
        image = PaddedImage.of(to_grey(images))
        yield from (_Face(image, np.asarray(box)) for box in boxes)
        return
    if len(images) != len(boxes):
        raise ValueError(
            f"boxes: {len(boxes)} for {len(images)} pictures; give one of each, or a single "
            f"picture as an array with the boxes of all its faces"
        )
    for pixels, box in zip(images, boxes, strict=True):
        yield _Face(pixels, np.asarray(box))


def _fit(face: _Face, settings: FitSettings, backend: Backend) -> FitResult:
    """Fit one face; what cannot be fitted is an unsuccessful result."""
    try:
        image = face.image
        if not isinstance(image, PaddedImage):
            image = PaddedImage.of(to_grey(image))
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


def _threads(threads: int | None) -> int:
    """Return how many threads to use: those asked for, or one per processor."""
    if threads is None:
        return os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads: expected a positive number or None, got {threads!r}")
    return threads
