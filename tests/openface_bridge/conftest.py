"""A reference to compare with: pyclnf's own recordings on a small model."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from support.recordings import REFERENCE_BACKEND, Recordings, write_recordings

from openface_bridge.parity.run import Comparison, Models, compare_all
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

MakeTeacher = Callable[..., Teacher]


class Remembered(Recorded):
    """Recordings that are read from disk once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._remembered = lru_cache(None)(super().trace)

    def trace(self, case: Case) -> Trace:
        return self._remembered(case)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Model, pictures, and traces of two faces in two settings; not to be changed."""
    return write_recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def reference(recordings: Recordings) -> Recorded:
    """The recordings, kept in memory."""
    return Remembered(recordings.traces)


@pytest.fixture(scope="session")
def models(recordings: Recordings) -> Models:
    """The candidate that rounds once, loaded once: not for faults in what is loaded."""
    return Models("numpy", recordings.model, {})


@pytest.fixture(scope="session")
def exact_models(recordings: Recordings) -> Models:
    """The candidate that is the reference."""
    return Models(REFERENCE_BACKEND, recordings.model, {})


@pytest.fixture(scope="session")
def comparisons(
    recordings: Recordings, reference: Recorded, models: Models
) -> dict[Case, Comparison]:
    """The sound candidate that rounds once, compared with all recordings."""
    found = compare_all(reference, models, recordings.images)
    return {comparison.case: comparison for comparison in found}


@pytest.fixture(scope="session")
def make_teacher(recordings: Recordings, exact_models: Models) -> MakeTeacher:
    """Make a teacher from a trace, with the candidate that is the reference."""

    def make(trace: Trace, case: Case) -> Teacher:
        picture = read_picture(find_picture(recordings.images, case.face))
        image = PaddedImage.of(to_grey(picture))
        backend = exact_models.backend(case.setting)
        return Teacher(trace, image, FitSettings.named(case.setting), backend)

    return make


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@pytest.fixture(scope="session")
def strict_json() -> Callable[[str], Any]:
    """A reader of JSON that knows no NaN and no infinity, as most of them."""
    return lambda text: json.loads(text, parse_constant=_refuse)
