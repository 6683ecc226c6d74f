"""The CCNF patch experts of a model, and Sigma of the windows that fits come to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyclnf.arithmetic import Arithmetic
from pyclnf.cache import ArrayCache
from pyclnf.experts import ccnf
from pyclnf.experts.ccnf import ViewExperts
from pyclnf.experts.patch_experts import PatchExperts, check_support
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.experts.sigma_key import sigma_key
from pyclnf.model import CCNFPatchExperts, ModelFileError
from pyclnf.typing import Float32Array

__all__ = ["CCNFExperts"]

_RAW_INTENSITY = 0


class CCNFExperts(PatchExperts[CCNFPatchExperts, ViewExperts]):
    """Continuous conditional neural fields, see :mod:`pyclnf.experts.ccnf`.

    Parameters are those of :class:`PatchExperts`, and:

    cache : ArrayCache, optional
        Keeps Sigma on disk.

    Raises
    ------
    ModelFileError
        Also if experts of one file disagree about their support, which must be square, or look at
        anything but raw intensity.
    """

    kind = "CCNF"

    def __init__(
        self,
        scales: Sequence[CCNFPatchExperts],
        paths: Sequence[Path],
        n_landmarks: int,
        arithmetic: Arithmetic,
        cache: ArrayCache | None = None,
    ) -> None:
        super().__init__(scales, paths, n_landmarks, arithmetic)
        self._cache = cache
        for data, path in zip(scales, paths, strict=True):
            _check_ccnf(data, path)
        self._sigmas: dict[tuple[int, int, int], Float32Array] = {}

    def _prepared(self, scale: int, view: int) -> ViewExperts:
        """Prepare the experts of a scale and view."""
        return ViewExperts.prepare(self.scales[scale].data.experts[view])

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts, and Sigma of a window size."""
        self.sigmas(scale, view, window_size)

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the response maps of a view's visible landmarks."""
        experts = self.view(scale, view)
        sigmas = self.sigmas(scale, view, areas.shape[-1] - experts.support + 1)
        return ccnf.response_maps(areas, experts, sigmas, self._arithmetic)

    def sigmas(self, scale: int, view: int, window_size: int) -> Float32Array:
        """Return Sigma of a view's visible landmarks, (v, p, p) or (v, 1, 1) float32."""
        key = (scale, view, window_size)
        if key not in self._sigmas:
            prepared = self.build_sigmas(scale, view, window_size)
            prepared.setflags(write=False)
            return self._kept(self._sigmas, key, prepared)
        return self._sigmas[key]

    def build_sigmas(self, scale: int, view: int, window_size: int) -> Float32Array:
        """Return what :meth:`sigmas` does, for a caller that keeps them in a form of its own."""
        experts = self.view(scale, view)
        components = self.sigma_components(window_size)
        sums, betas, arithmetic = experts.alpha_sums, experts.betas, self._arithmetic

        def build() -> Float32Array:
            return sigma_matrices(sums, betas, components, window_size, arithmetic)

        if self._cache is None or components is None or not (components.size and sums.size):
            return build()
        key = sigma_key(sums, betas, components, arithmetic)
        return self._cache.get(key, (len(sums), *components.shape[1:]), build)

    def sigma_components(self, window_size: int) -> Float32Array | None:
        """Return the S_k of a window size, (b, p, p), or None if it has none.

        *Quirk:* those of the file loaded last serve all scales.
        """
        return self.scales[-1].data.sigma_components.get(window_size)


def _check_ccnf(data: CCNFPatchExperts, path: Path) -> None:
    """Raise a ModelFileError unless this package can evaluate a scale's experts."""
    seen = [expert for view in data.experts for expert in view if expert is not None]
    check_support(path, ((expert.width, expert.height) for expert in seen))
    kinds = {kind for expert in seen for kind in expert.neuron_types.tolist()}
    if kinds - {_RAW_INTENSITY}:
        expected = f"neurons that look at raw intensity (type {_RAW_INTENSITY})"
        raise ModelFileError(path, expected, f"types {sorted(kinds)}")
