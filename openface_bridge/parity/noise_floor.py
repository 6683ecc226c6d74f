"""How far the reference is from itself: no threshold is honest below that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.trace import TraceError
from pyclnf.typing import Float64Array

__all__ = ["NoiseFloor", "landmark_errors"]

_ALLOWANCE_PX = 0.005
_MULTIPLE = 2.0


@dataclass(frozen=True, eq=False)
class NoiseFloor:
    """The reference's own scatter on one fit.

    Attributes
    ----------
    landmarks : (n,) float64 or None
        Each landmark's largest displacement in any rerun, px; None if there were no reruns, or
        landmarks that are not finite.
    """

    landmarks: Float64Array | None

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
        apart = np.max([landmark_errors(rerun, landmarks) for rerun in reruns], axis=0)
        return cls(apart if np.isfinite(apart).all() else None)

    @property
    def px(self) -> float | None:
        """The face's floor: the largest displacement of any landmark."""
        return None if self.landmarks is None else float(self.landmarks.max())

    @property
    def limit_px(self) -> float:
        """The error up to which a fit is within the floor: twice it plus 0.005 px."""
        return _MULTIPLE * (self.px or 0.0) + _ALLOWANCE_PX

    def multiple(self, error_px: float) -> float | None:
        """Return an error in multiples of the face's floor; None where that is unknown or 0."""
        return error_px / self.px if self.px else None


def landmark_errors(
    landmarks: npt.NDArray[Any], reference: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return each landmark's distance, (n,) px; infinite where it is not finite."""
    with np.errstate(invalid="ignore"):
        apart = landmarks.astype(np.float64) - reference.astype(np.float64)
    errors = np.hypot(apart[:, 0], apart[:, 1])
    return np.where(np.isfinite(errors), errors, np.inf)
