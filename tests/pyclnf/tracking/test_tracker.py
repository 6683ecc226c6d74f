"""One face from frame to frame: which fits are asked for, when it is detected, lost, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from support.tracking import Script

from pyclnf import FitSettings
from pyclnf.tracking import Tracker, TrackerSettings
from pyclnf.typing import AnyArray, ByteArray

BOX = (60.0, 50.0, 70.0, 80.0)
FRAME = np.random.default_rng(0).integers(0, 256, (200, 220), np.uint8)
INIT, TRACKING = FitSettings(), FitSettings(window_sizes=(0, 9, 7, 0))


def one_face(image: AnyArray) -> list[tuple[float, ...]]:
    return [BOX]


def test_a_face_is_detected_once_and_then_tracked():
    script = Script()
    tracker = Tracker(script, one_face)
    found = [tracker.update(FRAME) for _ in range(5)]
    assert script.kinds == ["box"] + ["shape"] * 4
    assert [each is not None and each.detected for each in found] == [True] + [False] * 4
    assert all(each is not None and each.success for each in found)
    assert [settings for _, settings, _ in script.calls] == [INIT] + [TRACKING] * 4


def test_every_fit_starts_where_the_last_one_ended():
    script = Script()
    tracker = Tracker(script, one_face)
    found = [tracker.update(FRAME) for _ in range(4)]
    for before, (_, _, start) in zip(found, script.calls[1:], strict=False):
        assert before is not None
        assert start.global_.tobytes() == before.fit.params_global.tobytes()
        assert start.local.tobytes() == before.fit.params_local.tobytes()


def test_what_becomes_of_a_result_does_not_matter():
    script = Script()
    tracker = Tracker(script, one_face)
    found = tracker.update(FRAME)
    assert found is not None
    before = found.fit.params_global.tobytes(), found.fit.params_local.tobytes()
    found.fit.params_global[:] = 0
    found.fit.params_local[:] = 0
    tracker.update(FRAME)
    [(_, _, start)] = script.calls[1:]
    assert (start.global_.tobytes(), start.local.tobytes()) == before


def test_a_lost_face_is_fitted_widely_and_detected_every_few_frames():
    script = Script(succeeds=lambda call: call == 0)
    tracker = Tracker(script, nobody_but_first(), TrackerSettings(redetect_every=3))
    found = [tracker.update(FRAME) for _ in range(8)]
    assert [each is not None and each.success for each in found] == [True] + [False] * 7
    assert [settings for _, settings, _ in script.calls[1:]] == [TRACKING] + [INIT] * 6
    assert tracker.failures == 7


def nobody_but_first() -> Callable[[AnyArray], list[tuple[float, ...]]]:
    boxes: list[list[tuple[float, ...]]] = [[BOX]]
    return lambda image: boxes.pop() if boxes else []


@dataclass
class Lookout:
    """Finds a face in some frames, whose grey is their number; remembers where it looked."""

    sees: set[int]
    looked: list[int] = field(default_factory=list)

    def __call__(self, image: AnyArray) -> list[tuple[float, ...]]:
        self.looked.append(int(image[0, 0]))
        return [BOX] if self.looked[-1] in self.sees else []


def numbered(count: int) -> list[ByteArray]:
    return [np.full_like(FRAME, number) for number in range(count)]


def test_when_a_lost_face_is_looked_for():
    lookout = Lookout(sees={0})
    script = Script(succeeds=lambda call: call == 0)
    tracker = Tracker(script, lookout, TrackerSettings(redetect_every=3))
    for frame in numbered(9):
        tracker.update(frame)
    assert lookout.looked == [0, 1, 4, 7]  # at once, then every third


def test_a_detection_that_does_not_fit_leaves_the_track_as_it_was():
    script = Script(succeeds=lambda call: call == 0)
    tracker = Tracker(script, one_face, TrackerSettings(redetect_every=1))
    for _ in range(2):
        tracked = tracker.update(FRAME)
    assert script.kinds == ["box", "shape", "box"]
    assert tracked is not None
    assert not tracked.success
    assert not tracked.detected
    np.testing.assert_array_equal(
        tracked.fit.params_global[4:], script.calls[1][2].global_[4:] + np.array((1, 0), np.float32)
    )


def test_a_detection_that_fits_is_taken():
    script = Script(succeeds=lambda call: call != 1)
    tracker = Tracker(script, one_face, TrackerSettings(redetect_every=1))
    for _ in range(3):
        tracked = tracker.update(FRAME)
    assert script.kinds == ["box", "shape", "box", "shape"]
    assert tracked is not None
    assert tracked.success
    assert tracker.failures == 0
    assert script.calls[3][1] == TRACKING


def test_the_first_detection_counts_even_if_its_fit_does_not():
    tracker = Tracker(Script(succeeds=lambda call: False), one_face)
    tracked = tracker.update(FRAME)
    assert tracked is not None
    assert tracked.success
    assert not tracked.fit.success


def test_nobody_there():
    lookout, script = Lookout(sees=set()), Script()
    tracker = Tracker(script, lookout)
    for frame in numbered(30):
        assert tracker.update(frame) is None
    assert lookout.looked == [0, 12, 24]
    assert script.calls == []


def test_a_face_is_forgotten_after_many_failures():
    script = Script(succeeds=lambda call: False)
    settings = TrackerSettings(redetect_every=0, forget_after=3)
    tracker = Tracker(script, nobody_but_first(), settings)
    found = [tracker.update(FRAME) is not None for _ in range(7)]
    assert found == [True] * 5 + [False] * 2


def test_never_detected_anew():
    script = Script(succeeds=lambda call: call == 0)
    tracker = Tracker(script, one_face, TrackerSettings(redetect_every=0))
    for _ in range(6):
        tracker.update(FRAME)
    assert script.kinds == ["box"] + ["shape"] * 5


def test_boxes_that_are_given():
    script = Script()
    tracker = Tracker(script)
    assert tracker.update(FRAME) is None
    tracked = tracker.update(FRAME, BOX)
    assert tracked is not None
    assert not tracked.detected
    assert script.kinds == ["shape"]
    assert script.calls[0][1] == INIT
    expected = script.pdm.parameters_from_box(np.array(BOX, np.float32))
    assert script.calls[0][2].global_.tobytes() == expected.global_.tobytes()
    tracker.update(FRAME)
    assert script.calls[1][1] == TRACKING


@pytest.mark.parametrize("box", [(0, 0, -1, 5), (np.nan, 0, 1, 1), (1e4, 1e4, 5, 5)])
def test_boxes_that_cannot_be_used(box: tuple[float, ...]):
    with pytest.raises(ValueError, match=r"^bbox: "):
        Tracker(Script()).update(FRAME, box)


@pytest.mark.parametrize(
    ("near", "chosen"), [(None, 1), ((0.0, 0.0), 0), ((0.95, 0.5), 2), ((0.5, 0.5), 1)]
)
def test_which_face_is_followed(near: tuple[float, float] | None, chosen: int):
    boxes = [(5, 5, 30, 30), (60, 50, 70, 80), (180, 80, 35, 40)]
    script = Script(drift=(0, 0))
    tracker = Tracker(script, lambda image: boxes)
    tracker.reset(near)
    tracker.update(FRAME)
    expected = script.pdm.parameters_from_box(np.array(boxes[chosen], np.float32))
    assert script.calls[0][2].global_.tobytes() == expected.global_.tobytes()


def test_after_a_reset_the_face_is_detected():
    script = Script()
    tracker = Tracker(script, one_face)
    tracker.update(FRAME)
    tracker.reset()
    tracker.update(FRAME)
    assert script.kinds == ["box", "box"]


def test_a_template_is_followed_before_the_fit():
    def moved(frame: int) -> ByteArray:
        return np.roll(FRAME, 6 * frame, axis=1)

    for template in (False, True):
        script = Script(drift=(0, 0))
        tracker = Tracker(script, one_face, TrackerSettings(template=template, template_scale=1.0))
        for frame in range(3):
            tracker.update(moved(frame))
        starts = [start.global_[4] for _, _, start in script.calls]
        steps = np.diff(starts)
        assert np.abs(steps - (6 if template else 0)).max() <= 1


def test_the_template_is_that_of_the_frame_before():
    """Of a face that has changed its looks, an older template tells nothing."""
    random = np.random.default_rng(1)
    changed, noise = random.integers(0, 128, (2, *FRAME.shape), np.uint8)
    script = Script(drift=(0.0, 0.0))
    tracker = Tracker(script, one_face, TrackerSettings(template=True, template_scale=4.0))
    for frame in (FRAME, changed, np.roll(changed, 5, axis=1) + noise):
        tracker.update(frame)
    before, now = (start.global_[4:] for _, _, start in script.calls[1:])
    np.testing.assert_array_equal(now - before, (5, 0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": (8,)}, "window_sizes: 8"),
        ({"windows": (0, 0)}, "window_sizes: at least one"),
        ({"template_scale": 0.0}, "template_scale: "),
        ({"template_scale": 4.1}, "template_scale: must be from 0.01 to 4, got 4.1"),
        ({"template_scale": float("nan")}, "template_scale: "),
        ({"redetect_every": -1}, "redetect_every: "),
        ({"forget_after": -1}, "forget_after: "),
        ({"forget_after": float("nan")}, "forget_after: "),
        ({"redetect_every": 1.5}, "redetect_every: "),
        ({"windows": (9.5,)}, "windows: "),
        ({"fit": None}, "fit: "),
    ],
)
def test_settings_that_cannot_be_used(change: dict[str, object], message: str):
    with pytest.raises(ValueError, match=f"^{message}"):
        TrackerSettings(**change)  # type: ignore[arg-type]


def test_settings_of_another_kind():
    with pytest.raises(ValueError, match=r"^settings: expected TrackerSettings"):
        Tracker(Script(), one_face, FitSettings())  # type: ignore[arg-type]
    assert hash(TrackerSettings(windows=[0, 9])) == hash(TrackerSettings(windows=(0, 9)))  # type: ignore[arg-type]
