"""The candidate's own fit, from where the reference started, beside the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from openface_bridge.parity.candidate import returned_entries
from openface_bridge.parity.noise_floor import landmark_errors
from openface_bridge.starts import Start
from openface_bridge.trace import Trace
from pyclnf import FitSettings, TraceRecorder
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit
from pyclnf.typing import Float64Array

__all__ = ["FreeRun", "run_free"]


@dataclass(frozen=True)
class FreeRun:
    """Two fits side by side.

    Attributes
    ----------
    reference, candidate : Trace
    success : bool
        Of the candidate's fit.
    """

    reference: Trace
    candidate: Trace
    success: bool

    @cached_property
    def errors(self) -> Float64Array:
        """Distance of each landmark, (n,) px."""
        return landmark_errors(self.candidate["final.landmarks"], self.reference["final.landmarks"])

    @property
    def max_px(self) -> float:
        """The worst landmark's error."""
        return float(self.errors.max())

    @property
    def mean_px(self) -> float:
        """The mean error over landmarks."""
        return float(self.errors.mean())


def run_free(
    reference: Trace, image: PaddedImage, settings: FitSettings, backend: Backend
) -> FreeRun:
    """Fit from where the reference did and put the trace beside its own."""
    recorder = TraceRecorder(areas_of_interest=True, normal_equations=True)
    given = Start.of(reference)
    start = backend.detector.pdm.parameters_from_box(given.box, given.angles)
    result = fit(image, given.box, start, settings, backend, recorder)
    entries = {**recorder.trace, **returned_entries(result, "candidate")}
    return FreeRun(reference, Trace(entries, "candidate"), result.success)
