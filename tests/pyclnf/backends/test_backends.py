from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.backends import Plant, made_up
from support.fingerprint import fingerprint

import pyclnf
from pyclnf import CLNF, FitSettings, ModelFileError
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.backends import (
    BackendUnavailableError,
    auto_order,
    available_backends,
    backend_names,
    choose_backend,
    choose_networks,
    create_backend,
    is_available,
    is_exact,
)
from pyclnf.backends.entry import State
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

ARITHMETIC = {
    "numpy": RoundedOnce,
    "numpy-exact": ReferenceOrder,
    "cython": ReferenceOrder,
    "cuda": ReferenceOrder,
}


def test_names():
    assert {"numpy", "numpy-exact"} <= set(available_backends()) <= set(backend_names())
    assert set(backend_names()) == {*ARITHMETIC, "coreml", "coreml-float32"}
    assert auto_order() == ("cython", "numpy")


def test_names_without_kernels(not_built: None):
    assert {"numpy", "numpy-exact"} <= set(available_backends())
    assert "cython" not in available_backends()
    assert not is_available("cython")
    assert not is_available("abacus")


def test_a_backend_adds_up_as_its_name_says(small_model: Path, backend_name: str):
    backend = create_backend(backend_name, small_model)
    assert backend.name == backend_name
    adds = backend_name if backend_name in ARITHMETIC else choose_networks(backend_name)
    assert type(backend.arithmetic) is ARITHMETIC[adds]
    assert backend.detector.pdm.n_landmarks == 12


def test_auto_is_the_first_of_its_order_that_there_is(small_model: Path):
    there = [name for name in auto_order() if is_available(name)]
    assert create_backend("auto", small_model).name == there[0]


def test_auto_without_kernels(small_model: Path, not_built: None):
    assert CLNF(small_model).backend == "numpy"


def test_auto_takes_some_for_many_faces_only(planted: Plant):
    for_one = choose_backend("auto")
    planted(
        made_up("abacus", State(False, "needs beads"), auto_from=4), made_up("loom", auto_from=8)
    )
    chosen = [choose_backend("auto", faces) for faces in (0, 1, 7, 8, 100)]
    assert chosen == [for_one, for_one, for_one, "loom", "loom"]
    assert auto_order(7) == ("abacus", *auto_order())
    assert auto_order(8) == ("abacus", "loom", *auto_order())


def test_auto_for_a_batch(small_model: Path, planted: Plant):
    picture = np.zeros((90, 90), np.uint8)
    planted(made_up("loom", auto_from=3))
    clnf = CLNF(small_model)
    expected = choose_backend("auto")
    assert clnf.backend == expected
    assert clnf.batch_backend(3) == expected  # a loom does not promise bits
    planted(made_up("abacus", auto_from=3, exact=True))
    chosen = [clnf.batch_backend(count) for count in (0, 2, 3, 100)]
    assert chosen == [expected, expected, *["abacus" if is_exact(expected) else expected] * 2]
    assert len(clnf.fit_many(picture, [(10, 10, 60, 60)] * 2)) == 2
    assert CLNF(small_model, backend="numpy").batch_backend(100) == "numpy"


def test_networks_of_a_backend_that_has_none(planted: Plant):
    expected = choose_backend("auto")
    planted(
        made_up("abacus", auto_from=1),
        made_up("loom", State(False, "needs yarn", "Buy some")),
    )
    assert choose_backend("auto") == "abacus"
    assert choose_networks("abacus") == choose_networks("auto") == expected
    assert choose_networks("numpy") == "numpy"
    with pytest.raises(BackendUnavailableError, match=r"^backend: 'loom' needs yarn\. Buy some$"):
        choose_networks("loom")


@pytest.mark.parametrize("built", [True, False])
def test_networks_keep_the_promise_of_a_backend_that_has_none(
    planted: Plant, request: pytest.FixtureRequest, built: bool
):
    if not built:
        request.getfixturevalue("not_built")
    planted(made_up("loom", exact=True))
    assert choose_networks("loom") == ("cython" if is_available("cython") else "numpy-exact")


def test_states_are_told_without_importing_anything():
    code = (
        "import sys; sys.modules['cupy'] = None  # asked for devices where it is installed\n"
        "from pyclnf.backends import registry\n"
        "for entry in registry.ENTRIES: entry.state()\n"
        "sys.stdout.write(' '.join(name for name, module in sys.modules.items() if module))"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    loaded = set(finished.stdout.split())
    assert not loaded & {"cv2", "scipy", "coremltools", "pyclnf.kernels._kernels"}
    assert not {name for name in loaded if name.startswith("pyclnf.") and name.endswith("_backend")}


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


@pytest.mark.parametrize("name", ["", "NumPy", "abacus", "Auto"])
def test_unknown_names(small_model: Path, name: str):
    names = ", ".join(("auto", *backend_names()))
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
