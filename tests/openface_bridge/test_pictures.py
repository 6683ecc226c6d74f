"""Pictures on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openface_bridge.pictures import encode_jpeg, find_picture, read_picture
from openface_bridge.trace import TraceError

COLOURS = np.random.default_rng(0).integers(0, 256, (12, 17, 3), np.uint8)


@pytest.fixture
def smooth() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    y, x = np.indices((48, 64))
    return np.stack((x * 3, y * 4, x + y), axis=2).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"])
def test_found_by_the_face(tmp_path: Path, suffix: str):
    (tmp_path / f"face_2{suffix}").touch()
    (tmp_path / f"face{suffix}.txt").touch()
    (tmp_path / f"face_2x{suffix}").touch()
    assert find_picture(tmp_path, "face_2") == tmp_path / f"face_2{suffix}"


def test_lossless_pictures_come_first(tmp_path: Path):
    for suffix in (".jpg", ".png", ".bmp"):
        (tmp_path / f"face{suffix}").touch()
    assert find_picture(tmp_path, "face").suffix == ".png"


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_none_found(tmp_path: Path, folder: str):
    (tmp_path / "face.gif").touch()
    (tmp_path / "face.png").mkdir()
    with pytest.raises(TraceError, match=r"holds no picture face \(\.png, \.jpg"):
        find_picture(tmp_path / folder, "face")


@pytest.mark.parametrize("name", ["face.png", "a face, märz & <b>.png"])
def test_channels_are_blue_green_red(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(cv2.imencode(".png", COLOURS)[1].tobytes())
    pixels = read_picture(path)
    np.testing.assert_array_equal(pixels, COLOURS, strict=True)


def test_grey_pictures_get_three_channels(tmp_path: Path):
    path = tmp_path / "face.png"
    assert cv2.imwrite(str(path), COLOURS[:, :, 1])
    np.testing.assert_array_equal(read_picture(path), COLOURS[:, :, [1, 1, 1]])


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_not_a_picture(tmp_path: Path, content: bytes):
    path = tmp_path / "face.png"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"face\.png: not a picture that OpenCV can decode"):
        read_picture(path)


def test_jpeg(smooth: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]):
    fine, coarse = encode_jpeg(smooth, 95), encode_jpeg(smooth, 20)
    assert len(coarse) < len(fine)
    assert fine.startswith(b"\xff\xd8\xff")
    decoded = cv2.imdecode(np.frombuffer(fine, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.abs(decoded.astype(int) - smooth).max() <= 12
