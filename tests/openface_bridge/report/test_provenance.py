"""Pages name versions, and nothing of the machine."""

from __future__ import annotations

import json

import numpy as np
from support.traces import tiny_entries

from openface_bridge.report.provenance import candidate_versions, reference_versions
from openface_bridge.trace import PROVENANCE, Trace
from pyclnf import __version__


def test_candidate():
    found = dict(candidate_versions())
    assert found["pyclnf"] == __version__
    assert list(found) == ["pyclnf", "Python", "NumPy", "OpenCV"]
    assert all(version[0].isdigit() for version in found.values())


def test_reference():
    told = {"openface": "2.0.2", "blas_threads": 1, "face": "anna"}
    entries = {**tiny_entries(), PROVENANCE: np.array(json.dumps(told))}
    assert reference_versions(Trace(entries)) == [("OpenFace", "2.0.2"), ("BLAS threads", "1")]
    assert reference_versions(Trace(tiny_entries())) == []
