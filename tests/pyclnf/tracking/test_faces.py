"""Several faces: who is new, who is whom, who is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.tracking import Script

from pyclnf import FitResult, FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.pdm import Parameters
from pyclnf.tracking import FaceTracker, TrackerSettings
from pyclnf.typing import AnyArray

FRAME = np.zeros((200, 400), np.uint8)
LEFT, RIGHT, MIDDLE = (10, 50, 60, 70), (300, 50, 60, 70), (150, 60, 60, 70)


class Faces(Script):
    """Fits fail right of a line; boxes are those in sight."""

    def __init__(self) -> None:
        super().__init__(drift=(0.0, 0.0))
        self.seen = 0
        self.sight: list[tuple[int, ...]] = []
        self.fails_beyond = 1e9
        self.looked = 0

    def find(self, image: AnyArray) -> list[tuple[int, ...]]:
        self.looked += 1
        return self.sight

    def picture(self, image: AnyArray) -> PaddedImage:
        self.seen += 1
        return super().picture(image)

    def fit_shape(
        self, picture: PaddedImage, start: Parameters, settings: FitSettings
    ) -> FitResult:
        self.succeeds = lambda call: bool(start.global_[4] < self.fails_beyond)
        return super().fit_shape(picture, start, settings)


@pytest.fixture
def faces() -> Faces:
    return Faces()


def test_every_face_has_a_number_that_it_keeps(faces: Faces):
    tracker = FaceTracker(faces, faces.find)
    faces.sight = [LEFT, RIGHT]
    found = [tracker.update(FRAME) for _ in range(10)]
    assert all(list(each) == [0, 1] for each in found)
    for each in found:
        assert each[0].fit.params_global[4] < 100 < each[1].fit.params_global[4]
    assert set(faces.kinds) == {"shape"}  # none is detected anew by its own tracker


def test_new_faces_are_looked_for_every_few_frames(faces: Faces):
    tracker = FaceTracker(faces, faces.find, detect_every=3)
    faces.sight = [LEFT]
    numbers = [sorted(tracker.update(FRAME)) for _ in range(2)]
    faces.sight = [LEFT, RIGHT]
    numbers += [sorted(tracker.update(FRAME)) for _ in range(3)]
    assert numbers == [[0], [0], [0], [0, 1], [0, 1]]
    assert faces.looked == 2


def test_no_more_than_there_is_room_for(faces: Faces):
    tracker = FaceTracker(faces, faces.find, most=2, detect_every=1)
    faces.sight = [LEFT, MIDDLE, RIGHT]
    assert sorted(tracker.update(FRAME)) == [0, 1]
    tracker.update(FRAME)
    assert faces.looked == 1  # nobody looks for what could not be followed


def test_a_lost_face_makes_room_and_its_number_is_not_used_again(faces: Faces):
    tracker = FaceTracker(faces, faces.find, detect_every=1, lose_after=2)
    faces.sight = [LEFT, RIGHT]
    tracker.update(FRAME)
    faces.fails_beyond, faces.sight = 200, [LEFT]
    found = [tracker.update(FRAME) for _ in range(6)]
    assert [sorted(each) for each in found] == [[0, 1]] * 4 + [[0]] * 2
    assert [each[1].success for each in found[:4]] == [False] * 4
    faces.fails_beyond, faces.sight = 1e9, [LEFT, RIGHT]
    assert sorted(tracker.update(FRAME)) == [0, 2]


@pytest.mark.parametrize(
    ("box", "same"),
    [((10, 50, 60, 70), True), ((25, 50, 60, 70), True), ((45, 50, 60, 70), False),
     ((80, 50, 60, 70), False)],
)  # fmt: skip
def test_boxes_of_faces_that_are_followed(faces: Faces, box: tuple[int, ...], same: bool):
    tracker = FaceTracker(faces, faces.find, detect_every=1)
    faces.sight = [LEFT]
    tracker.update(FRAME)
    faces.sight = [box]
    assert sorted(tracker.update(FRAME)) == ([0] if same else [0, 1])


def test_a_frame_is_made_grey_once_for_all_faces(faces: Faces):
    tracker = FaceTracker(faces, faces.find)
    faces.sight = [LEFT, MIDDLE, RIGHT]
    for frames in (1, 2, 3):
        tracker.update(FRAME)
        assert faces.seen == frames


def test_a_face_is_given_up_as_this_tracker_says_and_no_sooner(faces: Faces):
    settings = TrackerSettings(forget_after=0)
    tracker = FaceTracker(faces, faces.find, settings, detect_every=100, lose_after=1)
    faces.sight, faces.fails_beyond = [LEFT], 0
    assert [list(tracker.update(FRAME)) for _ in range(5)] == [[0], [0], [0], [], []]


class Watcher:
    """Looks at a face."""

    def on_hypotheses(self, tried: Any) -> None: ...
    def on_part(self, name: str, start: Any) -> None: ...
    def on_parts(self, whole: Any) -> None: ...
    def on_certainty(self, certainty: float) -> None: ...
    def on_template(self, before: Any, moved: Any) -> None: ...


class Audience:
    """Remembers which faces it was told of, and looks at those on the left."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def on_face(self, number: int, box: Any) -> Watcher | None:
        self.told.append(("new", number, *box.tolist()))
        return Watcher() if box[0] < 100 else None

    def on_lost(self, number: int) -> None:
        self.told.append(("lost", number))


def test_an_observer_is_told_who_comes_and_goes(faces: Faces):
    audience = Audience()
    tracker = FaceTracker(faces, faces.find, detect_every=1, lose_after=0, observer=audience)
    faces.sight = [LEFT, RIGHT]
    tracker.update(FRAME)
    assert audience.told == [("new", 0, *LEFT), ("new", 1, *RIGHT)]
    faces.fails_beyond, faces.sight = 200, []
    for _ in range(4):
        tracker.update(FRAME)
    assert audience.told[2:] == [("lost", 1)]
    faces.fails_beyond, faces.sight = 1e9, [RIGHT]
    tracker.update(FRAME)
    assert audience.told[3:] == [("new", 2, *RIGHT)]


def test_who_looks_at_a_face_must_be_able_to(faces: Faces):
    class Wrong(Audience):
        def on_face(self, number: int, box: Any) -> Any:
            return object()

    tracker = FaceTracker(faces, faces.find, observer=Wrong())
    faces.sight = [LEFT]
    with pytest.raises(ValueError, match=r"^observer: expected a TrackingObserver, got .* no on_"):
        tracker.update(FRAME)


@pytest.mark.parametrize(("threads", "each"), [(1, [1, 1, 1]), (3, [1, 1, 1]), (7, [2, 2, 2])])
@pytest.mark.parametrize("observed", [False, True])
def test_the_faces_of_a_frame_share_the_threads(threads: int, each: list[int], observed: bool):
    asked: list[int] = []

    class Sharing(Faces):
        def using(self, threads: int) -> Script:
            asked.append(threads)
            return self

    faces = Sharing()
    observer = Audience() if observed else None
    tracker = FaceTracker(faces, faces.find, threads=threads, observer=observer)
    faces.sight = [LEFT, MIDDLE, RIGHT]
    tracker.update(FRAME)
    assert asked == ([threads] * 3 if observed else each)


def test_nobody(faces: Faces):
    assert FaceTracker(faces, faces.find).update(FRAME) == {}


@pytest.mark.parametrize(
    "change",
    [{"most": 0}, {"most": 1.5}, {"detect_every": 0}, {"detect_every": "3"}, {"lose_after": -1}],
)
def test_bad_arguments(faces: Faces, change: dict[str, Any]):
    with pytest.raises(ValueError, match=rf"^{next(iter(change))}: "):
        FaceTracker(faces, faces.find, **change)
