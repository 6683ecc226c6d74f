"""A clamp that is too tight is the clamp's fault, also where it is seen with the update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.comparing import without
from support.recordings import Recordings

from openface_bridge.parity.audit import audit_trace
from openface_bridge.parity.candidate import record_fit
from openface_bridge.parity.faults.planting import planting
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import FitRun, Models, compare_fit
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.trace import Trace
from pyclnf import CLNF, FitSettings
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import Float32Array

CASE = Case("ben_2", "weighted")
UNTOLD = (".jacobian", ".hessian", ".right_hand_side", ".change")
Update = Callable[[Any, PosedShape, Float32Array], Parameters]
updated = PointDistributionModel.updated


class Together(DelegatingBackend[Backend]):
    """An engine whose update and clamp cannot be called one by one."""


class TogetherModels(Models):
    def __init__(self, models: Models) -> None:
        super().__init__(models.name, models.default, models.by_setting)
        self._models = models

    def backend(self, setting: str) -> Backend:
        return Together(self._models.backend(setting))


def clamped_at(parts: float | list[float]) -> Callable[[Any, Parameters], Parameters]:
    """Return a clamp at parts of three standard deviations, of all modes or of each."""

    def clamped(self: Any, parameters: Parameters) -> Parameters:
        limits = np.asarray(parts, np.float32) * self.limits
        return Parameters(parameters.global_, np.clip(parameters.local, -limits, limits))

    return clamped


def changed_modes(change: Callable[[Any, Any], Any]) -> Update:
    """Return an update that makes something else of its modes, from before and after."""

    def erring(self: Any, posed: PosedShape, update: Float32Array) -> Parameters:
        after = updated(self, posed, update)
        local = change(posed.parameters.local, after.local).astype(np.float32)
        return Parameters(after.global_, local)

    return erring


@pytest.fixture
def port(recordings: Recordings, reference: Recorded, models: Models) -> Callable[[], FitRun]:
    """Let the detector, as it is now, tell of a fit."""

    def told() -> FitRun:
        recorded, manifest = reference.trace(CASE), models.manifest(CASE.setting)
        picture = find_picture(recordings.images, CASE.face)
        trace, success = record_fit(
            CLNF(recordings.model, backend="numpy"), read_picture(picture), Start.of(recorded),
            FitSettings.named(CASE.setting),
        )  # fmt: skip
        return FitRun(CASE, picture, "port", manifest, recorded, trace, success, {})

    return told


def verdicts(
    name: str, fault: Any, port: Callable[[], FitRun], recordings: Recordings,
    reference: Recorded, exact_models: Models,
) -> dict[str, Verdict]:  # fmt: skip
    """Judge an engine, a port, and one that tells as little as it may, with a method replaced."""
    exact_models.backend(CASE.setting)
    together = TogetherModels(exact_models)
    with planting() as substitutions:
        substitutions.method(PointDistributionModel, name, fault)
        engine = compare_fit(reference, CASE, together, recordings.images).verdict
        run = port()
    floor = NoiseFloor(np.full(run.reference.n_landmarks, 0.1))

    def audited(trace: Trace) -> Verdict:
        told = FitRun(**{**vars(run), "candidate": trace})
        return audit_trace(told, exact_models, floor).verdict

    frugal = without(run.candidate, lambda name: name.endswith(UNTOLD))
    return {"engine": engine, "port": audited(run.candidate), "frugal": audited(frugal)}


@pytest.mark.parametrize("parts", [0.9, 0.5, 0.1, [1, 1, 0.5, 1], [0.3, 0.5, 0.2, 0.4]], ids=str)
def test_tight_clamps(
    parts: Any, port: Any, recordings: Recordings, reference: Recorded, exact_models: Models
):
    found = verdicts("clamped", clamped_at(parts), port, recordings, reference, exact_models)
    for verdict in found.values():
        assert (verdict.kind, verdict.stage, verdict.instead) == ("bug", "clamp", None)
        assert verdict.finding is not None
        assert verdict.finding.entry.endswith(".params_local_out")
        assert verdict.place is not None
        assert (verdict.place.parameter or "").startswith("mode")


@pytest.mark.parametrize(
    "change",
    [
        lambda before, after: before + (after - before) * 0.999,
        lambda before, after: before + (after - before) * 0.5,
        lambda before, after: after * 0.99,
        lambda before, after: before,
        lambda before, after: np.where(np.arange(len(after)) == 2, before, after),
        lambda before, after: after * 1.01,
    ],
    ids=["a thousandth short", "half", "shrunk", "none", "one mode kept", "too far"],
)
def test_wrong_updates_stay_updates(
    change: Any, port: Any, recordings: Recordings, reference: Recorded, exact_models: Models
):
    """Nearer to zero, but not at one distance from it."""
    found = verdicts("updated", changed_modes(change), port, recordings, reference, exact_models)
    assert {name: each.stage for name, each in found.items() if name != "frugal"} == {
        "engine": "update", "port": "update",
    }  # fmt: skip
    # Of one that does not tell its solutions, they are inferred from what it made of them.
    assert found["frugal"].stage == "normal equations"


def test_loose_clamps_are_found_as_ever(
    port: Any, recordings: Recordings, reference: Recorded, exact_models: Models
):
    found = verdicts("clamped", clamped_at(2.0), port, recordings, reference, exact_models)
    assert {each.stage for each in found.values()} == {"clamp"}
