"""Two fits side by side."""

from __future__ import annotations

import numpy as np
import pytest
from support.recordings import Recordings
from support.traces import Entries, tiny_entries

from openface_bridge.parity.free_run import FreeRun, run_free
from openface_bridge.parity.run import Models
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey


@pytest.fixture
def entries() -> Entries:
    return tiny_entries({0: (2, 2), 1: (3, 1)}, optional=True)


def test_errors_of_landmarks(entries: Entries):
    moved = {**entries, "final.landmarks": entries["final.landmarks"].copy()}
    moved["final.landmarks"][0] += (3, 4)
    run = FreeRun(Trace(entries), Trace(moved), success=True)
    assert run.errors.tolist() == [5.0, 0.0]
    assert (run.max_px, run.mean_px) == (5.0, 2.5)


def test_lost_landmarks(entries: Entries):
    lost = {**entries, "final.landmarks": entries["final.landmarks"] * np.float32(np.nan)}
    run = FreeRun(Trace(entries), Trace(lost), success=False)
    assert (run.max_px, run.mean_px) == (np.inf, np.inf)


# ---- Running ----


@pytest.fixture
def image(recordings: Recordings) -> PaddedImage:
    return PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "anna"))))


def test_starts_from_the_references_box(
    image: PaddedImage, reference: Recorded, exact_models: Models
):
    trace = reference.trace(Case("anna", "default"))
    found = run_free(trace, image, FitSettings(), exact_models.backend("default"))
    assert found.success
    assert found.reference is trace
    assert all(
        np.array_equal(array, found.candidate[name]) for name, array in trace.entries.items()
    )
    kinds = {name.rpartition(".")[2] for name in found.candidate.entries.keys() ^ trace.entries}
    assert kinds == {"hessian", "right_hand_side", "change", "view", "success"}
    assert [int(found.candidate[f"final.{name}"]) for name in ("view", "success")] == [0, 1]


def test_settings_are_the_candidates(image: PaddedImage, reference: Recorded, exact_models: Models):
    trace = reference.trace(Case("anna", "default"))
    settings = FitSettings(sigma=1.75, max_iterations=2)
    found = run_free(trace, image, settings, exact_models.backend("default")).candidate
    assert found["scale0.sigma"] == trace["scale0.sigma"] + 0.25
    assert [len(found.phase(0, nonrigid=nonrigid)) for nonrigid in (False, True)] == [2, 2]


def test_starts_from_the_references_pose(
    image: PaddedImage, reference: Recorded, exact_models: Models
):
    entries = reference.trace(Case("anna", "default")).entries
    turned = Trace({**entries, "rotation": np.array((0.1, -0.2, 0.05), np.float32)})
    found = run_free(turned, image, FitSettings(), exact_models.backend("default")).candidate
    assert found["init.params_global"][1:4].tolist() == turned["rotation"].tolist()
