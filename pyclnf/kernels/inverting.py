"""The reference's order with matrices inverted by compiled kernels."""

from __future__ import annotations

import numpy as np

from pyclnf.arithmetic import blocked_cholesky
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.kernels import _kernels
from pyclnf.typing import Float32Array

__all__ = ["CompiledInverses"]


class CompiledInverses(ReferenceOrder):
    """:class:`ReferenceOrder`, the same in every bit, with fast inversions.

    Parameters
    ----------
    level : int
        Of instructions, see :func:`pyclnf.kernels.levels.choose_level`.
    """

    def __init__(self, level: int) -> None:
        self._level = level

    def invert(self, matrices: Float32Array) -> Float32Array:
        """Invert positive definite matrices, (n, p, p)."""
        size = matrices.shape[-1]
        inverses = np.empty_like(matrices, order="C")
        workspace = np.empty(_kernels.inverse_floats(self._level, size), np.float32)
        blocked = blocked_cholesky.is_blocked(size)
        given = np.ascontiguousarray(matrices)
        _kernels.invert(self._level, given, blocked, inverses, workspace)
        return inverses
