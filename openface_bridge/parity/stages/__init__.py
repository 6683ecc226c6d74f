"""The stages of a fit as data. Both comparisons walk this table; adding a stage is adding a row.

Bounds count units in the last place: float32's epsilon times a magnitude that each row names.
Where a row cites Higham and Mary (SIAM J. Sci. Comput. 41, 2019), a sum of n products in float32
is taken to be off by at most 4√n·u of the sum of their sizes, u being half an epsilon: the order of
such a sum is a backend's own affair.
"""

from __future__ import annotations

from openface_bridge.parity.stages import iteration, scale
from openface_bridge.parity.stages.stage import EPS, Output, Stage

__all__ = ["EPS", "STAGES", "Output", "Stage", "stage_named"]

STAGES: tuple[Stage, ...] = (*scale.STAGES, *iteration.STAGES)
"""In the order of execution."""


def stage_named(name: str) -> Stage:
    """Return the stage of a name; KeyError if there is none."""
    return {stage.name: stage for stage in STAGES}[name]
