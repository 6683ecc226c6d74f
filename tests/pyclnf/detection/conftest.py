"""Face detectors of random networks, and pictures that they find faces in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.networks import (
    output_layers,
    proposal_layers,
    refinement_layers,
    write_face_detector,
)

from pyclnf.detection import CascadeSettings

SEED = 5


@pytest.fixture(scope="session")
def face_detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a face detector of random networks."""
    networks = (proposal_layers(SEED), refinement_layers(SEED), output_layers(SEED))
    return write_face_detector(tmp_path_factory.mktemp("detector"), *networks)


@pytest.fixture(scope="session")
def lenient() -> CascadeSettings:
    """Settings with which random networks find faces."""
    return CascadeSettings(thresholds=(0.55, 0.2, 0.2))


@pytest.fixture(scope="session")
def blotches() -> np.ndarray:
    """A picture (90, 110, 3) uint8 of soft blotches."""
    rough = np.random.default_rng(0).normal(0, 1, (90, 110, 3))
    for axis in (0, 1):
        for _ in range(6):
            rough = rough + np.roll(rough, 1, axis) + np.roll(rough, -1, axis)
    spread = (rough - rough.mean()) / rough.std()
    picture: np.ndarray = np.clip(128 + 60 * spread, 0, 255).astype(np.uint8)
    return picture
