"""Programs held against the definition: maps of what experts see; whole fits. For tests only."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from support.ml_programs import read_ml_program

from openface_bridge.parity.branches import Branch, first_branch
from openface_bridge.parity.free_run import FreeRun, run_free
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.backends import choose_networks, create_backend
from pyclnf.backends.base import Backend, SamplingBackend
from pyclnf.backends.composed import ComposedBackend
from pyclnf.backends.coreml_entry import COREML, COREML_FLOAT32
from pyclnf.coreml.converter import Converter
from pyclnf.coreml.package_cache import PackageCache
from pyclnf.coreml.precision import Precision
from pyclnf.coreml.prediction import Load, Predict
from pyclnf.coreml.programs import Programs
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.typing import Float32Array

BOUNDS = {"float16": COREML.maps_within, "float32": COREML_FLOAT32.maps_within}
"""The most that a map may be off, of its own maximum."""

MANIFESTS = {"default": "general", "weighted": "general", "wild": "wild"}
"""Which model a setting is recorded with."""


class Seen(NamedTuple):
    """What a view's experts saw at one scale of a fit, and the definition's response maps."""

    scale: int
    view: int
    areas: Float32Array
    maps: Float32Array


class Data(NamedTuple):
    """A folder of model files, recorded fits, and their pictures."""

    model: Path
    recordings: Path
    pictures: Path

    def manifest(self, setting: str) -> Path:
        """Return the manifest that a setting is recorded with."""
        return self.model / f"main_clnf_{MANIFESTS[setting]}.txt"

    def cases(self) -> list[Case]:
        """Return the recorded fits."""
        return sorted(Recorded(self.recordings).cases(), key=str)

    def trace(self, case: Case) -> Trace:
        """Return what the reference did."""
        return Recorded(self.recordings).trace(case)

    def floor(self, case: Case) -> NoiseFloor:
        """Return how far the reference is from itself."""
        reruns = Recorded(self.recordings).rerun_landmarks(case)
        return NoiseFloor.of(self.trace(case)["final.landmarks"], reruns)

    def picture(self, case: Case) -> npt.NDArray[Any]:
        """Return the picture of a fit."""
        return read_picture(find_picture(self.pictures, case.face))


@functools.cache
def interpreter(halves: bool = False) -> Load:
    """Return what loads programs to be interpreted; `halves` as `MLProgram` takes it."""

    def load(package: Path) -> Predict:
        program = _read(package)

        def predict(areas: Float32Array) -> Float32Array:
            maps: Float32Array = program(areas=areas, halves=halves)["maps"]
            return maps

        return predict

    return load


_read = functools.lru_cache(maxsize=32)(read_ml_program)


def programs(host: Backend, precision: Precision, folder: Path, load: Load) -> Programs:
    """Return what makes the response maps of a host's model."""
    experts = host.detector.experts
    assert isinstance(experts, CCNFExperts)
    return Programs(Converter(experts, precision, PackageCache(folder)), load)


def composed(host: Backend, maps: Programs) -> ComposedBackend:
    """Return a backend whose maps programs make, on a host that holds the model."""
    return ComposedBackend("coreml", cast(SamplingBackend, host), maps)


def fitted(data: Data, case: Case, backend: Backend) -> FreeRun:
    """Fit from where the reference did."""
    image = backend.picture(data.picture(case))
    return run_free(data.trace(case), image, FitSettings.named(case.setting), backend)


@functools.cache
def seen(data: Data, case: Case) -> tuple[Seen, ...]:
    """Return what experts see in a fit by the definition."""
    definition = load_host("numpy", data.manifest(case.setting))
    trace = fitted(data, case, definition).candidate
    found = []
    for scale in trace.scales:
        view = int(trace[f"scale{scale}.view"])
        visible = definition.detector.experts.view(scale, view).visible
        areas, maps = trace[f"scale{scale}.areas_of_interest"], trace[f"scale{scale}.response_maps"]
        found.append(Seen(scale, view, areas[visible], maps[visible]))
    return tuple(found)


def first_difference(data: Data, case: Case, run: FreeRun, backend: Backend) -> Branch | None:
    """Return the first decision that a fit took differently from the reference."""
    image, settings = backend.picture(data.picture(case)), FitSettings.named(case.setting)
    theirs = Teacher(run.reference, image, settings, backend)
    return first_branch(theirs, Teacher(run.candidate, image, settings, backend))


@functools.cache
def load_host(name: str, manifest: Path) -> Backend:
    """Load a model into a backend, once."""
    return create_backend(choose_networks(name), manifest)


def relative_errors(maps: Float32Array, expected: Float32Array) -> npt.NDArray[np.float64]:
    """Return the worst error of each map, (v,), over its expected maximum."""
    errors = np.abs(maps.astype(np.float64) - expected).max(axis=(1, 2))
    largest = expected.max(axis=(1, 2))
    relative = np.zeros(len(errors))
    np.divide(errors, largest, where=errors > 0, out=relative)
    return relative
