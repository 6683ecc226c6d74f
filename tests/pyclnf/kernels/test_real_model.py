"""Response maps of real experts, of every scale and view, against the NumPy definition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.detector import Detector, load_detector
from pyclnf.experts.ccnf import ViewExperts, response_maps
from pyclnf.experts.sigma import sigma_matrices

WINDOWS = (5, 7, 9, 11, 13)
FEW = 4
"""Landmarks of a view: inverting Sigma takes long."""


@pytest.fixture(scope="module", params=["main_clnf_general.txt", "model_inner", "model_eye"])
def detector(request: pytest.FixtureRequest, openface_data: Path) -> Detector:
    """Each of OpenFace's models."""
    named = openface_data / "model" / request.param
    manifest = min(named.glob("main_*.txt")) if named.is_dir() else named
    return load_detector(manifest, ReferenceOrder())


def few_landmarks(experts: ViewExperts) -> ViewExperts:
    """Some landmarks of a view, spread over all."""
    chosen = np.unique(np.linspace(0, len(experts.weights) - 1, FEW).astype(int))
    names = ("weights", "alphas", "alpha_sums", "betas")
    return replace(experts, **{name: getattr(experts, name)[chosen] for name in names})


def test_maps(detector: Detector, level: int):
    from pyclnf.kernels import _kernels
    from pyclnf.kernels.prepared import Workspace, prepare_experts

    rng, arithmetic, workspace = np.random.default_rng(0), ReferenceOrder(), Workspace()
    last = detector.experts.scales[-1].data.sigma_components
    for scale, at_scale in enumerate(detector.experts.scales):
        for view in range(len(at_scale.centers)):
            experts = few_landmarks(detector.experts.view(scale, view))
            for window in WINDOWS:
                side = window + experts.support - 1
                greys = rng.integers(0, 255 * 1024, (len(experts.weights), side, side)) / 1024
                areas = greys.astype(np.float32)
                sigmas = sigma_matrices(
                    experts.alpha_sums, experts.betas, last.get(window), window, arithmetic
                )
                expected = response_maps(areas, experts, sigmas, arithmetic)
                prepared = prepare_experts(level, experts, sigmas, window)
                maps = np.empty_like(expected)
                memory = workspace.floats(prepared.workspace_floats)
                _kernels.respond(prepared, areas, maps, memory)
                assert maps.tobytes() == expected.tobytes(), (scale, view, window)
