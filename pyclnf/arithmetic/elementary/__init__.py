"""The single-precision functions of the reference's C library, equal to it in every bit.

The reference takes its sines, arcs and exponentials from glibc on x86-64, and their last bits
decide which grey values move by 1/32 px. NumPy's and other C libraries round some of them
otherwise, so the same methods are carried out here in operations that IEEE 754 leaves no choice.

``sinf``, ``cosf`` and ``expf`` are those of Arm's Optimized Routines, which glibc has had since
2.29 (``expf`` since 2.27): a short polynomial in float64, rounded once. ``asinf`` and ``atan2f``
are those of Sun's fdlibm, rounded to float32 after every operation, which glibc had up to 2.40.

glibc has the first three in two builds and takes the one with fused multiply-adds where the
processor has them, as all since about 2013 do. This module equals that one. Of all float32
arguments the other differs in 12 (``sinf``) and 22 (``cosf``) below 120, and in 2 (``expf``).

Arguments of the scalar functions that are not float32 are rounded to it first.
"""

from __future__ import annotations

from pyclnf.arithmetic.elementary.arcs import asinf, atan2f
from pyclnf.arithmetic.elementary.exponential import expf
from pyclnf.arithmetic.elementary.sines import cosf, sinf

__all__ = ["asinf", "atan2f", "cosf", "expf", "sinf"]
