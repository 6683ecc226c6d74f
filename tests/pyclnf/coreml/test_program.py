"""What a saved program is: its types, its sizes, and what it makes of awkward areas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import naive
from support.model_files import expert_at, small_ccnf

from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.coreml.constants import ProgramConstants
from pyclnf.coreml.precision import FLOAT16, FLOAT32, Precision
from pyclnf.coreml.program import write_program
from pyclnf.experts.ccnf import ViewExperts, response_maps
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.typing import Float32Array

pytestmark = pytest.mark.usefixtures("converts")

WINDOW, SUPPORT, LANDMARKS = 7, 5, 20
PATCHES = small_ccnf(0.25, n_landmarks=LANDMARKS, windows=(WINDOW,), support=SUPPORT)
FILE = tuple(expert_at(PATCHES, 0, each) for each in range(LANDMARKS))
EXPERTS = ViewExperts.prepare(FILE)
COMPONENTS = PATCHES.sigma_components[WINDOW]


def sigmas(components: Float32Array | None = COMPONENTS) -> Float32Array:
    sums, betas = EXPERTS.alpha_sums, EXPERTS.betas
    return sigma_matrices(sums, betas, components, WINDOW, RoundedOnce())


def saved(
    folder: Path, precision: Precision = FLOAT32, components: Float32Array | None = COMPONENTS
):
    from support.ml_programs import read_ml_program

    path = folder / "program.mlpackage"
    constants = ProgramConstants.of(EXPERTS, sigmas(components), WINDOW, precision)
    write_program(constants, path)
    return read_ml_program(path)


def areas(low: float = 40, high: float = 90) -> Float32Array:
    rng = np.random.default_rng(3)
    side = WINDOW + SUPPORT - 1
    return rng.uniform(low, high, (LANDMARKS, side, side)).astype(np.float32)


@pytest.mark.parametrize("components", [COMPONENTS, None], ids=["Sigma", "without Sigma"])
def test_maps_are_those_of_the_papers(tmp_path: Path, components: Float32Array | None):
    seen = areas()
    maps = saved(tmp_path, FLOAT32, components)(areas=seen)["maps"]
    for found, area, expert in zip(maps, seen, FILE, strict=True):
        expected = naive.response_map(area, expert, components)
        np.testing.assert_allclose(found, expected, atol=2e-5 * expected.max())


def test_types(tmp_path: Path):
    program = saved(tmp_path, FLOAT16)
    single = np.dtype(np.float32)
    assert program.inputs == {"areas": (single, (LANDMARKS, 11, 11))}
    assert program.outputs == {"maps": (single, (LANDMARKS, WINDOW, WINDOW))}
    halves = {name for name, each in program.constants.items() if each.dtype == np.float16}
    sizes = {program.constants[name].size for name in halves}
    assert sizes == {LANDMARKS * WINDOW**4}  # Sigma, and nothing else
    products = [each.dtype for each in program.operations if each.kind == "matmul"]
    assert products == [single, single, np.dtype(np.float16)]


def test_single_precision_has_no_halves(tmp_path: Path):
    program = saved(tmp_path, FLOAT32)
    assert np.dtype(np.float16) not in {each.dtype for each in program.operations}


@pytest.mark.parametrize("precision", [FLOAT16, FLOAT32], ids=lambda each: each.name)
def test_windows_without_contrast(tmp_path: Path, precision: Precision):
    program = saved(tmp_path, precision)
    flat = np.full_like(areas(), 255)
    flat[1::2] = 0
    expected = response_maps(flat, EXPERTS, sigmas(), RoundedOnce())
    # A device's mean may not be the value itself.
    for off in (0, 2e-5, -2e-5):
        maps = program(areas=flat + np.float32(off) * flat)["maps"]
        assert (np.abs(maps - expected).max(axis=(1, 2)) <= 2e-3 * expected.max(axis=(1, 2))).all()


def test_the_faintest_contrast_counts(tmp_path: Path):
    program = saved(tmp_path)
    faint = np.full_like(areas(), 254)
    faint[:, ::3, ::2] += np.float32(1 / 1024)
    expected = response_maps(faint, EXPERTS, sigmas(), RoundedOnce())
    flat = response_maps(np.full_like(faint, 254), EXPERTS, sigmas(), RoundedOnce())
    largest = expected.max(axis=(1, 2))
    assert (np.abs(expected - flat).max(axis=(1, 2)) > 0.05 * largest).all()
    errors = np.abs(program(areas=faint)["maps"] - expected).max(axis=(1, 2))
    assert (errors < 0.02 * largest).all()


def test_areas_far_from_zero_keep_their_precision(tmp_path: Path):
    program = saved(tmp_path, FLOAT16)
    bright = np.rint(areas(240, 250))
    expected = response_maps(bright, EXPERTS, sigmas(), RoundedOnce())
    errors = np.abs(program(areas=bright)["maps"] - expected).max(axis=(1, 2))
    assert (errors <= 2e-3 * expected.max(axis=(1, 2))).all()
