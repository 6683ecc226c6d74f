"""The page of a parity run."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.place import Place
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.summary import fit_summary
from openface_bridge.pictures import encode_jpeg, read_picture
from openface_bridge.report.figures import error_bars, scale_chart

__all__ = ["FitView", "render_page", "view_fit"]

_MARGIN = 0.25
_LARGEST_SIDE = 720


@dataclass(frozen=True)
class FitView:
    """What the page shows of one fit; small enough to keep for every face."""

    name: str
    anchor: str
    summary: dict[str, Any]
    sentence: str
    picture: str
    box: tuple[float, float, float, float]
    reference: list[tuple[float, float]]
    candidate: list[tuple[float, float]]
    scale_chart: str
    error_chart: str


def view_fit(comparison: Comparison) -> FitView:
    """Prepare one fit for the page."""
    free_run = comparison.free_run
    reference = free_run.reference["final.landmarks"]
    candidate = free_run.candidate["final.landmarks"]
    picture, origin, factor = _cropped(comparison.run.picture, reference)
    case = comparison.case
    return FitView(
        name=f"{case.face} · {case.setting}",
        anchor=f"{case.face}-{case.setting}",
        summary=fit_summary(comparison),
        sentence=_sentence(comparison),
        picture=base64.b64encode(encode_jpeg(picture)).decode("ascii"),
        box=(0, 0, picture.shape[1], picture.shape[0]),
        reference=_placed(reference, origin, factor),
        candidate=_placed(candidate, origin, factor),
        scale_chart=scale_chart(free_run.reference, free_run.candidate),
        error_chart=error_bars(free_run.errors, comparison.floor.limit_px),
    )


def render_page(path: Path, run: dict[str, Any], views: list[FitView]) -> None:
    """Write the page, failures first.

    Parameters
    ----------
    path : Path
        Replaced only when all is written; its folder is made.
    run : dict
        See :func:`openface_bridge.parity.summary.run_summary`.
    views : list of FitView
    """
    import jinja2

    folder = resources.files("openface_bridge.report")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        folder.joinpath("page.html").read_text("utf-8")
    )
    ordered = sorted(views, key=lambda view: (view.summary["passed"], _severity(view)))
    text = template.render(
        run=run,
        views=ordered,
        stages=list(views[0].summary["stages"]) if views else [],
        place=lambda place: str(Place(**place)) if place else "",
        style=folder.joinpath("page.css").read_text("utf-8"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _severity(view: FitView) -> float:
    """Return a sorting key: the error in multiples of the limit, worst first."""
    error = view.summary["free_run"]["max_px"]
    return (
        -float("inf") if error is None else -float(error) / float(view.summary["floor"]["limit_px"])
    )


def _sentence(comparison: Comparison) -> str:
    """Say how a fit compares, in a sentence or two."""
    free_run, floor = comparison.free_run, comparison.floor
    known = "no noise floor is known" if floor.px is None else f"noise floor {floor.px:.3f} px"
    within = "within" if comparison.within_floor else "beyond"
    return (
        f"{verdict_sentence(comparison.verdict)} Running freely, the worst landmark is "
        f"{free_run.max_px:.4f} px off, {within} what the reference's own scatter allows ({known})."
    )


def _cropped(
    path: Path, landmarks: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], tuple[float, float], float]:
    """Return the picture around a face, at most 720 px large, its origin and its scale."""
    import cv2

    pixels = read_picture(path)
    known = landmarks[np.isfinite(landmarks).all(axis=1)]
    corners = known if len(known) else np.array(((0, 0), pixels.shape[1::-1]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = _MARGIN * float((high - low).max())
    left, top = (max(0, int(v)) for v in low - margin)
    right, bottom = (int(np.ceil(v)) + 1 for v in high + margin)
    crop = pixels[top:bottom, left:right]
    if crop.size == 0:
        crop, left, top = pixels, 0, 0
    factor = min(1.0, _LARGEST_SIDE / max(crop.shape[:2]))
    size = (max(1, round(crop.shape[1] * factor)), max(1, round(crop.shape[0] * factor)))
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA), (left, top), factor


def _placed(
    landmarks: npt.NDArray[Any], origin: tuple[float, float], factor: float
) -> list[tuple[float, float]]:
    """Return landmarks in the crop's coordinates, whose pixels' centres lie at one half."""
    placed = (landmarks.astype(np.float64) - origin + 0.5) * factor
    return [(round(float(x), 2), round(float(y), 2)) for x, y in np.nan_to_num(placed)]
