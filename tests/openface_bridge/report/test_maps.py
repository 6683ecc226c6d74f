"""The map viewer is given what both engines have, and told what they have not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.parity.run import Comparison
from openface_bridge.report.maps import map_difference, map_views, shift_views

Faulty = Callable[[str], Comparison]


def shifts(text: str, run: Any) -> npt.NDArray[Any]:
    packed = np.frombuffer(base64.b64decode(text), "<i2")
    return packed.reshape(-1, run.reference.n_landmarks, 4)


def test_maps_of_a_sound_candidate(sound: Comparison):
    run = sound.run
    views = map_views(run)
    assert [view["scale"] for view in views] == run.reference.scales
    for view in views:
        maps = run.reference[f"scale{view['scale']}.response_maps"]
        assert view["side"] == maps.shape[1]
        assert len(base64.b64decode(view["maps"])) == maps.size
        np.testing.assert_allclose(view["high"], maps.max(axis=(1, 2)), rtol=1e-6)
        # The model's maps are below 100; 80 units in their last place are little.
        assert max(view["forced"]["apart"]) < 1e-3


def test_equal_maps_take_no_room(sound: Comparison):
    run = sound.run
    maps = {name: each for name, each in run.reference.entries.items() if "response_maps" in name}
    same = {f"response map/{name}": each for name, each in maps.items()}
    for view in map_views(replace(run, forced={**run.forced, **same})):
        assert view["forced"]["maps"] is None
        assert not any(view["forced"]["apart"])


def test_other_sizes_and_lost_values(sound: Comparison):
    run = sound.run
    maps = run.reference["scale0.response_maps"]
    name = "response map/scale0.response_maps"
    small = {**run.forced, name: maps[:, 1:, 1:]}
    assert map_views(replace(run, forced=small))[0]["forced"] is None
    assert map_difference(replace(run, forced=small), 0) is None
    lost = maps.copy()
    lost[2, 0, 0] = np.nan
    view = map_views(replace(run, forced={**run.forced, name: lost}))[0]["forced"]
    assert view["apart"][2] is None
    assert view["high"][2] is None
    assert view["apart"][3] is not None


def test_difference_in_parts_of_the_maximum(sound: Comparison, faulty: Faulty):
    small, large = map_difference(sound.run, 0), map_difference(faulty("6").run, 0)
    assert small is not None
    assert large is not None
    assert small.max() < 1e-4 < 0.5 < np.nanmax(large)


def test_shifts(sound: Comparison):
    run = sound.run
    view = shift_views(run)
    assert len(view["steps"]) == len({*run.reference.steps, *run.candidate.steps})
    first = shifts(view["reference"], run)[0] / 1000
    np.testing.assert_allclose(
        first[:, 2:], run.reference["scale0.rigid.0.mean_shift"], atol=0.00051
    )
    np.testing.assert_allclose(first[:, 0], run.reference["scale0.rigid.0.offset_x"], atol=0.00051)
    forced = shifts(view["forced"] or view["reference"], run)[0] / 1000
    np.testing.assert_allclose(forced, first, atol=0.002)


def test_iterations_of_one_engine_alone(faulty: Faulty):
    """Who stops early has no shifts after that."""
    run = faulty("20").run
    view = shift_views(run)
    free = shifts(view["free"], run)
    absent = [
        index
        for index, step in enumerate(sorted({*run.reference.steps, *run.candidate.steps}))
        if step not in run.candidate.steps
    ]
    for index in range(len(free)):
        assert (free[index] == -32768).all() == (index in absent)


def test_equal_shifts_take_no_room(sound: Comparison):
    view = shift_views(replace(sound.run, candidate=sound.run.reference))
    assert view["free"] is None
    assert view["reference"] is not None
