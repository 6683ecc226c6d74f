"""The stages of a face beyond its fit, as data; adding one is adding a row."""

from __future__ import annotations

from openface_bridge.parity.faces.stages import (
    boxes,
    certainty,
    hypothesis,
    parts,
    template,
    tracking,
)
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage

__all__ = ["FACE_STAGES", "FaceOutput", "FaceStage"]

FACE_STAGES: tuple[FaceStage, ...] = (
    boxes.STAGE,
    hypothesis.STAGE,
    parts.STAGE,
    certainty.STAGE,
    template.STAGE,
    tracking.STAGE,
)
"""In the order of execution."""
