from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.model_files import text_matrix

from pyclnf.model import ModelFileError
from pyclnf.model.text_matrix import TextMatrixReader

LARGEST = 2**31 - 1


def reader(text: str | bytes) -> TextMatrixReader:
    return TextMatrixReader(Path("some.txt"), text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_matrices_in_order(end: str, last: bool):
    first, second = np.array([[1.5, -2e-3], [0.0, 1e300]]), np.array([[7.0]])
    text = text_matrix(first) + "\n \n#\n#more # words\n" + text_matrix(second)
    text = (text if last else text.rstrip()).replace("\n", end)
    cursor = reader(text)
    np.testing.assert_array_equal(cursor.matrix("first", (2, None)), first)
    np.testing.assert_array_equal(cursor.matrix("second", (None, 1)), second)
    cursor.finish()


def test_result_is_a_writable_float64_array():
    matrix = reader("1 2 4 3 4").matrix("some matrix")
    assert matrix.dtype == np.float64
    assert matrix.flags.writeable


def test_values_may_be_spread_over_lines_at_will():
    matrix = reader("2 2\n6 1\t2\n\n\n3\v4").matrix("some matrix")
    np.testing.assert_array_equal(matrix, [[1, 2], [3, 4]])


def test_matrix_without_values():
    assert reader("0 3 6").matrix("nothing").shape == (0, 3)


def test_integer_between_comments():
    cursor = reader("# how many\n7 \n# next\n1 1 4 5")
    cursor.skip_comments()
    assert cursor.integer("number of triangulations") == 7
    assert cursor.matrix("triangles").tolist() == [[5.0]]


def test_comments_may_follow_the_last_matrix():
    cursor = reader("1 1 6 1.0\n# the end")
    cursor.matrix("some matrix")
    cursor.finish()


@pytest.mark.parametrize(
    ("text", "expected", "offset"),
    [
        ("", "number of rows", 0),
        ("# only a comment", "number of rows", 16),
        ("1 ", "number of columns", 2),
        ("1 1 ", "OpenCV type", 4),
        ("x 1 6 1", "number of rows", 0),
        ("1.0 1 6 1", "number of rows", 0),
        ("1_0 1 6 1", "number of rows", 0),
        ("-1 1 6 1", "number of rows", 0),
        ("1 -1 6 1", "number of columns", 2),
        ("1 2147483648 6 1", "number of columns", 2),
        ("1 " + 5000 * "1" + " 6 1", "number of columns", 2),
        ("1 1 3 1", "OpenCV type", 4),
        ("1 1 7 1", "OpenCV type", 4),
        ("1 # 1\n 6 1", "number of columns", 2),
    ],
)
def test_wrong_header(text: str, expected: str, offset: int):
    with pytest.raises(ModelFileError, match=f"expected {expected} of means") as caught:
        reader(text).matrix("means")
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "token",
    ["nan", "NaN", "inf", "-Infinity", "1e999", "1,5", "1_0", "0x1", "1d5", "#", "é", "1" * 401],
)
def test_wrong_value(token: str):
    with pytest.raises(ModelFileError, match="a finite number in means") as caught:
        reader(f"2 2 6 1.0 2.0\n{token}\n 3.0").matrix("means")
    assert caught.value.offset == 14


def test_values_that_are_not_utf8():
    with pytest.raises(ModelFileError, match=r"found '\\xff\\x00'"):
        reader(b"1 1 6 \xff\x00").matrix("means")


@pytest.mark.parametrize("tail", ["", "1.0", "1.0 2.0 3.0\n"])
def test_too_few_values(tail: str):
    with pytest.raises(ModelFileError, match="4 values of means"):
        reader(f"2 2 6 {tail}").matrix("means")


@pytest.mark.parametrize("shape", [(LARGEST, LARGEST), (LARGEST, 1), (1, LARGEST), (5, 5)])
def test_more_values_than_the_file_can_hold(shape: tuple[int, int]):
    with pytest.raises(ModelFileError, match=f"{shape[0] * shape[1]} values of means"):
        reader(f"{shape[0]} {shape[1]} 6 1.0 2.0\n").matrix("means")


def test_another_shape():
    with pytest.raises(ModelFileError, match="3 rows of means, found 1") as caught:
        reader("# c\n1 3 6 1 2 3").matrix("means", (3, 1))
    assert caught.value.offset == 4
    with pytest.raises(ModelFileError, match="1 columns of means, found 3"):
        reader("# c\n3 3 6 1 2 3").matrix("means", (3, 1))


def test_finish_refuses_more():
    cursor = reader("1 1 6 1.0\n# c\n2.0")
    cursor.matrix("means")
    with pytest.raises(ModelFileError, match=r"end of the file, found '2.0'") as caught:
        cursor.finish()
    assert caught.value.offset == 14


def long_matrix(**changed: str) -> tuple[str, list[str]]:
    """Return a matrix of 1500 numbers of one to fifty digits, and the numbers; some changed."""
    words = [f"{index / 7:.{index % 50}f}" for index in range(1500)]
    for place, word in changed.items():
        words[int(place[1:])] = word
    return "1500 1 6 " + " \r\n".join(words) + "\n1 1 6 5", words


def test_long_matrices():
    text, words = long_matrix()
    cursor = reader(text)
    assert cursor.matrix("means")[:, 0].tolist() == [float(word) for word in words]
    assert cursor.matrix("another").tolist() == [[5.0]]
    cursor.finish()


@pytest.mark.parametrize("word", ["nan", "1_0", "one", "0x1p3", "#", "1" * 401, "-inf"])
@pytest.mark.parametrize("place", [0, 511, 512, 1300, 1499])
def test_what_is_wrong_in_long_matrices_has_a_place(word: str, place: int):
    text, words = long_matrix(**{f"n{place}": word})
    with pytest.raises(ModelFileError, match="finite number in means") as caught:
        reader(text).matrix("means")
    assert caught.value.offset == len("1500 1 6 ") + sum(len(each) + 3 for each in words[:place])
