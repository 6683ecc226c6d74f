"""The table of stages: sound candidates pass, and faulty ones fail at the right stage."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from support.comparing import Changed, changed, compared, over, without
from support.recordings import FACES, SETTINGS, Recordings, record

from openface_bridge.parity.comparison import compare_forced
from openface_bridge.parity.decisions import DECISIONS
from openface_bridge.parity.faults import FAULTS, Fault, planted
from openface_bridge.parity.faults.planting import planting
from openface_bridge.parity.forcing import forced
from openface_bridge.parity.free_run import run_free
from openface_bridge.parity.measure import measure
from openface_bridge.parity.place import Moment
from openface_bridge.parity.run import Comparison, Models, compare_all, compare_fit
from openface_bridge.parity.stages import EPS, STAGES, stage_named
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Step, Trace
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.scale_plan import is_likelihood_due

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
    assert [stage_named(name) for name in NAMES] == list(STAGES)
    with pytest.raises(KeyError):
        stage_named("jacobian")


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_every_bound_is_accounted_for(stage):
    assert stage.outputs
    for output in stage.outputs:
        assert output.of
        assert len(output.reason.split()) >= 2
        assert np.isfinite(output.ulps)
        assert output.ulps >= 0


def test_bounds_are_no_looser_than_agreed():
    """What fits a bound today need not be what rounding explains: loosen it here as well."""
    found = {
        stage.name: [(output.entry, output.ulps) for output in stage.outputs] for stage in STAGES
    }
    assert found == {
        "initialisation": [("init.params_global", 2)],
        "view": [("view", 0)],
        "similarity": [
            ("base_shape", 8),
            ("similarity_image_to_reference", 1),
            ("similarity_reference_to_image", 1),
        ],
        "area of interest": [("areas_of_interest", 0)],
        "response map": [("response_maps", 80)],
        "offsets": [("offset_x", 1), ("offset_y", 1)],
        "mean shift": [("mean_shift", 28)],
        "Jacobian": [("shape", 8), ("jacobian", 8)],
        "normal equations": [("hessian", 24), ("right_hand_side", 2), ("change", 24)],
        "update": [("params_global_out", 4), ("params_local_out", 2)],
        "clamp": [("params_local_out", 0), ("params_local_out", 2)],
        "stopping": [("goes_on", 0)],
        "likelihood": [("final.likelihood", 64)],
    }
    assert EPS == 2.0**-23


def test_settings_are_those_of_the_stages_that_use_them():
    """Another setting is a bug where it is used, and every setting of a scale is used once."""
    assert {stage.name: stage.schedule for stage in STAGES if stage.schedule} == {
        "response map": ("window_size",),
        "mean shift": ("sigma",),
        "normal equations": ("reg_factor", "weight_factor"),
    }


def test_discontinuities_are_those_of_the_decisions():
    named = {(name, stage.name) for stage in STAGES for name in stage.branches}
    assert named == {(decision.name, decision.stage) for decision in DECISIONS} | {
        ("sample position", "area of interest")
    }


def test_every_entry_belongs_to_one_stage():
    """But for local parameters, of which the clamp writes those at their limit."""
    counts = Counter(entry for stage in STAGES for entry in set(stage.entries))
    assert {entry for entry, count in counts.items() if count > 1} == {"params_local_out"}


def test_entries_are_named_in_full():
    """An outcome's entry must not be taken for an iteration's."""
    entries = [entry for stage in STAGES for entry in stage.entries]
    assert all(entry.startswith(("init.", "final.")) for entry in entries if "." in entry)


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
    assert of_stages - kinds == {"goes_on"}  # told by the iterations that there are
    assert kinds - of_stages == {
        "bbox", "window_size", "reg_factor", "sigma", "weight_factor", "params_global",
        "params_local", "final.params_global", "final.params_local", "final.landmarks",
    }  # fmt: skip


def test_every_stage_takes_what_there_is():
    """What a stage says it takes are entries of traces, written by an earlier stage or given."""
    given = {"bbox", "rotation", "picture", "params_global", "params_local"}
    for index, stage in enumerate(STAGES):
        earlier = {entry for other in STAGES[:index] for entry in other.entries}
        own = set(stage.entries)  # of the iteration before, or an output made from another
        assert set(stage.takes) <= given | earlier | own | {"shape"}, stage.name


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
    assert found.verdict.kind == "equal"
    assert found.branch is None
    assert found.free_run.max_px == 0
    for stage in (*found.forced, *found.free):
        # Updates on which a parameter's change was inferred are as exact as that.
        if not (stage.stage.name == "update" and stage in found.forced):
            assert stage.equal == stage.compared, stage
            assert stage.unequal is None
        assert (stage.over, stage.excused) == (None, None)


@pytest.mark.parametrize("case", CASES, ids=by_case)
def test_rounding_once_passes(case: Case, comparisons: dict[Case, Comparison]):
    found = comparisons[case]
    assert found.passed
    assert found.verdict.kind in ("rounding", "branch")
    assert over(found.forced) == []
    for stage in found.forced:
        assert stage.worst is None or stage.worst.ratio <= 1 or stage.excused is not None


def test_every_stage_is_compared(comparisons: dict[Case, Comparison]):
    counts = dict.fromkeys(NAMES, 0)
    for comparison in comparisons.values():
        for stage in comparison.forced:
            counts[stage.stage.name] += stage.compared
    assert all(counts.values()), counts
    steps = sum(len(each.run.reference.steps) for each in comparisons.values())
    # A view, a shape, two matrices and areas of each scale; maps and their window size.
    assert counts["initialisation"] == counts["likelihood"] == len(CASES)
    assert (counts["view"], counts["similarity"]) == (len(CASES) * 2, len(CASES) * 6)
    assert counts["area of interest"] == len(CASES) * 2
    assert counts["response map"] == len(CASES) * 4
    assert counts["offsets"] == counts["Jacobian"] == 2 * steps
    assert counts["update"] == 2 * steps
    assert counts["mean shift"] == steps + len(CASES) * 2
    assert counts["normal equations"] == steps + len(CASES) * 4
    assert counts["stopping"] == steps
    assert steps < counts["clamp"] < 2 * steps


def test_traces_without_areas(reference: Recorded, models: Models, recordings: Recordings):
    """Where none can be proved, they go uncompared: maps are made from the candidate's own."""
    trace = without(reference.trace(CASES[0]), lambda name: name.endswith(".areas_of_interest"))
    found = compared(trace, CASES[0], models, recordings)
    stages = {each.stage.name: each for each in found.forced}
    assert stages["area of interest"].compared == 0
    assert stages["area of interest"].worst is None
    assert stages["response map"].compared == 4
    assert found.verdict.kind == "branch"


def test_traces_without_most_jacobians(compare, reference: Recorded):
    """Where they are left out, the equations are judged with the candidate's own."""
    trace = without(
        reference.trace(CASES[3]),
        lambda name: name.endswith(".jacobian") and ".0.jacobian" not in name,
    )
    found = compare(trace, CASES[3])
    stages = {each.stage.name: each for each in found.forced}
    # A shape of every iteration, and a Jacobian of each phase's first one.
    assert stages["Jacobian"].compared == len(trace.steps) + 2 * len(trace.scales)
    assert found.verdict.kind == "equal"


@pytest.fixture(scope="module")
def turned(recordings: Recordings, exact_models: Models) -> Trace:
    """A fit that started from a head pose."""
    image = PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "anna"))))
    box = np.array((60, 40, 150, 160), np.float32)
    backend = exact_models.backend("default")
    return record(image, box, "default", backend, rotation=(0.1, -0.3, 0.05))


def test_a_fit_that_started_turned(
    turned: Trace, compare, make_teacher, exact_models: Models, recordings: Recordings
):
    teacher = make_teacher(turned, CASES[0])
    assert over(compare_forced(forced(teacher), teacher)) == []
    found = run_free(turned, teacher.image, teacher.settings, exact_models.backend("default"))
    assert found.max_px == 0
    assert compare(turned, CASES[0]).verdict.kind == "equal"


def test_a_rotation_that_is_forgotten(turned: Trace, make_teacher):
    teacher = make_teacher(without(turned, lambda name: name == "rotation"), CASES[0])
    assert over(compare_forced(forced(teacher), teacher)) == ["initialisation"]


# ---- Faults in recordings: the stage that wrote an entry is wrong ----


@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("init.params_global", "initialisation"),
        ("scale1.view", "view"),
        ("scale1.base_shape", "similarity"),
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
def test_changed_entries_are_bugs(entry: str, stage: str, compare, reference: Recorded):
    case = CASES[0]
    verdict = compare(changed(reference.trace(case), entry, 1), case).verdict
    assert (verdict.kind, verdict.stage) == ("bug", stage)
    place = verdict.place
    parts = entry.split(".")
    if len(parts) == 4:
        assert (f"scale{place.scale}", place.phase, str(place.iteration)) == (*parts[:3],)
    elif parts[0].startswith("scale"):
        assert f"scale{place.scale}" == parts[0]
    if stage in ("area of interest", "response map", "offsets", "mean shift", "Jacobian"):
        assert place.landmark == 0


@pytest.mark.parametrize("landmark", [4, 9])
@pytest.mark.parametrize(
    ("name", "stage"),
    [("scale1.response_maps", "response map"), ("scale1.rigid.3.mean_shift", "mean shift")],
)
def test_landmarks_are_counted_with_those_unseen(
    landmark: int, name: str, stage: str, compare, reference: Recorded
):
    """In the second face's second view, landmarks 0 to 3 are not to be seen."""
    trace = reference.trace(CASES[3])
    at = landmark * trace[name][0].size
    verdict = compare(changed(trace, name, 1, at), CASES[3]).verdict
    assert (verdict.kind, verdict.stage, verdict.place.landmark) == ("bug", stage, landmark)


@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("scale1.response_maps", "response map"),
        ("scale1.areas_of_interest", "area of interest"),
        ("scale1.rigid.3.mean_shift", "mean shift"),
    ],
)
def test_what_is_unseen_must_be_zero(entry: str, stage: str, compare, reference: Recorded):
    verdict = compare(changed(reference.trace(CASES[3]), entry, 1), CASES[3]).verdict
    assert (verdict.kind, verdict.stage, verdict.place.landmark) == ("bug", stage, 0)


@pytest.mark.parametrize(("index", "parameter"), [(1, "rx"), (2, "ry"), (3, "rz")])
@pytest.mark.parametrize("recorded", [True, False], ids=["solution", "no solution"])
def test_changed_rotation(
    index: int, parameter: str, recorded: bool, compare, reference: Recorded, solved: Trace
):
    """Without a recorded solution, the update cannot be told from the equations it solves."""
    trace, name = reference.trace(CASES[0]), "scale0.nonrigid.2.params_global_out"
    found = compare(changed(solved if recorded else trace, name, 0.001, index), CASES[0]).verdict
    assert (found.kind, found.stage) == ("bug", "update" if recorded else "normal equations")
    assert (found.place.scale, found.place.phase, found.place.iteration) == (0, "nonrigid", 2)
    assert found.place.parameter == parameter


@pytest.fixture(scope="module")
def solved(comparisons: dict[Case, Comparison], compare, reference: Recorded) -> Trace:
    """The first case with its normal equations: the fit of the candidate that is the reference."""
    found: Trace = compare(reference.trace(CASES[0]), CASES[0]).run.candidate
    return found


@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("scale0.rigid.1.hessian", "normal equations"),
        ("scale0.nonrigid.1.right_hand_side", "normal equations"),
        ("scale1.nonrigid.0.change", "normal equations"),
        ("scale0.rigid.1.params_global_out", "update"),
        ("scale1.nonrigid.1.params_local_out", "update"),
    ],
)
def test_changed_solutions_are_bugs(entry: str, stage: str, compare, solved: Trace):
    verdict = compare(changed(solved, entry, 1), CASES[0]).verdict
    assert (verdict.kind, verdict.stage) == ("bug", stage)
    assert f"scale{verdict.place.scale}.{verdict.place.phase}.{verdict.place.iteration}" in entry


def test_missing_iteration(compare, reference: Recorded):
    """A reference that stopped where the candidate would go on."""
    last = Step(0, False, 4)
    trace = without(reference.trace(CASES[0]), lambda name: name.startswith(f"{last.prefix}."))
    verdict = compare(trace, CASES[0]).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "stopping")
    assert str(verdict.place) == "scale 0, rigid phase, iteration 3"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_entries(value: float, compare, reference: Recorded):
    trace = changed(reference.trace(CASES[0]), "scale1.rigid.0.mean_shift", value, 8)
    found = compare(trace, CASES[0])
    assert (found.verdict.kind, found.verdict.stage) == ("bug", "mean shift")
    assert found.verdict.finding.apart == found.verdict.finding.ulps == np.inf
    assert str(found.verdict.place) == "scale 1, rigid phase, iteration 0, landmark 4"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "entry",
    [
        *("init.params_global", "scale0.sigma", "scale1.similarity_reference_to_image"),
        *("scale1.base_shape", "scale1.response_maps", "scale0.areas_of_interest"),
        *(
            f"scale1.nonrigid.0.{name}"
            for name in (
                *("params_global", "params_local", "shape", "offset_x", "mean_shift", "jacobian"),
                *("hessian", "right_hand_side", "change", "params_global_out", "params_local_out"),
            )
        ),
        "final.likelihood",
    ],
)
def test_no_entry_may_cease_to_be_finite(entry: str, value: float, compare, solved: Trace):
    """It is neither taken for something unknown nor for a bound without end."""
    assert compare(changed(solved, entry, value, -1), CASES[0]).verdict.kind == "bug"


def test_an_update_that_is_lost_without_its_solution(compare, reference: Recorded):
    trace, entry = reference.trace(CASES[0]), "scale1.nonrigid.0.params_local_out"
    assert compare(changed(trace, entry, np.nan), CASES[0]).verdict.kind == "bug"


def test_singular_equations_have_any_solution(make_teacher, reference: Recorded):
    """Where a Jacobian vanishes, rigid equations are solved by chance: that is no bug."""
    trace, name = reference.trace(CASES[0]), "scale0.rigid.0.jacobian"
    vanished = Trace({**trace.entries, name: np.zeros_like(trace[name])})
    teacher = make_teacher(vanished, CASES[0])
    moment = Moment("iteration", 0, Step(0, False, 0))
    (change,) = (row for row in stage_named("normal equations").outputs if row.entry == "change")
    found = measure(np.ones(6, np.float32), teacher, moment, change)
    assert found is not None
    assert found.over is None


# ---- Faults in the candidate ----


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_faults_are_caught(
    fault: Fault, recordings: Recordings, reference: Recorded, models: Models
):
    if fault.in_preparation:
        models = Models("numpy", recordings.model, {})
    with planted(fault):
        found = list(compare_all(reference, models, recordings.images))
    bugs = [each.verdict for each in found if each.verdict.kind == "bug"]
    assert not any(each.passed for each in found if each.verdict.kind == "bug")
    assert bugs
    assert {verdict.stage for verdict in bugs} <= set(fault.stages)


def test_clamps_that_are_too_tight(
    recordings: Recordings, reference: Recorded, exact_models: Models
):
    """A mode within its limit must pass, not only one beyond it be stopped there."""
    case, trace = CASES[3], reference.trace(CASES[3])
    eigenvalues = exact_models.backend(case.setting).detector.pdm.eigenvalues
    local = np.abs(trace["final.params_local"]) / np.sqrt(eigenvalues)
    assert ((local > 0.3) & (local < 2.999)).any()

    def erring(self: PointDistributionModel, parameters: Parameters) -> Parameters:
        limits = np.float32(3) * np.sqrt(self.eigenvalues)
        between = np.abs(parameters.local) < limits
        tight = np.where(between, limits / np.float32(10), limits)
        return Parameters(parameters.global_, np.clip(parameters.local, -tight, tight))

    with planting() as substitutions:
        substitutions.method(PointDistributionModel, "clamped", erring)
        found = compare_fit(reference, case, exact_models, recordings.images)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", "clamp")


@pytest.mark.parametrize("due", [True, False])
def test_likelihoods_of_other_scales(
    due: bool, recordings: Recordings, reference: Recorded, exact_models: Models
):
    """One that is never computed, or was computed where there should be none."""
    source: Recorded = reference
    with planting() as substitutions:
        if due:
            unevaluated = np.array([-10.0], np.float32)
            source = Changed(reference, {"final.likelihood": unevaluated})
        else:
            substitutions.function(is_likelihood_due, lambda *_: False)
        found = compare_fit(source, CASES[0], exact_models, recordings.images)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", "likelihood")


def test_fits_that_ended_before_a_likelihood(make_teacher, reference: Recorded):
    trace = without(reference.trace(CASES[0]), lambda name: name.startswith("scale1."))
    teacher = make_teacher(trace, CASES[0])
    found = stage_named("likelihood").perform(teacher, Moment("end"))
    assert found["final.likelihood"].tolist() == [-10.0]


def test_faults_are_gone_again(models: Models, reference: Recorded, recordings: Recordings):
    assert compare_fit(reference, CASES[0], models, recordings.images).passed
