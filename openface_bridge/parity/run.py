"""A parity run: every fit of a reference against one backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from openface_bridge.parity.backend_forcing import forced_by_backend
from openface_bridge.parity.branches import Branch, first_branch
from openface_bridge.parity.clamping import with_tight_clamp
from openface_bridge.parity.comparison import StageComparison, compare_forced, compare_free
from openface_bridge.parity.completion import completed, is_lean, unrecorded_before
from openface_bridge.parity.finite import while_finite
from openface_bridge.parity.flow import broken_flow, with_flow
from openface_bridge.parity.forcing import Forced, forced
from openface_bridge.parity.free_run import FreeRun, run_free
from openface_bridge.parity.mixed import MixedBackend
from openface_bridge.parity.models import IN_NUMPY, Models, check_model
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.origin import check_picture
from openface_bridge.parity.stages import stage_named
from openface_bridge.parity.teacher import Teacher
from openface_bridge.parity.verdicts import Verdict, judge
from openface_bridge.parity.wiring import broken_wiring
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.backends.base import Backend
from pyclnf.backends.numpy_backend import NumpyBackend
from pyclnf.experts.area_of_interest import PaddedImage

__all__ = ["Comparison", "FitRun", "Models", "compare_all", "compare_fit", "compare_run", "run_fit"]


@dataclass(frozen=True)
class FitRun:
    """What a candidate made of one of the reference's fits; nothing is compared yet.

    Attributes
    ----------
    case : Case
    picture : Path
    backend : str
        The candidate's name.
    manifest : Path
        Of the model that was fitted.
    reference : Trace
    candidate : Trace
        The free run.
    success : bool
        Of the candidate's free run.
    forced : mapping of str to ndarray
        See :func:`openface_bridge.parity.forcing.forced`.
    """

    case: Case
    picture: Path
    backend: str
    manifest: Path
    reference: Trace
    candidate: Trace
    success: bool
    forced: Forced


@dataclass(frozen=True)
class Comparison:
    """One fit, compared and judged.

    Attributes
    ----------
    run : FitRun
    free_run : FreeRun
    floor : NoiseFloor
    forced, free : list of StageComparison
        Teacher forced, and free running.
    branch : Branch or None
        The first decision that the free runs took differently.
    verdict : Verdict
    """

    run: FitRun
    free_run: FreeRun
    floor: NoiseFloor
    forced: list[StageComparison]
    free: list[StageComparison]
    branch: Branch | None
    verdict: Verdict

    @property
    def case(self) -> Case:
        """Which fit."""
        return self.run.case

    @property
    def within_floor(self) -> bool:
        """Whether the free run's worst landmark is at most twice the noise floor plus 0.005 px."""
        return self.free_run.max_px <= self.floor.limit_px

    @property
    def passed(self) -> bool:
        """Whether there is no bug, and the outcome agrees as well as it can."""
        return self.verdict.kind != "bug" and self.within_floor


def compare_all(
    reference: Reference,
    models: Models,
    pictures: Path,
    on_progress: Callable[[int, int, Case], None] | None = None,
) -> Iterator[Comparison]:
    """Run and compare every fit of a reference, one at a time.

    Parameters
    ----------
    reference : Reference
    models : Models
    pictures : Path
        Folder of pictures, named like the faces.
    on_progress : callable, optional
        Told how many are done, how many there are, and which comes next.

    Yields
    ------
    Comparison

    Raises
    ------
    TraceError
        If a trace is unusable, its picture missing, or the model another than the trace's.
    """
    cases = reference.cases()
    for done, case in enumerate(cases):
        if on_progress is not None:
            on_progress(done, len(cases), case)
        yield compare_fit(reference, case, models, pictures)


def compare_fit(reference: Reference, case: Case, models: Models, pictures: Path) -> Comparison:
    """Run and compare one fit, see :func:`compare_all`."""
    run = run_fit(reference.trace(case), case, models, pictures)
    reruns = reference.rerun_landmarks(case)
    return compare_run(run, models, NoiseFloor.of(run.reference["final.landmarks"], reruns))


def run_fit(trace: Trace, case: Case, models: Models, pictures: Path) -> FitRun:
    """Let the candidate fit freely, and perform each stage on the reference's inputs."""
    settings = FitSettings.named(case.setting)
    backend, manifest = models.backend(case.setting), models.manifest(case.setting)
    check_model(trace, backend.detector)
    picture = find_picture(pictures, case.face)
    check_picture(trace, picture)
    image = backend.picture(read_picture(picture))
    teacher = Teacher(trace, image, settings, backend)
    free = run_free(trace, image, settings, backend)
    return FitRun(
        case=case,
        picture=picture,
        backend=backend.name,
        manifest=manifest,
        reference=trace,
        candidate=free.candidate,
        success=free.success,
        forced=_forced(teacher, backend),
    )


def _forced(teacher: Teacher, backend: Backend) -> Forced:
    """Perform stages one by one where that can be done, else as the backend takes them together.

    It can be done where they are NumPy's: all of them, or those of one part of a mixed backend.
    """
    if isinstance(backend, NumpyBackend):
        return forced(teacher)
    found = forced_by_backend(teacher, backend)
    if isinstance(backend, MixedBackend):
        in_numpy = Teacher(teacher.trace, teacher.image, teacher.settings, backend.definition)
        found.update(forced(in_numpy, [stage_named(stage) for stage in backend.part.stages]))
    return found


def compare_run(run: FitRun, models: Models, floor: NoiseFloor) -> Comparison:
    """Compare what a candidate made of a fit with the reference, and judge it."""
    settings, backend = FitSettings.named(run.case.setting), models.backend(run.case.setting)
    image = backend.picture(read_picture(run.picture))
    run = _completed(run, models, image)
    theirs = Teacher(run.reference, image, settings, backend)
    ours = Teacher(run.candidate, image, settings, backend)
    finite = Teacher(while_finite(run.candidate), image, settings, backend)
    broken = [*broken_flow(ours), *broken_wiring(finite, _forced(finite, backend))]
    stages = with_tight_clamp(compare_forced(run.forced, theirs), run.forced, theirs, told=False)
    stages = with_flow(stages, broken)
    return judged(run, stages, theirs, ours, floor, given=theirs.trace)


def _completed(run: FitRun, models: Models, image: PaddedImage) -> FitRun:
    """Return a run beside a reference that has, as far as can be proved, what it left out."""
    if not is_lean(run.reference):
        return run
    setting, shared = run.case.setting, run.backend in IN_NUMPY
    definition = models.definition.backend(setting)
    teacher = Teacher(run.reference, image, FitSettings.named(setting), definition)
    return replace(run, reference=completed(teacher, run.forced, shared=shared))


def judged(
    run: FitRun,
    stages: list[StageComparison],
    theirs: Teacher,
    ours: Teacher,
    floor: NoiseFloor,
    *,
    given: Trace,
) -> Comparison:
    """Compare the free runs, and judge them with what was forced.

    Parameters
    ----------
    run : FitRun
    stages : list of StageComparison
        Teacher forced.
    theirs, ours : Teacher
        Of the reference's free run and the candidate's.
    floor : NoiseFloor
    given : Trace
        What stages were performed on.
    """
    free = compare_free(ours.trace, theirs)
    branch = first_branch(theirs, ours)
    verdict = judge(stages, free, branch, floor.limit_px)
    if verdict.kind == "bug" and verdict.finding is not None:
        instead = unrecorded_before(verdict.finding, given)
        verdict = replace(verdict, instead=instead)
    return Comparison(
        run=run,
        free_run=FreeRun(run.reference, run.candidate, run.success),
        floor=floor,
        forced=stages,
        free=free,
        branch=branch,
        verdict=verdict,
    )
