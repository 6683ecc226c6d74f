"""The table of stages: sound candidates pass, and faulty ones fail at the right stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openface_bridge.parity.teacher_forced import compare_stages
from support.recordings import FACES, SETTINGS, Recordings, record

from openface_bridge.parity.faults import FAULTS, Fault, planted
from openface_bridge.parity.free_run import run_free
from openface_bridge.parity.run import Comparison, Models, compare_all, compare_fit
from openface_bridge.parity.stages import STAGES
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Step, Trace
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

NAMES = [
    "initialisation", "view", "similarity", "area of interest", "response map", "offsets",
    "mean shift", "Jacobian", "normal equations", "update", "clamp", "stopping", "likelihood",
]  # fmt: skip
CASES = [Case(face, setting) for face in FACES for setting in SETTINGS]


def by_case(case: Case) -> str:
    return f"{case.face}-{case.setting}"


# ---- The table ----


def test_all_stages_in_the_order_of_execution():
    assert [stage.name for stage in STAGES] == NAMES


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_every_limit_is_accounted_for(stage):
    assert stage.unit
    assert len(stage.reason.split()) >= 2
    assert np.isfinite(stage.limit)
    assert stage.limit >= 0


def test_limits_are_no_looser_than_agreed():
    """What fits a limit today need not be what rounding explains: loosen it here as well."""
    assert {stage.name: (stage.limit, stage.unit) for stage in STAGES} == {
        "initialisation": (2.0, "ulp"),
        "view": (0.0, "views apart"),
        "similarity": (1.0, "ulp"),
        "area of interest": (0.0, "grey values"),
        "response map": (1e-5, "of the map's maximum"),
        "offsets": (2e-6, "map px"),
        "mean shift": (5e-5, "map px"),
        "Jacobian": (1e-6, "of the column's maximum"),
        "normal equations": (1e-4, "parameter units"),
        "update": (1e-4, "radians"),
        "clamp": (0.0, "parameter units"),
        "stopping": (0.0, "decisions"),
        "likelihood": (1e-4, "nats"),
    }


def test_every_entry_belongs_to_one_stage_at_most():
    entries = [entry for stage in STAGES for entry in stage.entries]
    assert len(entries) == len(set(entries))


def test_every_entry_of_a_stage_is_in_a_trace(recordings: Recordings, exact_models: Models):
    """The other way round, what no stage writes is the schedule or the state between stages."""
    backend = exact_models.backend("default")
    image = PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "anna"))))
    box = np.array((60, 40, 150, 160), np.float32)
    trace = record(image, box, "default", backend, normal_equations=True)
    kinds = {name for name in trace.entries if name.startswith(("init.", "final.", "bbox"))}
    for prefix in ("scale0.nonrigid.0.", "scale0."):
        inner = {name.removeprefix(prefix) for name in trace.entries if name.startswith(prefix)}
        kinds |= {name for name in inner if "rigid." not in name}
    of_stages = {entry for stage in STAGES for entry in stage.entries}
    assert of_stages <= kinds
    assert kinds - of_stages == {
        "bbox", "window_size", "reg_factor", "sigma", "weight_factor", "params_global",
        "params_local", "final.params_global", "final.params_local", "final.landmarks",
    }  # fmt: skip


# ---- Sound candidates ----


def test_the_recordings_show_what_faults_need(reference: Recorded):
    """If a change of the small model makes this fail, choose other faces in `FACES`."""
    turned, frontal = reference.trace(CASES[3]), reference.trace(CASES[0])
    assert [int(turned[f"scale{scale}.view"]) for scale in turned.scales] == [0, 1]
    clamped = np.abs(turned["scale1.nonrigid.4.params_local_out"]).max()
    assert clamped == np.float32(3) * np.sqrt(np.float32(40))
    moved = np.diff([frontal[f"scale1.rigid.{index}.shape"] for index in (3, 4)], axis=0)
    assert 0.01 < np.linalg.norm(moved) < 0.1
    lifted = [trace["scale0.response_maps"].min(axis=(1, 2)) for trace in (turned, frontal)]
    assert np.count_nonzero(lifted) == 0


@pytest.mark.parametrize("case", CASES, ids=by_case)
def test_the_reference_equals_itself(
    case: Case, reference: Recorded, exact_models: Models, recordings: Recordings
):
    found = compare_fit(reference, case, exact_models, recordings.images)
    assert found.passed
    assert found.free_run.first_difference is None
    assert found.free_run.max_px == 0
    for result in found.stages:
        assert result.error == 0, result
        assert result.equal == result.compared, result


@pytest.mark.parametrize("case", CASES, ids=by_case)
def test_rounding_once_passes(case: Case, comparisons: dict[Case, Comparison]):
    found = comparisons[case]
    assert found.passed
    assert found.schedule_equal
    assert found.failed_stages == []
    for result in found.stages:
        assert result.error <= result.stage.limit


def test_every_stage_is_compared(comparisons: dict[Case, Comparison]):
    counts = dict.fromkeys(NAMES, 0)
    for comparison in comparisons.values():
        for result in comparison.stages:
            counts[result.stage.name] += result.compared
    assert all(counts.values()), counts
    # Six parameters; a view, two matrices and areas of each scale; a map of each landmark seen.
    assert counts["initialisation"] == len(CASES) * 6
    assert (counts["view"], counts["similarity"]) == (len(CASES) * 2, len(CASES) * 4)
    assert counts["area of interest"] == len(CASES) * 2
    assert counts["response map"] == 2 * (12 + 12) + 2 * (12 + 8)
    assert counts["offsets"] == counts["mean shift"] == counts["stopping"] == counts["update"]
    assert counts["likelihood"] == len(CASES)


def test_traces_without_areas(make_teacher, reference: Recorded):
    """Without them, areas go uncompared and maps are made from the candidate's own."""
    entries = {
        name: array
        for name, array in reference.trace(CASES[0]).entries.items()
        if not name.endswith(".areas_of_interest")
    }
    results = {
        result.stage.name: result
        for result in compare_stages(make_teacher(Trace(entries), CASES[0]))
    }
    assert results["area of interest"].compared == 0
    assert results["area of interest"].passed
    assert results["response map"].compared == 24
    assert results["response map"].error == 0


def test_traces_without_most_jacobians(make_teacher, reference: Recorded):
    """Where they are left out, the equations are judged with the candidate's own."""
    entries = {
        name: array
        for name, array in reference.trace(CASES[3]).entries.items()
        if not name.endswith(".jacobian") or ".0.jacobian" in name
    }
    trace = Trace(entries)
    results = {
        result.stage.name: result for result in compare_stages(make_teacher(trace, CASES[3]))
    }
    # A shape of every iteration, and a Jacobian of each phase's first one.
    assert results["Jacobian"].compared == len(trace.steps) + 2 * len(trace.scales)
    assert all(result.error == 0 for result in results.values())


@pytest.fixture
def turned(recordings: Recordings, exact_models: Models) -> Trace:
    """A fit that started from a head pose."""
    image = PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "anna"))))
    box = np.array((60, 40, 150, 160), np.float32)
    backend = exact_models.backend("default")
    return record(image, box, "default", backend, rotation=(0.1, -0.3, 0.05))


def test_a_fit_that_started_turned(turned: Trace, make_teacher, exact_models: Models):
    teacher = make_teacher(turned, CASES[0])
    assert all(result.error == 0 for result in compare_stages(teacher))
    found = run_free(turned, teacher.image, teacher.settings, exact_models.backend("default"))
    assert found.first_difference is None


def test_a_rotation_that_is_forgotten(turned: Trace, make_teacher):
    entries = {name: array for name, array in turned.entries.items() if name != "rotation"}
    failed = [
        result.stage.name
        for result in compare_stages(make_teacher(Trace(entries), CASES[0]))
        if not result.passed
    ]
    assert failed == ["initialisation"]


# ---- Faults in recordings: the stage that wrote an entry is the first to fail ----


@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("init.params_global", "initialisation"),
        ("scale1.view", "view"),
        ("scale1.similarity_image_to_reference", "similarity"),
        ("scale1.similarity_reference_to_image", "similarity"),
        ("scale0.areas_of_interest", "area of interest"),
        ("scale0.response_maps", "response map"),
        ("scale1.rigid.2.offset_x", "offsets"),
        ("scale1.nonrigid.0.offset_y", "offsets"),
        ("scale1.nonrigid.1.mean_shift", "mean shift"),
        ("scale0.nonrigid.1.jacobian", "Jacobian"),
        ("scale1.nonrigid.1.params_local_out", "normal equations"),
        ("scale0.rigid.1.params_global_out", "normal equations"),
        ("final.likelihood", "likelihood"),
    ],
)
def test_changed_entries(entry: str, stage: str, make_teacher, reference: Recorded):
    case = CASES[0]
    trace = reference.trace(case)
    changed = trace[entry].copy()
    changed.flat[0] += 1
    teacher = make_teacher(Trace({**trace.entries, entry: changed}), case)
    failed = [result for result in compare_stages(teacher) if not result.passed]
    assert failed[0].stage.name == stage
    place = failed[0].place
    assert place is not None
    parts = entry.split(".")
    if len(parts) == 4:
        assert (f"scale{place.scale}", place.phase, str(place.iteration)) == (*parts[:3],)
    elif parts[0].startswith("scale"):
        assert f"scale{place.scale}" == parts[0]
    if stage in ("area of interest", "response map", "offsets", "mean shift"):
        assert place.landmark == 0


@pytest.mark.parametrize("landmark", [4, 9])
@pytest.mark.parametrize(
    ("name", "stage"),
    [("scale1.response_maps", "response map"), ("scale1.rigid.3.mean_shift", "mean shift")],
)
def test_landmarks_are_counted_with_those_unseen(
    landmark: int, name: str, stage: str, make_teacher, reference: Recorded
):
    """In the second face's second view, landmarks 0 to 3 are not to be seen."""
    trace = reference.trace(CASES[3])
    changed = trace[name].copy()
    changed[landmark] += 1
    teacher = make_teacher(Trace({**trace.entries, name: changed}), CASES[3])
    failed = [result for result in compare_stages(teacher) if not result.passed]
    assert failed[0].stage.name == stage
    assert failed[0].place is not None
    assert failed[0].place.landmark == landmark


@pytest.mark.parametrize("index", [1, 2, 3])
def test_changed_rotation(index: int, make_teacher, reference: Recorded):
    trace, name = reference.trace(CASES[0]), "scale0.nonrigid.2.params_global_out"
    changed = trace[name].copy()
    changed[index] += 0.001
    teacher = make_teacher(Trace({**trace.entries, name: changed}), CASES[0])
    failed = [result.stage.name for result in compare_stages(teacher) if not result.passed]
    assert failed == ["update"]


def test_missing_iteration(make_teacher, reference: Recorded):
    """A reference that stopped where the candidate would go on."""
    trace, last = reference.trace(CASES[0]), Step(0, False, 4)
    entries = {n: a for n, a in trace.entries.items() if not n.startswith(f"{last.prefix}.")}
    teacher = make_teacher(Trace(entries), CASES[0])
    failed = [result for result in compare_stages(teacher) if not result.passed]
    assert [result.stage.name for result in failed] == ["stopping"]
    assert str(failed[0].place) == "scale 0, rigid phase, iteration 3"


def test_not_finite_entries(make_teacher, reference: Recorded):
    trace, name = reference.trace(CASES[0]), "scale1.rigid.0.mean_shift"
    changed = trace[name].copy()
    changed[4] = np.nan
    teacher = make_teacher(Trace({**trace.entries, name: changed}), CASES[0])
    failed = [result for result in compare_stages(teacher) if not result.passed]
    assert failed[0].stage.name == "mean shift"
    assert failed[0].error == np.inf
    assert str(failed[0].place) == "scale 1, rigid phase, iteration 0, landmark 4"


# ---- Faults in the candidate ----


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_faults_are_caught(
    fault: Fault, recordings: Recordings, reference: Recorded, models: Models
):
    if fault.in_preparation:
        models = Models("numpy", recordings.model, {})
    with planted(fault):
        found = list(compare_all(reference, models, recordings.images))
    assert not all(comparison.passed for comparison in found)
    failed = {result.stage.name for each in found for result in each.failed_stages}
    first = next((name for name in NAMES if name in failed), None)
    assert first is not None
    assert first in fault.stages


def test_faults_are_gone_again(models: Models, reference: Recorded, recordings: Recordings):
    found = compare_fit(reference, CASES[0], models, recordings.images)
    assert found.passed
    assert isinstance(found.picture, Path)
