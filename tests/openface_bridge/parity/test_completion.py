"""What a lean trace leaves out comes back in every bit, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.comparing import changed, without
from support.fixture_faces import FIXTURES

from openface_bridge.fixtures import embedded
from openface_bridge.parity.completion import completed
from openface_bridge.parity.run import Models
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

CASE = Case("ben_2", "weighted")


def is_large(name: str) -> bool:
    """Tell whether a lean trace leaves an entry out."""
    return name.endswith((".areas_of_interest", ".jacobian")) and ".0.jacobian" not in name


def assert_same(found: Trace, expected: Trace) -> None:
    assert found.entries.keys() == expected.entries.keys()
    for name, array in expected.entries.items():
        assert found[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize("all_jacobians", [False, True])
def test_lean_traces_get_back_what_they_lack(
    all_jacobians: bool, make_teacher, reference: Recorded
):
    full = reference.trace(CASE)
    lean = without(full, lambda name: is_large(name) or (all_jacobians and "jacobian" in name))
    assert len(lean.entries) < len(full.entries) - len(full.steps) / 2
    assert_same(completed(make_teacher(lean, CASE)), full)


def test_full_traces_stay_what_they_are(make_teacher, reference: Recorded):
    full = reference.trace(CASE)
    assert_same(completed(make_teacher(full, CASE)), full)


def test_what_is_there_is_not_replaced(make_teacher, reference: Recorded):
    trace = changed(reference.trace(CASE), "scale0.areas_of_interest", 1, 300)
    assert_same(completed(make_teacher(trace, CASE)), trace)


def test_a_response_map_that_does_not_follow(make_teacher, reference: Recorded):
    """From areas that give another map, the reference has not made its own."""
    full = reference.trace(CASE)
    other = changed(without(full, is_large), "scale1.response_maps", 0.01, -1)
    found = completed(make_teacher(other, CASE))
    missing = full.entries.keys() - found.entries.keys()
    assert missing == {"scale1.areas_of_interest"}


def test_an_update_that_does_not_follow(make_teacher, reference: Recorded):
    full, name = reference.trace(CASE), "scale0.nonrigid.1.params_global_out"
    found = completed(make_teacher(changed(without(full, is_large), name, 0.01), CASE))
    assert full.entries.keys() - found.entries.keys() == {"scale0.nonrigid.1.jacobian"}


def test_recordings_of_the_reference():
    """Made lean, an embedded trace gets back what OpenFace itself recorded."""
    fixtures = embedded(FIXTURES)
    case = Case("yaw60", "default")
    full = Recorded(fixtures.recordings).trace(case)
    backend = Models("numpy-exact", fixtures.model, {}).backend(case.setting)
    picture = find_picture(Path(fixtures.pictures), case.face)
    image = PaddedImage.of(to_grey(read_picture(picture)))
    lean = without(full, is_large)
    teacher = Teacher(lean, image, FitSettings.named(case.setting), backend)
    found = completed(teacher)
    assert found.entries.keys() == full.entries.keys()
    for name in filter(is_large, full.entries):
        assert np.array_equal(found[name], full[name]), name
