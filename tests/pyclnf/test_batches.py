"""Many faces at once: the same bits as one by one, in order, whatever the others are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.batches import OnDevice
from support.faces import draw_face

from pyclnf import CLNF, FitResult, FitSettings
from pyclnf.backends import is_available

FACES = [draw_face(seed, scale) for seed, scale in enumerate([1.2, 0.9, 1.4, 1.1])]


@pytest.fixture
def clnf(small_model: Path, backend_name: str) -> CLNF:
    return CLNF(small_model, backend=backend_name)


def assert_same(one: FitResult, other: FitResult) -> None:
    for name in ("landmarks", "params_global", "params_local"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert (one.likelihood, one.success, one.view) == (other.likelihood, other.success, other.view)


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_a_picture_for_each_box(clnf: CLNF, threads: int | None):
    settings = FitSettings(weight_factor=2.5)
    pictures, boxes = [face.picture for face in FACES] * 2, [face.box for face in FACES] * 2
    found = clnf.fit_many(pictures, boxes, settings, threads=threads)
    assert len(found) == len(boxes)
    for result, picture, box in zip(found, pictures, boxes, strict=True):
        assert_same(result, clnf.fit(picture, box, settings))


def test_all_faces_of_one_picture(clnf: CLNF):
    face = FACES[0]
    boxes = np.array([np.asarray(face.box) + shift for shift in (0, 3, -4)])
    found = clnf.fit_many(face.picture, boxes, threads=2)
    for result, box in zip(found, boxes, strict=True):
        assert_same(result, clnf.fit(face.picture, box))


def test_the_order_of_faces_does_not_matter(clnf: CLNF):
    pictures, boxes = [face.picture for face in FACES], [face.box for face in FACES]
    forwards = clnf.fit_many(pictures, boxes, threads=2)
    backwards = clnf.fit_many(pictures[::-1], boxes[::-1], threads=3)
    for one, other in zip(forwards, backwards[::-1], strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(
    ("box", "word"),
    [((np.nan, 0, 9, 9), "bbox"), ((1, 2, -3, 4), "bbox"), ((9e4, 9e4, 9, 9), "bbox"),
     ((1, 2, 3), "bbox"), ("a box", "bbox"), ([1, [2], 3, 4], "bbox"), (None, "bbox")],
)  # fmt: skip
def test_a_bad_box_does_not_lose_the_rest(clnf: CLNF, box: Any, word: str):
    face = FACES[0]
    first, bad, last = clnf.fit_many(face.picture, [face.box, box, face.box], threads=2)
    assert_same(first, last)
    assert first.success
    assert not bad.success
    assert word in bad.failure
    assert np.isnan(bad.landmarks).all()
    assert bad.landmarks.shape == first.landmarks.shape
    assert bad.params_local.shape == first.params_local.shape


def test_a_bad_picture_does_not_lose_the_rest(clnf: CLNF):
    face = FACES[0]
    pictures = [face.picture, np.zeros((0, 5), np.uint8), face.picture]
    first, bad, last = clnf.fit_many(pictures, [face.box] * 3)
    assert_same(first, last)
    assert not bad.success
    assert "image" in bad.failure


class MadeAnew(Sequence[Any]):
    """Pictures that are other objects each time they are asked for."""

    def __len__(self) -> int:
        return len(FACES)

    def __getitem__(self, index: Any) -> Any:
        return FACES[index].picture.copy()


def test_pictures_that_are_made_anew_each_time(clnf: CLNF):
    found = clnf.fit_many(MadeAnew(), [face.box for face in FACES])
    for result, face in zip(found, FACES, strict=True):
        assert_same(result, clnf.fit(face.picture, face.box))


@pytest.mark.parametrize("name", ["numpy", "cython"])
def test_pictures_on_a_device_that_the_backend_does_not_know(small_model: Path, name: str):
    if not is_available(name):
        pytest.skip(f"backend {name} is not available")
    clnf, face = CLNF(small_model, backend=name), FACES[0]
    there: Any = OnDevice(face.picture)
    for find in (clnf.fit_many, clnf.detect_many):
        with pytest.raises(ValueError, match="image: lies in a GPU's memory"):
            find(there, [face.box])
        first, bad = find([face.picture, there], [face.box] * 2)
        assert first.success
        assert "image: lies in a GPU's memory" in bad.failure


def test_nothing_to_do(clnf: CLNF):
    assert clnf.fit_many([], []) == []
    assert clnf.fit_many(FACES[0].picture, []) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": [FACES[0].box]}, "boxes: 1 for 2 pictures"),
        ({"threads": 0}, "threads: expected a positive number"),
        ({"threads": 1.5}, "threads: expected a positive number"),
        ({"settings": "default"}, "settings: expected FitSettings"),
        ({"images": np.zeros((0, 4), np.uint8)}, "image"),
    ],
)
def test_bad_arguments(clnf: CLNF, change: dict[str, Any], message: str):
    given = {"images": [face.picture for face in FACES[:2]], "boxes": [FACES[0].box] * 2}
    with pytest.raises(ValueError, match=message):
        clnf.fit_many(**{**given, **change})
