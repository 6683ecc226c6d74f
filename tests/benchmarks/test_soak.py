"""Soaking: what is lost, drifts or grows is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from measuring import soak as module
from measuring.soak import Scene, soak

FRAMES: list[Any] = [np.zeros((2, 2), np.uint8)] * 3


class Following:
    """A tracker whose landmarks wander, and that loses a face once."""

    def __init__(self, *, wanders_px: float = 0.0, loses: int = -1) -> None:
        self._wanders, self._loses, self._calls = wanders_px, loses, 0

    def update(self, frame: Any) -> Any:
        landmarks = np.full((5, 2), self._wanders * self._calls, np.float32)
        self._calls += 1
        return SimpleNamespace(
            fit=SimpleNamespace(landmarks=landmarks), success=self._calls != self._loses
        )


def soaked(**behaviour: Any) -> dict[str, Any]:
    tracker: Any = Following(**behaviour)
    return soak(Scene("frames", tracker, FRAMES), 0.0)


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the process seems to have, MB: as it is set, the last one for ever."""
    values = [100.0]

    def next_value(name: str) -> float:
        return values.pop(0) if len(values) > 1 else values[0]

    monkeypatch.setattr(module, "can_tell", lambda: True)
    monkeypatch.setattr(module, "megabytes", next_value)
    return values


def test_a_steady_one():
    found = soaked()
    assert found["steady"]
    assert found["frames"] == 30
    assert found["lost"] == 0


@pytest.mark.parametrize("rounds", [3, 10])
def test_a_face_not_found_at_first_or_ever(rounds: int, monkeypatch: pytest.MonkeyPatch):
    update, frames = Following.update, iter(range(30))

    def blind(self: Following, frame: Any) -> Any:
        return None if next(frames) < rounds * len(FRAMES) else update(self, frame)

    monkeypatch.setattr(Following, "update", blind)
    found = soaked()
    assert found["lost"] == rounds * len(FRAMES)
    assert not found["steady"]
    assert found["its worst"] == (None if rounds == 10 else 0.0)


def test_a_face_lost_once():
    found = soaked(loses=17)
    assert found["lost"] == 1
    assert not found["steady"]


def test_landmarks_that_drift():
    found = soaked(wanders_px=0.1)
    by_tenths = found["distance of the first frame's landmarks, px, by tenths"]
    assert by_tenths == sorted(by_tenths)
    assert not found["steady"]


def test_memory_that_grows(memory: list[float]):
    memory[:] = [100.0 + round for round in range(20)]
    assert not soaked()["steady"]
