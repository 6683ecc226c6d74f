"""Comparisons of the candidate that is the reference with recordings that were tampered with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.comparing import compared
from support.recordings import Recordings

from openface_bridge.parity.run import Comparison, Models
from openface_bridge.reference import Case
from openface_bridge.trace import Trace


@pytest.fixture(scope="session")
def compare(recordings: Recordings, exact_models: Models) -> Callable[[Trace, Case], Comparison]:
    """Compare with a trace, as one of a case."""
    return lambda trace, case: compared(trace, case, exact_models, recordings)
