"""The backends of an installation are compared, and disagreement is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np
import pytest
from support.backends import Plant, made_up
from support.fixture_faces import FIXTURES

from pyclnf.backends import available_backends, is_exact
from pyclnf.backends.entry import Entry
from pyclnf.backends.numpy_entry import NUMPY, NUMPY_EXACT
from pyclnf.cache import ArrayCache
from pyclnf.selfcheck.comparison import WORST_BOUND, Comparison, Distances
from pyclnf.selfcheck.embedded import Embedded, embedded


class Few(Embedded):
    """Four pictures, one of which starts turned: numpy-exact is slow."""

    @property
    def faces(self) -> Any:
        names = ("frontal01", "yaw30", "cut", "frontal02")
        return tuple(face for face in super().faces if face.name in names)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return Comparison(Few(embedded(FIXTURES).folder))


def wrong(name: str, change: Callable[[Any], None], right: Entry = NUMPY, **more: Any) -> Entry:
    """Return the entry of a backend with something changed; each needs a name of its own."""

    def create(manifest_path: str | PathLike[str], cache: ArrayCache | None) -> Any:
        backend = right.create(manifest_path, cache)
        change(backend)
        return backend

    return replace(made_up(name, **more), create=create)


def other_maps(factor: float) -> Callable[[Any], None]:
    """Have all response maps multiplied."""

    def change(backend: Any) -> None:
        responses = backend.responses

        def changed(*arguments: Any) -> Any:
            found = responses(*arguments)
            return replace(found, maps=found.maps * np.float32(factor))

        backend.responses = changed

    return change


def other_phases(pixels: float) -> Callable[[Any], None]:
    """Have every phase end beside where it would."""

    def change(backend: Any) -> None:
        phase = backend.phase

        def changed(*arguments: Any) -> Any:
            found = phase(*arguments)
            parameters = found.posed.parameters
            moved = parameters.global_ + np.array([0, 0, 0, 0, pixels, 0], np.float32)
            posed = backend.detector.pdm.pose(replace(parameters, global_=moved))
            return replace(found, posed=posed)

        backend.phase = changed

    return change


def test_available_backends_agree(comparison: Comparison):
    for name in available_backends():
        found = comparison.distances(name)
        assert found.failures == ()
        assert found.fits == 6
        assert found.equal == (6 if name == "numpy" else 0)
        assert (found.equal_to_exact == 6) is is_exact(name)
        assert 0 <= found.median_px <= found.worst_px <= WORST_BOUND
        assert found.ms_per_fit > 0
        assert found.ms_per_face_together > 0


def failures(comparison: Comparison, planted: Plant, entry: Entry) -> tuple[Distances, str]:
    planted(entry)
    found = comparison.distances(entry.name)
    return found, "; ".join(found.failures)


def test_other_maps_are_seen(comparison: Comparison, planted: Plant):
    found, said = failures(comparison, planted, wrong("brighter", other_maps(1.0001)))
    assert "response maps differ by 0.0001 of their maximum, over 9.5e-06" in said
    assert found.maps == pytest.approx(1e-4, rel=0.01)


def test_maps_are_held_to_what_their_backend_promises(comparison: Comparison, planted: Plant):
    entry = replace(wrong("coarse", other_maps(1.0001)), maps_within=2e-4)
    found, said = failures(comparison, planted, entry)
    assert found.maps == pytest.approx(1e-4, rel=0.01)
    assert "response maps" not in said
    rougher = replace(wrong("rough", other_maps(1.001)), maps_within=2e-4)
    _, said = failures(comparison, planted, rougher)
    assert "differ by 0.001 of their maximum, over 0.0002" in said


def test_maps_without_numbers_are_seen(comparison: Comparison, planted: Plant):
    found, said = failures(comparison, planted, wrong("blank", other_maps(np.nan)))
    assert found.maps == np.inf
    assert "response maps differ by inf" in said


def test_other_landmarks_are_seen(comparison: Comparison, planted: Plant):
    found, said = failures(comparison, planted, wrong("beside", other_phases(0.02)))
    assert found.maps == 0
    assert found.equal == 0
    assert "the median fit is off by 0.0" in said


def test_far_landmarks_are_seen(comparison: Comparison, planted: Plant):
    _, said = failures(comparison, planted, wrong("astray", other_phases(3.0)))
    assert "the worst landmark is off by" in said


def test_a_broken_promise_of_bits_is_seen(comparison: Comparison, planted: Plant):
    entry = wrong("careless", other_maps(1 + 2**-22), NUMPY_EXACT, exact=True)
    found, said = failures(comparison, planted, entry)
    assert found.equal_to_exact < 6
    assert said == f"{6 - found.equal_to_exact} fits lack bits of numpy-exact, which it promises"


def test_a_backend_that_fails_is_seen(comparison: Comparison, planted: Plant):
    def fail(backend: Any) -> None:
        raise OSError("no driver")

    found, said = failures(comparison, planted, wrong("broken", fail))
    assert (found.fits, said) == (0, "OSError: no driver")
