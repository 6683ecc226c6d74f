"""The same bytes at every level, with any number of threads, in any batch: the embedded faces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from support.fixture_faces import FIXTURES

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FitResult
from pyclnf.typing import AnyArray, Float32Array

THREADS = (1, 2, 5)


@dataclass(frozen=True)
class Batch:
    """Pictures, boxes, and the reference's landmarks."""

    pictures: list[AnyArray]
    boxes: list[tuple[float, float, float, float]]
    landmarks: list[Float32Array]

    def in_order(self, order: Sequence[int]) -> Batch:
        return Batch(
            [self.pictures[i] for i in order],
            [self.boxes[i] for i in order],
            [self.landmarks[i] for i in order],
        )


@pytest.fixture(scope="module")
def batch() -> Batch:
    """The embedded faces whose fit in the default setting is recorded from a frontal start."""
    found = embedded(FIXTURES)
    pictures, boxes, landmarks = [], [], []
    for face in found.faces:
        if "default" in face.record and not any(face.rotation):
            with np.load(found.recordings / f"trace_{face.name}_default.npz") as trace:
                landmarks.append(trace["final.landmarks"])
            pictures.append(read_picture(face.picture))
            boxes.append(face.box)
    assert len(boxes) >= 4
    return Batch(pictures, boxes, landmarks)


@pytest.fixture
def clnf(level: int, monkeypatch: pytest.MonkeyPatch) -> CLNF:
    from pyclnf.kernels import _kernels

    names = {number: name for name, number in _kernels.levels().items()}
    monkeypatch.setenv("PYCLNF_SIMD", names[level])
    return CLNF(embedded(FIXTURES).model, backend="cython")


def orders(count: int) -> Iterator[list[int]]:
    """Forwards, backwards, shuffled, each of them twice in a row."""
    forwards = list(range(count))
    yield forwards
    yield forwards[::-1]
    yield np.random.default_rng(0).permutation(count).tolist()
    yield list(itertools.chain.from_iterable((i, i) for i in forwards))


def assert_reached(found: list[FitResult], batch: Batch) -> None:
    for result, landmarks in zip(found, batch.landmarks, strict=True):
        assert result.landmarks.tobytes() == landmarks.tobytes()


def test_every_level_thread_count_and_order(clnf: CLNF, batch: Batch):
    for threads, order in itertools.product(THREADS, orders(len(batch.boxes))):
        given = batch.in_order(order)
        found = clnf.fit_many(given.pictures, given.boxes, threads=threads)
        assert_reached(found, given)


def test_threads_within_a_fit(clnf: CLNF, batch: Batch):
    """Twice, because the first fit starts the threads, and the second finds them there."""
    for threads in (*THREADS, 1):
        for i in range(len(batch.boxes)):
            one = batch.in_order([i])
            for _ in range(2):
                found = clnf.fit(one.pictures[0], one.boxes[0], threads=threads)
                assert_reached([found], one)


def test_company_does_not_matter(clnf: CLNF, batch: Batch):
    nowhere, nothing = (np.nan, 0.0, 1.0, 1.0), np.zeros((0, 3), np.uint8)
    for i in range(len(batch.boxes)):
        one = batch.in_order([i])
        assert_reached(clnf.fit_many(one.pictures, one.boxes), one)
        pictures, boxes = [nothing, *one.pictures, *one.pictures], [one.boxes[0]] * 2 + [nowhere]
        refused, found, refused_too = clnf.fit_many(pictures, boxes, threads=2)
        assert_reached([found], one)
        assert not refused.success
        assert not refused_too.success


def test_hypotheses(clnf: CLNF, batch: Batch):
    """The first hypothesis is the recorded fit; all of them are the same in any thread."""
    one, turns = batch.in_order([0]), ((0.0, 0.0, 0.0), (0.0, 0.3, 0.0), (0.0, -0.3, 0.1))
    alone = [clnf.fit(one.pictures[0], one.boxes[0], rotation=turn) for turn in turns]
    assert_reached(alone[:1], one)
    for threads in THREADS:
        found = clnf.fit_hypotheses(one.pictures[0], one.boxes[0], rotations=turns, threads=threads)
        assert [fit.landmarks.tobytes() for fit in found.fits] == [
            fit.landmarks.tobytes() for fit in alone
        ]
