"""What connects a fit's stages: each must be given what the fit told, and be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.faults.planting import planting
from openface_bridge.parity.forcing import forced
from openface_bridge.parity.reduce import reduce_bug
from openface_bridge.parity.run import Comparison, Models, compare_fit
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.wiring import broken_wiring
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf import fitting
from pyclnf.nu_rlms import Phase
from pyclnf.pdm import PosedShape

CASE = Case("anna", "default")
Change = Callable[[Phase, PosedShape], Phase]


@contextmanager
def miswired(change: Change) -> Iterator[None]:
    """Let non-rigid phases be given something else than what the fit tells of them."""
    original = fitting._ScaleFit._phase

    def erring(self: Any, posed: PosedShape, name: str) -> Any:
        backend = self.backend

        class Erring:
            detector = backend.detector

            def phase(self, start: PosedShape, phase: Phase, told: Any) -> Any:
                given = phase if phase.rigid else change(phase, start)
                return backend.phase(start, given, told)

        return original(replace(self, backend=Erring()), posed, name)

    with planting() as substitutions:
        substitutions.method(fitting._ScaleFit, "_phase", erring)
        yield


def around_another_shape(phase: Phase, start: PosedShape) -> Phase:
    return replace(phase, base_landmarks=start.landmarks)


def of_another_window(phase: Phase, start: PosedShape) -> Phase:
    table = phase.kernels
    return replace(phase, kernels=type(table).build(table.window_size, 2 * table.sigma))


def transposed(phase: Phase, start: PosedShape) -> Phase:
    maps = np.ascontiguousarray(phase.response_maps.transpose(0, 2, 1))
    return replace(phase, response_maps=maps)


def magnified(phase: Phase, start: PosedShape) -> Phase:
    return replace(phase, reference_to_image=phase.reference_to_image * np.float32(1.01))


FAULTS: dict[str, tuple[Change, str]] = {
    "offsets from the shape before the phase": (around_another_shape, "offsets"),
    "kernels of another sigma": (of_another_window, "mean shift"),
    "maps transposed on the way": (transposed, "mean shift"),
    "shifts magnified": (magnified, "normal equations"),
}


def compared(reference: Recorded, models: Models, recordings: Recordings) -> Comparison:
    return compare_fit(reference, CASE, models, recordings.images)


@pytest.mark.parametrize("name", FAULTS)
def test_each_is_a_bug_where_it_enters(
    name: str, recordings: Recordings, reference: Recorded, exact_models: Models
):
    change, stage = FAULTS[name]
    with miswired(change):
        found = compared(reference, exact_models, recordings)
    assert (found.verdict.kind, found.verdict.stage) == ("bug", stage)
    assert str(found.verdict.place).startswith("scale 0, nonrigid phase, iteration 0")
    verb = "does" if stage == "mean shift" else "do"
    assert f"the {stage} {verb} not follow from what was before it" in verdict_sentence(
        found.verdict
    )


def test_there_is_no_single_call_to_reduce_one_to(
    recordings: Recordings, reference: Recorded, exact_models: Models, tmp_path: Any
):
    with miswired(transposed):
        found = compared(reference, exact_models, recordings)
    assert reduce_bug(found, exact_models.backend(CASE.setting), tmp_path) is None


def test_sound_fits_are_wired_soundly(make_teacher, reference: Recorded):
    for case in reference.cases():
        teacher = make_teacher(reference.trace(case), case)
        assert list(broken_wiring(teacher, forced(teacher))) == []
