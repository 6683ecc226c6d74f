"""Backends with code of their own, of which one part is done by the definition instead.

Into that part faults can be planted, for they are planted into NumPy code; everything else is
still done by the backend's own kernels. The definition's bits are the reference's, so that a sound
part does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from openface_bridge.parity.models import Models
from openface_bridge.parity.stages import STAGES
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import PosedShape
from pyclnf.responses import Responses, spread
from pyclnf.typing import AnyArray

__all__ = ["MixedBackend", "MixedModels", "Part"]


class Part(Enum):
    """What of a fit is left to the definition."""

    MAPS = "maps"
    """Response maps, of the backend's own areas of interest."""

    RESPONSES = "responses"
    """All from the picture to the response maps."""

    PHASES = "phases"
    """The iterations, and the mean shift's kernels."""

    SUPPRESSION = "suppression"
    """Of the face detector's overlapping boxes: beyond a fit, see
    :mod:`openface_bridge.parity.faces.mixed`."""

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that belong to it, by name."""
        return _STAGES_OF[self]


_STAGES_OF = {
    Part.MAPS: ("response map",),
    Part.RESPONSES: tuple(stage.name for stage in STAGES if stage.per == "scale"),
    Part.PHASES: tuple(stage.name for stage in STAGES if stage.per == "iteration"),
    Part.SUPPRESSION: ("detector boxes",),
}


class MixedBackend(DelegatingBackend[Backend]):
    """One part by the definition, all else by a host; see :class:`pyclnf.backends.base.Backend`.

    Parameters
    ----------
    host : Backend
        The one under test.
    definition : Backend
        The same model's, in NumPy.
    part : Part
        Of a fit.
    """

    def __init__(self, host: Backend, definition: Backend, part: Part) -> None:
        super().__init__(host)
        self.definition, self.part = definition, part
        self._responding = definition if part is Part.RESPONSES else host
        self._iterating = definition if part is Part.PHASES else host

    @property
    def response_backend(self) -> str:
        """The name of the backend that makes the response maps."""
        chosen = self.definition if self.part is Part.MAPS else self._responding
        return chosen.response_backend

    def using(self, threads: int) -> MixedBackend:
        """Return this backend, whose host may use so many threads for a fit."""
        return MixedBackend(self.host.using(threads), self.definition, self.part)

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey."""
        return self._responding.picture(image)

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        found = self._responding.responses(image, posed, scale, window_size)
        if self.part is not Part.MAPS:
            return found
        experts, seen = self.definition.detector.experts, found.visible
        maps = experts.response_maps(found.areas[seen], scale, found.view)
        return replace(found, maps=spread(maps, seen))

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        self._responding.prepare(scale, view, window_size)

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        return self._iterating.kernels(window_size, sigma)

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        return self._iterating.phase(posed, phase, on_iteration)


class MixedModels(Models):
    """A candidate's models, with one part of each fit left to the definition.

    Parameters
    ----------
    models : Models
    part : Part
    """

    def __init__(self, models: Models, part: Part) -> None:
        super().__init__(models.name, models.default, models.by_setting)
        self._models, self._part = models, part

    def backend(self, setting: str) -> Backend:
        """Return the mixed backend that holds a setting's model."""
        host = self._models.backend(setting)
        return MixedBackend(host, self._models.definition.backend(setting), self._part)
