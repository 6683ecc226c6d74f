"""Whole faces of backends with code of their own, see :mod:`openface_bridge.parity.mixed`."""

from __future__ import annotations

from functools import cached_property

from openface_bridge.parity.faces.candidate import FaceCandidate
from pyclnf.backends.base import Backend
from pyclnf.detection import MTCNN
from pyclnf.detection.networks import Networks
from pyclnf.detection.pictures import Level
from pyclnf.detection.suppression import suppress
from pyclnf.part_models import PartModel
from pyclnf.typing import ByteArray, Float32Array, IntArray
from pyclnf.validation import Validator

__all__ = ["MixedFaces"]


class MixedFaces(FaceCandidate):
    """A candidate whose face detector leaves the suppression of boxes to the definition.

    Parameters
    ----------
    candidate : FaceCandidate
        What it has loaded, and loads, is used.
    """

    def __init__(self, candidate: FaceCandidate) -> None:
        super().__init__(candidate.name, candidate.manifest, candidate.detector)
        self._candidate = candidate

    @cached_property
    def backend(self) -> Backend:
        """The candidate's own."""
        return self._candidate.backend

    @cached_property
    def parts(self) -> tuple[PartModel, ...]:
        """The candidate's own."""
        return self._candidate.parts

    @cached_property
    def validator(self) -> Validator | None:
        """The candidate's own."""
        return self._candidate.validator

    @cached_property
    def mtcnn(self) -> MTCNN:
        """The candidate's face detector, which suppresses as the definition does."""
        return _MixedDetector(self._candidate.mtcnn)


class _MixedDetector(MTCNN):
    """A face detector of another's networks."""

    def __init__(self, detector: MTCNN) -> None:
        self.settings = detector.settings
        self._networks = _MixedNetworks(detector.networks)


class _MixedNetworks:
    """Another's networks, and the definition's suppression."""

    def __init__(self, networks: Networks) -> None:
        self.name = networks.name
        self._networks = networks

    def propose(self, planes: ByteArray, level: Level) -> Float32Array:
        """Look at every part of a scaled picture."""
        return self._networks.propose(planes, level)

    def refine(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares of a picture."""
        return self._networks.refine(planes, squares)

    def decide(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares of a picture again, in more detail."""
        return self._networks.decide(planes, squares)

    def suppress(
        self, boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        """Return what :func:`pyclnf.detection.suppression.suppress` does."""
        return suppress(boxes, scores, most, of_smaller=of_smaller)
