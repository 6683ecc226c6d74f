from __future__ import annotations

import numpy as np
import pytest

from openface_bridge.fixtures import Face, embedded
from openface_bridge.pictures import read_picture
from pyclnf import CLNF
from pyclnf.pipeline.frame import Frame


@pytest.fixture(scope="session")
def face() -> Face:
    """A test face."""
    return next(face for face in embedded().faces if face.name == "frontal01")


@pytest.fixture(scope="session")
def clnf() -> CLNF:
    """The embedded model."""
    return CLNF(embedded().model)


@pytest.fixture(scope="session")
def frame(face: Face) -> Frame:
    """The picture of the test face."""
    return Frame(face.name, np.asarray(read_picture(face.picture)))
