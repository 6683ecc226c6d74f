"""Face detectors whose suppression is the definition's."""

from __future__ import annotations

import numpy as np
import pytest
from support.face_records import candidate_of

from openface_bridge.parity.faces.mixed import MixedFaces
from openface_bridge.parity.faults import FACE_FAULTS, planted
from pyclnf.backends import available_backends

BOXES = np.array([[0, 0, 40, 40], [10, 10, 20, 20], [100, 100, 120, 120]], np.float32)
SCORES = np.array([0.9, 0.8, 0.7], np.float32)


@pytest.mark.skipif("cython" not in available_backends(), reason="no kernels were compiled")
def test_the_suppression_alone_is_the_definitions():
    """Of a box within another, the intersection is the whole of the smaller one."""
    candidate = candidate_of("cython")
    mixed = MixedFaces(candidate)
    ours, whole = mixed.mtcnn.networks, candidate.mtcnn.networks
    (union,) = [fault for fault in FACE_FAULTS if fault.number == "39"]
    kept = whole.suppress(BOXES, SCORES, 0.5, of_smaller=True).tolist()
    assert ours.suppress(BOXES, SCORES, 0.5, of_smaller=True).tolist() == kept == [0, 2]
    with planted(union):
        assert ours.suppress(BOXES, SCORES, 0.5, of_smaller=True).tolist() == [0, 1, 2]
        assert whole.suppress(BOXES, SCORES, 0.5, of_smaller=True).tolist() == kept
    assert mixed.mtcnn.settings is candidate.mtcnn.settings
    for name in ("backend", "parts", "validator"):
        assert getattr(mixed, name) is getattr(candidate, name)
