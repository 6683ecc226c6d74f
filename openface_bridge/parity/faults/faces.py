"""Faults beyond a single fit: head poses, parts, certainty, templates, detections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openface_bridge.parity.faults.fault import Plant
from openface_bridge.parity.faults.planting import Planting
from pyclnf import parts
from pyclnf.backends.base import Backend
from pyclnf.detection import candidates, suppression
from pyclnf.detection.candidates import Candidates
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.face_fitter import FaceFit
from pyclnf.fitting import FitResult
from pyclnf.hypotheses import Hypotheses
from pyclnf.part_models import PartModel
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.tracking import Tracker, template
from pyclnf.typing import ByteArray, Float32Array, IntArray
from pyclnf.validation import Validator, normalisation

__all__ = [
    "another_view",
    "exchanged_eyes",
    "first_template",
    "last_hypothesis",
    "least_likely",
    "opposite_shift",
    "overlap_of_union",
    "parts_of_small_faces",
    "template_not_shrunk",
    "uncorrected_boxes",
    "unexplained_face",
    "unnormalised_face",
]

_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)


def _choice(index: int) -> Plant:
    """Return a fault that takes one of the hypotheses in the order of their likelihoods."""

    def plant(planting: Planting) -> None:
        def faulty(self: Hypotheses) -> int:
            likelihoods = [fit.likelihood for fit in self.fits]
            return int(np.argsort(likelihoods, kind="stable")[index])

        planting.method(Hypotheses, "chosen", property(faulty))

    return plant


least_likely = _choice(0)


def last_hypothesis(planting: Planting) -> None:
    """Keep the fit that was made last."""

    def faulty(self: Hypotheses) -> int:
        return len(self.fits) - 1

    planting.method(Hypotheses, "chosen", property(faulty))


def exchanged_eyes(planting: Planting) -> None:
    """Let each eye's model start from the other eye."""
    original = parts.start_of

    def faulty(part: PartModel, landmarks: Float32Array) -> Parameters:
        exchanged = landmarks.copy()
        exchanged[_LEFT_EYE], exchanged[_RIGHT_EYE] = landmarks[_RIGHT_EYE], landmarks[_LEFT_EYE]
        return original(part, exchanged)

    planting.function(original, faulty)


def parts_of_small_faces(planting: Planting) -> None:
    """Fit parts however small the face is."""

    def faulty(part: PartModel, scale: float) -> bool:
        return True

    planting.function(parts.is_large_enough, faulty)


def unexplained_face(planting: Planting) -> None:
    """Put the parts' landmarks into the face, and leave its parameters as they were."""

    def faulty(face: FitResult, backend: Backend, landmarks: Float32Array) -> FitResult:
        return replace(face, landmarks=landmarks)

    planting.function(parts.explained, faulty)


def another_view(planting: Planting) -> None:
    """Judge a face by the next view's network."""
    original = Validator.view

    def faulty(self: Validator, rotation: Float32Array) -> int:
        return (original(self, rotation) + 1) % len(self.view_centers)

    planting.method(Validator, "view", faulty)


def unnormalised_face(planting: Planting) -> None:
    """Compare a face's grey values with the training set's as they are."""

    def faulty(values: Float32Array, mean: Float32Array, deviation: Float32Array) -> Float32Array:
        return (values - mean) / deviation

    planting.function(normalisation.normalised, faulty)


def template_not_shrunk(planting: Planting) -> None:
    """Look for the template at the picture's own size."""
    original = template.follow_template

    def faulty(
        image: PaddedImage,
        face: ByteArray,
        parameters: Parameters,
        pdm: PointDistributionModel,
        face_scale: float,
    ) -> Parameters:
        return original(image, face, parameters, pdm, float("inf"))

    planting.function(original, faulty)


def opposite_shift(planting: Planting) -> None:
    """Move the face away from where its template is."""
    original = template.follow_template

    def faulty(
        image: PaddedImage,
        face: ByteArray,
        parameters: Parameters,
        pdm: PointDistributionModel,
        face_scale: float,
    ) -> Parameters:
        moved = original(image, face, parameters, pdm, face_scale)
        global_ = moved.global_.copy()
        global_[4:] = 2 * parameters.global_[4:] - moved.global_[4:]
        return Parameters(global_, moved.local)

    planting.function(original, faulty)


def first_template(planting: Planting) -> None:
    """Look for what the face looked like where it was seen first."""
    original = Tracker._keep

    def faulty(self: Tracker[FaceFit], picture: PaddedImage, fit: FaceFit) -> None:
        before = self._place
        original(self, picture, fit)
        if before is not None and before.template is not None and self._place is not None:
            self._place = replace(self._place, template=before.template)

    planting.method(Tracker, "_keep", faulty)


def uncorrected_boxes(planting: Planting) -> None:
    """Leave boxes as the networks were given them."""

    def faulty(given: Candidates, *, inclusive: bool = False) -> Candidates:
        return given

    planting.function(candidates.corrected, faulty)


def overlap_of_union(planting: Planting) -> None:
    """Measure all overlaps in units of the union, also where the smaller box is meant."""
    original = suppression.suppress

    def faulty(
        boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        return original(boxes, scores, most)

    planting.function(original, faulty)
