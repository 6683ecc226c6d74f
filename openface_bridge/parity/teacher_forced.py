"""The teacher-forced comparison: every stage on the reference's own inputs."""

from __future__ import annotations

from dataclasses import dataclass

from openface_bridge.parity.difference import Difference, Place
from openface_bridge.parity.stages import STAGES, Stage
from openface_bridge.parity.teacher import Teacher

__all__ = ["StageResult", "compare_stages"]


@dataclass(frozen=True)
class StageResult:
    """A stage's largest difference over a fit.

    Attributes
    ----------
    stage : Stage
    error : float
        In the stage's unit; 0 where nothing was compared.
    place : Place or None
        Where it is; None where nothing was compared.
    compared, equal : int
        Number of comparisons, and of those in which every bit agreed.
    """

    stage: Stage
    error: float
    place: Place | None
    compared: int
    equal: int

    @property
    def passed(self) -> bool:
        """Whether rounding explains the largest difference."""
        return self.error <= self.stage.limit


def compare_stages(teacher: Teacher, stages: tuple[Stage, ...] = STAGES) -> list[StageResult]:
    """Compare all stages, in the order of their execution."""
    return [_summary(stage, list(stage.compare(teacher))) for stage in stages]


def _summary(stage: Stage, differences: list[Difference]) -> StageResult:
    """Reduce a stage's differences to the largest; the first one of equals."""
    if not differences:
        return StageResult(stage, 0.0, None, 0, 0)
    worst = max(differences, key=lambda difference: difference.error)
    equal = sum(difference.equal for difference in differences)
    return StageResult(stage, worst.error, worst.place, len(differences), equal)
