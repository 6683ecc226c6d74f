"""OpenFace and pyclnf on parameter vectors that hypothesis draws; bounds in support/bounds.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import bounds
from support.twins import Twins
from support.vectors import BOXES, ROTATIONS, changes, global_parameters, local_parameters

from openface_bridge.pictures import read_picture
from pyclnf.backends import create_backend

N_VECTORS = int(os.environ.get("PYCLNF_VECTORS", "1000"))
"""For the shape model; responses and iterations, which are slower, take a tenth of them."""

WINDOWS = (11, 9, 7)
FAST = settings(max_examples=N_VECTORS, deadline=None, suppress_health_check=list(HealthCheck))
SLOW = settings(FAST, max_examples=max(N_VECTORS // 10, 1))


@pytest.fixture(scope="module")
def real(bridge: Any, recorded_kernel: None, openface_data: Path) -> tuple[Twins, Any]:
    """OpenFace's own model and a picture."""
    path = openface_data / "model" / "main_clnf_general.txt"
    twins = Twins(bridge.Model(str(path)), create_backend("numpy-exact", path))
    return twins, read_picture(openface_data / "samples" / "sample1.jpg")


@pytest.fixture(scope="module")
def own(
    recorded_kernel: None, small: Any, small_model: Path, blobs: tuple[Any, Any]
) -> tuple[Twins, Any]:
    """A small model of our own and a picture with noise."""
    noise = np.random.default_rng(0).integers(-30, 31, blobs[0].shape)
    image = np.clip(blobs[0] + noise, 0, 255).astype(np.uint8)
    return Twins(small, create_backend("numpy-exact", small_model)), image


def compare_shapes(data: st.DataObject, twins: Twins) -> None:
    """Draw one vector and compare everything that needs no picture."""
    pdm = twins.pyclnf.detector.pdm
    global_ = data.draw(global_parameters())
    local = data.draw(local_parameters(pdm.eigenvalues))
    bounds.check(twins.shapes(global_, local), bounds.EXACT)
    bounds.check(twins.update(global_, local, data.draw(changes(pdm.n_modes))), bounds.EXACT)
    bounds.check(twins.start(data.draw(BOXES), data.draw(ROTATIONS)), bounds.EXACT)
    for scale in range(twins.openface.n_scales):
        bounds.check(twins.choices(global_, local, scale), bounds.EXACT)


def compare_iterations(data: st.DataObject, twins: Twins, image: Any) -> None:
    """Draw one vector and compare response maps and one iteration of each phase."""
    global_ = data.draw(global_parameters())
    local = data.draw(local_parameters(twins.pyclnf.detector.pdm.eigenvalues))
    scale = data.draw(st.integers(0, twins.openface.n_scales - 1))
    pairs, openface = twins.responses(image, global_, local, WINDOWS[scale], scale)
    bounds.check(pairs, bounds.EXACT)
    for rigid in (True, False):
        step = twins.iteration(openface, global_, local, rigid=rigid)
        bounds.check(step, bounds.EXACT)


@FAST
@given(data=st.data())
def test_shapes_agree_in_every_bit(real: tuple[Twins, Any], data: st.DataObject) -> None:
    compare_shapes(data, real[0])


@SLOW
@given(data=st.data())
def test_iterations_agree_in_every_bit(real: tuple[Twins, Any], data: st.DataObject) -> None:
    compare_iterations(data, *real)


@SLOW
@given(data=st.data())
def test_shapes_of_another_size_agree(own: tuple[Twins, Any], data: st.DataObject) -> None:
    compare_shapes(data, own[0])


@SLOW
@given(data=st.data())
def test_iterations_of_another_size_agree(own: tuple[Twins, Any], data: st.DataObject) -> None:
    compare_iterations(data, *own)
