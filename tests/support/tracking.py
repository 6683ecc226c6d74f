"""A fitter that does as it is told, to look at trackers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from support.model_files import small_pdm

from pyclnf import FitResult, FitSettings
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.observe import FaceObserver
from pyclnf.pdm import Parameters, PointDistributionModel
from pyclnf.typing import AnyArray, Float32Array


@dataclass
class Script:
    """A fitter that succeeds as it is told, and remembers what it was asked."""

    succeeds: Callable[[int], bool] = lambda call: True
    drift: tuple[float, float] = (1.0, 0.0)
    pdm: PointDistributionModel = field(
        default_factory=lambda: PointDistributionModel(small_pdm(), RoundedOnce())
    )
    calls: list[tuple[str, FitSettings, Parameters]] = field(default_factory=list)

    def picture(self, image: AnyArray) -> PaddedImage:
        return PaddedImage.of(image)

    def using(self, threads: int) -> Script:
        return self

    def watched_by(self, observer: FaceObserver | None) -> Script:
        return self

    def fit_shape(
        self, picture: PaddedImage, start: Parameters, settings: FitSettings
    ) -> FitResult:
        return self._fit("shape", start, settings)

    def fit_box(self, picture: PaddedImage, box: Float32Array, settings: FitSettings) -> FitResult:
        return self._fit("box", self.pdm.parameters_from_box(box), settings)

    def _fit(self, kind: str, start: Parameters, settings: FitSettings) -> FitResult:
        self.calls.append((kind, settings, start))
        global_ = start.global_.copy()
        global_[4:] += self.drift
        posed = self.pdm.pose(Parameters(global_, start.local))
        success = self.succeeds(len(self.calls) - 1)
        return FitResult(posed.landmarks, global_, start.local, 0.5, success=success, view=0)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.calls]
