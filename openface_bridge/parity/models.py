"""The candidate's models, and whether a trace can have come from one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from openface_bridge.manifests import Manifests
from openface_bridge.parity.origin import check_model_files
from openface_bridge.trace import Trace, TraceError
from pyclnf.backends import choose_backend, create_backend
from pyclnf.backends.base import Backend
from pyclnf.backends.numpy_entry import NUMPY, NUMPY_EXACT
from pyclnf.detector import Detector

__all__ = ["DEFINITION", "IN_NUMPY", "Models", "check_model"]

DEFINITION = NUMPY_EXACT.name
"""The backend that runs pyclnf's NumPy code, with the reference's bits."""
IN_NUMPY = (NUMPY.name, NUMPY_EXACT.name)
"""The backends that have no code of their own: a fault of the definition is theirs, too."""


class Models:
    """One backend per model file, loaded when first needed.

    Parameters
    ----------
    backend : str
    default : Path or None
        The manifest of every setting that has none of its own.
    by_setting : mapping of str to Path

    Attributes
    ----------
    name : str
        The backend's; what ``auto`` chooses.
    default, by_setting
        As given.
    """

    def __init__(self, backend: str, default: Path | None, by_setting: Mapping[str, Path]) -> None:
        self.name = choose_backend(backend)
        self.default, self.by_setting = default, by_setting
        self._manifests = Manifests(default, by_setting)
        self._loaded: dict[Path, Backend] = {}

    def manifest(self, setting: str) -> Path:
        """Return the manifest that a setting is fitted with."""
        return self._manifests.of(setting)

    def backend(self, setting: str) -> Backend:
        """Return the backend that holds a setting's model."""
        manifest = self.manifest(setting)
        if manifest not in self._loaded:
            self._loaded[manifest] = create_backend(self.name, manifest)
        return self._loaded[manifest]

    @cached_property
    def definition(self) -> Models:
        """The same models on the backend that is the definition."""
        return Models(DEFINITION, self.default, self.by_setting)


def check_model(trace: Trace, detector: Detector) -> None:
    """Raise a TraceError unless a trace can have come from a model."""
    pdm, experts, manifest = detector.pdm, detector.experts, detector.manifest
    n, m = trace.n_landmarks, trace["final.params_local"].size
    if (n, m) != (pdm.n_landmarks, pdm.n_modes) or max(trace.scales) >= len(experts.scales):
        raise TraceError(
            f"{trace.source}: has {n} landmarks, {m} modes and {max(trace.scales) + 1} scales; "
            f"{manifest.path} has {pdm.n_landmarks}, {pdm.n_modes} and {len(experts.scales)}. "
            f"Name its model with --model SETTING=MAIN.txt"
        )
    for scale in trace.scales:
        view = int(trace[f"scale{scale}.view"])
        views = len(experts.scales[scale].centers)
        if not 0 <= view < views:
            raise TraceError(
                f"{trace.source}: 'scale{scale}.view' is {view}; {manifest.path} has {views} views"
            )
        _check_areas(trace, scale, experts.view(scale, view).support)
    check_model_files(trace, manifest)


def _check_areas(trace: Trace, scale: int, support: int) -> None:
    """Raise a TraceError unless a scale's areas of interest, if kept, serve experts' windows."""
    name = f"scale{scale}.areas_of_interest"
    side = int(trace[f"scale{scale}.window_size"]) + support - 1
    if name in trace and trace[name].shape[1] != side:
        raise TraceError(
            f"{trace.source}: {name!r} has shape {trace[name].shape}, expected side {side}"
        )
