"""The CEN patch experts of a model: which networks serve which landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts import cen
from pyclnf.experts.patch_experts import PatchExperts, check_support
from pyclnf.model import CENExpert, CENPatchExperts, ModelFileError
from pyclnf.typing import Float32Array

__all__ = ["CENExperts"]

_FRONTAL = 0


class CENExperts(PatchExperts[CENPatchExperts, cen.ViewExperts]):
    """Convolutional experts networks, see :mod:`pyclnf.experts.cen`.

    Parameters are those of :class:`PatchExperts`.

    Raises
    ------
    ModelFileError
        Also if experts of one file disagree about their support, which must be square, or a
        visible landmark has neither an expert of its own nor a mirrored one.

    Notes
    -----
    A landmark without layers of its own is served by the mirrored expert: in the frontal view that
    of the landmark mirrored, evaluated together with it; elsewhere that in the mirrored view.
    *Quirk:* which landmarks and views these are, the file loaded last says for all scales. Where
    both landmarks of a frontal pair have layers, the reference lets chance decide whose it takes;
    here each takes its own.
    """

    kind = "CEN"

    def __init__(
        self,
        scales: Sequence[CENPatchExperts],
        paths: Sequence[Path],
        n_landmarks: int,
        arithmetic: Arithmetic,
    ) -> None:
        super().__init__(scales, paths, n_landmarks, arithmetic)
        self._mirrored_landmarks = scales[-1].mirrored_landmarks
        self._mirrored_views = scales[-1].mirrored_views
        for scale, path in enumerate(paths):
            self._check(scale, path)

    def _check(self, scale: int, path: Path) -> None:
        """Raise a ModelFileError unless this package can evaluate a scale's experts."""
        data = self.scales[scale].data
        n_views = len(self._mirrored_views)
        if len(data.experts) != n_views:
            expected = f"{n_views} views, as in the last file, which tells how they are mirrored"
            raise ModelFileError(path, expected, f"{len(data.experts)}")
        supports: set[tuple[int, int]] = set()
        for view, landmark in np.argwhere(data.visibility).tolist():
            expert, _ = self._serving(scale, view, landmark)
            if not expert.layers:
                expected = f"an expert, or a mirrored one, of landmark {landmark} in view {view}"
                raise ModelFileError(path, expected, "none")
            supports.add((expert.width, expert.height))
            if view != _FRONTAL:  # there, the reference goes by what a landmark's own record says
                own = data.experts[view][landmark]
                supports.add((own.width, own.height))
        check_support(path, supports)

    def _serving(self, scale: int, view: int, landmark: int) -> tuple[CENExpert, bool]:
        """Return whose layers serve a visible landmark, and whether mirrored."""
        data, mirror = self.scales[scale].data, int(self._mirrored_landmarks[landmark])
        own = data.experts[view][landmark]
        if own.layers:
            return own, False
        if view != _FRONTAL:
            return data.experts[self._mirrored_views[view]][mirror], True
        is_pair = self._mirrored_landmarks[mirror] == landmark and data.visibility[view, mirror]
        return (data.experts[view][mirror] if is_pair else own), True

    def _prepared(self, scale: int, view: int) -> cen.ViewExperts:
        """Prepare the experts of a scale and view."""
        data = self.scales[scale].data
        visible = data.visibility[view].copy()
        seen = np.flatnonzero(visible).tolist()
        confidences = np.array([expert.confidence for expert in data.experts[view]], np.float32)
        return cen.ViewExperts(
            visible=visible,
            confidences=np.where(visible, confidences, np.float32(0)),
            support=self._serving(scale, view, seen[0])[0].width if seen else 1,
            passes=tuple(self._passes(scale, view, seen)),
        )

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the response maps of a view's visible landmarks."""
        return cen.response_maps(areas, self.view(scale, view), self._arithmetic)

    def _passes(self, scale: int, view: int, seen: list[int]) -> Iterator[cen.Pass]:
        """Yield how the networks of a view are evaluated for its visible landmarks."""
        place = {landmark: index for index, landmark in enumerate(seen)}
        served = {landmark: self._serving(scale, view, landmark) for landmark in seen}
        for landmark, (expert, is_mirrored) in served.items():
            mirror = int(self._mirrored_landmarks[landmark])
            if view != _FRONTAL or mirror == landmark:
                alone = place[landmark]
                upright, mirrored = (None, alone) if is_mirrored else (alone, None)
                yield cen.Pass(expert.layers, upright, mirrored, both=False)
            elif not is_mirrored:
                with_it = mirror in served and served[mirror][0] is expert
                other = place[mirror] if with_it else None
                yield cen.Pass(expert.layers, place[landmark], other, both=True)
