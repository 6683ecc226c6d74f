from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyclnf import FitSettings


def test_defaults_are_those_of_openface():
    settings = FitSettings()
    assert settings.window_sizes == (11, 9, 7, 5)
    assert (settings.sigma, settings.reg_factor, settings.weight_factor) == (1.5, 25.0, 0.0)
    assert settings.max_iterations == 5


def test_in_the_wild():
    settings = FitSettings.wild()
    assert settings.window_sizes == (15, 13, 11, 11)
    assert (settings.sigma, settings.reg_factor, settings.weight_factor) == (1.25, 35.0, 2.5)
    assert settings.max_iterations == 10


def test_by_name():
    assert FitSettings.named("default") == FitSettings()
    assert FitSettings.named("weighted") == FitSettings(weight_factor=2.5)
    assert FitSettings.named("wild") == FitSettings.wild()
    assert FitSettings.named("ceclm") == FitSettings(sigma=2.25, reg_factor=22.5)
    assert FitSettings.named("ceclm-wild") == FitSettings.wild().for_ceclm()
    with pytest.raises(ValueError, match="'tame'; there are default, weighted, wild, ceclm"):
        FitSettings.named("tame")


def test_the_ce_clm_model_gets_other_factors():
    wild = FitSettings.wild().for_ceclm()
    assert (wild.sigma, wild.reg_factor, wild.weight_factor) == (1.875, 31.5, 2.5)
    assert wild.window_sizes == FitSettings.wild().window_sizes
    odd = FitSettings(sigma=1.1, reg_factor=7.7).for_ceclm()
    assert odd.sigma == np.float32(1.5) * np.float32(1.1)
    assert odd.reg_factor == np.float32(0.9) * np.float32(7.7)


def test_a_model_s_file_name_decides_as_in_openface():
    settings = FitSettings.wild()
    ceclm = Path("model", "main_ceclm_general.txt")
    assert settings.for_model(ceclm) == settings.for_ceclm() != settings
    for name in ("main_clnf_general.txt", "main_ceclm_wild.txt", "main_clm_general.txt"):
        assert settings.for_model(ceclm.with_name(name)) == settings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("window_sizes", sizes) for sizes in [(), (0,), (0, 0), (11, 8), (1,), (65,), (-11,)]],
        *[("window_sizes", sizes) for sizes in [(11.5,), ("11",), "11", (None,), (11, np.nan)]],
        *[("sigma", value) for value in [0, -1, 1e-30, 1e30, np.nan, np.inf, "1", None, 1j]],
        *[("reg_factor", value) for value in [-1, -1e-9, 1e38, np.nan, np.inf, "1", None]],
        *[("weight_factor", value) for value in [-1, 1e38, np.nan, np.inf, "1", None]],
        *[("max_iterations", value) for value in [0, -1, 2.5, np.nan, "5", None, 1001, 2**40]],
    ],
)
def test_errors_name_the_field(field: str, value: Any):
    with pytest.raises(ValueError, match=f"^{field}: "):
        FitSettings(**{field: value})


def test_numbers_of_numpy():
    settings = FitSettings(
        window_sizes=np.array([11, 0, 7]),  # type: ignore[arg-type]
        sigma=np.float32(1.5),  # type: ignore[arg-type]
        reg_factor=np.float64(0),
        max_iterations=np.int64(3),  # type: ignore[arg-type]
    )
    assert settings.window_sizes == (11, 0, 7)
    assert type(settings.window_sizes[0]) is type(settings.max_iterations) is int
    assert (settings.sigma, settings.reg_factor, settings.max_iterations) == (1.5, 0, 3)
