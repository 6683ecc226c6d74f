"""Teacher forcing of whole scales and iterations: what stages one by one give, and its faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.backend_forcing import forced_by_backend
from openface_bridge.parity.comparison import compare_forced
from openface_bridge.parity.forcing import forced
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import compare_fit
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf.backends import available_backends
from pyclnf.backends.base import Backend

CASES = [Case(face, setting) for face in ("anna", "ben_2") for setting in ("default", "weighted")]


class Changed:
    """A backend with something wrong in it."""

    def __init__(self, backend: Backend, **methods: Callable[..., Any]) -> None:
        self._backend = backend
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._backend, name)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_as_one_by_one(case: Case, make_teacher, reference: Recorded, exact_models: Models):
    """But for the update, which alone is given a change that was inferred."""
    teacher = make_teacher(reference.trace(case), case)
    one_by_one = forced(teacher)
    found = forced_by_backend(teacher, exact_models.backend(case.setting))
    assert found.keys() == one_by_one.keys()
    for name, expected in one_by_one.items():
        if not name.startswith("update/"):
            np.testing.assert_array_equal(found[name], expected, err_msg=name)
    for stage in compare_forced(found, teacher):
        assert stage.passed, stage
        assert stage.equal == stage.compared, stage


def first_over(teacher: Any, backend: Any) -> str | None:
    compared = compare_forced(forced_by_backend(teacher, backend), teacher)
    over = [(stage.over[0], stage.stage.name) for stage in compared if stage.over]
    return min(over)[1] if over else None


def scaled_maps(backend: Backend) -> Any:
    def responses(*arguments: Any) -> Any:
        found = backend.responses(*arguments)
        return replace(found, maps=found.maps * np.float32(1.001))

    return Changed(backend, responses=responses)


def other_view(backend: Backend) -> Any:
    def responses(*arguments: Any) -> Any:
        found = backend.responses(*arguments)
        return replace(found, view=1 - found.view)

    return Changed(backend, responses=responses)


def stiffer_prior(backend: Backend) -> Any:
    def phase(posed: Any, phase: Any, told: Any = None) -> Any:
        return backend.phase(posed, replace(phase, prior=phase.prior * np.float32(1.001)), told)

    return Changed(backend, phase=phase)


def never_stopping(backend: Backend) -> Any:
    """It tells of an iteration more than it did."""

    def phase(posed: Any, phase: Any, told: Any) -> Any:
        seen: list[Any] = []
        found = backend.phase(posed, phase, lambda index, each: seen.append(each))
        for index in range(phase.max_iterations):
            told(index, seen[min(index, len(seen) - 1)])
        return found

    return Changed(backend, phase=phase)


def other_likelihood(backend: Backend) -> Any:
    return Changed(backend, likelihood=lambda *given: backend.likelihood(*given) + 0.001)


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        (scaled_maps, "response map"),
        (other_view, "view"),
        (stiffer_prior, "normal equations"),
        (other_likelihood, "likelihood"),
    ],
)
def test_what_is_wrong_is_named(
    change: Callable[[Backend], Any],
    stage: str,
    make_teacher,
    reference: Recorded,
    exact_models: Models,
):
    teacher = make_teacher(reference.trace(CASES[0]), CASES[0])
    assert first_over(teacher, change(exact_models.backend("default"))) == stage


def test_phases_that_go_on_though_the_shape_stands_still(
    make_teacher, reference: Recorded, exact_models: Models
):
    teacher = make_teacher(reference.trace(CASES[0]), CASES[0])
    stopped = [
        step
        for step in teacher.trace.steps
        if not teacher.goes_on(step) and step.index + 1 < teacher.settings.max_iterations
    ]
    found = first_over(teacher, never_stopping(exact_models.backend("default")))
    assert found == ("stopping" if stopped else None)


@pytest.mark.skipif("cython" not in available_backends(), reason="no kernels were compiled")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_compiled_backend(case: Case, recordings: Recordings, reference: Recorded):
    models = Models("cython", recordings.model, {})
    found = compare_fit(reference, case, models, recordings.images)
    assert found.verdict.kind == "equal"
    assert all(stage.equal == stage.compared for stage in found.forced)
