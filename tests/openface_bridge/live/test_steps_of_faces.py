"""What the bridge tells of detection and tracking on the way, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.networks import (
    output_layers,
    proposal_layers,
    refinement_layers,
    write_face_detector,
)

from pyclnf.detection import candidates, products, suppression
from pyclnf.detection.networks import run_network

NETWORKS = (proposal_layers(5), refinement_layers(5), output_layers(5))
SIDES = (12, 24, 48)


@pytest.fixture(scope="module")
def detector(bridge: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = write_face_detector(tmp_path_factory.mktemp("detector"), *NETWORKS)
    return bridge.FaceDetector(str(path))


def boxes_of(seed: int, count: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corners, sides = rng.uniform(0, 60, (count, 2)), rng.uniform(5, 60, (count, 2))
    return np.concatenate((corners, sides), axis=1).astype(np.float32)


@pytest.mark.parametrize("number", range(3))
def test_networks(detector: Any, recorded_kernel: None, number: int):
    rng, side = np.random.default_rng(number), SIDES[number]
    image = rng.uniform(-1, 1, (side, side, 3)).astype(np.float32)
    planes = np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1))
    ours = run_network(NETWORKS[number], planes[None], products.ReferenceOrder())[0]
    np.testing.assert_array_equal(detector.look(number, image), ours)


def test_the_proposal_network_takes_larger_pictures(detector: Any):
    image = np.random.default_rng(0).uniform(-1, 1, (20, 33, 3)).astype(np.float32)
    found = detector.look(0, image)
    assert found.shape == (6, *layers_shape(20, 33))


def layers_shape(height: int, width: int) -> tuple[int, int]:
    planes = np.zeros((1, 3, height, width), np.float32)
    found = run_network(NETWORKS[0], planes, products.RoundedOnce())
    return found.shape[2], found.shape[3]


@pytest.mark.parametrize(
    ("number", "shape"), [(-1, (12, 12, 3)), (3, (12, 12, 3)), (0, (11, 40, 3)), (1, (24, 25, 3))]
)
def test_what_networks_refuse(detector: Any, number: int, shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"^(network|image):"):
        detector.look(number, np.zeros(shape, np.float32))


@pytest.mark.parametrize("of_smaller", [False, True])
@pytest.mark.parametrize("most", [0.3, 0.5, 0.7])
def test_suppression(bridge: Any, most: float, of_smaller: bool):
    boxes = boxes_of(0)
    scores = np.random.default_rng(1).uniform(0, 1, len(boxes)).astype(np.float32)
    theirs = bridge.suppressed(boxes, scores, most, of_smaller=of_smaller)
    ours = suppression.suppress(boxes, scores, most, of_smaller=of_smaller)
    np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("inclusive", [False, True])
def test_corrections_and_squares(bridge: Any, inclusive: bool):
    boxes, rng = boxes_of(2), np.random.default_rng(3)
    corrections = rng.uniform(-0.3, 0.3, boxes.shape).astype(np.float32)
    scores = np.zeros(len(boxes), np.float32)
    given = candidates.Candidates(boxes, scores, corrections)
    moved = candidates.corrected(given, inclusive=inclusive)
    theirs = bridge.corrected(boxes, corrections, inclusive=inclusive)
    np.testing.assert_array_equal(theirs, moved.boxes)
    np.testing.assert_array_equal(bridge.squared(theirs), candidates.squared(moved).boxes)


def test_what_boxes_are_refused(bridge: Any):
    boxes = boxes_of(4, 3)
    with pytest.raises(ValueError, match="boxes"):
        bridge.squared(boxes[:, :3].copy())
    with pytest.raises(ValueError, match="corrections"):
        bridge.corrected(boxes, boxes[:2], inclusive=False)
    with pytest.raises(ValueError, match="scores"):
        bridge.suppressed(boxes, np.zeros(2, np.float32), 0.5, of_smaller=False)


def test_a_template_is_followed(small: Any, blobs: tuple[Any, Any]):
    image, box = blobs
    local = np.zeros(small.n_modes, np.float32)
    start = small.parameters_from_box(box)
    moved = small.follow_template(image, np.roll(image, (4, 8), (0, 1)), start, local)
    np.testing.assert_array_equal(moved[:4], start[:4])
    np.testing.assert_allclose(moved[4:] - start[4:], (8, 4), atol=2.5)


def test_a_face_beyond_the_picture_has_no_template(small: Any, blobs: tuple[Any, Any]):
    image, box = blobs
    start = small.parameters_from_box(box - np.array([200, 0, 0, 0], np.float32))
    with pytest.raises(ValueError, match="params_global"):
        small.follow_template(image, image, start, np.zeros(small.n_modes, np.float32))


def test_tracking_from_a_box(
    bridge: Any, small_model: Path, tmp_path: Path, blobs: tuple[Any, Any]
):
    image, box = blobs
    frame = np.ascontiguousarray(np.repeat(image[:, :, None], 3, axis=2))
    detector = write_face_detector(tmp_path, *NETWORKS)
    tracker = bridge.Tracker(str(small_model), str(detector), bridge.Settings())
    found = tracker.track(frame, box)
    alone = bridge.Model(str(small_model)).fit(image, box, bridge.Settings())
    np.testing.assert_array_equal(found["landmarks"], alone["landmarks"])
