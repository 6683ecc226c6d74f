"""Where a fit starts: a face's box, and the head pose that is tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import Trace

__all__ = ["Start"]

Array = npt.NDArray[Any]


def _upright() -> Array:
    """Return no rotation."""
    return np.zeros(3, np.float32)


@dataclass(frozen=True, eq=False)
class Start:
    """What a fit starts from.

    Attributes
    ----------
    box : (4,) float32
        x, y, width, height, px.
    rotation : (3,) float32
        Euler angles, radians: one of OpenFace's rotation hypotheses, zeros from in front.
    """

    box: Array
    rotation: Array = field(default_factory=_upright)

    @classmethod
    def of(cls, trace: Trace) -> Start:
        """Return what a trace's fit started from."""
        rotation = trace["rotation"] if "rotation" in trace else _upright()
        return cls(trace["bbox"].astype(np.float32), rotation.astype(np.float32))

    @property
    def angles(self) -> tuple[float, float, float]:
        """The rotation as pyclnf takes it."""
        rx, ry, rz = (float(angle) for angle in self.rotation)
        return rx, ry, rz
