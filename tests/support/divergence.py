"""A fault that is not one of those listed: a candidate whose fits diverge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from openface_bridge.parity.faults.planting import planting
from pyclnf import mean_shift


@contextmanager
def diverging() -> Iterator[None]:
    """Let every fit of the candidate diverge in its second scale."""
    original = mean_shift.mean_shifts

    def faulty(maps, offsets, table, visible):
        shifts = original(maps, offsets, table, visible)
        return shifts if table.window_size == 11 else np.full_like(shifts, np.nan)

    with planting() as substitutions:
        substitutions.function(original, faulty)
        yield
