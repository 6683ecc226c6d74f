from __future__ import annotations

from pathlib import Path

import pytest

from pyclnf.model import ModelFileError, read_early_termination


def test_weights_biases_cutoffs(tmp_path: Path):
    path = tmp_path / "early.txt"
    path.write_text("1 1.5 0 -.25\r\n-0.5 2e-1", "utf-8")
    found = read_early_termination(path, 2)
    assert found.weights.tolist() == [1, 1.5]
    assert found.biases.tolist() == [0, -0.25]
    assert found.cutoffs.tolist() == [-0.5, 0.2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2 3 4 5", "cutoff of each of 2 views, a number, found the end of the file"),
        ("1 2 3 4 5 6 7", "the end of the file, found '7'"),
        ("1 2 a 4 5 6", "finite number in bias of each of 2 views, found 'a'"),
        ("1 2 nan 4 5 6", "finite number"),
        ("1_0 2 3 4 5 6", "finite number"),
        ("", "a number"),
    ],
)
def test_files_of_another_form(text: str, expected: str, tmp_path: Path):
    path = tmp_path / "early.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(ModelFileError, match=expected) as caught:
        read_early_termination(path, 2)
    assert caught.value.path == path
    assert caught.value.offset is not None
