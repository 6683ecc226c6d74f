"""The kernels, compiled for the host: the bits of single fits, however their steps are taken."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.batches import Case, assert_same_bits, fit_batch, fit_one_by_one, open_backend
from support.faces import draw_face
from support.fixture_faces import FIXTURES
from support.host_device import HostDevice, workspace_bytes

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import FitResult, FitSettings
from pyclnf.backends.cuda import arguments

TURNS = (0.0, 0.6, -0.6)
DRAWN = [draw_face(seed, angles=(0.1, turn, 0.0)) for seed, turn in enumerate(TURNS)]
CASES = [
    Case(face.picture, face.box, (0.0, turn, 0.0)) for face, turn in zip(DRAWN, TURNS, strict=True)
]
SETTINGS = {
    "default": FitSettings(),
    "weighted": FitSettings(weight_factor=2.5),
    "small": FitSettings(window_sizes=(9, 5, 0, 0)),
    "without Sigma": FitSettings(window_sizes=(13, 15, 0, 0), max_iterations=2),
    "many terms": FitSettings(window_sizes=(19, 21, 0, 0), max_iterations=2),
}


@cache
def expected(manifest: Path, name: str) -> list[FitResult]:
    """What every team must find."""
    return fit_one_by_one(manifest, CASES, SETTINGS[name])


@pytest.mark.parametrize(
    ("team", "name"),
    [
        *itertools.product(("forwards", "backwards"), SETTINGS),
        # Real threads wait for each other thousands of times.
        *(("threads", name) for name in ("weighted", "small")),
    ],
)
def test_small_model(small_model: Path, name: str, team: str):
    found = fit_batch(open_backend(small_model, HostDevice(team)), CASES, SETTINGS[name])
    assert_same_bits(found, expected(small_model, name))
    assert {result.view for result in found} == {0, 1}


@pytest.mark.parametrize("setting", ["default", "weighted", "wild"])
def test_embedded_faces(setting: str):
    fixtures = embedded(FIXTURES)
    faces = [face for face in fixtures.faces if setting in ("default", *face.record)]
    cases = [Case(read_picture(face.picture), face.box, face.rotation) for face in faces]
    manifest = fixtures.model
    if setting == "wild":
        manifest = manifest.with_name("main_clnf_wild.txt")
    settings = FitSettings.named(setting)
    found = fit_batch(open_backend(manifest, HostDevice()), cases, settings)
    assert_same_bits(found, fit_one_by_one(manifest, cases, settings))


def test_a_gpu_with_little_shared_memory():
    """The memory of a phase is then taken elsewhere; that of response maps is not."""
    fixtures = embedded(FIXTURES)
    cases = [Case(read_picture(face.picture), face.box) for face in fixtures.faces[:2]]
    ample = HostDevice()
    whole = fit_batch(open_backend(fixtures.model, ample), cases)
    needed = ample.shared["pyclnf_fit_scale"]
    little = HostDevice(largest_shared=needed - 1)
    assert_same_bits(fit_batch(open_backend(fixtures.model, little), cases), whole)
    assert little.shared["pyclnf_fit_scale"] == 0 < ample.shared["pyclnf_respond"] < needed
    least = HostDevice(largest_shared=ample.shared["pyclnf_respond"] - 1)
    with pytest.raises(ValueError, match="shared memory"):
        fit_batch(open_backend(fixtures.model, least), cases)


@pytest.mark.parametrize(("landmarks", "modes"), [(68, 34), (12, 4), (28, 10), (5, 30), (1, 1)])
def test_memory_is_counted_as_it_is_carved(landmarks: int, modes: int):
    assert arguments.workspace_bytes(landmarks, modes) == workspace_bytes(landmarks, modes)


def test_pictures_made_grey_are_those_of_the_host(small_model: Path):
    rng = np.random.default_rng(3)
    colour = rng.integers(0, 256, (*DRAWN[0].picture.shape[:2], 3), np.uint8)
    pictures = [
        colour,
        colour[::-1, ::-1],
        colour[:, :, ::-1],
        colour[:, :, 1],
        colour.astype(np.uint16) * 251,
        colour / np.float32(255),
        np.broadcast_to(colour[:, :, :1], colour.shape),
    ]
    cases = [Case(picture, DRAWN[0].box) for picture in pictures]
    found = fit_batch(open_backend(small_model, HostDevice()), cases)
    assert_same_bits(found, fit_one_by_one(small_model, cases))
    assert len({result.landmarks.tobytes() for result in found}) > 4
