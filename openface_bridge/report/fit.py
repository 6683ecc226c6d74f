"""What the page shows of one fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openface_bridge.parity.comparison import StageComparison
from openface_bridge.parity.place import Place
from openface_bridge.parity.run import Comparison, FitRun
from openface_bridge.parity.stages import stage_named
from openface_bridge.report import charts
from openface_bridge.report.charts.errors import REGIONS
from openface_bridge.report.charts.jacobian import JacobianChart
from openface_bridge.report.evidence import Evidence, evidence_of
from openface_bridge.report.maps import map_difference, map_views, shift_views
from openface_bridge.report.picture import FacePicture, face_picture
from openface_bridge.report.words import anchor_of, px

__all__ = ["FitView", "StageRow", "mark_of", "region_of", "view_fit"]


@dataclass(frozen=True)
class StageRow:
    """One stage of a fit, compared both ways.

    Attributes
    ----------
    name, anchor : str
    forced, free : StageComparison
    mark : str
        See :func:`mark_of`.
    evidence : Evidence or None
        What differs, of a stage that fails.
    """

    name: str
    anchor: str
    forced: StageComparison
    free: StageComparison
    mark: str
    evidence: Evidence | None


@dataclass(frozen=True)
class FitView:
    """What the page's template is given of one fit.

    Attributes
    ----------
    anchor : str
    comparison : Comparison
    outcome : str
        How the free run ended, in a sentence.
    picture : FacePicture
    pose_chart, update_chart, error_chart : str
        ``<svg>`` elements.
    jacobian : JacobianChart or None
    stages : list of StageRow
    deciding : StageRow or None
        The stage that the verdict names as wrong.
    regions : list of tuple of str and range
        Landmarks by region of the face, for the chooser.
    data : dict
        What the page's script draws, for JSON.
    """

    anchor: str
    comparison: Comparison
    outcome: str
    picture: FacePicture
    pose_chart: str
    update_chart: str
    error_chart: str
    jacobian: JacobianChart | None
    stages: list[StageRow]
    deciding: StageRow | None
    regions: list[tuple[str, range]]
    data: dict[str, Any]


def view_fit(comparison: Comparison, anchor: str) -> FitView:
    """Prepare one fit for the page."""
    run = comparison.run
    picture = face_picture(run)
    stages = _stage_rows(comparison, anchor)
    return FitView(
        anchor=anchor,
        comparison=comparison,
        outcome=_outcome(comparison),
        picture=picture,
        pose_chart=charts.pose_chart(run.reference, run.candidate),
        update_chart=charts.update_chart(run.reference, run.candidate),
        error_chart=charts.error_chart(comparison.free_run.errors, comparison.floor),
        jacobian=charts.jacobian_chart(run),
        stages=stages,
        deciding=_deciding(comparison, stages),
        regions=_regions(run.reference.n_landmarks),
        data=_data(comparison, picture),
    )


def mark_of(compared: int, equal: int, *, over: bool, excused: bool) -> str:
    """Return how a stage did: ``none``, ``equal``, ``rounding``, ``tie`` or ``over``."""
    if over:
        return "over"
    if compared == 0:
        return "none"
    if excused:
        return "tie"
    return "equal" if equal == compared else "rounding"


def region_of(landmark: int, n: int) -> str:
    """Return where on a face a landmark is; nothing if landmarks are not the usual 68."""
    return next((name for name, among in _regions(n) if landmark in among and name), "")


def _regions(n: int) -> list[tuple[str, range]]:
    """Return landmarks by region."""
    if n != sum(count for _, count in REGIONS):
        return [("", range(n))]
    found, first = [], 0
    for name, count in REGIONS:
        found.append((name, range(first, first + count)))
        first += count
    return found


def _stage_rows(comparison: Comparison, anchor: str) -> list[StageRow]:
    """Return all stages."""
    rows = []
    for forced, free in zip(comparison.forced, comparison.free, strict=True):
        name, over = forced.stage.name, forced.over
        found = evidence_of(forced, over[1], comparison.run) if over is not None else None
        mark = mark_of(
            forced.compared, forced.equal, over=over is not None, excused=forced.excused is not None
        )
        rows.append(StageRow(name, f"{anchor}--{anchor_of(name)}", forced, free, mark, found))
    return rows


def _deciding(comparison: Comparison, stages: list[StageRow]) -> StageRow | None:
    """Return the stage that a bug is in."""
    verdict = comparison.verdict
    if verdict.kind != "bug":
        return None
    return next((row for row in stages if row.name == verdict.stage), None)


def _outcome(comparison: Comparison) -> str:
    """Say how the free run ended."""
    free_run, floor = comparison.free_run, comparison.floor
    limit, worst = px(floor.limit_px), int(free_run.errors.argmax())
    own = (
        "the reference's own scatter is unknown"
        if floor.px is None
        else f"the reference scatters by {px(floor.px)} px itself"
    )
    within = "within" if comparison.within_floor else "beyond"
    return (
        f"Running freely, the worst landmark ({worst}) ends {px(free_run.max_px)} px off: "
        f"{within} the limit of {limit} px ({own})."
    )


# ---- What the script is given ----


def _data(comparison: Comparison, picture: FacePicture) -> dict[str, Any]:
    """Return what the page's script draws."""
    run = comparison.run
    scale, landmark, step = _start(comparison)
    return {
        "landmarks": run.reference.n_landmarks,
        "start": {"scale": scale, "landmark": landmark, "step": step},
        "scales": [{**view, "sigma": _sigmas(run, view["scale"])} for view in map_views(run)],
        "shifts": shift_views(run),
        "moments": picture.moments,
        "shapes": picture.shapes,
        "mapBound": _map_bound(comparison),
    }


def _map_bound(comparison: Comparison) -> float:
    """Return how many last places of a map's maximum are none of the candidate's."""
    stage = stage_named("response map")
    worst = next(each.worst for each in comparison.forced if each.stage is stage)
    return stage.outputs[0].ulps if worst is None else worst.bound


def _sigmas(run: FitRun, scale: int) -> dict[str, float | None]:
    """Return the kernel widths of a scale that both engines use."""
    name = f"scale{scale}.sigma"
    found = {
        "reference": run.reference.entries.get(name),
        "forced": run.forced.get(f"mean shift/{name}"),
        "free": run.candidate.entries.get(name),
    }
    return {key: None if each is None else float(each) for key, each in found.items()}


def _start(comparison: Comparison) -> tuple[int, int, tuple[str, int] | None]:
    """Return the scale, the landmark and the iteration that maps are first shown of."""
    run, place = comparison.run, comparison.verdict.place or Place()
    scale = run.reference.scales[0] if place.scale is None else place.scale
    landmark = place.landmark
    if landmark is None:
        apart = map_difference(run, scale)
        differing = apart is not None and float(np.nan_to_num(apart, posinf=1e30).max()) > 1e-3
        chosen = apart if differing else comparison.free_run.errors
        assert chosen is not None
        landmark = int(np.nan_to_num(chosen, nan=1e30, posinf=1e30).argmax())
    if place.phase is None or place.iteration is None:
        return scale, landmark, None
    phase = "non-rigid" if place.phase == "nonrigid" else "rigid"
    return scale, landmark, (phase, place.iteration)
