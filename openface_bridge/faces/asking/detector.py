"""What OpenFace's face detector finds, and what each of its networks leaves.

OpenFace tells only the faces in the end. The way there is stepped through: its own networks, its
own suppression, corrections and squares, in pyclnf's cascade; and proved, since the faces must be
those that OpenFace tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.native import native
from openface_bridge.stepping import SteppingError
from pyclnf.detection import CascadeSettings
from pyclnf.detection.candidates import Candidates, corrected, squared
from pyclnf.detection.cascade import find_faces
from pyclnf.detection.pictures import Level, Picture, Square, normalised, to_planes
from pyclnf.detection.resize import resize
from pyclnf.model.face_detector_file import LEAST_OUTPUTS, OUTPUT_SIZE, REFINEMENT_SIZE
from pyclnf.typing import ByteArray, Float32Array, IntArray

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["Detector", "ask_detector"]

Array = npt.NDArray[Any]


class Detector:
    """OpenFace's detector, whose networks are asked one by one.

    It is what :class:`pyclnf.detection.networks.Networks` wants.
    """

    name = "OpenFace"

    def __init__(self, path: Path) -> None:
        self.native: _native.FaceDetector = native().FaceDetector(str(path))

    def propose(self, planes: ByteArray, level: Level) -> Float32Array:
        """Look at every part of a scaled picture."""
        return self._look(0, resize(Picture(planes), level.height, level.width))

    def refine(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares of a picture."""
        return self._judge(1, planes, squares, REFINEMENT_SIZE)

    def decide(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares of a picture again."""
        return self._judge(2, planes, squares, OUTPUT_SIZE)

    def suppress(
        self, boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        """Return the indices of the boxes that stay."""
        kept = native().suppressed(boxes, scores, most, of_smaller=of_smaller)
        return np.asarray(kept, np.intp)

    def _look(self, network: int, planes: Float32Array) -> Float32Array:
        """Ask a network about (3, h, w) planes of red, green, blue."""
        pixels = np.ascontiguousarray(normalised(planes)[::-1].transpose(1, 2, 0))
        return self.native.look(network, pixels)

    def _judge(self, network: int, planes: ByteArray, squares: IntArray, side: int) -> Float32Array:
        """Ask a network about squares: outputs (k, ≥ 6)."""
        parts = (resize(Square(planes, *square), side, side) for square in squares.tolist())
        outputs = [self._look(network, part)[:LEAST_OUTPUTS, 0, 0] for part in parts]
        return np.array(outputs, np.float32).reshape(-1, LEAST_OUTPUTS)


def ask_detector(detector: Detector, image: Array, name: str) -> dict[str, Array]:
    """Return entries ``detector.…``.

    Raises
    ------
    SteppingError
        If the faces that were stepped to are not those that OpenFace finds.
    """
    boxes, confidences = detector.native.detect(image)
    steps = _Steps()
    found = find_faces(detector, to_planes(image), CascadeSettings(), steps)
    same = found.boxes.tobytes() == boxes.tobytes()
    if not (same and found.confidences.tobytes() == confidences.tobytes() and steps.alike):
        raise SteppingError(f"{name}: the faces that were stepped to are not those OpenFace finds")
    told = {"boxes": boxes, "confidences": confidences, **steps.told}
    return {f"detector.{entry}": array for entry, array in told.items()}


class _Steps:
    """Keeps what each network leaves, and whether its boxes are corrected as OpenFace does it."""

    def __init__(self) -> None:
        self.told: dict[str, Array] = {}
        self.alike = True

    def on_candidates(self, network: str, candidates: Candidates) -> None:
        """Keep a step, see :class:`pyclnf.observe.DetectionObserver`."""
        for entry in ("boxes", "scores", "corrections"):
            self.told[f"{network}.{entry}"] = getattr(candidates, entry)
        inclusive = network == "output"
        moved = corrected(candidates, inclusive=inclusive)
        theirs = native().corrected(candidates.boxes, candidates.corrections, inclusive=inclusive)
        self.alike &= moved.boxes.tobytes() == theirs.tobytes()
        if not inclusive:  # the faces in the end are no squares
            self.alike &= squared(moved).boxes.tobytes() == native().squared(theirs).tobytes()
