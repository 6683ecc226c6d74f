"""Response maps of every level against :func:`pyclnf.experts.ccnf.response_maps`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.ccnf_experts import make_experts

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.experts.ccnf import ViewExperts, response_maps
from pyclnf.typing import Float32Array

# Landmarks, neurons, support, window: those of real models first, then those with other orders.
SIZES = (
    *((5, 7, 11, 11), (5, 7, 11, 9), (3, 7, 11, 7), (3, 7, 11, 5), (2, 7, 11, 15), (2, 7, 11, 13)),
    *((2, 5, 11, 10), (2, 13, 11, 12), (2, 3, 5, 4), (2, 7, 19, 6), (1, 2, 3, 19), (1, 28, 3, 9)),
    *((3, 7, 11, 1), (2, 1, 1, 3), (1, 1, 1, 1)),
)


def make_areas(n: int, side: int) -> Float32Array:
    rng = np.random.default_rng([n, side])
    areas = (rng.integers(0, 255 * 1024, (n, side, side)) / 1024).astype(np.float32)
    areas[0, : side // 2] = 7.0  # windows without contrast
    return areas


def respond(
    level: int, areas: Float32Array, experts: ViewExperts, sigmas: Float32Array
) -> Float32Array:
    from pyclnf.kernels import _kernels
    from pyclnf.kernels.prepared import Workspace, prepare_experts

    window = areas.shape[-1] - experts.support + 1
    prepared = prepare_experts(level, experts, sigmas, window)
    maps = np.full((len(areas), window, window), np.nan, np.float32)
    workspace = Workspace().floats(prepared.workspace_floats)
    workspace[...] = np.nan  # nothing may depend on what is left there
    _kernels.respond(prepared, areas, maps, workspace)
    return maps


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("scalar", [False, True], ids=["sigmas", "scalars"])
def test_maps(level: int, size: tuple[int, int, int, int], scalar: bool):
    n, neurons, support, window = size
    experts = make_experts(n, neurons, support)
    areas = make_areas(n, window + support - 1)
    rng = np.random.default_rng(window)
    shape = (n, 1, 1) if scalar else (n, window**2, window**2)
    sigmas = rng.normal(0, 1, shape).astype(np.float32)
    expected = response_maps(areas, experts, sigmas, ReferenceOrder())
    assert respond(level, areas, experts, sigmas).tobytes() == expected.tobytes()


def test_values_that_are_no_numbers_spread_over_their_map_alone(level: int):
    experts, areas = make_experts(3, 7, 11), make_areas(3, 17)
    sigmas = np.random.default_rng(0).normal(0, 1, (3, 49, 49)).astype(np.float32)
    sigmas[1, 3, 5] = np.nan
    expected = response_maps(areas, experts, sigmas, ReferenceOrder())
    found = respond(level, areas, experts, sigmas)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found, expected)


def test_infinite_sums(level: int):
    experts, areas = make_experts(2, 7, 11), make_areas(2, 17)
    weights = experts.weights.copy()
    weights[0, 2, 0], weights[1, 3, 0] = np.inf, -np.inf
    given = ViewExperts(**{**vars(experts), "weights": weights})
    sigmas = np.ones((2, 1, 1), np.float32)
    expected = response_maps(areas, given, sigmas, ReferenceOrder())
    assert respond(level, areas, given, sigmas).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.zeros((2, 7, 121), np.float32)}, "weights of bias and support"),
        ({"alphas": np.zeros((2, 6))}, r"\(v, k\) alphas"),
        ({"even_odd": np.zeros((7, 48), np.uint8)}, "orders"),
        ({"sigmas": np.zeros(2 * 49 * 49, np.float32)}, "numbers beyond"),
        ({"sigma_groups": np.array([[0, 48]], np.int32)}, "groups of all terms"),
        ({"weight_groups": np.array([[0, 8], [9, 122]], np.int32)}, "follow each other"),
        ({"window": 0}, "below 256"),
        ({"level": 9}, "no level 9"),
    ],
)
def test_shapes_are_checked(built: None, change: dict[str, Any], message: str):
    from pyclnf.kernels import _kernels

    good: dict[str, Any] = {
        "level": 0,
        "window": 7,
        "support": 11,
        "weights": np.zeros((2, 7, 122), np.float32),
        "alphas": np.zeros((2, 7)),
        "even_odd": np.zeros((7, 49), np.uint8),
        "weight_groups": np.array([[0, 122]], np.int32),
        "sigmas": np.zeros(2 * 49 * 49 + 128, np.float32),
        "scalar_sigmas": False,
        "sigma_groups": np.array([[0, 49]], np.int32),
    }
    _kernels.Experts(**good)
    with pytest.raises(ValueError, match=message):
        _kernels.Experts(**{**good, **change})


def test_arrays_of_a_call_are_checked(built: None):
    from pyclnf.kernels import _kernels
    from pyclnf.kernels.prepared import prepare_experts

    experts = prepare_experts(0, make_experts(2, 7, 11), np.ones((2, 1, 1), np.float32), 7)
    areas, maps = make_areas(2, 17), np.empty((2, 7, 7), np.float32)
    workspace = np.empty(experts.workspace_floats, np.float32)
    for wrong, message in (
        ((areas[:1], maps, workspace), "an area and a map per landmark"),
        ((make_areas(2, 16), maps, workspace), "areas"),
        ((areas, maps[:, :6, :6].copy(), workspace), "maps"),
        ((areas, maps, workspace[1:].copy()), "workspace"),
    ):
        with pytest.raises(ValueError, match=message):
            _kernels.respond(experts, *wrong)
