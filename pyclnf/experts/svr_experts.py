"""The SVR patch experts of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts import svr
from pyclnf.experts.patch_experts import PatchExperts, check_support
from pyclnf.model import SVRPatchExperts
from pyclnf.typing import Float32Array

__all__ = ["SVRExperts"]


class SVRExperts(PatchExperts[SVRPatchExperts, svr.ViewExperts]):
    """Support vector regressions, see :mod:`pyclnf.experts.svr`.

    Parameters are those of :class:`PatchExperts`.

    Raises
    ------
    ModelFileError
        Also if experts of one file disagree about their support, which must be square.
    """

    kind = "SVR"

    def __init__(
        self,
        scales: Sequence[SVRPatchExperts],
        paths: Sequence[Path],
        n_landmarks: int,
        arithmetic: Arithmetic,
    ) -> None:
        super().__init__(scales, paths, n_landmarks, arithmetic)
        for data, path in zip(scales, paths, strict=True):
            seen = (expert for view in data.experts for expert in view if expert is not None)
            check_support(path, ((expert.width, expert.height) for expert in seen))

    def _prepared(self, scale: int, view: int) -> svr.ViewExperts:
        """Prepare the experts of a scale and view."""
        return svr.ViewExperts.prepare(self.scales[scale].data.experts[view])

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the response maps of a view's visible landmarks."""
        return svr.response_maps(areas, self.view(scale, view))
