"""Whole fits: one face, eleven hypotheses, batches; one thread and two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from measuring.workload import DEFINITION, check_landmarks

pytestmark = pytest.mark.benchmark(max_time=0.8, min_rounds=2, warmup=False)

LARGEST_SLOW_BATCH = 8


def skip_what_takes_minutes(backend: str, threads: int = 1, count: int = 1) -> None:
    """Skip what the definition's backend would spend minutes on, to no new knowledge."""
    if backend == DEFINITION and (threads > 1 or count > LARGEST_SLOW_BATCH):
        pytest.skip(f"{backend} is too slow for this, and a face takes it as long as alone")


def test_whole_fit(
    benchmark: Any, backend_name: str, load_clnf: Callable[[str], Any], work: Any
) -> None:
    """From pictures as they lie on disk: what the stages add up to."""
    clnf = load_clnf(backend_name)
    for face in work.faces:
        found = clnf.fit(face.picture, face.box).landmarks
        check_landmarks(backend_name, found, face.landmarks, face.noise_floor)
    benchmark.extra_info.update(what="whole fit", backend=backend_name, faces=len(work.faces))
    benchmark(lambda: [clnf.fit(face.picture, face.box) for face in work.faces])


@pytest.mark.parametrize("threads", [1, 2])
def test_eleven_hypotheses(
    benchmark: Any, backend_name: str, load_clnf: Callable[[str], Any], work: Any, threads: int
) -> None:
    skip_what_takes_minutes(backend_name, threads)
    clnf, face = load_clnf(backend_name), work.faces[0]
    found = clnf.fit_hypotheses(face.grey, face.box, threads=threads)
    if face.likeliest is not None:
        check_landmarks(backend_name, found.best.landmarks, face.likeliest, face.noise_floor)
    upright = found.fits[0].landmarks
    check_landmarks(backend_name, upright, face.landmarks, face.noise_floor)
    what = {"what": "eleven hypotheses", "backend": backend_name, "threads": threads, "faces": 1}
    benchmark.extra_info.update(what)
    benchmark(clnf.fit_hypotheses, face.grey, face.box, threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [1, 8, 64])
def test_batch(
    benchmark: Any,
    backend_name: str,
    load_clnf: Callable[[str], Any],
    work: Any,
    count: int,
    threads: int,
) -> None:
    skip_what_takes_minutes(backend_name, threads, count)
    clnf, faces = load_clnf(backend_name), work.batch(count)
    pictures, boxes = [face.grey for face in faces], [face.box for face in faces]
    for face, fit in zip(faces, clnf.fit_many(pictures, boxes, threads=threads), strict=True):
        check_landmarks(backend_name, fit.landmarks, face.landmarks, face.noise_floor)
    what = {"what": f"batch of {count}", "backend": backend_name, "threads": threads}
    benchmark.extra_info.update(**what, faces=count)
    benchmark(clnf.fit_many, pictures, boxes, threads=threads)
