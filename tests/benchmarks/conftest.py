"""A model and faces of our own, and the calls of their fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from measuring.calls import RecordingBackend, calls_of
from measuring.workload import DEFINITION, Face
from support.faces import draw_face

from pyclnf import CLNF
from pyclnf.backends import create_backend


@pytest.fixture(scope="session")
def faces(small_model: Path) -> tuple[Face, ...]:
    """Two faces, and where the definition finds their landmarks."""
    return tuple(face_of(small_model, seed) for seed in (0, 1))


def face_of(model: Path, seed: int) -> Face:
    drawn = draw_face(seed)
    box = np.array(drawn.box, np.float32)
    landmarks = CLNF(model, backend=DEFINITION).fit(drawn.picture, box).landmarks
    return Face(str(seed), drawn.picture, drawn.picture, box, landmarks, None, 0.01)


@pytest.fixture(scope="session")
def recorded(small_model: Path, faces: tuple[Face, ...]) -> RecordingBackend:
    """The calls of the definition's fits."""
    return calls_of(create_backend(DEFINITION, small_model), faces)
