"""A recorded face to ask pyclnf about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.run import Models
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf.backends.base import Backend


@pytest.fixture(scope="session")
def backend(exact_models: Models) -> Backend:
    """The backend that made the recordings."""
    return exact_models.backend("default")


@pytest.fixture(scope="session")
def picture(recordings: Recordings) -> np.ndarray[Any, Any]:
    """The picture of the recorded face, (H, W, 3) uint8."""
    return read_picture(find_picture(recordings.images, "anna"))


@pytest.fixture(scope="session")
def recorded(reference: Recorded) -> Trace:
    """Its fit in the default setting."""
    return reference.trace(Case("anna", "default"))
