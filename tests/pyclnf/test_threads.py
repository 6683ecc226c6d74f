"""Work in threads: in order, errors passed on."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from pyclnf.threads import in_threads


@pytest.mark.parametrize("threads", [1, 2, 7, None])
def test_results_are_in_order(threads: int | None):
    def later_ones_first(item: int) -> int:
        time.sleep(0.002 * (10 - item))
        return item * item

    assert in_threads(later_ones_first, list(range(10)), threads) == [i * i for i in range(10)]


def test_as_many_threads_as_were_asked_for():
    together = threading.Barrier(3)

    def meet(item: int) -> int:
        together.wait(timeout=30)  # breaks unless three wait at once
        return threading.get_ident()

    assert len(set(in_threads(meet, range(3), 3))) == 3


def test_one_thread_is_the_caller():
    assert in_threads(lambda _: threading.get_ident(), range(3), 1) == [threading.get_ident()] * 3


def test_the_caller_takes_part():
    def tell_thread(_: int) -> int:
        time.sleep(0.01)
        return threading.get_ident()

    found = in_threads(tell_thread, range(8), 2)
    assert threading.get_ident() in found
    assert len(set(found)) == 2


def test_nothing_to_do():
    assert in_threads(abs, [], 4) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_errors_are_passed_on(threads: int):
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda item: 1 // item, [1, 0, 2], threads)


def test_the_first_error_is_raised_and_nothing_more_begun():
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        if item == 3:
            time.sleep(0.05)  # fails later than the next one
        if item in (3, 4):
            raise ValueError(f"item {item}")
        time.sleep(0.001)

    with pytest.raises(ValueError, match="item 3"):
        in_threads(fail, range(1000), 2)
    assert len(begun) < 20


@pytest.mark.parametrize("threads", [0, -1, 1.0, True, "two"])
def test_bad_numbers_of_threads(threads: Any):
    with pytest.raises(ValueError, match=r"^threads: expected a positive number or None"):
        in_threads(abs, [], threads)
