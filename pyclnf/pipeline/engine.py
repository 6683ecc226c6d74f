"""What turns pictures into faces: the interface, and fits from boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from pyclnf.clnf import CLNF
from pyclnf.fitting import FitResult
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["Engine", "FindBoxes", "PictureEngine"]

FindBoxes = Callable[[Frame], Float32Array]
"""Tells where faces are in a picture: (k, 4) float32, x, y, width, height in px."""


class Engine(Protocol):
    """Anything that finds faces in pictures and in sequences.

    Attributes
    ----------
    n_landmarks, n_modes : int
        Of its model.
    knows : frozenset of str
        The blocks of :data:`pyclnf.formats.csv_layout.BLOCKS` that its results fill.
    about : mapping
        What holds for all its results, in types of JSON: model, backend, settings.
    """

    @property
    def n_landmarks(self) -> int:
        """Of the model."""
        ...

    @property
    def n_modes(self) -> int:
        """Of the model."""
        ...

    @property
    def knows(self) -> frozenset[str]:
        """Which blocks the results fill."""
        ...

    @property
    def about(self) -> Mapping[str, Any]:
        """What holds for all results."""
        ...

    def image(self, frame: Frame) -> list[FaceResult]:
        """Return the faces of a picture by itself."""
        ...

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        """Yield each frame with its faces, taking no frame before it is needed."""
        ...


class PictureEngine:
    """Fits each face of each picture from its box, whatever was in the picture before.

    Parameters
    ----------
    clnf : CLNF
    find_boxes : callable
        See :data:`FindBoxes`.
    settings : FitSettings
    multi_view : bool
        Whether each face is fitted from several head poses, see :meth:`CLNF.fit_hypotheses`.
    threads : int or None
        The most to use; one per processor for None.
    """

    knows = frozenset({"landmarks_2d", "params"})

    def __init__(
        self,
        clnf: CLNF,
        find_boxes: FindBoxes,
        settings: FitSettings,
        *,
        multi_view: bool = False,
        threads: int | None = None,
    ) -> None:
        self.n_landmarks = clnf.n_landmarks
        self.n_modes = clnf.n_modes
        self.about: Mapping[str, Any] = {
            "model": str(clnf.manifest),
            "backend": clnf.backend,
            "settings": asdict(settings),
            "multi_view": multi_view,
        }
        self._clnf = clnf
        self._find_boxes = find_boxes
        self._settings = settings
        self._multi_view = multi_view
        self._threads = threads

    def image(self, frame: Frame) -> list[FaceResult]:
        """Return the faces of a picture; one that cannot be fitted is an unsuccessful result."""
        boxes = self._find_boxes(frame)
        fits = self._fits(frame.pixels, boxes)
        pairs = zip(boxes, fits, strict=True)
        return [_face(index, box, fit) for index, (box, fit) in enumerate(pairs)]

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        """Yield each frame with its faces, found in it alone."""
        for frame in frames:
            yield frame, self.image(frame)

    def _fits(self, pixels: AnyArray, boxes: Float32Array) -> list[FitResult]:
        """Fit all faces."""
        if self._multi_view:
            return [self._from_several_poses(pixels, box) for box in boxes]
        return self._clnf.fit_many(pixels, boxes, self._settings, threads=self._threads)

    def _from_several_poses(self, pixels: AnyArray, box: Float32Array) -> FitResult:
        """Return the likeliest fit of a face."""
        try:
            found = self._clnf.fit_hypotheses(pixels, box, self._settings, threads=self._threads)
        except ValueError:
            return self._clnf.fit_many(pixels, [box], self._settings, threads=1)[0]  # says why
        return found.best


def _face(index: int, box: Float32Array, fit: FitResult) -> FaceResult:
    """Return what a fit tells about a face."""
    return FaceResult(
        face_id=index,
        box=box,
        success=fit.success,
        landmarks=fit.landmarks,
        params_global=fit.params_global,
        params_local=fit.params_local,
        likelihood=fit.likelihood,
        view=fit.view,
        failure=fit.failure,
    )
