from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pyclnf.model import ModelFileError


def test_message_names_file_place_expectation_finding_and_advice():
    error = ModelFileError("a/b.txt", "int32 scale", "4 bytes", 17, "Copy it again")
    assert str(error) == (
        f"{'a/b.txt'}, byte 17: expected int32 scale, found 4 bytes. Copy it again"
    )
    assert (error.path, error.offset, error.expected) == (Path("a/b.txt"), 17, "int32 scale")


def test_message_without_place_finding_and_advice():
    assert str(ModelFileError(Path("b.txt"), "a file")) == "b.txt: expected a file"


def test_is_a_value_error():
    with pytest.raises(ValueError, match="expected a file"):
        raise ModelFileError("b.txt", "a file")


def test_survives_pickling():
    error = ModelFileError("b.txt", "a file", "none", 3, "Look elsewhere")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert copy.offset == 3
