"""What each scale is fitted with."""

from __future__ import annotations

import numpy as np
import pytest

from pyclnf import FitSettings
from pyclnf.scale_plan import plan_scale

GENERAL, WILD = (0.25, 0.35, 0.5), (0.25, 0.35, 0.5, 1.0)


@pytest.mark.parametrize(
    ("name", "patch_scales", "scale", "window_size", "reg_factor", "sigma", "weight_factor"),
    [  # as the reference's recorded fits have them
        ("default", GENERAL, 0, 11, 25, 1.5, 0),
        ("default", GENERAL, 1, 9, 17.718597412109375, 1.621356725692749, 0),
        ("default", GENERAL, 2, 7, 10, 1.75, 0),
        ("weighted", GENERAL, 0, 11, 25, 1.5, 2.5),
        ("weighted", GENERAL, 1, 9, 17.718597412109375, 1.621356725692749, 4.927134037017822),
        ("weighted", GENERAL, 2, 7, 10, 1.75, 7.5),
        ("wild", WILD, 0, 15, 35, 1.25, 2.5),
        ("wild", WILD, 1, 13, 27.718597412109375, 1.371356725692749, 4.927134037017822),
        ("wild", WILD, 2, 11, 20, 1.5, 7.5),
        ("wild", WILD, 3, 11, 20, 1.5, 7.5),
    ],
)
def test_plans(
    name: str,
    patch_scales: tuple[float, ...],
    scale: int,
    window_size: int,
    reg_factor: float,
    sigma: float,
    weight_factor: float,
):
    plan = plan_scale(FitSettings.named(name), scale, patch_scales)
    assert (plan.scale, plan.window_size) == (scale, window_size)
    for found, expected in [
        (plan.reg_factor, reg_factor),
        (plan.sigma, sigma),
        (plan.weight_factor, weight_factor),
    ]:
        assert type(found) is np.float32
        assert found == np.float32(expected)


@pytest.mark.parametrize(("reg_factor", "expected"), [(15, 0.001), (14, 0.001), (15.5, 0.5)])
def test_regularisation_stays_positive(reg_factor: float, expected: float):
    plan = plan_scale(FitSettings(reg_factor=reg_factor), 2, GENERAL)
    assert plan.reg_factor == np.float32(expected)


def test_a_patch_scale_below_the_coarsest_known_goes_the_other_way():
    plan = plan_scale(FitSettings(), 0, (0.125,))
    assert float(plan.reg_factor) == 40
    assert float(plan.sigma) == 1.25


def test_a_patch_scale_that_leaves_no_sigma():
    with pytest.raises(ValueError, match=r"^settings: sigma 0.25 becomes 0 at patch scale 0.125"):
        plan_scale(FitSettings(sigma=0.25), 0, (0.125,))
