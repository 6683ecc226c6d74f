"""Medians, their intervals, and taking turns."""

from __future__ import annotations

import gc
import math
import time
from typing import Any

import pytest
from measuring.alternation import FEWEST_ROUNDS, Turn, alternate
from measuring.statistics import median_of, ratio_of


def missed(count: int, cut: int) -> float:
    """How often both ends, so many cut off, lie on one side of the true median: tossing coins."""
    return 2 * sum(math.comb(count, k) / 2.0**count for k in range(cut + 1))


@pytest.mark.parametrize("count", [6, 7, 9, 20, 24, 40, 101])
def test_intervals_are_as_narrow_as_they_may_be(count: int) -> None:
    found = median_of(range(count))
    assert found.median == (count - 1) / 2
    assert found.low == count - 1 - found.high
    assert missed(count, int(found.low)) <= 0.05 < missed(count, int(found.low) + 1)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_values_give_all_they_span(count: int) -> None:
    found = median_of([float(k * k) for k in range(count)])
    assert (found.low, found.high, found.count) == (0, (count - 1) ** 2, count)


def test_order_of_values_does_not_matter() -> None:
    values = [3.0, 1.0, 2.0] * 10
    assert median_of(values) == median_of(sorted(values))


def test_a_ratio_is_of_pairs() -> None:
    slow, fast = [10.0, 100.0, 10.0] * 4, [5.0, 50.0, 5.0] * 4
    assert ratio_of(slow, fast).median == ratio_of(slow, fast).low == 2.0


def test_what_cannot_be_estimated() -> None:
    with pytest.raises(ValueError, match="values: there are none"):
        median_of([])
    with pytest.raises(ValueError, match="shorter"):
        ratio_of([1.0, 2.0], [1.0])


class Clock:
    """A clock that moves when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.log: list[tuple[str, int]] = []
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def takes(self, seconds: float, name: str = "") -> Any:
        def work(index: int) -> None:
            self.now += seconds
            self.log.append((name, index))

        return work


def test_turns_are_timed_without_what_comes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    turns = {
        "a": Turn(clock.takes(2.0, "a"), before=clock.takes(64.0, "before")),
        "b": Turn(clock.takes(0.5, "b")),
    }
    found = alternate(turns, 3, most_seconds=1e9)
    assert found == {"a": [2.0] * 3, "b": [0.5] * 3}
    assert clock.log[3:] == [
        *(("before", 0), ("a", 0), ("b", 0)),
        *(("b", 1), ("before", 1), ("a", 1)),
        *(("before", 2), ("a", 2), ("b", 2)),
    ]


def test_time_runs_out_after_enough_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    found = alternate({"a": Turn(clock.takes(1.0))}, 100, most_seconds=0.5)
    assert len(found["a"]) == FEWEST_ROUNDS
    found = alternate({"a": Turn(clock.takes(1.0))}, 100, most_seconds=8.5)
    assert len(found["a"]) == 9


def test_rubbish_is_collected_again_after_a_failure() -> None:
    def fail(index: int) -> None:
        if index:
            assert not gc.isenabled()
            raise RuntimeError("failed")

    assert gc.isenabled()
    with pytest.raises(RuntimeError, match="failed"):
        alternate({"a": Turn(fail)}, 2)
    assert gc.isenabled()
