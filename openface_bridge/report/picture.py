"""The picture of a face, and where both engines put its landmarks."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.run import FitRun
from openface_bridge.pictures import encode_jpeg, read_picture
from openface_bridge.report.packing import floats
from openface_bridge.trace import Step, Trace

__all__ = ["MAGNIFICATIONS", "FacePicture", "face_picture"]

MAGNIFICATIONS = (1, 10, 100, 1000)
_MARGIN = 0.18
_LARGEST_SIDE = 640
_VISIBLE = 0.08
"""The worst error vector is magnified at most to this part of the face."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class FacePicture:
    """A face's picture with its landmarks, in px of the crop shown.

    Attributes
    ----------
    jpeg : str
        Base64.
    width, height : int
    reference : list of pairs of float
    apart : list of pairs of float
        The candidate's landmark less the reference's; (0, 0) where either is lost.
    lost : list of int
        Landmarks that are not finite in either.
    magnification : int
        Shows the worst error without hiding the face.
    moments : list of str
        ``start``, every iteration, ``end``.
    shapes : str
        Packed (moments, n, 4): reference, candidate less reference.
    """

    jpeg: str
    width: int
    height: int
    reference: list[tuple[float, float]]
    apart: list[tuple[float, float]]
    lost: list[int]
    magnification: int
    moments: list[str]
    shapes: str


def face_picture(run: FitRun) -> FacePicture:
    """Prepare a fit's picture."""
    final = run.reference["final.landmarks"]
    pixels, origin, factor = _cropped(run, final)
    moments, shapes = _shapes(run.reference, run.candidate, origin, factor)
    last = shapes[-1]
    known = np.isfinite(last).all(axis=1)
    shown = np.where(known[:, None], last, 0.0)
    return FacePicture(
        jpeg=base64.b64encode(encode_jpeg(pixels, 82)).decode("ascii"),
        width=pixels.shape[1],
        height=pixels.shape[0],
        reference=_pairs(shown[:, :2], 2),
        apart=_pairs(shown[:, 2:], 6),
        lost=np.flatnonzero(~known).tolist(),
        magnification=_magnification(shown[:, 2:], max(pixels.shape[:2])),
        moments=moments,
        shapes=floats(shapes),
    )


def _magnification(apart: Array, side: int) -> int:
    """Return the largest magnification that leaves the worst vector within the face."""
    worst = float(np.hypot(*apart.T).max(initial=0.0))
    fitting = [each for each in MAGNIFICATIONS if worst * each <= _VISIBLE * side]
    return max(fitting, default=1)


def _shapes(
    reference: Trace, candidate: Trace, origin: Array, factor: float
) -> tuple[list[str], Array]:
    """Return names of moments, and (moments, n, 4) shapes; NaN where an engine did not get."""
    steps = sorted({*reference.steps, *candidate.steps})
    names = [f"{step.prefix}.shape" for step in steps] + ["final.landmarks"]
    lost = np.full((reference.n_landmarks, 2), np.nan)
    theirs = np.array([reference.entries.get(name, lost) for name in names], np.float64)
    ours = np.array([candidate.entries.get(name, lost) for name in names], np.float64)
    placed = (theirs - origin + 0.5) * factor
    with np.errstate(invalid="ignore", over="ignore"):
        apart = (ours - theirs) * factor
    return [*map(_moment, steps), "end of the fit"], np.concatenate((placed, apart), axis=2)


def _moment(step: Step) -> str:
    """Name the shape that an iteration starts from."""
    phase = "non-rigid" if step.nonrigid else "rigid"
    return f"before scale {step.scale}, {phase} iteration {step.index}"


def _cropped(run: FitRun, landmarks: Array) -> tuple[Array, Array, float]:
    """Return the picture around face and box, its origin and its scale."""
    import cv2

    pixels = read_picture(run.picture)
    x, y, width, height = run.reference["bbox"].astype(np.float64)
    box = np.array(((x, y), (x + width, y + height)))
    points = np.concatenate((landmarks, box))
    known = points[np.isfinite(points).all(axis=1)]
    corners = known if len(known) else np.array(((0, 0), pixels.shape[1::-1]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = _MARGIN * float((high - low).max())
    left, top = (max(0, int(v)) for v in low - margin)
    right, bottom = (max(0, int(np.ceil(v)) + 1) for v in high + margin)
    crop = pixels[top:bottom, left:right]
    if crop.size == 0:
        crop, left, top = pixels, 0, 0
    factor = min(1.0, _LARGEST_SIDE / max(crop.shape[:2]))
    size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
    shown = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return shown, np.array((left, top), np.float64), factor


def _pairs(points: Array, digits: int) -> list[tuple[float, float]]:
    return [(round(float(x), digits), round(float(y), digits)) for x, y in points]
