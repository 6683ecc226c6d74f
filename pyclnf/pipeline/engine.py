"""What turns pictures into faces: the interface, and faces of single pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from pyclnf.arguments import flag, function, instance
from pyclnf.clnf import CLNF
from pyclnf.face_fitter import FaceFit
from pyclnf.hypotheses import ROTATIONS
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.pipeline.results import Describe, unfound_face
from pyclnf.pose import CameraIntrinsics
from pyclnf.settings import FitSettings
from pyclnf.threads import thread_count
from pyclnf.typing import Float32Array

__all__ = ["Choices", "Engine", "FindBoxes", "PictureEngine"]

FindBoxes = Callable[[Frame], Float32Array]
"""Tells where faces are in a picture: (k, 4) float32, x, y, width, height in px."""


class Engine(Protocol):
    """Anything that finds faces in pictures or in sequences.

    Attributes
    ----------
    n_landmarks, n_modes : int
        Of its model.
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
    def about(self) -> Mapping[str, Any]:
        """What holds for all results."""
        ...

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        """Yield each frame with its faces, taking no frame before it is needed."""
        ...


@dataclass(frozen=True)
class Choices:
    """How faces are fitted.

    Attributes
    ----------
    settings : FitSettings
    multi_view : bool
        Whether a face in a picture is fitted from several head poses.
    parts, validate : bool
        See :meth:`pyclnf.CLNF.detect`.
    camera : CameraIntrinsics or None
        None for what OpenFace assumes of a picture's size.

    Raises
    ------
    ValueError
        Naming the field, if one is no such thing.
    """

    settings: FitSettings = field(default_factory=FitSettings)
    multi_view: bool = False
    parts: bool = True
    validate: bool = True
    camera: CameraIntrinsics | None = None

    def __post_init__(self) -> None:
        instance("settings", self.settings, FitSettings)
        for name in ("multi_view", "parts", "validate"):
            flag(name, getattr(self, name))
        if self.camera is not None:
            instance("camera", self.camera, CameraIntrinsics)

    def about(self, clnf: CLNF) -> dict[str, Any]:
        """Return the choices and the model, in types of JSON."""
        chosen = asdict(self)
        chosen["camera"] = "estimated" if self.camera is None else chosen["camera"]
        return {"model": str(clnf.manifest), "backend": clnf.backend, **chosen}


class PictureEngine:
    """Fits each face of each picture from its box, whatever was in the picture before.

    Parameters
    ----------
    clnf : CLNF
    find_boxes : callable
        See :data:`FindBoxes`.
    choices : Choices
    threads : int or None
        The most to use; one per processor for None.

    Raises
    ------
    ValueError
        Naming the argument, if one is no such thing.
    """

    def __init__(
        self,
        clnf: CLNF,
        find_boxes: FindBoxes,
        choices: Choices | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        self._choices = instance("choices", Choices() if choices is None else choices, Choices)
        self._clnf = instance("clnf", clnf, CLNF)
        self.n_landmarks = clnf.n_landmarks
        self.n_modes = clnf.n_modes
        self.about: Mapping[str, Any] = self._choices.about(clnf)
        self._find_boxes = function("find_boxes", find_boxes, "a frame")
        self._describe = Describe(clnf, self._choices.camera)
        self._threads = thread_count(threads)

    def image(self, frame: Frame) -> list[FaceResult]:
        """Return the faces of a picture; one that cannot be fitted is an unsuccessful result.

        Raises
        ------
        ValueError
            If the picture is empty or of another rank or dtype.
        ModelFileError
            If the model of a part, or the validator, cannot be used.
        """
        choices, boxes = self._choices, self._find_boxes(frame)
        fits = self._clnf.detect_many(
            frame.pixels,
            boxes,
            choices.settings,
            rotations=ROTATIONS if choices.multi_view else ROTATIONS[:1],
            parts=choices.parts,
            validate=choices.validate,
            threads=self._threads,
        )
        found = enumerate(zip(boxes, fits, strict=True))
        return [self._result(frame, face_id, box, fit) for face_id, (box, fit) in found]

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        """Yield each frame with its faces, found in it alone."""
        for frame in frames:
            yield frame, self.image(frame)

    def _result(self, frame: Frame, face_id: int, box: Float32Array, fit: FaceFit) -> FaceResult:
        """Return what is known of one face."""
        if not np.isfinite(fit.landmarks).any():
            return unfound_face(self._clnf, face_id, box, fit.failure)
        return self._describe(frame, face_id, box, fit, success=fit.success)
