"""Fits from several head poses, of which the likeliest wins."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.faces import draw_face
from support.fixture_faces import FIXTURES, relative_error

from openface_bridge.fixtures import embedded
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FitResult, FitSettings, Hypotheses
from pyclnf.backends import is_available
from pyclnf.hypotheses import ROTATIONS

TURNS = ((0.0, 0.0, 0.0), (0.0, 0.6, 0.0), (0.0, -0.6, 0.0))
SAMPLES = ("sample1", "sample3", "sample4", "sample5")


def outcome(likelihood: float) -> FitResult:
    none = np.zeros(0, np.float32)
    return FitResult(none.reshape(0, 2), none, none, likelihood, success=True, view=0)


@pytest.mark.parametrize(
    ("likelihoods", "chosen"),
    [([0.5], 0), ([-3, 0.2, 0.1], 1), ([1, 1, 1], 0), ([-10, -10, -9], 2), ([0, -math.inf], 0)],
)
def test_the_first_of_the_likeliest_is_chosen(likelihoods: list[float], chosen: int):
    fits = [outcome(likelihood) for likelihood in likelihoods]
    hypotheses = Hypotheses(ROTATIONS[: len(fits)], fits, range(len(fits)))
    assert hypotheses.chosen == chosen
    assert hypotheses.best is fits[chosen]


def test_only_completed_fits_are_chosen():
    fits = [outcome(likelihood) for likelihood in (0.5, 0.1, 0.4, 0.4)]
    assert Hypotheses(ROTATIONS[:4], fits, (1, 3, 2)).chosen == 3  # the first one of equals


def test_rotations_come_in_pairs_around_the_frontal_one():
    assert len(set(ROTATIONS)) == 11
    assert ROTATIONS[0] == (0, 0, 0)
    assert {(rx, -ry, -rz) for rx, ry, rz in ROTATIONS} == set(ROTATIONS)


@pytest.mark.parametrize("threads", [1, 3, None])
def test_each_fit_is_the_one_from_its_rotation(
    small_model: Path, backend_name: str, threads: int | None
):
    clnf, face = CLNF(small_model, backend=backend_name), draw_face(1, angles=(0.1, 0.6, 0.0))
    settings = FitSettings(weight_factor=2.5)
    found = clnf.fit_hypotheses(face.picture, face.box, settings, rotations=TURNS, threads=threads)
    assert found.rotations == list(TURNS)
    for rotation, fit in zip(TURNS, found.fits, strict=True):
        alone = clnf.fit(face.picture, face.box, settings, rotation=rotation)
        assert fit.landmarks.tobytes() == alone.landmarks.tobytes()
        assert (fit.likelihood, fit.view) == (alone.likelihood, alone.view)
    assert found.best.likelihood == max(fit.likelihood for fit in found.fits)
    assert list(found.completed) == [0, 1, 2]
    assert not found.ended_early


def test_a_turned_face_is_found_from_a_turned_start():
    fixtures = embedded(FIXTURES)
    face = next(face for face in fixtures.faces if face.name == "yaw60")
    found = CLNF(fixtures.model).fit_hypotheses(
        read_picture(face.picture), face.box, rotations=ROTATIONS[:5]
    )
    frontal, best = (relative_error(face, fit) for fit in (found.fits[0], found.best))
    assert found.chosen in (1, 3)  # to the same side
    assert frontal > 0.5
    assert best < 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotations": ()}, "rotations: there are none"),
        ({"rotations": [(0, 0)]}, "rotation: expected three angles"),
        ({"rotations": [(0, math.nan, 0)]}, "rotation: "),
        ({"threads": 0}, "threads: "),
        ({"settings": "wild"}, "settings: "),
        ({"bbox": (0, 0, -1, 5)}, "bbox: "),
        ({"image": np.zeros((0, 4), np.uint8)}, "image: "),
    ],
)
def test_bad_arguments(small_model: Path, change: dict[str, Any], message: str):
    face = draw_face(0)
    given = {"image": face.picture, "bbox": face.box, "rotations": TURNS}
    with pytest.raises(ValueError, match=f"^{message}"):
        CLNF(small_model, backend="numpy").fit_hypotheses(**{**given, **change})


@pytest.fixture(scope="module")
def general(openface_data: Path) -> CLNF:
    """OpenFace's model."""
    if not is_available("cython"):
        pytest.skip("backend cython is not built, and numpy-exact would take minutes")
    return CLNF(openface_data / "model" / "main_clnf_general.txt", backend="cython")


@pytest.mark.parametrize("sample", SAMPLES)
def test_recorded_choices_of_the_reference(openface_data: Path, general: CLNF, sample: str):
    """Its landmarks to the last bit, and its likelihood to the digits that were recorded."""
    faces = json.loads((openface_data / "golden" / "results.json").read_text("utf-8"))
    face = next(face for face in faces if face["image"] == f"{sample}.jpg")
    recorded = face["runs"]["multi_view"]
    picture = cv2.imread(str(openface_data / "samples" / face["image"]))
    assert picture is not None
    found = general.fit_hypotheses(picture, face["bbox"])
    landmarks = np.array(recorded["landmarks"], np.float32).reshape(2, -1).T
    np.testing.assert_array_equal(found.best.landmarks, landmarks)
    assert found.best.likelihood == pytest.approx(recorded["likelihood"], abs=1e-8)
    assert recorded["view"] == found.fits[-1].view  # the reference keeps the last one it used
