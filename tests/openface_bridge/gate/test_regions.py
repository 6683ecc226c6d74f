"""Names for parts of a face."""

from __future__ import annotations

import pytest

from openface_bridge.gate.regions import ALL, REGIONS, landmarks_named


def test_regions_are_all_landmarks_once_each():
    assert [index for region in REGIONS.values() for index in region] == list(range(68))


def test_names():
    assert landmarks_named("mouth") == range(48, 68)
    assert landmarks_named("mouth", 68) == range(48, 68)
    assert landmarks_named("30") == range(30, 31)
    assert landmarks_named(ALL, 12) == range(12)
    assert landmarks_named("11", 12) == range(11, 12)


@pytest.mark.parametrize(
    ("name", "count"), [("chin", 68), ("68", 68), ("mouth", 12), ("12", 12), ("-1", 68), ("", 68)]
)
def test_names_of_nothing(name: str, count: int):
    with pytest.raises(ValueError, match=f"there are .*0 to {count - 1}"):
        landmarks_named(name, count)
