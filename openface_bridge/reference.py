"""What a reference is: recorded or live, it gives traces of fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from openface_bridge.trace import Trace

__all__ = ["Case", "Reference"]


@dataclass(frozen=True, order=True)
class Case:
    """One fit of the reference.

    Attributes
    ----------
    face : str
        Stem of the picture's file name.
    setting : str
        A name that :meth:`pyclnf.FitSettings.named` knows.
    """

    face: str
    setting: str


class Reference(Protocol):
    """An OpenFace whose fits can be looked into."""

    @property
    def description(self) -> str:
        """What and where it is, for reports."""
        ...

    def cases(self) -> Sequence[Case]:
        """Return the fits there are, in a fixed order."""
        ...

    def trace(self, case: Case) -> Trace:
        """Return a fit's trace."""
        ...

    def rerun_landmarks(self, case: Case) -> npt.NDArray[Any] | None:
        """Return landmarks of the reference's own reruns, for its noise floor.

        (k, n, 2) px: the fit again with its box moved by one unit in the last place, and with
        other BLAS kernels. None if there were none.
        """
        ...
