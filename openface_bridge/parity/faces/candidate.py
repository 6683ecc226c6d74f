"""The candidate for whole faces: model, parts, validator and detector of one backend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from openface_bridge.trace import TraceError
from pyclnf import FitSettings
from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend
from pyclnf.detection import MTCNN
from pyclnf.face_fitter import FaceFit, FaceFitter
from pyclnf.hypotheses import Hypotheses
from pyclnf.part_models import PartModel, load_parts
from pyclnf.parts import WholeFit
from pyclnf.pdm import Parameters
from pyclnf.tracking import Tracker, TrackerSettings
from pyclnf.typing import AnyArray, Float32Array
from pyclnf.validation import Validator

__all__ = ["FaceCandidate", "FaceListener"]

_DEFINITION = "numpy-exact"


class FaceCandidate:
    """What is compared, loaded when first needed.

    Parameters
    ----------
    backend : str
    manifest : Path
    detector : Path or None
        ``MTCNN_detector.txt``.
    """

    def __init__(self, backend: str, manifest: Path, detector: Path | None) -> None:
        self.manifest, self.detector, self._name = manifest, detector, backend

    @cached_property
    def backend(self) -> Backend:
        """The face's own model."""
        return create_backend(self._name, self.manifest)

    @property
    def name(self) -> str:
        """The backend's; what ``auto`` chose."""
        return self.backend.name

    @cached_property
    def definition(self) -> FaceCandidate:
        """The backend whose bits are the reference's, with the same model."""
        return FaceCandidate(_DEFINITION, self.manifest, self.detector)

    @cached_property
    def parts(self) -> tuple[PartModel, ...]:
        """The parts' models."""
        return load_parts(self.backend)

    @cached_property
    def validator(self) -> Validator | None:
        """The validator, if the model has one."""
        path = self.backend.detector.manifest.validator
        return None if path is None else Validator.load(path, backend=self.name)

    @cached_property
    def mtcnn(self) -> MTCNN:
        """The face detector; a TraceError if there is none."""
        if self.detector is None or not self.detector.is_file():
            raise TraceError(
                f"there are recorded detections, but no face detector: {self.detector}; it is "
                f"looked for in mtcnn_detector/ beside the model"
            )
        return MTCNN(self.detector, self.name)

    def part(self, name: str) -> PartModel:
        """Return a part's model; a TraceError if there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise TraceError(f"{self.manifest}: has no part {name!r}; its record is another model's")

    def fit(self, image: AnyArray, box: Float32Array, listener: FaceListener) -> FaceFit:
        """Fit a face with all that belongs to it."""
        fitter = FaceFitter(self.backend, self.parts, self.validator, observer=listener)
        return fitter.fit_box(fitter.picture(image), box, FitSettings())

    def fitter(self) -> FaceFitter:
        """Return what fits the faces of a sequence."""
        return FaceFitter(self.backend, self.parts, self.validator)

    def tracker(self) -> Tracker[FaceFit]:
        """Return what follows a face, with a template, as the reference was asked to."""
        find = None if self.detector is None else self.mtcnn
        return Tracker(self.fitter(), find, TrackerSettings(template=True))


@dataclass
class FaceListener:
    """Keeps the fits from several head poses, see :class:`pyclnf.observe.FaceObserver`.

    What else a face tells is in what is returned.
    """

    tried: Hypotheses | None = None

    def on_hypotheses(self, tried: Hypotheses) -> None:
        """Keep them."""
        self.tried = tried

    def on_part(self, name: str, start: Parameters) -> None:
        """Look into no part's fit."""

    def on_parts(self, whole: WholeFit) -> None:
        """Keep nothing."""

    def on_certainty(self, certainty: float) -> None:
        """Keep nothing."""
