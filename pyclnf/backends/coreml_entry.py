"""What is known about backends ``coreml`` and ``coreml-float32``: Macs that have coremltools."""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import partial
from os import PathLike
from typing import cast

from pyclnf.backends.base import Backend, SamplingBackend
from pyclnf.backends.entry import Entry, State
from pyclnf.cache import ArrayCache

__all__ = ["COREML", "COREML_FLOAT32"]


def _state() -> State:
    """Tell whether this is such a Mac; imports nothing of coremltools."""
    if sys.platform != "darwin" or os.uname().machine != "arm64":
        return State(
            False,
            "needs Core ML, which predicts on macOS on Apple silicon only",
            "Choose 'auto' here; 'pyclnf model convert' makes programs for a Mac on any machine",
        )
    if importlib.util.find_spec("coremltools") is None:
        return State(
            False,
            "needs coremltools, which is not installed",
            "Install it with 'pip install coremltools', or pyclnf with its extra 'coreml'",
        )
    return State(True, "has Core ML and coremltools")


def _create(
    precision: str, name: str, manifest_path: str | PathLike[str], cache: ArrayCache | None
) -> Backend:
    """Create a backend whose response maps Core ML makes, if the model's experts are CCNF."""
    from pyclnf.backends.composed import ComposedBackend
    from pyclnf.coreml import prediction
    from pyclnf.coreml.converter import Converter
    from pyclnf.coreml.package_cache import PackageCache
    from pyclnf.coreml.precision import PRECISIONS
    from pyclnf.coreml.programs import Programs
    from pyclnf.experts.ccnf_experts import CCNFExperts

    host = _host(manifest_path, cache)
    experts = host.detector.experts
    if not isinstance(experts, CCNFExperts):
        return ComposedBackend(name, host, None)
    folder = PackageCache(None if cache is None else cache.folder)
    converter = Converter(experts, PRECISIONS[precision], folder)
    return ComposedBackend(name, host, Programs(converter, prediction.load_program))


def _host(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> SamplingBackend:
    """Load a model into the backend that ``auto`` takes among those that can do it all."""
    from pyclnf.backends import registry
    from pyclnf.backends.choice import AUTO, choose_networks

    name = choose_networks(AUTO)
    host = next(entry for entry in registry.ENTRIES if entry.name == name)
    return cast(SamplingBackend, host.create(manifest_path, cache))


COREML = Entry(
    name="coreml",
    summary="response maps by Core ML in half precision where that suffices, all else as 'auto'",
    state=_state,
    create=partial(_create, "float16", "coreml"),
    maps_within=2e-3,
)

COREML_FLOAT32 = Entry(
    name="coreml-float32",
    summary="the same, in single precision",
    state=_state,
    create=partial(_create, "float32", "coreml-float32"),
)
