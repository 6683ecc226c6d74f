from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.fingerprint import fingerprint

from pyclnf import CLNF, FitSettings, ModelFileError, backends
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.backends import (
    AUTO_ORDER,
    BackendUnavailableError,
    available_backends,
    create_backend,
    is_available,
)
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

ARITHMETIC = {"numpy": RoundedOnce, "numpy-exact": ReferenceOrder, "cython": ReferenceOrder}


@pytest.fixture
def not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without kernels."""
    monkeypatch.setitem(backends._COMPILED, "cython", "pyclnf.kernels._no_kernels")


def test_names():
    assert {"numpy", "numpy-exact"} <= set(available_backends()) <= set(ARITHMETIC)
    assert set(AUTO_ORDER) <= set(ARITHMETIC)
    assert AUTO_ORDER[-1] in available_backends()


def test_names_without_kernels(not_built: None):
    assert available_backends() == ("numpy", "numpy-exact")
    assert not is_available("cython")
    assert not is_available("abacus")


def test_a_backend_adds_up_as_its_name_says(small_model: Path, backend_name: str):
    backend = create_backend(backend_name, small_model)
    assert backend.name == backend_name
    assert type(backend.arithmetic) is ARITHMETIC[backend_name]
    assert backend.detector.pdm.n_landmarks == 12


def test_auto_is_the_first_of_its_order_that_there_is(small_model: Path):
    there = [name for name in AUTO_ORDER if is_available(name)]
    assert create_backend("auto", small_model).name == there[0]


def test_auto_without_kernels(small_model: Path, not_built: None):
    assert CLNF(small_model).backend == "numpy"


def test_kernels_that_are_missing(not_built: None):
    with pytest.raises(
        BackendUnavailableError, match=r"'cython' was not compiled .*PYCLNF_KERNELS=ON"
    ):
        create_backend("cython", "nowhere.txt")


COLOUR = np.random.default_rng(0).integers(0, 256, (21, 34, 3), np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        COLOUR,
        COLOUR[::-1, ::2],
        COLOUR[:, :, ::-1],
        COLOUR[:, :, 1],
        COLOUR[:1, :1],
        COLOUR.astype(np.uint16) * 256,
        COLOUR[:, :, 0] / np.float32(255),
        COLOUR.copy(order="F"),
        np.ascontiguousarray(COLOUR[:, :, 0]),
        np.broadcast_to(COLOUR[:, :, :1], COLOUR.shape),
    ],
)
def test_pictures_have_the_same_bytes(
    small_model: Path, backend_name: str, image: npt.NDArray[Any]
):
    found = create_backend(backend_name, small_model).picture(image)
    expected = PaddedImage.of(to_grey(image))
    assert (found.height, found.width) == image.shape[:2]
    assert found.pixels.tobytes() == expected.pixels.tobytes()
    assert not np.shares_memory(found.pixels, image)


@pytest.mark.parametrize("image", [np.zeros((0, 3, 3), np.uint8), np.zeros((3, 3, 4), np.uint8)])
def test_pictures_that_cannot_be_used(
    small_model: Path, backend_name: str, image: npt.NDArray[Any]
):
    with pytest.raises(ValueError, match=r"^image: "):
        create_backend(backend_name, small_model).picture(image)


@pytest.mark.parametrize("name", ["", "NumPy", "cuda", "Auto"])
def test_unknown_names(small_model: Path, name: str):
    names = "auto, cython, numpy, numpy-exact"
    with pytest.raises(ValueError, match=f"^backend: .*'{name}'; .* {names}$"):
        create_backend(name, small_model)


def test_the_name_is_checked_before_the_model():
    with pytest.raises(ValueError, match=r"^backend: "):
        create_backend("abacus", "nowhere.txt")
    with pytest.raises(ModelFileError):
        create_backend("auto", "nowhere.txt")


@pytest.mark.parametrize(
    "settings",
    [
        FitSettings(),
        FitSettings(weight_factor=2.5),
        FitSettings(window_sizes=(9, 5, 0, 0)),
        FitSettings(window_sizes=(13, 15, 0, 0), max_iterations=2),
    ],
    ids=["default", "weighted", "small", "without Sigma"],
)
def test_exact_backends_give_the_same_bytes(small_model: Path, settings: FitSettings):
    if not is_available("cython"):
        pytest.skip("backend cython is not built")
    assert fingerprint(small_model, "cython", settings) == fingerprint(
        small_model, "numpy-exact", settings
    )
