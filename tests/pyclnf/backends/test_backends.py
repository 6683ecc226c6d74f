from __future__ import annotations

from pathlib import Path

import pytest

from pyclnf import ModelFileError
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.backends import AUTO_ORDER, available_backends, create_backend


def test_names():
    assert set(available_backends()) == {"numpy", "numpy-exact"}
    assert set(AUTO_ORDER) <= set(available_backends())


@pytest.mark.parametrize(
    ("name", "arithmetic"), [("numpy", RoundedOnce), ("numpy-exact", ReferenceOrder)]
)
def test_a_backend_adds_up_as_its_name_says(small_model: Path, name: str, arithmetic: type):
    backend = create_backend(name, small_model)
    assert backend.name == name
    assert type(backend.arithmetic) is arithmetic
    assert backend.detector.pdm.n_landmarks == 12


def test_auto_is_the_first_of_its_order(small_model: Path):
    assert create_backend("auto", small_model).name == AUTO_ORDER[0]


@pytest.mark.parametrize("name", ["", "NumPy", "cuda", "Auto"])
def test_unknown_names(small_model: Path, name: str):
    with pytest.raises(ValueError, match=f"^backend: .*'{name}'; .* auto, numpy, numpy-exact$"):
        create_backend(name, small_model)


def test_the_name_is_checked_before_the_model():
    with pytest.raises(ValueError, match=r"^backend: "):
        create_backend("abacus", "nowhere.txt")
    with pytest.raises(ModelFileError):
        create_backend("auto", "nowhere.txt")
