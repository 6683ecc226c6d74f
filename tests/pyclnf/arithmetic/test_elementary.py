from __future__ import annotations

import ctypes
import math
import platform
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyclnf.arithmetic import elementary
from pyclnf.arithmetic.elementary import asinf, atan2f, cosf, expf, sinf

NAMES = ("sinf", "cosf", "asinf", "atan2f", "expf")
SCALARS = (sinf, cosf, asinf)
RANDOM_VALUES = 20_000

# From glibc 2.36 on a processor with fused multiply-adds: the bits of the arguments, then those of
# the result. The first rows are borders, special values and arguments for which glibc's two builds
# differ; in the middle are some that glibc does not round correctly; the last are ordinary ones.
RECORDED: dict[str, list[tuple[str, ...]]] = {
    "sinf": [
        ("80000000", "80000000"),  # -0.0
        ("00000001", "00000001"),  # 1.401298464324817e-45
        ("b9800000", "b9800000"),  # -0.000244140625
        ("39800001", "39800001"),  # 0.00024414065410383046
        ("3f400000", "3f2e7fe1"),  # 0.75
        ("3f490fdb", "3f3504f3"),  # 0.7853981852531433
        ("bfc90fdb", "bf800000"),  # -1.5707963705062866
        ("40490fdb", "b3bbbd2e"),  # 3.1415927410125732
        ("4255b0a9", "bc7d08a9"),  # 53.42251968383789
        ("c2cf5854", "b82ee64e"),  # -103.67251586914062
        ("c0389fc2", "be820fdc"),  # -2.8847508430480957
        ("c0b66f58", "3f0cbdfb"),  # -5.701091766357422
        ("be73edde", "be71a0f6"),  # -0.23821207880973816
        ("c0d90534", "bef4e1a8"),  # -6.781885147094727
        ("3ef26a4b", "3ee97588"),  # 0.4734672009944916
        ("3f85910d", "3f5d39ef"),  # 1.0434890985488892
    ],
    "cosf": [
        ("80000000", "3f800000"),  # -0.0
        ("00400000", "3f800000"),  # 5.877471754111438e-39
        ("39800001", "3f7fffff"),  # 0.00024414065410383046
        ("3f400000", "3f3b4ff6"),  # 0.75
        ("bf490fdb", "3f3504f3"),  # -0.7853981852531433
        ("3fc90fdb", "b33bbd2e"),  # 1.5707963705062866
        ("40490fdb", "bf800000"),  # 3.1415927410125732
        ("418a3adb", "b7b4f770"),  # 17.278738021850586
        ("c2c55faa", "be8a34d1"),  # -98.68684387207031
        ("4099e930", "3dc7027d"),  # 4.809715270996094
        ("40873ef0", "beef21b5"),  # 4.226432800292969
        ("c0a77e84", "3eff3442"),  # -5.234193801879883
        ("c0110ab0", "bf240882"),  # -2.266277313232422
        ("be8cd128", "3f7660e8"),  # -0.27503323554992676
        ("bcfeec4d", "3f7fe045"),  # -0.03111853636801243
    ],
    "asinf": [
        ("80000000", "80000000"),  # -0.0
        ("00000001", "00000001"),  # 1.401298464324817e-45
        ("b2000000", "b2000000"),  # -7.450580596923828e-09
        ("3effffff", "3f060a91"),  # 0.4999999701976776
        ("3f000000", "3f060a92"),  # 0.5
        ("bf799999", "bfac615a"),  # -0.9749999642372131
        ("3f79999a", "3fac615c"),  # 0.9750000238418579
        ("3f7fffff", "3fc9048a"),  # 0.9999999403953552
        ("bf800000", "bfc90fdb"),  # -1.0
        ("3e791729", "3e7b9d63"),  # 0.24325241148471832
        ("3e07d08f", "3e083750"),  # 0.13263152539730072
        ("3f4d87d5", "3f6e9bf0"),  # 0.8028538823127747
        ("bf3d4853", "bf550830"),  # -0.7393848299980164
        ("3da560b9", "3da58edf"),  # 0.08075089007616043
        ("3aaca9ba", "3aaca9bd"),  # 0.0013173141051083803
        ("be2f1b33", "be2ff899"),  # -0.17100219428539276
    ],
    "atan2f": [
        ("00000000", "80000000", "40490fdb"),  # 0.0, -0.0
        ("80000000", "00000000", "80000000"),  # -0.0, 0.0
        ("80000000", "c0000000", "c0490fdb"),  # -0.0, -2.0
        ("00000000", "40400000", "00000000"),  # 0.0, 3.0
        ("3f800000", "00000000", "3fc90fdb"),  # 1.0, 0.0
        ("bf800000", "80000000", "bfc90fdb"),  # -1.0, -0.0
        ("7f800000", "ff800000", "4016cbe4"),  # inf, -inf
        ("ff800000", "7f800000", "bf490fdb"),  # -inf, inf
        ("7f800000", "c0400000", "3fc90fdb"),  # inf, -3.0
        ("40000000", "ff800000", "40490fdb"),  # 2.0, -inf
        ("40400000", "7f800000", "00000000"),  # 3.0, inf
        ("00000001", "7f61b1e6", "00000000"),  # 1.401298464324817e-45, 3.0000000054977558e+38
        ("00000001", "ff61b1e6", "40490fdb"),  # 1.401298464324817e-45, -3.0000000054977558e+38
        ("7f61b1e6", "00000001", "3fc90fdb"),  # 3.0000000054977558e+38, 1.401298464324817e-45
        ("ff61b1e6", "80000001", "bfc90fda"),  # -3.0000000054977558e+38, -1.401298464324817e-45
        ("3ee00000", "3f800000", "3ed32776"),  # 0.4375, 1.0
        ("3f800000", "bf800000", "4016cbe4"),  # 1.0, -1.0
        ("41300000", "c1800000", "402283fa"),  # 11.0, -16.0
        ("c1980000", "41800000", "bf5ef387"),  # -19.0, 16.0
        ("421c0000", "41800000", "3f973ab9"),  # 39.0, 16.0
        ("4bffffff", "3f800000", "3fc90fda"),  # 33554430.0, 1.0
        ("4c000000", "3f800000", "3fc90fdb"),  # 33554432.0, 1.0
        ("4b800000", "bf800000", "3fc90fdb"),  # 16777216.0, -1.0
        ("bf476d6c", "bf4826db", "c016e998"),  # -0.7790133953094482, -0.7818428874015808
        ("bf69795b", "bf49cbcc", "c012259a"),  # -0.9120079874992371, -0.7882659435272217
        ("bf7bcb6c", "3f168c74", "bf8415f9"),  # -0.9835727214813232, 0.588080644607544
        ("3ee96ec3", "3f2d97ea", "3f1788ba"),  # 0.4559231698513031, 0.6780992746353149
        ("bf630ee5", "bf1260f7", "c0092dc8"),  # -0.8869460225105286, -0.5717920660972595
        ("3f07a264", "bd950945", "3fda8896"),  # 0.5298216342926025, -0.0727715864777565
        ("bf799200", "bd743681", "bfd0e165"),  # -0.974884033203125, -0.05962229147553444
        ("3f1caea2", "3e41946c", "3fa2b74c"),  # 0.6120396852493286, 0.18904274702072144
        ("be98d85a", "3d886e2e", "bfacf580"),  # -0.2985256314277649, 0.06661640107631683
        ("3d94f8cf", "3f8b0d31", "3d88ed73"),  # 0.07274018973112106, 1.086340069770813
        ("bf477fa1", "bf686d62", "c01baa8c"),  # -0.7792912125587463, -0.9079190492630005
        ("3e388a0a", "3fa3892c", "3e0f7e26"),  # 0.1802140772342682, 1.2776236534118652
        ("3f01aa13", "bdf47ebf", "3fe6b0d5"),  # 0.5065013766288757, -0.11938237398862839
    ],
    "expf": [
        ("00000000", "3f800000"),  # 0.0
        ("80000000", "3f800000"),  # -0.0
        ("ff800000", "00000000"),  # -inf
        ("7f800000", "7f800000"),  # inf
        ("c3480000", "00000000"),  # -200.0
        ("42c80000", "7f800000"),  # 100.0
        ("c2cff1b3", "00000001"),  # -103.9720687866211
        ("c2cff5c3", "00000000"),  # -103.9800033569336
        ("c2bf0000", "00000956"),  # -95.5
        ("c2af0000", "006cb2bc"),  # -87.5
        ("42b17217", "7f7fff84"),  # 88.72283172607422
        ("42b17218", "7f800000"),  # 88.72283935546875
        ("3f800000", "402df854"),  # 1.0
        ("bf800000", "3ebc5ab2"),  # -1.0
        ("4202422f", "56fc9f1c"),  # 32.564632415771484
        ("c27c65d9", "11fa2993"),  # -63.09946060180664
        ("33000001", "3f800000"),  # 2.980232594040899e-08
        ("b3800000", "3f7fffff"),  # -5.960464477539063e-08
        ("419b7d1b", "4d83a150"),  # 19.436086654663086
        ("40aa9dd0", "434ecd71"),  # 5.331764221191406
        ("c17d0aa4", "3411600a"),  # -15.81509780883789
        ("c0e53860", "3a4b1032"),  # -7.1631317138671875
        ("3edb8fb0", "3fc489fc"),  # 0.428830623626709
        ("bfd1d9f9", "3e46bdf1"),  # -1.6394644975662231
    ],
}


def float32(bits: str) -> np.float32:
    return np.uint32(int(bits, 16)).view(np.float32)


def bits(value: np.float32) -> str:
    assert type(value) is np.float32
    return f"{value.view(np.uint32):08x}"


def evaluate(name: str, *arguments: np.float32) -> np.float32:
    """Call any of the functions with scalars."""
    if name == "expf":
        return np.float32(expf(np.array(arguments, np.float32))[0])
    function: Callable[..., np.float32] = getattr(elementary, name)
    return function(*arguments)


def ulps_apart(one: np.float32, other: np.float32) -> int:
    """Count the steps between neighbouring float32 numbers; both zeros are the same."""

    def rank(value: np.float32) -> int:
        magnitude = int(abs(value).view(np.uint32))
        return -magnitude if value < 0 else magnitude

    return abs(rank(one) - rank(other))


def nearly_correct(value: np.float32, exact: float) -> bool:
    return ulps_apart(value, np.float32(exact)) <= 1


def floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, width=32, allow_nan=False)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_bits(name: str):
    for *arguments, result in RECORDED[name]:
        value = evaluate(name, *map(float32, arguments))
        assert bits(value) == result, (name, arguments)


@given(floats(-8, 8) | FINITE)
def test_sine_and_cosine_within_one_ulp(x: float):
    assert nearly_correct(sinf(x), math.sin(x))
    assert nearly_correct(cosf(x), math.cos(x))


@given(floats(-8, 8) | FINITE)
def test_sine_is_odd_and_cosine_even(x: float):
    assert bits(sinf(-x)) == bits(-sinf(x))
    assert bits(cosf(-x)) == bits(cosf(x))


@given(floats(-1, 1))
def test_arcsine_within_one_ulp_and_odd(x: float):
    assert nearly_correct(asinf(x), math.asin(x))
    assert bits(asinf(-x)) == bits(-asinf(x))


@given(floats(-2, 2) | FINITE, floats(-2, 2) | FINITE)
def test_arctangent_within_one_ulp_and_odd(y: float, x: float):
    assert nearly_correct(atan2f(y, x), math.atan2(y, x))
    assert bits(atan2f(-y, x)) == bits(-atan2f(y, x))


@given(st.lists(floats(-120, 88) | floats(-1, 1), min_size=1))
def test_exponential_within_one_ulp(exponents: list[float]):
    powers = expf(np.array(exponents, np.float32))
    assert all(nearly_correct(*pair) for pair in zip(powers, map(math.exp, exponents), strict=True))


@pytest.mark.parametrize("function", SCALARS)
def test_a_scalar_is_rounded_first(function: Callable[[float | np.float32], np.float32]):
    assert bits(function(0.1)) == bits(function(np.float32(0.1)))
    assert bits(function(np.float64(0.1))) == bits(function(np.float32(0.1)))
    assert bits(atan2f(0.1, 0.7)) == bits(atan2f(np.float32(0.1), np.float32(0.7)))


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_outside_the_domain(sign: float):
    with np.errstate(all="raise"):
        assert np.isnan([sinf(sign * math.inf), cosf(sign * math.inf)]).all()
        assert np.isnan(
            [asinf(sign * x) for x in (np.nextafter(np.float32(1), 2), 3, math.inf)]
        ).all()


def test_nan():
    with np.errstate(all="raise"):
        assert np.isnan([function(math.nan) for function in SCALARS]).all()
        assert np.isnan([atan2f(math.nan, x) for x in (0.0, 1.0, math.inf, math.nan)]).all()
        assert np.isnan([atan2f(y, math.nan) for y in (0.0, 1.0, math.inf)]).all()
        signalling = np.array([0x7F800001, 0xFFC00000], np.uint32).view(np.float32)
        np.testing.assert_array_equal(
            np.isnan(expf(np.append(signalling, np.float32(0)))), [1, 1, 0]
        )


def test_the_smallest_arguments_do_not_underflow():
    smallest = np.float32(1e-45)
    with np.errstate(all="raise"):
        assert [function(smallest) for function in SCALARS] == [smallest, 1, smallest]
        assert atan2f(smallest, 3e38) == 0
        assert atan2f(3e38, -smallest) == pytest.approx(math.pi / 2)


def test_exponentials_of_the_largest_exponents():
    largest = np.array([-3e38, -200, 89, 3e38], np.float32)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(expf(largest), [0, 0, math.inf, math.inf])


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3, 5), (4095,), (4097,), (3, 4096)])
def test_exponentials_keep_shape_and_neighbours(shape: tuple[int, ...]):
    drawn = np.random.default_rng(0).normal(0, 9, shape)
    exponents = np.asarray(drawn, np.float32)
    powers = expf(exponents)
    assert powers.shape == shape
    assert powers.dtype == np.float32
    one_by_one = [expf(exponent.reshape(1))[0] for exponent in exponents.ravel()]
    np.testing.assert_array_equal(powers.ravel(), np.array(one_by_one, np.float32))


def test_exponentials_of_a_view_that_stays_as_it_is():
    exponents = np.arange(-12, 12, dtype=np.float32).reshape(4, 6)
    kept = exponents.copy()
    np.testing.assert_array_equal(expf(exponents[::2, ::-1].T), expf(exponents)[::2, ::-1].T)
    np.testing.assert_array_equal(exponents, kept)


# glibc's own functions


def glibc_version() -> tuple[int, ...]:
    library, version = platform.libc_ver()
    return tuple(map(int, version.split(".")[:2])) if library == "glibc" else ()


def of_the_c_library(name: str, arguments: Sequence[np.ndarray]) -> np.ndarray:
    function = getattr(ctypes.CDLL("libm.so.6"), name)
    function.restype = ctypes.c_float
    function.argtypes = [ctypes.c_float] * len(arguments)
    columns = (column.tolist() for column in arguments)
    return np.array([function(*row) for row in zip(*columns, strict=True)], np.float32)


def random_arguments(name: str) -> list[np.ndarray]:
    """Draw half of the values from where the fit has them and half from all bit patterns."""
    rng = np.random.default_rng(20260101)
    half = RANDOM_VALUES // 2
    usual = {"sinf": 10, "cosf": 10, "asinf": 1, "atan2f": 2, "expf": 110}[name]
    most = {"sinf": 120, "cosf": 120, "asinf": 1}.get(name, math.inf)
    last = int(np.float32(most).view(np.uint32))

    def column() -> np.ndarray:
        anything = rng.integers(0, last, half).astype(np.uint32).view(np.float32)
        anything *= rng.choice(np.array([-1, 1], np.float32), half)
        return np.concatenate([rng.uniform(-usual, usual, half).astype(np.float32), anything])

    return [column() for _ in range(2 if name == "atan2f" else 1)]


@pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() == "x86_64"),
    reason="not Linux on x86-64, the reference's platform",
)
@pytest.mark.skipif(
    not (2, 29) <= glibc_version() < (2, 41),
    reason="not glibc 2.29 to 2.40: earlier sines and later arcs are rounded otherwise",
)
@pytest.mark.parametrize("name", NAMES)
def test_all_bits_equal_those_of_glibc(name: str):
    arguments = random_arguments(name)
    if name == "expf":
        ours = expf(arguments[0])
    else:
        rows = zip(*arguments, strict=True)
        ours = np.array([evaluate(name, *row) for row in rows], np.float32)
    theirs = of_the_c_library(name, arguments)
    different = np.flatnonzero(ours.view(np.uint32) != theirs.view(np.uint32))
    assert len(ours) == RANDOM_VALUES
    assert not len(different), [column[different[:5]] for column in arguments]
