from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyclnf.detection import CascadeSettings


def test_the_defaults_are_openfaces():
    settings = CascadeSettings()
    assert settings.smallest_face == 60
    assert settings.thresholds == (0.6, 0.7, 0.7)


def test_whole_numbers_and_sequences_of_any_kind():
    settings = CascadeSettings(np.int64(12), [np.float32(0.5), 0, 1])  # type: ignore[arg-type]
    assert settings == CascadeSettings(12, (0.5, 0.0, 1.0))


@pytest.mark.parametrize("side", [11, 0, -60, 2**21, 60.0, "60", None])
def test_what_is_no_face(side: Any):
    with pytest.raises(ValueError, match=r"^smallest_face: "):
        CascadeSettings(smallest_face=side)


@pytest.mark.parametrize(
    "thresholds",
    [(0.5, 0.5), (0.5,) * 4, 0.5, (0.5, 0.5, 1.1), (-0.1, 0, 0), (0, 0, np.nan), "abc"],
)
def test_what_are_no_thresholds(thresholds: Any):
    with pytest.raises(ValueError, match=r"^thresholds: "):
        CascadeSettings(thresholds=thresholds)
