"""Comparisons to make pages of: the sound candidate, and some with faults planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.recordings import Recordings

from openface_bridge.parity.faults import FAULTS, planted
from openface_bridge.parity.models import Models
from openface_bridge.parity.run import Comparison, compare_fit
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.report.page import PageWriter

ANNA = Case("anna", "default")
Faulty = Callable[[str], Comparison]
Write = Callable[..., str]


@pytest.fixture(scope="session")
def sound(comparisons: dict[Case, Comparison]) -> Comparison:
    """A fit of the sound candidate."""
    return comparisons[ANNA]


@pytest.fixture(scope="session")
def faulty(recordings: Recordings, reference: Recorded, models: Models) -> Faulty:
    """Compare a fit while a fault is planted, by its number; not one of the model's files."""
    models.backend(ANNA.setting)
    found: dict[str, Comparison] = {}

    def compare(number: str) -> Comparison:
        if number not in found:
            (fault,) = (fault for fault in FAULTS if fault.number == number)
            with planted(fault):
                found[number] = compare_fit(reference, ANNA, models, recordings.images)
        return found[number]

    return compare


@pytest.fixture(scope="session")
def named() -> Callable[[Comparison, str], Comparison]:
    """Give a comparison's face another name."""

    def rename(comparison: Comparison, face: str) -> Comparison:
        case = Case(face, comparison.case.setting)
        return replace(comparison, run=replace(comparison.run, case=case))

    return rename


@pytest.fixture(scope="session")
def write() -> Write:
    """Write a page of comparisons and return its text."""

    def page(
        path: Path, comparisons: list[Comparison], *, several: bool = False, **names: Any
    ) -> str:
        told = {"backend": "numpy", "reference": "made up", **names}
        with PageWriter(path, several=several) as writer:
            for comparison in comparisons:
                writer.add(comparison)
            writer.finish(run_summary([fit_summary(each) for each in comparisons], **told))
        return path.read_text("utf-8")

    return page
