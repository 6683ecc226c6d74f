from __future__ import annotations

import numpy as np
import pytest
from support import naive

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts import cen
from pyclnf.experts.cen import Pass, ViewExperts, completed
from pyclnf.model import CENLayer


def networks(
    neurons: tuple[int, ...] = (6, 4), activations: tuple[int, ...] = (2, 0, 0), support: int = 5
) -> list[tuple[CENLayer, ...]]:
    """Return three networks of random weights."""
    rng, found = np.random.default_rng(0), []
    for _ in range(3):
        layers: list[CENLayer] = []
        for count, activation in zip((*neurons, 1), activations, strict=True):
            inputs = len(layers[-1].biases) if layers else 1 + support**2
            weights = rng.standard_normal((count, inputs)).astype(np.float32)
            layers.append(CENLayer(activation, weights, rng.normal(0, 0.3, count).astype("f")))
        found.append(tuple(layers))
    return found


def greys(side: int, n: int = 3) -> np.ndarray:
    rng = np.random.default_rng([side, n])
    return (rng.integers(0, 255 * 1024, (n, side, side)) / 1024).astype(np.float32)


def view_of(*passes: Pass, n: int = 3, support: int = 5) -> ViewExperts:
    return ViewExperts(np.ones(n, np.bool_), np.ones(n, np.float32), support, passes)


def chessboard(dense: np.ndarray) -> np.ndarray:
    """Return a map whose fields of even x + y are the mean of their neighbours."""
    side, found = len(dense), dense.copy()
    for y in range(side):
        for x in range(side):
            if (x + y) % 2 == 0:
                beside = [(y, x - 1), (y - 1, x), (y + 1, x), (y, x + 1)]
                inside = [place for place in beside if min(place) >= 0 and max(place) < side]
                found[y, x] = np.mean([dense[place] for place in inside])
    return found


@pytest.mark.parametrize(
    ("neurons", "activations"),
    [((), (0,)), ((6,), (0, 0)), ((6, 4), (2, 0, 0)), ((6, 4), (1, 2, 0))],
)
@pytest.mark.parametrize("window", [3, 7])
def test_maps_against_the_formulas(
    neurons: tuple[int, ...], activations: tuple[int, ...], window: int, arithmetic: Arithmetic
):
    seen, areas = networks(neurons, activations), greys(window + 4)
    passes = [Pass(seen[index], index, None, both=False) for index in range(3)]
    found = cen.response_maps(areas, view_of(*passes), arithmetic)
    assert found.shape == (3, window, window)
    assert found.dtype == np.float32
    for one, area, layers in zip(found, areas, seen, strict=True):
        np.testing.assert_allclose(one, chessboard(naive.cen_outputs(area, layers)), rtol=1e-5)


@pytest.mark.parametrize("both", [False, True])
def test_a_mirrored_landmark_sees_the_picture_mirrored(both: bool, arithmetic: Arithmetic):
    first, second, _ = networks()
    areas = greys(11)
    view = view_of(
        Pass(first, 2 if both else None, 0, both),
        Pass(second, 1, None, both=False),
        *([] if both else [Pass(first, 2, None, both=False)]),
    )
    found = cen.response_maps(areas, view, arithmetic)
    mirrored = chessboard(naive.cen_outputs(areas[0, :, ::-1], first))[:, ::-1]
    np.testing.assert_allclose(found[0], mirrored, rtol=1e-5)
    np.testing.assert_allclose(found[1], chessboard(naive.cen_outputs(areas[1], second)), rtol=1e-5)
    np.testing.assert_allclose(found[2], chessboard(naive.cen_outputs(areas[2], first)), rtol=1e-5)
    assert np.abs(found[0] - chessboard(naive.cen_outputs(areas[0], first))).max() > 0.01


def test_nobody_at_the_side_of_a_landmark(arithmetic: Arithmetic):
    (layers, *_), areas = networks(), greys(9, 1)
    pair = view_of(Pass(layers, 0, None, both=True), n=1)
    alone = view_of(Pass(layers, 0, None, both=False), n=1)
    one, other = (cen.response_maps(areas, view, arithmetic) for view in (pair, alone))
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_areas_are_left_as_they_are(arithmetic: Arithmetic):
    (layers, *_), areas = networks(), greys(9, 1)
    before = areas.copy()
    cen.response_maps(areas, view_of(Pass(layers, None, 0, both=False), n=1), arithmetic)
    np.testing.assert_array_equal(areas, before)


@pytest.mark.parametrize("side", [3, 5, 11, 23])
def test_completed_maps(side: int):
    dense = np.random.default_rng(side).random((4, side, side)).astype(np.float32)
    by_columns = dense.transpose(0, 2, 1).reshape(4, -1)
    found = completed(np.ascontiguousarray(by_columns[:, 1::2]))
    assert found.shape == dense.shape
    for one, expected in zip(found, dense.astype(np.float64), strict=True):
        np.testing.assert_allclose(one, chessboard(expected), rtol=2e-7)
    # What was evaluated stays as it is.
    black = np.indices((side, side)).sum(axis=0) % 2 == 1
    np.testing.assert_array_equal(found[:, black], dense[:, black])


def test_nobody_visible(arithmetic: Arithmetic):
    found = cen.response_maps(np.zeros((0, 7, 7), np.float32), view_of(n=0), arithmetic)
    assert found.shape == (0, 3, 3)
