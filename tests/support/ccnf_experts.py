"""CCNF experts of any size, with random numbers."""

from __future__ import annotations

import numpy as np

from pyclnf.experts.ccnf import ViewExperts

__all__ = ["make_experts"]


def make_experts(n: int, neurons: int, support: int, seed: int = 0) -> ViewExperts:
    """Return experts of n landmarks, some of whose neurons do not count."""
    rng = np.random.default_rng([n, neurons, support, seed])
    return ViewExperts(
        visible=np.ones(n, bool),
        confidences=np.ones(n, np.float32),
        support=support,
        weights=rng.normal(0, 1, (n, neurons, 1 + support**2)).astype(np.float32),
        alphas=rng.uniform(0, 2, (n, neurons)) * (rng.random((n, neurons)) < 0.9),
        alpha_sums=np.ones(n, np.float32),
        betas=np.ones((n, 1)),
    )
