"""Response maps at forced parameters, and their differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openface_bridge.experiments.engines import Candidate
from openface_bridge.experiments.maps import map_differences, maps_to_arrays, window_settings
from openface_bridge.trace import Trace
from pyclnf.backends.base import Backend
from pyclnf.pdm import Parameters
from pyclnf.settings import FitSettings


@pytest.mark.parametrize("scale", [0, 1])
def test_maps_at_a_fits_own_parameters_are_its_maps(
    scale: int, backend: Backend, picture: Any, recorded: Trace
):
    start = f"scale{scale}.rigid.0"
    at = Parameters(recorded[f"{start}.params_global"], recorded[f"{start}.params_local"])
    engine = Candidate(backend, picture, window_settings(scale, None, 2))
    entries = engine.at_scale(scale, at).entries
    for name in ("view", "response_maps", "areas_of_interest", "base_shape", "window_size"):
        assert np.array_equal(entries[name], recorded[f"scale{scale}.{name}"]), name


def test_windows():
    assert window_settings(0, None, 3).window_sizes == (11,)
    assert window_settings(2, None, 3) == FitSettings(window_sizes=(0, 0, 7))
    assert window_settings(1, 15, 3).window_sizes == (0, 15)
    assert window_settings(5, 9, 6).window_sizes == (0, 0, 0, 0, 0, 9)


@pytest.mark.parametrize(
    ("scale", "window", "message"),
    [(3, None, "scale 3: the model has scales 0 to 2"), (-1, None, "scale -1"),
     (0, 8, "8 is neither 0 nor an odd number"), (0, 25, "odd number from 3 to 23"),
     (0, 0, "at least one scale must have a window")],
)  # fmt: skip
def test_windows_there_are_not(scale: int, window: int | None, message: str):
    with pytest.raises(ValueError, match=message):
        window_settings(scale, window, 3)


def test_scales_beyond_openfaces_own_need_a_window():
    with pytest.raises(ValueError, match="scale 4: OpenFace has no window for it"):
        window_settings(4, None, 5)


def test_differences():
    reference = np.zeros((4, 3, 3), np.float32)
    reference[:3] = 1
    reference[0, 0, 2] = 4
    candidate = reference.copy()
    candidate[0, 1, 2] += 2
    candidate[2] = 0
    found = map_differences({"response_maps": reference}, {"response_maps": candidate})
    assert [each.landmark for each in found] == [0, 1, 2]
    worst = found[0]
    assert (worst.relative, worst.x, worst.y) == (0.5, 2, 1)
    assert (worst.reference, worst.candidate) == (1, 3)
    assert found[1].relative == 0
    assert found[2].relative == float("inf")


def test_lost_values_are_the_largest_difference():
    reference = np.ones((1, 3, 3), np.float32)
    candidate = reference.copy()
    candidate[0, 2, 1] = np.nan
    (found,) = map_differences({"response_maps": reference}, {"response_maps": candidate})
    assert (found.relative, found.x, found.y) == (float("inf"), 1, 2)


def test_arrays_to_write():
    at = Parameters(np.ones(6, np.float32), np.zeros(2, np.float32))
    arrays = maps_to_arrays(at, 1, {"candidate": {"view": np.array(3)}})
    assert set(arrays) == {"params_global", "params_local", "scale", "candidate.view"}
    assert arrays["scale"] == 1
