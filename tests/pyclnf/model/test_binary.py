from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from support.model_files import binary_matrix

from pyclnf.model import ModelFileError
from pyclnf.model.binary import BinaryReader

LARGEST = 2**31 - 1


def reader(data: bytes) -> BinaryReader:
    return BinaryReader(Path("some.bin"), data)


def test_numbers_in_order():
    cursor = reader(struct.pack("<idi", -7, 0.25, 3))
    assert cursor.int32("a") == -7
    assert cursor.float64("b") == 0.25
    assert (cursor.offset, cursor.remaining) == (12, 4)
    assert cursor.int32("c", minimum=3, maximum=3) == 3
    cursor.finish()


@pytest.mark.parametrize("method", ["int32", "float64"])
def test_truncated_number(method: str):
    cursor = reader(b"abc")
    with pytest.raises(ModelFileError, match=r"scale .* found 3 bytes to the end") as caught:
        getattr(cursor, method)("scale")
    assert caught.value.offset == 0


@pytest.mark.parametrize("value", [-1, 6])
def test_int32_out_of_range(value: int):
    cursor = reader(struct.pack("<ii", 0, value))
    cursor.int32("first")
    with pytest.raises(ModelFileError, match=f"count from 0 to 5, found {value}") as caught:
        cursor.int32("count", 0, 5)
    assert caught.value.offset == 4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_float64_not_finite(value: float):
    with pytest.raises(ModelFileError, match="finite scale"):
        reader(struct.pack("<d", value)).float64("scale")


@pytest.mark.parametrize(("dtype", "kind"), [(np.int32, "i"), (np.float32, "f"), (np.float64, "d")])
def test_matrix_is_a_native_aligned_copy(dtype: type, kind: str):
    values = np.arange(6).reshape(2, 3)
    cursor = reader(b"x" + binary_matrix(values, kind))
    cursor.take(1, "a byte that makes the rest unaligned")
    matrix = cursor.matrix("some matrix", dtype, (2, None))
    cursor.finish()
    np.testing.assert_array_equal(matrix, values)
    assert matrix.dtype == np.dtype(dtype)
    assert matrix.flags.aligned
    assert matrix.flags.writeable
    assert matrix.flags.c_contiguous


def test_matrix_without_values():
    cursor = reader(binary_matrix(np.empty((0, 3)), "f"))
    assert cursor.matrix("nothing", np.float32).shape == (0, 3)
    cursor.finish()


def test_matrix_of_another_type():
    with pytest.raises(ModelFileError, match="OpenCV type 5, found 6") as caught:
        reader(binary_matrix([[1.0]], "d")).matrix("weights", np.float32)
    assert caught.value.offset == 8


@pytest.mark.parametrize("header", [(-1, 4), (4, -1), (-1, -1), (2, 4), (3, 1)])
def test_matrix_of_another_shape(header: tuple[int, int]):
    cursor = reader(struct.pack("<3i", *header, 5) + bytes(64))
    with pytest.raises(ModelFileError, match=r"weights of 3 x 4 values, found -?\d x -?\d"):
        cursor.matrix("weights", np.float32, (3, 4))


@pytest.mark.parametrize("header", [(-1, 4), (4, -1), (-1, -1)])
def test_matrix_of_negative_size(header: tuple[int, int]):
    with pytest.raises(ModelFileError, match="of any x any values"):
        reader(struct.pack("<3i", *header, 5) + bytes(64)).matrix("weights", np.float32)


@pytest.mark.parametrize(
    "header", [(LARGEST, LARGEST), (LARGEST, 1), (1, LARGEST), (2**16, 2**16), (4, 5)]
)
def test_matrix_larger_than_the_file(header: tuple[int, int]):
    n_bytes = 4 * header[0] * header[1]
    cursor = reader(struct.pack("<3i", *header, 5) + bytes(64))
    with pytest.raises(ModelFileError, match=rf"{n_bytes} bytes\), found 64 bytes") as caught:
        cursor.matrix("weights", np.float32)
    assert caught.value.offset == 12


def test_truncated_matrix_header():
    with pytest.raises(ModelFileError, match="header of weights"):
        reader(bytes(11)).matrix("weights", np.float32)


def test_matrix_names_the_byte_that_is_not_finite():
    data = binary_matrix([[1.0, 2.0], [3.0, np.nan], [np.inf, 0.0]], "d")
    with pytest.raises(ModelFileError, match="finite values of center, found nan") as caught:
        reader(data).matrix("center", np.float64)
    assert caught.value.offset == 12 + 3 * 8


def test_finish_refuses_more():
    with pytest.raises(ModelFileError, match=r"end of the file, found 2 more bytes \(oversized\)"):
        reader(bytes(2)).finish()


def test_open_reads_the_file(tmp_path: Path):
    (tmp_path / "one.bin").write_bytes(struct.pack("<i", 1))
    assert BinaryReader.open(tmp_path / "one.bin").int32("one") == 1
