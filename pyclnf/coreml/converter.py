"""A model's experts as saved programs, made when first asked for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pyclnf.arithmetic import Arithmetic
from pyclnf.backends import is_available
from pyclnf.coreml.constants import ProgramConstants
from pyclnf.coreml.key import program_key
from pyclnf.coreml.package_cache import PackageCache
from pyclnf.coreml.precision import Precision
from pyclnf.coreml.program import write_program
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.sigma import sigma_matrices

__all__ = ["Converter"]


class Converter:
    """Makes one program for each scale, view and window size.

    Parameters
    ----------
    experts : CCNFExperts
    precision : Precision
    cache : PackageCache
        Where programs are kept.
    """

    def __init__(self, experts: CCNFExperts, precision: Precision, cache: PackageCache) -> None:
        self.experts = experts
        self._precision = precision
        self._cache = cache

    def package(self, scale: int, view: int, window_size: int) -> Path:
        """Return the saved program of a view, which must have landmarks, and a window size.

        Raises
        ------
        BackendUnavailableError
            If coremltools is not installed.
        """
        in_view = self.experts.view(scale, view)
        components = self.experts.sigma_components(window_size)
        key = program_key(in_view, components, window_size, self._precision)
        return self._cache.get(key, partial(self._write, scale, view, window_size))

    def _write(self, scale: int, view: int, window_size: int, path: Path) -> None:
        """Convert a view's experts."""
        in_view = self.experts.view(scale, view)
        components = self.experts.sigma_components(window_size)
        sums, betas, order = in_view.alpha_sums, in_view.betas, _reference_order()
        sigmas = sigma_matrices(sums, betas, components, window_size, order)
        write_program(ProgramConstants.of(in_view, sigmas, window_size, self._precision), path)


def _reference_order() -> Arithmetic:
    """Return the arithmetic whose Sigma has the same bits on every machine, compiled if it is."""
    if is_available("cython"):
        from pyclnf.kernels.arithmetic import CompiledOrder
        from pyclnf.kernels.levels import choose_level

        return CompiledOrder(choose_level())
    from pyclnf.arithmetic.reference_order import ReferenceOrder

    return ReferenceOrder()
