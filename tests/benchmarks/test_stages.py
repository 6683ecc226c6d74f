"""Recorded calls, the stages they make, what these are checked for, and what they need."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from measuring.calls import RecordingBackend
from measuring.parts import WholeOnlyError, parts_of
from measuring.roofline import counts_of
from measuring.stages import STAGES, Stage, check
from measuring.workload import EXACT_BACKENDS, Face, check_landmarks

from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend

BY_NAME = {stage.name: stage for stage in STAGES}
EXPONENTIAL = 20


def test_a_fit_is_a_sequence_of_calls(recorded: RecordingBackend, faces: tuple[Face, ...]) -> None:
    assert [call.scale for call in recorded.responded] == [0, 1] * len(faces)
    assert [call.phase.rigid for call in recorded.phased] == [True, False] * 2 * len(faces)
    assert all(1 <= call.iterations <= 5 for call in recorded.phased)
    assert len(recorded.judged) == len(faces)
    last = recorded.phased[-1].result.posed.landmarks
    assert np.array_equal(last, faces[-1].landmarks)


@pytest.fixture
def backend(backend_name: str, small_model: Path) -> Backend:
    """Each backend that stages can be timed on."""
    created = create_backend(backend_name, small_model)
    try:
        parts_of(created)
    except WholeOnlyError as error:
        pytest.skip(str(error))
    return created


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_backends_pass(stage: Stage, backend: Backend, recorded: RecordingBackend) -> None:
    check(stage, backend, recorded)


def test_a_backend_that_nobody_has_taken_apart(recorded: RecordingBackend) -> None:
    class Abacus:
        name = "abacus"

    with pytest.raises(WholeOnlyError, match="how backend abacus finds response maps is not told"):
        BY_NAME["response maps, scale 0"].work(cast(Backend, Abacus()))


def nudged(call: Any, by: float) -> Any:
    """Return a call whose recorded result is off by a factor."""
    result = call.result
    if isinstance(result, float):
        return replace(call, result=result * by)
    if hasattr(result, "pixels"):
        return replace(call, result=replace(result, pixels=result.pixels ^ np.uint8(1)))
    if hasattr(result, "maps"):
        areas, maps = result.areas * np.float32(by), result.maps * np.float32(by)
        turned = result.image_to_reference * np.float32(by)
        changed = replace(result, areas=areas, maps=maps, image_to_reference=turned)
        return replace(call, result=changed)
    landmarks = result.posed.landmarks * np.float32(by)
    return replace(call, result=replace(result, posed=replace(result.posed, landmarks=landmarks)))


def wrong(recorded: RecordingBackend, by: float) -> RecordingBackend:
    """Return calls of which every first of its kind has another result."""
    kinds: dict[str, Any] = {
        name: [nudged(calls[0], by), *calls[1:]]
        for name in ("pictured", "responded", "phased", "judged")
        if (calls := getattr(recorded, name))
    }
    kinds["phased"][1] = nudged(kinds["phased"][1], by)
    changed = copy(recorded)
    vars(changed).update(kinds)
    return changed


@pytest.mark.parametrize(
    "name", [stage.name for stage in STAGES if not stage.name.endswith(("1", "2"))]
)
def test_what_is_wrong_is_found(name: str, backend: Backend, recorded: RecordingBackend) -> None:
    with pytest.raises(AssertionError, match=f"{backend.name}: {name}"):
        check(BY_NAME[name], backend, wrong(recorded, 1.001))


def test_only_exact_backends_are_held_to_every_bit(
    backend: Backend, recorded: RecordingBackend
) -> None:
    hair = wrong(recorded, 1 + 2e-7)
    for name in ("response maps, scale 0", "non-rigid phases"):
        if backend.name in EXACT_BACKENDS:
            with pytest.raises(AssertionError, match="differs"):
                check(BY_NAME[name], backend, hair)
        else:
            check(BY_NAME[name], backend, hair)


def test_landmarks_are_held_to_bits_or_to_the_noise_floor() -> None:
    expected = np.zeros((3, 2), np.float32)
    check_landmarks("cython", expected.copy(), expected, 0.0)
    with pytest.raises(AssertionError, match="cython: landmarks differ"):
        check_landmarks("cython", np.nextafter(expected, np.float32(1)), expected, 1.0)
    check_landmarks("numpy", expected + np.float32(0.1), expected, 0.1)
    with pytest.raises(AssertionError, match=r"numpy: 0\.424 px off, floor 0\.100 px"):
        check_landmarks("numpy", expected + np.float32(0.3), expected, 0.1)


def counted(work: Callable[[Any], int], calls: list[Any], faces: int) -> float:
    """Return what a call needs, for a face."""
    return sum(map(work, calls)) / faces


def test_operations_are_counted_landmark_by_landmark(
    recorded: RecordingBackend, faces: tuple[Face, ...]
) -> None:
    def of_maps(call: Any) -> int:
        """Windows, neurons and Sigma, one after another."""
        in_view = recorded.detector.experts.view(call.scale, call.result.view)
        operations = 0
        for weights in in_view.weights:
            for _ in range(call.window_size**2):
                operations += 5 * in_view.support**2 + 2 * call.window_size**2 + 2
                operations += sum(2 * neuron.size + EXPONENTIAL + 4 for neuron in weights)
        return operations

    def of_equations(call: Any) -> int:
        """The normal equations alone: Jᵀ times J and the shift, multiplied and added."""
        c = 6 + recorded.detector.pdm.n_modes
        once = sum(2 * c * (c + 1) for _ in range(2 * len(call.phase.visible)))
        return int(call.iterations * once)

    counts = counts_of(recorded, len(faces))
    first = [call for call in recorded.responded if call.scale == 0]
    expected = counted(of_maps, first, len(faces))
    assert counts["response maps, scale 0"].operations == expected
    areas = [call.result.areas[call.result.visible] for call in recorded.responded]
    sampled = counted(np.size, areas, len(faces))
    assert counts["areas of interest"].operations == 13 * sampled
    assert counts["areas of interest"].bytes == 8 * sampled
    nonrigid = [call for call in recorded.phased if not call.phase.rigid]
    least = counted(of_equations, nonrigid, len(faces))
    assert least < counts["non-rigid phases"].operations < 3 * least
