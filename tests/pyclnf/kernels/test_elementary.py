"""Exponentials and fused multiply-adds of every level against their definitions."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
from hypothesis import given

from pyclnf.arithmetic.elementary import expf
from pyclnf.arithmetic.fused import fused_multiply_add
from pyclnf.typing import Float32Array

EDGES = np.array(
    [
        0.0,
        -0.0,
        1e-40,
        -1e-40,
        1.0,
        -103.97,
        -104.5,
        88.72,
        88.73,
        89.5,
        1e30,
        -1e30,
        np.inf,
        -np.inf,
    ],
    np.float32,
)
ANY = st.floats(width=32, allow_nan=False)


def kernels():
    from pyclnf.kernels import _kernels

    return _kernels


def exponential(level: int, x: Float32Array) -> Float32Array:
    powers = np.empty_like(x)
    kernels().exponential(level, x, powers)
    return powers


def fused(level: int, *terms: npt.ArrayLike) -> Float32Array:
    a, b, c = (np.atleast_1d(np.asarray(term, np.float32)) for term in terms)
    sums = np.empty_like(a)
    kernels().fused(level, a, b, c, sums)
    return sums


def test_exponentials(level: int):
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**32, 200_000, np.uint32).view(np.float32)
    for x in (rng.normal(0, 30, 200_003).astype(np.float32), EDGES, bits[np.isfinite(bits)]):
        assert exponential(level, x).tobytes() == expf(x).tobytes()


def test_no_number_has_none_as_its_exponential(level: int):
    assert np.isnan(exponential(level, np.full(17, np.nan, np.float32))).all()


def test_any_length(level: int):
    for length in range(35):
        x = np.linspace(-3, 3, length, dtype=np.float32)
        assert exponential(level, x).tobytes() == expf(x).tobytes()


def test_fused_sums(level: int):
    rng = np.random.default_rng(2)
    terms = rng.normal(0, 1, (3, 100_001)).astype(np.float32)
    assert fused(level, *terms).tobytes() == fused_multiply_add(*terms).tobytes()


def test_fused_sums_that_are_nearly_halfway(level: int):
    rng = np.random.default_rng(3)
    a, b = rng.integers(-4097, 4097, (2, 100_000)).astype(np.float32)
    c = np.ldexp(rng.integers(-9, 9, 100_000).astype(np.float32), rng.integers(-40, 40, 100_000))
    assert fused(level, a, b, c).tobytes() == fused_multiply_add(a, b, c).tobytes()


def test_fused_sums_with_subnormal_results(level: int):
    # 2**-149 is the smallest float32; the exact sum is just above one and a half of it.
    assert fused(level, 2.0**-75, 2.0**-75, 2.0**-149)[0] == 2.0**-148
    assert fused(level, 2.0**-75, 2.0**-76, 2.0**-149)[0] == 2.0**-149
    assert fused(level, 2.0**-75, -(2.0**-76), 2.0**-149)[0] == 2.0**-149


@given(ANY, ANY, ANY)
def test_levels_fuse_alike(a: float, b: float, c: float):
    names = list(kernels().levels().values())
    found = {fused(level, a, b, c).tobytes() for level in names}
    exact = {np.isnan(fused(level, a, b, c)[0]) for level in names}
    assert len(exact) == 1
    assert exact == {True} or len(found) == 1
