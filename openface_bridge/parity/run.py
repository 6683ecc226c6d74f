"""A parity run: every fit of a reference against one backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.manifests import Manifests
from openface_bridge.parity.free_run import FreeRun, run_free
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.teacher import Teacher
from openface_bridge.parity.teacher_forced import StageResult, compare_stages
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case, Reference
from openface_bridge.trace import Trace, TraceError
from pyclnf import FitSettings
from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

__all__ = ["Comparison", "Models", "compare_all", "compare_fit"]


@dataclass(frozen=True)
class Comparison:
    """One fit, compared.

    Attributes
    ----------
    case : Case
    picture : Path
    free_run : FreeRun
    floor : NoiseFloor
    stages : list of StageResult
        Teacher forced.
    schedule_equal : bool
        Whether windows, r, σ and w of all scales are the reference's.
    """

    case: Case
    picture: Path
    free_run: FreeRun
    floor: NoiseFloor
    stages: list[StageResult]
    schedule_equal: bool

    @property
    def within_floor(self) -> bool:
        """Whether the free run's worst landmark is at most twice the noise floor plus 0.005 px."""
        return self.free_run.max_px <= self.floor.limit_px

    @property
    def failed_stages(self) -> list[StageResult]:
        """The stages whose differences rounding does not explain."""
        return [result for result in self.stages if not result.passed]

    @property
    def passed(self) -> bool:
        """Whether all stages and the outcome agree as well as they can."""
        return self.within_floor and self.schedule_equal and not self.failed_stages


class Models:
    """The candidate, one backend per model file, loaded when first needed.

    Parameters
    ----------
    backend : str
    default : Path or None
        The manifest of every setting that has none of its own.
    by_setting : mapping of str to Path
    """

    def __init__(self, backend: str, default: Path | None, by_setting: Mapping[str, Path]) -> None:
        self._backend = backend
        self._manifests = Manifests(default, by_setting)
        self._loaded: dict[Path, Backend] = {}

    def manifest(self, setting: str) -> Path:
        """Return the manifest that a setting is fitted with."""
        return self._manifests.of(setting)

    def backend(self, setting: str) -> Backend:
        """Return the backend that holds a setting's model."""
        manifest = self.manifest(setting)
        if manifest not in self._loaded:
            self._loaded[manifest] = create_backend(self._backend, manifest)
        return self._loaded[manifest]


def compare_all(
    reference: Reference,
    models: Models,
    pictures: Path,
    on_progress: Callable[[int, int, Case], None] | None = None,
) -> Iterator[Comparison]:
    """Compare every fit of a reference, one at a time.

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
    """Compare one fit, see :func:`compare_all`."""
    trace = reference.trace(case)
    settings = FitSettings.named(case.setting)
    backend = models.backend(case.setting)
    _check_model(trace, backend, models.manifest(case.setting))
    picture = find_picture(pictures, case.face)
    image = PaddedImage.of(to_grey(read_picture(picture)))
    teacher = Teacher(trace, image, settings, backend)
    return Comparison(
        case=case,
        picture=picture,
        free_run=run_free(trace, image, settings, backend),
        floor=NoiseFloor.of(trace["final.landmarks"], reference.rerun_landmarks(case)),
        stages=compare_stages(teacher),
        schedule_equal=_schedule_equal(teacher),
    )


def _check_model(trace: Trace, backend: Backend, manifest: Path) -> None:
    """Raise a TraceError unless a trace can have come from a model."""
    pdm, experts = backend.detector.pdm, backend.detector.experts
    n, m = trace.n_landmarks, trace["final.params_local"].size
    if (n, m) != (pdm.n_landmarks, pdm.n_modes) or max(trace.scales) >= len(experts.scales):
        raise TraceError(
            f"{trace.source}: has {n} landmarks, {m} modes and {max(trace.scales) + 1} scales; "
            f"{manifest} has {pdm.n_landmarks}, {pdm.n_modes} and {len(experts.scales)}. "
            f"Name its model with --model SETTING=MAIN.txt"
        )
    for scale in trace.scales:
        view = int(trace[f"scale{scale}.view"])
        views = len(experts.scales[scale].centers)
        if not 0 <= view < views:
            raise TraceError(
                f"{trace.source}: 'scale{scale}.view' is {view}; {manifest} has {views} views"
            )
        _check_areas(trace, scale, experts.view(scale, view).support)


def _check_areas(trace: Trace, scale: int, support: int) -> None:
    """Raise a TraceError unless a scale's areas of interest, if kept, serve experts' windows."""
    name = f"scale{scale}.areas_of_interest"
    side = int(trace[f"scale{scale}.window_size"]) + support - 1
    if name in trace and trace[name].shape[1] != side:
        raise TraceError(
            f"{trace.source}: {name!r} has shape {trace[name].shape}, expected side {side}"
        )


def _schedule_equal(teacher: Teacher) -> bool:
    """Tell whether the candidate plans all scales as the reference did."""
    for scale, plan in teacher.plans.items():
        names = ("window_size", "reg_factor", "sigma", "weight_factor")
        expected = [float(teacher.at_scale(scale, name)) for name in names]
        planned = [float(getattr(plan, name)) for name in names]
        if planned != expected:
            return False
    return True
