"""How far the reference is from itself: no threshold is honest below that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import TraceError

__all__ = ["NoiseFloor", "landmark_errors"]

_ALLOWANCE_PX = 0.005
_MULTIPLE = 2.0


@dataclass(frozen=True)
class NoiseFloor:
    """The reference's own scatter on one fit.

    Attributes
    ----------
    px : float or None
        The largest displacement of any landmark in any rerun; None if there were no reruns, or
        landmarks that are not finite.
    """

    px: float | None

    @classmethod
    def of(cls, landmarks: npt.NDArray[Any], reruns: npt.NDArray[Any] | None) -> NoiseFloor:
        """Measure it: landmarks (n, 2) of the fit, (k, n, 2) of its reruns, px.

        Raises
        ------
        TraceError
            If the reruns have another number of landmarks.
        """
        if reruns is None or len(reruns) == 0:
            return cls(None)
        if reruns.shape[1:] != landmarks.shape:
            raise TraceError(
                f"noise floor: reruns have shape {reruns.shape[1:]}, their fit {landmarks.shape}"
            )
        largest = max(float(landmark_errors(rerun, landmarks).max()) for rerun in reruns)
        return cls(largest if math.isfinite(largest) else None)

    @property
    def limit_px(self) -> float:
        """The error up to which a fit is within the floor: twice it plus 0.005 px."""
        return _MULTIPLE * (self.px or 0.0) + _ALLOWANCE_PX


def landmark_errors(
    landmarks: npt.NDArray[Any], reference: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return each landmark's distance, (n,) px; infinite where it is not finite."""
    with np.errstate(invalid="ignore"):
        apart = landmarks.astype(np.float64) - reference.astype(np.float64)
    errors = np.hypot(apart[:, 0], apart[:, 1])
    return np.where(np.isfinite(errors), errors, np.inf)
