"""Compare products and inverses in the reference's order with those of the OpenBLAS at hand.

Run as a program, by itself: ``python -m support.compare_openblas`` with OPENBLAS_CORETYPE=Haswell
and OPENBLAS_NUM_THREADS=1. It writes a JSON list of what differs, [kind, sizes] each.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from scipy.linalg import lapack

from pyclnf.arithmetic.blocked_cholesky import blocked_inverse
from pyclnf.arithmetic.product_order import ordered_product

PRODUCTS = [
    *((7, 122, windows) for windows in (9, 25, 49, 81, 121, 169, 225)),
    *((size, 136, size) for size in (6, 40)),
    *((size, 102, size) for size in (6, 40)),
    *((size, 56, size) for size in (6, 16, 19)),
    *[(2, 24, 9), (13, 57, 10), (23, 33, 32), (30, 41, 700), (9, 700, 23)],
]
"""Rows, terms, columns."""
INVERSES = (100, 103, 121, 169, 225)


def products_differ(rows: int, terms: int, columns: int) -> bool:
    """Tell whether a product of matrices differs in any bit."""
    rng = np.random.default_rng([rows, terms, columns])
    left = rng.standard_normal((rows, terms)).astype(np.float32)
    right = rng.standard_normal((terms, columns)).astype(np.float32)
    return bool(np.any(ordered_product(left[None], right[None])[0] != np.matmul(left, right)))


def inverses_differ(size: int) -> bool:
    """Tell whether a positive definite matrix's inverse differs in any bit."""
    raw = np.random.default_rng(size).standard_normal((size, size))
    matrix = (raw @ raw.T / size + 0.05 * np.eye(size)).astype(np.float32)
    matrix = (matrix + matrix.T) / np.float32(2)
    _, inverse, _ = lapack.sposv(matrix, np.eye(size, dtype=np.float32), lower=1)
    return bool(np.any(blocked_inverse(matrix[None])[0] != inverse))


if __name__ == "__main__":
    products = [["product", sizes] for sizes in PRODUCTS if products_differ(*sizes)]
    inverses = [["inverse", size] for size in INVERSES if inverses_differ(size)]
    json.dump(products + inverses, sys.stdout)
