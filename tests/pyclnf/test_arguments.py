"""Single arguments, checked: what they become, and how an error shows them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from pyclnf.arguments import (
    conforming,
    file_path,
    flag,
    function,
    instance,
    listed,
    number,
    real_numbers,
    shown,
    whole_number,
    whole_numbers,
)


def test_whole_numbers_become_int():
    for value in (3, np.int64(3), np.uint8(3)):
        found = whole_number("n", value, 3)
        assert (found, type(found)) == (3, int)
    assert whole_numbers("n", np.array([11, 9])) == whole_numbers("n", iter([11, 9])) == (11, 9)
    with pytest.raises(ValueError, match=r"^n: must be at least 4, got 3$"):
        whole_number("n", 3, 4)


def test_a_number_stays_what_it_is():
    for value in (2, 2.5, np.float32(2.5), Fraction(5, 2)):
        assert number("x", value, 2, 3) is value
    with pytest.raises(ValueError, match=r"^x: must be from 0 to 1, got 2$"):
        number("x", 2, 0, 1)


@pytest.mark.parametrize(
    "values",
    [[1, 2.5], (1, 2.5), np.array([1, 2.5], np.float16), np.array([1, Fraction(5, 2)]),
     np.ma.array([1, 2.5])],
)  # fmt: skip
def test_numbers_in_any_form_become_an_array(values: Any):
    found = real_numbers("x", values, "numbers")
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [1, 2.5])
    assert real_numbers("x", [], "numbers").shape == (0,)


def test_truth_values_become_bool():
    assert flag("f", np.True_) is True
    assert flag("f", False) is False


def test_anything_in_an_order_becomes_a_list():
    for values in ([1, 2], (1, 2), iter([1, 2]), range(1, 3), np.array([1, 2])):
        assert listed("l", values, "numbers") == [1, 2]


def test_errors_of_what_is_iterated_over_are_its_own():
    def broken() -> Any:
        yield 1
        raise TypeError("its own")

    with pytest.raises(TypeError, match="its own"):
        listed("l", broken(), "numbers")


class Opener(Protocol):
    def on_open(self) -> None: ...

    def on_close(self) -> None: ...


class Door:
    def on_open(self) -> None: ...


class Window(Door):
    def on_close(self) -> None: ...


def test_a_protocol_tells_what_is_missing():
    window = Window()
    assert conforming("o", window, Opener) is window
    with pytest.raises(
        ValueError, match=r"^o: expected an Opener, got <.*, which has no on_close$"
    ):
        conforming("o", Door(), Opener)
    with pytest.raises(ValueError, match=r"^o: expected an object, got the class Window itself$"):
        conforming("o", Window, Opener)


def test_what_is_right_is_passed_on(tmp_path: Path):
    assert instance("i", 3, int) == 3
    assert function("f", len, "a list") is len
    assert file_path("p", str(tmp_path)) == file_path("p", tmp_path) == tmp_path


def test_advice_follows():
    with pytest.raises(ValueError, match=r"^i: expected int, got 'x'; convert it$"):
        instance("i", "x", int, "; convert it")


def test_values_are_shown_in_one_short_line():
    assert shown("a") == "'a'"
    assert shown(np.zeros((2, 2))) == "array([[0., 0.], [0., 0.]])"
    assert len(shown(list(range(10000)))) == len(shown(10**400)) == 80


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_what_cannot_be_shown_is_named():
    assert shown(Unshowable()) == "<Unshowable>"
