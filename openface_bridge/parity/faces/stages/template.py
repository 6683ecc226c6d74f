"""Where a face's template is found in the next frame."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from openface_bridge.faces.record import Array
from openface_bridge.parity.faces.check import EPS, Check, Tie
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from pyclnf.extent import extent_of
from pyclnf.pdm import Parameters
from pyclnf.resizing import shrink
from pyclnf.tracking import TrackerSettings, template
from pyclnf.typing import ByteArray

__all__ = ["STAGE"]

_SHIFT_ULPS = 4
_OFF_GRID = 0.01
"""Of a pixel of the shrunk picture: more than rounding makes of a place's translation."""


def _force(subject: Subject) -> Iterator[Check]:
    """Yield, for each frame that a template was looked for in, where it was found."""
    record = subject.record
    for frame in range(1, record.frames):
        if f"frame{frame}.moved" in record:
            yield _shift(subject, frame)


def _shift(subject: Subject, frame: int) -> Check:
    """Compare where a frame's template is found."""
    record, wanted = subject.record, subject.record[f"frame{frame}.moved"]
    backend = subject.candidate.backend
    start = subject.parameters(f"frame{frame - 1}.params")
    before, now = (backend.picture(subject.frames[k]) for k in (frame - 1, frame))
    face = template.cut_template(before, record[f"frame{frame - 1}.landmarks"])
    assert face is not None
    scale, pdm = TrackerSettings().template_scale, backend.detector.pdm
    found = template.follow_template(now, face, start, pdm, scale).global_
    sizes = np.abs(wanted).astype(np.float64)
    sizes[4:] = float(np.abs(record[f"frame{frame - 1}.landmarks"]).max())
    search = _Search.of(now.grey, face, start, record[f"frame{frame - 1}.landmarks"])
    limit = _SHIFT_ULPS * EPS * sizes
    return Check(
        "shift", FacePlace(frame=frame), found, wanted, limit, search.tie(found, wanted),
        axis="parameters",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Search:
    """A search for a template: pictures at the scale that they are compared at.

    Attributes
    ----------
    around, face : (H, W), (h, w) uint8
    factor : float
        Of that scale.
    offset : (2,) float64
        What a translation has more than the place of the template in `around`, px.
    """

    around: ByteArray
    face: ByteArray
    factor: float
    offset: Array

    @classmethod
    def of(cls, now: ByteArray, face: ByteArray, start: Parameters, landmarks: Array) -> _Search:
        """Return the search for a face that was at some (n, 2) landmarks."""
        factor = min(TrackerSettings().template_scale / float(start.global_[0]), 1.0)
        x, y, width, height = (float(each) for each in extent_of(landmarks))
        left, top = max(int(x - width / 2), 0), max(int(y - height / 2), 0)
        around = now[top : int(y - height / 2) + int(2 * height)]
        around = around[:, left : int(x - width / 2) + int(2 * width)]
        if factor < 1:
            around, face = shrink(around, factor), shrink(face, factor)
        return cls(around, face, factor, start.global_[4:] - (x, y) + (left, top))

    def likeness(self, translation: Array) -> float:
        """Return the normalised cross-correlation at a place; places between pixels have none."""
        (h, w), at = self.face.shape, (translation - self.offset) * self.factor
        if np.abs(at - np.rint(at)).max() > _OFF_GRID:
            return -math.inf
        left, top = (int(each) for each in np.rint(at))
        place = self.around[max(top, 0) : max(top, 0) + h, max(left, 0) : max(left, 0) + w]
        if place.shape != self.face.shape:
            return -math.inf
        one, other = (each.astype(np.float64) - each.mean() for each in (place, self.face))
        size = math.sqrt(float((one**2).sum() * (other**2).sum()))
        return float((one * other).sum()) / size if size else 0.0

    def tie(self, found: Array, wanted: Array) -> Tie:
        """Return how much less alike one place is than the other.

        The reference adds products of pixels in float32: 4√n·u (Higham and Mary 2019).
        """
        ours, theirs = (self.likeness(each[4:]) for each in (found, wanted))
        margin = abs(theirs - ours) if math.isfinite(ours) else math.inf
        slack = 2 * math.sqrt(self.face.size) * EPS
        return Tie("template's place", margin, slack, "correlation")


def _free(subject: Subject) -> Iterator[Check]:
    """Yield nothing: what follows from a shift is tracking's."""
    yield from ()


STAGE = FaceStage(
    "template shift",
    "pyclnf.tracking.template.follow_template",
    "the frame before, the face in it, the frame",
    (FaceOutput("shift", "4 ulp of the largest coordinate", "sums are rounded once"),),
    _force,
    _free,
    branches=("template's place",),
)  # fmt: skip
