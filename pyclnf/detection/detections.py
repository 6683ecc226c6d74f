"""What a face detector returns."""

from __future__ import annotations

from dataclasses import dataclass

from pyclnf.typing import Float32Array

__all__ = ["Detections"]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces found in a picture, the most confident first.

    Attributes
    ----------
    boxes : (k, 4) float32
        x, y, width, height in px, around the landmarks; may stick out of the picture.
    confidences : (k,) float32
        Between 0 and 1.
    """

    boxes: Float32Array
    confidences: Float32Array

    def __len__(self) -> int:
        """Return how many faces there are."""
        return len(self.boxes)

    def largest(self) -> Float32Array | None:
        """Return the widest box, as OpenFace's programs choose one; None if there is no face."""
        return self.boxes[self.boxes[:, 2].argmax()] if len(self.boxes) else None
