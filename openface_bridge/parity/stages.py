"""The stages of a fit as data: what each is compared by, teacher forced, and how closely.

Adding a stage is adding a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.difference import Difference, Place, largest, ulps
from openface_bridge.parity.teacher import Teacher
from openface_bridge.starts import Start
from openface_bridge.trace import Step
from pyclnf import mean_shift, nu_rlms, similarity
from pyclnf.experts import area_of_interest, ccnf, views
from pyclnf.fitting import is_likelihood_due
from pyclnf.likelihood import log_likelihood
from pyclnf.pdm import Parameters

__all__ = ["STAGES", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A row of the table.

    Attributes
    ----------
    name : str
    unit : str
        Of errors and limit.
    limit : float
        Largest error that rounding explains.
    reason : str
        Why that much.
    entries : tuple of str
        Names in the trace, without their prefix, that this stage writes.
    compare : callable
        Yields differences between the candidate's outputs on the reference's inputs and the
        reference's outputs.
    """

    name: str
    unit: str
    limit: float
    reason: str
    entries: tuple[str, ...]
    compare: Callable[[Teacher], Iterator[Difference]]


def _initialisation(teacher: Teacher) -> Iterator[Difference]:
    given = Start.of(teacher.trace)
    start = teacher.pdm.parameters_from_box(given.box, given.angles)
    reference = teacher.trace["init.params_global"]
    for index in range(len(reference)):
        yield ulps(start.global_[index : index + 1], reference[index : index + 1], Place())


def _view(teacher: Teacher) -> Iterator[Difference]:
    for scale in teacher.trace.scales:
        euler = teacher.start(scale).global_[1:4]
        found = views.nearest_view(teacher.experts.scales[scale].centers, euler)
        yield largest(np.array(found), teacher.at_scale(scale, "view"), Place(scale))


def _similarity(teacher: Teacher) -> Iterator[Difference]:
    for scale in teacher.trace.scales:
        posed = teacher.pdm.pose(teacher.start(scale))
        patch_scale = teacher.experts.scales[scale].scale
        reference = teacher.pdm.reference_shape(posed, patch_scale)
        forward = similarity.align(posed.landmarks, reference)
        place = Place(scale)
        expected = teacher.at_scale(scale, "similarity_image_to_reference")
        yield ulps(forward, expected, place)
        back = similarity.inverse(expected)
        yield ulps(back, teacher.at_scale(scale, "similarity_reference_to_image"), place)


def _areas(teacher: Teacher, scale: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Sample areas of visible landmarks with the reference's similarity."""
    view = teacher.view(scale)
    return area_of_interest.sample_areas(
        teacher.image,
        teacher.at_scale(scale, "base_shape")[view.visible],
        teacher.at_scale(scale, "similarity_reference_to_image"),
        teacher.window_size(scale) + view.support - 1,
    )


def _area_of_interest(teacher: Teacher) -> Iterator[Difference]:
    for scale in teacher.trace.scales:
        if f"scale{scale}.areas_of_interest" in teacher.trace:
            expected = teacher.at_scale(scale, "areas_of_interest")
            areas = np.zeros_like(expected)
            areas[teacher.view(scale).visible] = _areas(teacher, scale)
            yield largest(areas, expected, Place(scale), per_landmark=True)


def _response_map(teacher: Teacher) -> Iterator[Difference]:
    for scale in teacher.trace.scales:
        view = teacher.view(scale)
        recorded = f"scale{scale}.areas_of_interest" in teacher.trace
        areas = (
            teacher.at_scale(scale, "areas_of_interest")[view.visible]
            if recorded
            else _areas(teacher, scale)
        )
        window_size = teacher.window_size(scale)
        index = int(teacher.at_scale(scale, "view"))
        sigmas = teacher.experts.sigmas(scale, index, window_size)
        maps = ccnf.response_maps(areas, view, sigmas, teacher.arithmetic)
        expected = teacher.at_scale(scale, "response_maps")[view.visible]
        for landmark, row in zip(np.flatnonzero(view.visible), range(len(maps)), strict=True):
            height = float(expected[row].max()) or 1.0
            place = Place(scale, landmark=int(landmark))
            yield largest(maps[row], expected[row], place, height)


def _offsets(teacher: Teacher) -> Iterator[Difference]:
    for step in teacher.trace.steps:
        offsets = mean_shift.map_offsets(
            teacher.at_step(step, "shape"),
            teacher.at_scale(step.scale, "base_shape"),
            teacher.at_scale(step.scale, "similarity_image_to_reference"),
            teacher.window_size(step.scale),
        )
        expected = _recorded_offsets(teacher, step.prefix)
        yield largest(offsets, expected, Place.of(step), per_landmark=True)


def _recorded_offsets(
    teacher: Teacher, prefix: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return the reference's offsets of an iteration as (n, 2)."""
    columns = [teacher.trace[f"{prefix}.offset_{axis}"] for axis in "xy"]
    return np.stack(columns, axis=1).astype(np.float32)


def _mean_shift(teacher: Teacher) -> Iterator[Difference]:
    for step in teacher.trace.steps:
        phase = teacher.phase(step)
        offsets = _recorded_offsets(teacher, step.prefix)
        shifts = mean_shift.mean_shifts(phase.response_maps, offsets, phase.kernels, phase.visible)
        expected = teacher.at_step(step, "mean_shift")
        yield largest(shifts, expected, Place.of(step), per_landmark=True)


def _jacobian(teacher: Teacher) -> Iterator[Difference]:
    for step in teacher.trace.steps:
        posed = teacher.pose(step)
        shape = teacher.at_step(step, "shape")
        size = float(np.abs(shape).max())
        yield largest(posed.landmarks, shape, Place.of(step), size, per_landmark=True)
        if f"{step.prefix}.jacobian" not in teacher.trace:
            continue
        jacobian = teacher.pdm.jacobian(posed, rigid=not step.nonrigid)
        expected = teacher.at_step(step, "jacobian")
        columns = np.maximum(np.abs(expected).max(axis=0), np.finfo(np.float32).tiny)
        yield largest(jacobian, expected, Place.of(step), columns)


def _normal_equations(teacher: Teacher) -> Iterator[Difference]:
    """Compare what adds up: scale, translation, and the modes that are not clearly clamped."""
    for step in teacher.trace.steps:
        before, change = teacher.parameters(step), teacher.change(step)
        adding = np.array((0, 4, 5))
        found = before.global_[adding] + change[adding]
        expected = teacher.at_step(step, "params_global_out")[adding]
        yield largest(found, expected, Place.of(step))
        if step.nonrigid:
            free = ~teacher.modes_beyond_limit(step, _PARAMETER_LIMIT)
            local = teacher.pdm.clamped(
                Parameters(before.global_, before.local + change[6:])
            ).local[free]
            wanted = teacher.at_step(step, "params_local_out")[free]
            yield largest(local, wanted, Place.of(step))


def _update(teacher: Teacher) -> Iterator[Difference]:
    """Compare what does not add up: the composed rotation."""
    for step in teacher.trace.steps:
        after = teacher.pdm.updated(teacher.pose(step), teacher.change(step))
        expected = teacher.at_step(step, "params_global_out")[1:4]
        yield largest(after.global_[1:4], expected, Place.of(step))


def _clamp(teacher: Teacher) -> Iterator[Difference]:
    """Compare the modes that are beyond their limit by more than rounding."""
    for step in teacher.trace.steps:
        limited = teacher.modes_beyond_limit(step, _PARAMETER_LIMIT)
        if not limited.any():
            continue
        before = teacher.parameters(step)
        local = before.local + teacher.change(step)[6:]
        clamped = teacher.pdm.clamped(Parameters(before.global_, local)).local
        expected = teacher.at_step(step, "params_local_out")
        yield largest(clamped[limited], expected[limited], Place.of(step))


def _stopping(teacher: Teacher) -> Iterator[Difference]:
    """Compare whether each phase goes on after each iteration: 0 if alike, 1 if not."""
    for scale in teacher.trace.scales:
        for nonrigid in (False, True):
            executed = teacher.trace.phase(scale, nonrigid=nonrigid)
            for step in executed:
                went_on = step.index + 1 < len(executed)
                after = teacher.pdm.shape_2d(
                    teacher.at_step(step, "params_global_out"),
                    teacher.at_step(step, "params_local_out"),
                )
                still = nu_rlms.has_converged(teacher.at_step(step, "shape"), after)
                goes_on = not still and step.index + 1 < teacher.settings.max_iterations
                yield largest(np.array(int(goes_on)), np.array(int(went_on)), Place.of(step))


def _likelihood(teacher: Teacher) -> Iterator[Difference]:
    last = teacher.trace.steps[-1]
    if not last.nonrigid:
        return
    scale = last.scale
    entered_with = teacher.at_step(Step(scale, True, 0), "params_global")[0]
    n_scales = len(teacher.experts.scales)
    if not is_likelihood_due(scale, teacher.settings, n_scales, entered_with):
        return
    likelihood = log_likelihood(
        teacher.at_scale(scale, "response_maps"),
        _recorded_offsets(teacher, last.prefix),
        float(teacher.plans[scale].sigma),
        teacher.view(scale).visible,
    )
    expected = teacher.trace["final.likelihood"].ravel()
    yield largest(np.array([likelihood], np.float32), expected, Place(scale))


_PARAMETER_LIMIT = 1e-4

STAGES = (
    Stage(
        "initialisation", "ulp", 2.0, "two roundings of scale, translation from float64",
        ("init.params_global",), _initialisation,
    ),
    Stage("view", "views apart", 0.0, "a choice", ("view",), _view),
    Stage(
        "similarity", "ulp", 1.0, "sums in float64, rounded once each",
        ("similarity_image_to_reference", "similarity_reference_to_image", "base_shape"),
        _similarity,
    ),
    Stage(
        "area of interest", "grey values", 0.0, "exact: weights and 8-bit greys have few bits",
        ("areas_of_interest",), _area_of_interest,
    ),
    Stage(
        "response map", "of the map's maximum", 1e-5,
        "122 + 121 float32 sums of either order", ("response_maps",), _response_map,
    ),
    Stage(
        "offsets", "map px", 2e-6, "one ulp of a window of 15", ("offset_x", "offset_y"), _offsets,
    ),
    Stage(
        "mean shift", "map px", 5e-5, "225 float32 sums, positions up to 15",
        ("mean_shift",), _mean_shift,
    ),
    Stage(
        "Jacobian", "of the column's maximum", 1e-6, "34 float32 sums, then 5 operations",
        ("shape", "jacobian"), _jacobian,
    ),
    Stage(
        "normal equations", "parameter units", _PARAMETER_LIMIT,
        "float32 Hessian of condition up to 1e4", ("hessian", "right_hand_side", "change"),
        _normal_equations,
    ),
    Stage(
        "update", "radians", 1e-4, "inherits the normal equations' bound",
        ("params_global_out", "params_local_out"), _update,
    ),
    Stage("clamp", "parameter units", 0.0, "a limit from the model file", (), _clamp),
    Stage("stopping", "decisions", 0.0, "a choice", (), _stopping),
    Stage(
        "likelihood", "nats", 1e-4, "225 float32 sums per landmark",
        ("final.likelihood",), _likelihood,
    ),
)  # fmt: skip
"""In the order of execution."""
