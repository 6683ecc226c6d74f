"""Many faces at once: of one picture, or one of each of many pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pyclnf.backends.base import Backend, CheckedPicture, FitsFaces
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import FitResult, fit
from pyclnf.given_faces import GivenFaces
from pyclnf.image import check_box
from pyclnf.likelihood import UNEVALUATED
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads, thread_count
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["fit_batch", "fit_each"]

_Found = TypeVar("_Found", bound=FitResult)

_UPRIGHT = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Face:
    """A face to be fitted: its picture, prepared if several faces share it, and its box."""

    image: PaddedImage | AnyArray
    box: Sequence[float] | AnyArray


def fit_batch(
    faces: GivenFaces, settings: FitSettings, backend: Backend, threads: int | None
) -> list[FitResult]:
    """Fit every face; see :meth:`pyclnf.CLNF.fit_many`."""
    if isinstance(backend, FitsFaces):
        return _fit_at_once(faces, settings, backend, threads)
    count = thread_count(threads)
    each = backend.using(max(count // max(len(faces.boxes), 1), 1))

    def fit_face(picture: PaddedImage, box: Float32Array) -> FitResult:
        return fit(picture, box, each.detector.pdm.parameters_from_box(box), settings, each)

    return fit_each(faces, fit_face, FitResult, backend, count)


def fit_each(
    faces: GivenFaces,
    fit: Callable[[PaddedImage, Float32Array], _Found],
    kind: type[_Found],
    backend: Backend,
    threads: int | None,
) -> list[_Found]:
    """Fit every face in a way of its own.

    Parameters
    ----------
    faces : GivenFaces
    fit : callable
        Fits the face in a box of a picture.
    kind : type
        What that returns: the result of faces that cannot be fitted is of the same kind.
    backend : Backend
    threads : int or None
        The most to use; one per processor for None.
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

    return in_threads(fit_face, list(_faces(faces, backend)), threads)


def _faces(faces: GivenFaces, backend: Backend) -> Iterator[_Face]:
    """Yield faces in order; a picture of several is made grey once."""
    if faces.share_picture:
        image = backend.picture(faces.images)
        yield from (_Face(image, box) for box in faces.boxes)
        return
    for pixels, box in zip(faces.images, faces.boxes, strict=True):
        yield _Face(pixels, box)


def _fit_at_once(
    faces: GivenFaces, settings: FitSettings, backend: FitsFaces, threads: int | None
) -> list[FitResult]:
    """Fit all faces that can be fitted in one batch; the others are unsuccessful results."""
    pictures = _checked_pictures(faces, backend, threads)
    checked = [_checked_box(*each) for each in zip(faces.boxes, pictures, strict=True)]
    found: dict[int, Float32Array] = {
        index: box for index, box in enumerate(checked) if not isinstance(box, ValueError)
    }
    chosen = [pictures[index] for index in found]
    turns = [_UPRIGHT] * len(found)
    fits = iter(backend.fit_faces(chosen, list(found.values()), turns, settings))
    return [
        _refused(FitResult, box, backend) if isinstance(box, ValueError) else next(fits)
        for box in checked
    ]


def _checked_pictures(
    faces: GivenFaces, backend: FitsFaces, threads: int | None
) -> list[CheckedPicture | ValueError]:
    """Return each face's picture, or why it cannot be used; one of several faces is the same."""
    if faces.share_picture:
        thread_count(threads)
        return [backend.checked_picture(faces.images)] * len(faces.boxes)
    different = {id(image): image for image in faces.images}

    def check(image: AnyArray) -> CheckedPicture | ValueError:
        try:
            return backend.checked_picture(image)
        except ValueError as error:
            return error

    checked = in_threads(check, list(different.values()), threads)
    known = dict(zip(different, checked, strict=True))
    return [known[id(image)] for image in faces.images]


def _checked_box(
    box: Sequence[float] | AnyArray, picture: CheckedPicture | ValueError
) -> Float32Array | ValueError:
    """Return a face's box, or why it cannot be fitted."""
    if isinstance(picture, ValueError):
        return picture
    try:
        return check_box(box, picture.size)
    except ValueError as error:
        return error


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
