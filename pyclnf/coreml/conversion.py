"""Converting whole models ahead, on any machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path

from pyclnf.backends import create_backend
from pyclnf.coreml.converter import Converter
from pyclnf.coreml.package_cache import PackageCache
from pyclnf.coreml.precision import FLOAT16, Precision
from pyclnf.detector import Detector
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.part_models import load_parts
from pyclnf.scale_plan import plan_scales
from pyclnf.settings import FitSettings

__all__ = ["convert_model"]


def convert_model(
    manifest: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    settings: FitSettings | None = None,
    precision: Precision = FLOAT16,
    parts: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Convert all views of a model to Core ML programs, in advance and on any machine.

    On a Mac, ``CLNF(manifest, backend="coreml", cache=folder)`` takes them from there, if its
    coremltools has the same version. They contain the model's numbers, under the model's licence.

    Parameters
    ----------
    manifest : path
        A ``main_*.txt`` file of OpenFace.
    folder : path
        As for :class:`pyclnf.CLNF`'s cache; made if need be. What is there already is kept.
    settings : FitSettings, optional
        Whose window sizes are prepared; OpenFace's defaults for still pictures if not given.
    precision : Precision
        FLOAT16 for backend ``coreml``, FLOAT32 for ``coreml-float32``.
    parts : bool
        Whether to convert the models of parts as well.
    progress : callable, optional
        Told how many programs are done, and how many there are.

    Returns
    -------
    list of Path
        The packages, ``.mlpackage``.

    Raises
    ------
    BackendUnavailableError
        If coremltools is not installed.
    ModelFileError
        If the model cannot be read.
    OSError
        If the folder cannot be written to.
    ValueError
        If there is nothing to convert: the model's experts are of another kind than CCNF, or the
        settings have no window for any of its scales.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    cache = PackageCache(Path(folder))
    backend = create_backend("auto", manifest)
    models = [(backend.detector, settings or FitSettings())]
    if parts:
        models += [(part.backend.detector, part.settings) for part in load_parts(backend)]
    wanted = [each for detector, chosen in models for each in _programs(detector, chosen)]
    if not wanted:
        kind = backend.detector.experts.kind
        raise ValueError(f"{manifest}: has {kind} experts; Core ML programs are made of CCNF ones")
    packages = []
    for done, (experts, place) in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted))
        package = Converter(experts, precision, cache).package(*place)
        if not package.is_relative_to(folder):
            raise OSError(f"{folder}: programs cannot be kept there")
        packages.append(package)
    return packages


def _programs(
    detector: Detector, settings: FitSettings
) -> Iterator[tuple[CCNFExperts, tuple[int, int, int]]]:
    """Yield scale, view and window size of all programs that fits may need."""
    experts = detector.experts
    if not isinstance(experts, CCNFExperts):
        return
    for plan in plan_scales(settings, experts.patch_scales):
        for view in range(len(experts.scales[plan.scale].centers)):
            if experts.view(plan.scale, view).weights.size:
                yield experts, (plan.scale, view, plan.window_size)
