from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.experts.sigma import sigma_matrices
from pyclnf.experts.sigma_key import VERSION, sigma_key

ALPHA_SUMS = np.array([3.1, 0.7, 11.3], np.float32)
BETAS = np.array([[1.3, 0.2], [0.01, 2.9], [5.7, 0.4]])


def components(size: int) -> np.ndarray:
    """Graph Laplacians of neighbours in rows and in columns."""
    chain = 2 * np.eye(size) - np.eye(size, k=1) - np.eye(size, k=-1)
    chain[0, 0] = chain[-1, -1] = 1
    both = [np.kron(np.eye(size), chain), np.kron(chain, np.eye(size))]
    return np.array(both, np.float32)


def test_the_same_numbers_have_the_same_key(arithmetic: Arithmetic):
    given = ALPHA_SUMS, BETAS, components(5)
    key = sigma_key(*given, arithmetic)
    assert len(key) == 32
    transposed = np.asfortranarray(given[2])
    assert sigma_key(ALPHA_SUMS.copy(), BETAS.copy(), transposed, type(arithmetic)()) == key


def test_every_number_counts(arithmetic: Arithmetic):
    given = [ALPHA_SUMS, BETAS, components(3)]
    keys = {sigma_key(given[0], given[1], given[2], arithmetic)}
    for which in range(3):
        for index in np.ndindex(given[which].shape):
            changed = [array.copy() for array in given]
            changed[which][index] = np.nextafter(
                changed[which][index], np.inf, dtype=changed[which].dtype
            )
            keys.add(sigma_key(changed[0], changed[1], changed[2], arithmetic))
    assert len(keys) == 1 + sum(array.size for array in given)


def test_shapes_count(arithmetic: Arithmetic):
    betas = np.ones((2, 2))
    one = sigma_key(ALPHA_SUMS[:2], betas, np.ones((2, 4, 4), np.float32), arithmetic)
    other = sigma_key(ALPHA_SUMS[:2], betas, np.ones((8, 2, 2), np.float32), arithmetic)
    assert one != other


def test_arithmetic_counts(monkeypatch: pytest.MonkeyPatch):
    given = ALPHA_SUMS, BETAS, components(3)
    keys = [sigma_key(*given, arithmetic) for arithmetic in (RoundedOnce(), ReferenceOrder())]
    original = np.linalg.inv

    def another_library(matrices: np.ndarray) -> np.ndarray:
        return np.nextafter(original(matrices), 0)

    monkeypatch.setattr(np.linalg, "inv", another_library)
    keys += [sigma_key(*given, arithmetic) for arithmetic in (RoundedOnce(), ReferenceOrder())]
    assert keys[1] == keys[3]
    assert len(set(keys)) == 3


def test_bits_and_version_go_together():
    digest = hashlib.sha256()
    for size in (5, 11):
        sigmas = sigma_matrices(ALPHA_SUMS, BETAS, components(size), size, ReferenceOrder())
        digest.update(sigmas.tobytes())
    # Other bits need another VERSION, or files of the old ones would be taken for them.
    bits = "3dbb104d7ff156d84f56818c0162899e31d2d9a97f09242499866f0beef9bd50"
    assert (VERSION, digest.hexdigest()) == (1, bits)
