"""Audits name what is wrong with a candidate by its own trace, and find sound ones sound."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.audit import audit, audit_trace
from openface_bridge.parity.candidate import CandidateError, CandidateRecorder, record_fit
from openface_bridge.parity.faults import FAULTS, Fault, planted
from openface_bridge.parity.faults.perturbations import SCALED_STAGES, map_noise, scaled_stage
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison, FitRun, Models
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.trace import Trace, TraceError
from pyclnf import CLNF, FitSettings

CASES = [Case(face, setting) for face in ("anna", "ben_2") for setting in ("default", "weighted")]
CASE = CASES[3]


@pytest.fixture(scope="module")
def sound(recordings: Recordings, reference: Recorded, models: Models) -> FitRun:
    """What the sound candidate told of one fit."""
    return told_of(CASE, recordings, reference, models)


def told_of(case: Case, recordings: Recordings, reference: Recorded, models: Models) -> FitRun:
    """Let the detector as it is now do a fit."""
    picture = find_picture(recordings.images, case.face)
    trace, success = record_fit(
        CLNF(recordings.model, backend="numpy"),
        read_picture(picture),
        Start.of(reference.trace(case)),
        FitSettings.named(case.setting),
    )
    return FitRun(
        case, picture, "port", models.manifest(case.setting), reference.trace(case), trace, success,
        {},
    )  # fmt: skip


def audited(run: FitRun, models: Models, **entries: Any) -> Comparison:
    """Audit a run with some entries changed; None takes one away."""
    changed = {**run.candidate.entries, **{k.replace("__", "."): v for k, v in entries.items()}}
    kept = {name: np.asarray(each) for name, each in changed.items() if each is not None}
    floor = NoiseFloor(np.full(run.reference.n_landmarks, 0.1))
    return audit_trace(replace(run, candidate=Trace(kept, "port")), models, floor)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", ["numpy", "numpy-exact"])
def test_sound_candidates(
    case: Case, name: str, recordings: Recordings, reference: Recorded, models: Models
):
    candidate = CLNF(recordings.model, backend=name)
    found = audit(candidate, reference, case, models, recordings.images)
    assert found.passed, verdict_sentence(found.verdict)
    assert found.run.backend == "CLNF"
    assert all(stage.passed for stage in found.forced)
    assert sum(stage.compared for stage in found.forced) > 100
    assert found.verdict.kind == "equal" or name == "numpy"


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_faults_are_named(
    fault: Fault, recordings: Recordings, reference: Recorded, models: Models
):
    """The candidate has the fault, whoever looks at it has not."""
    for case in CASES:
        models.backend(case.setting)
    with planted(fault):
        runs = [told_of(case, recordings, reference, models) for case in CASES]
    found = [audited(run, models).verdict for run in runs]
    bugs = {verdict.stage for verdict in found if verdict.kind == "bug"}
    assert bugs
    assert bugs <= set(fault.stages)


@pytest.mark.parametrize("stage", [stage for stage in SCALED_STAGES if stage != "clamp"])
def test_a_thousandth_is_a_bug(
    stage: str, recordings: Recordings, reference: Recorded, models: Models
):
    with scaled_stage(stage):
        run = told_of(CASE, recordings, reference, models)
    verdict = audited(run, models).verdict
    assert (verdict.kind, verdict.stage) == ("bug", stage)


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_the_last_bit_is_none(
    seed: int, recordings: Recordings, reference: Recorded, models: Models
):
    with map_noise(seed):
        run = told_of(CASE, recordings, reference, models)
    assert audited(run, models).verdict.kind in ("rounding", "branch")


# ---- From stage to stage ----


def test_parameters_that_are_not_handed_on(sound: FitRun, models: Models):
    name = "scale1.rigid.0.params_global"
    moved = sound.candidate[name] + np.array((0, 0, 0, 0, 0.5, 0), np.float32)
    verdict = audited(sound, models, **{name: moved}).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "update")
    assert verdict.place is not None
    assert (verdict.place.scale, verdict.place.parameter) == (0, "tx")
    assert verdict_sentence(verdict).startswith(
        "The parameters handed on are not those that were returned (scale 0, nonrigid phase"
    )


def test_a_first_iteration_that_starts_elsewhere(sound: FitRun, models: Models):
    moved = sound.candidate["scale0.rigid.0.params_local"] + np.float32(0.25)
    verdict = audited(sound, models, scale0__rigid__0__params_local=moved).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "initialisation")


@pytest.mark.parametrize(
    ("entry", "by"),
    [("params_global", 0.5), ("params_local", 0.5), ("landmarks", 0.5), ("landmarks", np.nan),
     ("params_global", np.inf)],
)  # fmt: skip
def test_outcomes_that_are_not_the_fit_s(entry: str, by: float, sound: FitRun, models: Models):
    moved = sound.candidate[f"final.{entry}"] + np.float32(by)
    verdict = audited(sound, models, **{f"final.{entry}": moved}).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "update")
    assert "The outcome is not that of the last iteration" in verdict_sentence(verdict)


@pytest.mark.parametrize("left_out", ["scale1.nonrigid", "scale1."])
def test_what_is_left_out_of_the_schedule(left_out: str, sound: FitRun, models: Models):
    gone = {name: None for name in sound.candidate.entries if name.startswith(left_out)}
    verdict = audited(sound, models, **gone).verdict
    assert (verdict.kind, verdict.stage) == ("bug", "stopping")
    assert "that is due does not follow" in verdict_sentence(verdict)


def test_the_start_is_the_reference_s(sound: FitRun, models: Models):
    """Whatever box a candidate says it was given."""
    box = sound.candidate["bbox"] * np.float32(2)
    assert audited(sound, models, bbox=box, rotation=np.ones(3, np.float32)).passed


# ---- Strange candidates ----


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("init.params_global", "initialisation"),
        ("scale1.similarity_reference_to_image", "similarity"),
        ("scale1.base_shape", "similarity"),
        ("scale1.areas_of_interest", "area of interest"),
        ("scale1.response_maps", "response map"),
        ("scale1.nonrigid.1.offset_x", "offsets"),
        ("scale1.nonrigid.1.mean_shift", "mean shift"),
        ("scale1.nonrigid.1.jacobian", "Jacobian"),
        ("scale1.nonrigid.1.right_hand_side", "normal equations"),
        ("scale1.nonrigid.1.params_global_out", "update"),
        ("final.likelihood", "likelihood"),
    ],
)
def test_numbers_that_are_none(entry: str, stage: str, value: float, sound: FitRun, models: Models):
    spoilt = sound.candidate[entry].copy()
    spoilt.flat[-1] = value
    verdict = audited(sound, models, **{entry: spoilt}).verdict
    assert (verdict.kind, verdict.stage) == ("bug", stage)


def test_what_is_not_told_is_not_compared(sound: FitRun, models: Models):
    optional = ("areas_of_interest", "jacobian", "hessian", "right_hand_side", "change")
    gone = {name: None for name in sound.candidate.entries if name.endswith(optional)}
    found = audited(sound, models, **gone)
    assert found.passed
    compared = {stage.stage.name: stage.compared for stage in found.forced}
    assert compared["area of interest"] == 0
    assert compared["response map"] > 0


def test_other_models(sound: FitRun, models: Models):
    with pytest.raises(TraceError, match=r"port: 'scale0.view' is 7; .* has 2 views"):
        audited(sound, models, scale0__view=np.int32(7))


# ---- What a candidate tells ----


class Frugal:
    """A port that uses its arrays again, counts in float64, and tells what it must."""

    def __init__(self, recordings: Recordings) -> None:
        self._clnf = CLNF(recordings.model, backend="numpy")
        self._buffer = np.zeros(6)

    def fit(self, image: Any, bbox: Any, *, settings: Any, observer: Any) -> Any:
        def start(box: Any, parameters: Any) -> None:
            self._buffer[:] = parameters.global_
            observer.on_start(box, SimpleNamespace(global_=self._buffer))

        def iteration(scale: int, phase: str, index: int, told: Any) -> None:
            self._buffer[:] = told.parameters.global_
            after = SimpleNamespace(global_=self._buffer, local=told.parameters.local.tolist())
            names = ("posed", "offsets", "mean_shifts")
            kept = {name: getattr(told, name) for name in names}
            observer.on_iteration(scale, phase, index, SimpleNamespace(**kept, parameters=after))

        watching = SimpleNamespace(
            on_start=start, on_iteration=iteration, on_scale=observer.on_scale,
            on_finish=observer.on_finish,
        )  # fmt: skip
        self._clnf.fit(image, bbox, settings, watching)


def test_ports_of_another_make(recordings: Recordings, reference: Recorded, models: Models):
    found = audit(Frugal(recordings), reference, CASE, models, recordings.images)
    assert found.passed
    assert found.free_run.success
    assert found.run.backend == "Frugal"
    assert "scale0.rigid.0.jacobian" not in found.run.candidate


def test_head_poses(recordings: Recordings):
    picture = read_picture(find_picture(recordings.images, "anna"))
    box = np.array((60, 40, 150, 150), np.float32)
    turned = Start(box, np.array((0, 0.25, 0), np.float32))
    trace, _ = record_fit(CLNF(recordings.model), picture, turned, FitSettings())
    assert trace["init.params_global"][2] == np.float32(0.25)
    with pytest.raises(CandidateError, match="Frugal: its fit takes no rotation"):
        record_fit(Frugal(recordings), picture, turned, FitSettings(), "Frugal")


class Silent:
    def fit(self, image: Any, bbox: Any, **options: Any) -> None:
        pass


def test_candidates_that_tell_nothing(recordings: Recordings, reference: Recorded, models: Models):
    with pytest.raises(CandidateError, match=r"Silent: .* missing; the fit must tell its observer"):
        audit(Silent(), reference, CASE, models, recordings.images)


class Shifting:
    """A port that tells what it found and returns something else."""

    def __init__(self, recordings: Recordings) -> None:
        self._clnf = CLNF(recordings.model, backend="numpy")

    def fit(self, image: Any, bbox: Any, **options: Any) -> Any:
        result = self._clnf.fit(image, bbox, **options)
        return SimpleNamespace(landmarks=result.landmarks + 0.5, success=True)


def test_candidates_that_return_something_else(
    recordings: Recordings, reference: Recorded, models: Models
):
    with pytest.raises(CandidateError, match="Shifting: its fit returns other landmarks"):
        audit(Shifting(recordings), reference, CASE, models, recordings.images)


def test_a_second_fit_forgets_the_first():
    recorder = CandidateRecorder()
    recorder.entries["old"] = np.zeros(1)
    recorder.on_start((1, 2, 3, 4), SimpleNamespace())
    assert list(recorder.entries) == ["bbox"]
    assert recorder.entries["bbox"].dtype == np.float32


class Answering:
    """A port that fits well, and returns what it is told to."""

    def __init__(self, recordings: Recordings, **answers: Any) -> None:
        self._clnf, self._answers = CLNF(recordings.model, backend="numpy"), answers

    def fit(self, image: Any, bbox: Any, **options: Any) -> Any:
        self._clnf.fit(image, bbox, **options)
        return SimpleNamespace(**self._answers)


@pytest.mark.parametrize(
    ("answers", "stage"),
    [
        ({"view": 1, "success": True}, None),
        ({"view": np.int64(1), "success": np.bool_(True)}, None),
        ({"view": None, "success": 1}, None),
        ({}, None),
        ({"view": 0}, "view"),
        ({"success": False}, "stopping"),
    ],
)
def test_what_else_is_returned(
    answers: dict[str, Any], stage: str | None, recordings: Recordings, reference: Recorded,
    models: Models,
):  # fmt: skip
    """The view and the success, which no stage gives."""
    assert reference.trace(CASE)["scale1.view"] == 1
    candidate = Answering(recordings, **answers)
    verdict = audit(candidate, reference, CASE, models, recordings.images).verdict
    assert (verdict.stage if verdict.kind == "bug" else None) == stage


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"view": 0.5}, r"port: its fit returns view 0.5, expected a whole number"),
        ({"view": [0, 1]}, r"port: its fit returns view \[0, 1\], expected a whole number"),
        ({"success": "yes"}, r"port: its fit returns success 'yes', expected True or False"),
    ],
)
def test_returned_things_of_another_kind(
    answers: dict[str, Any], message: str, recordings: Recordings, reference: Recorded,
    models: Models,
):  # fmt: skip
    with pytest.raises(CandidateError, match=message):
        audit(Answering(recordings, **answers), reference, CASE, models, recordings.images, "port")
