from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from support.expert_files import small_svr, svr_text

from pyclnf.model import ModelFileError, SVRPatchExperts, read_svr

WRITTEN = small_svr(0.5, 1, 3, 2, support=3)
TEXT = svr_text(WRITTEN)


def read(tmp_path: Path, text: str) -> SVRPatchExperts:
    path = tmp_path / "svr.txt"
    path.write_text(text, "utf-8", newline="")
    return read_svr(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_round_trip(end: str, tmp_path: Path):
    found = read(tmp_path, TEXT.rstrip().replace("\n", end))
    assert (found.scale, found.n_landmarks) == (0.5, 3)
    np.testing.assert_array_equal(found.view_centers, WRITTEN.view_centers, strict=True)
    np.testing.assert_array_equal(found.visibility, WRITTEN.visibility, strict=True)
    assert not found.visibility[1, 2]
    assert found.experts[1][2] is None
    for row, written_row in zip(found.experts, WRITTEN.experts, strict=True):
        for expert, written in zip(row, written_row, strict=True):
            assert (expert is None) == (written is None)
            if expert is None or written is None:
                continue
            assert (expert.width, expert.height) == (3, 3)
            for one, other in zip(expert.modalities, written.modalities, strict=True):
                assert one.weights.tobytes() == other.weights.tobytes()
                assert not one.weights.flags.writeable
                numbers = [(each.kind, each.confidence, each.scaling, each.bias)
                           for each in (one, other)]  # fmt: skip
                assert numbers[0] == numbers[1]


def test_weights_stand_transposed_in_the_file(tmp_path: Path):
    text = "0.5\n1\n3 1 6 0 0 0\n1 1 4 1\n3 3 2 1\n2 0 1 1 0 3 2 5 11 21 12 22 13 23"
    (expert,) = read(tmp_path, text).experts[0]
    assert expert is not None
    assert expert.modalities[0].weights.tolist() == [[11, 12, 13], [21, 22, 23]]


def test_what_an_invisible_landmark_has_counts_for_nothing(tmp_path: Path):
    record = svr_text(small_svr(0.5, 1, 1, 1, support=3)).split("# experts\n")[1]
    text = "0.5\n1\n3 1 6 0 0 0\n2 1 4 0 1\n" + record + record
    experts = read(tmp_path, text).experts[0]
    assert experts[0] is None
    assert experts[1] is not None


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        (r"0\.5\n", "0\n", "scale above 0"),
        (r"0\.5\n", "nan\n", "finite number in scale"),
        (r"views\n2", "views\n0", "number of views, an integer from 1"),
        (r"3 1 6", "3 1 5", "OpenCV type of view centre, an integer from 6 to 6, found '5'"),
        (r"3 1 6", "2 1 6", "3 rows of view centre"),
        (r"3 1 4 1", "3 1 4 2", "visibility of 0 or 1"),
        (r"3 1 4", "3 1 6", "OpenCV type of visibility"),
        (r"3 1 4 1 1 0", "2 1 4 1 1", "3 rows of visibility"),
        (r"3 3 3 2", "4 3 3 2", "type of a patch expert, an integer from 3 to 3"),
        (r"3 3 3 2", "3 0 3 2", "width of a patch expert's support, an integer from 1"),
        (r"3 3 3 2", "3 3 3 0", "modalities, an integer from 1"),
        (r"3 3 3 2", "3 3 2 2", "2 columns of weights"),
        (r"3 3 3 2", "3 2147483647 2147483647 2", "an integer from 1 to 255"),
        (r"\n2 0 ", "\n2 2 ", "what a modality looks at, an integer from 0 to 1"),
        (r"\n2 0 \S+", "\n2 0 inf", "finite number in confidence"),
        (r"3 3 5 \S+", "3 3 5 1e39", "finite float32 values of a modality's weights"),
        (r"# visibility", "# visibility\n1", "visibility"),
        (r"\n3 1 6 0", "\n# another\n3 1 6 0", ""),
    ],
)
def test_files_of_another_form(pattern: str, replacement: str, expected: str, tmp_path: Path):
    text = re.sub(pattern, replacement, TEXT, count=1)
    assert text != TEXT
    if not expected:  # a comment where there may be one
        assert read(tmp_path, text).n_landmarks == 3
        return
    with pytest.raises(ModelFileError, match=expected) as caught:
        read(tmp_path, text)
    assert caught.value.path == tmp_path / "svr.txt"
    assert caught.value.offset is not None


def test_comments_stand_where_openface_skips_them_only(tmp_path: Path):
    centres = TEXT.index("3 1 6", TEXT.index("3 1 6") + 5)
    with pytest.raises(ModelFileError, match="rows of view centre"):
        read(tmp_path, f"{TEXT[:centres]}# second\n{TEXT[centres:]}")


@pytest.mark.parametrize("length", [0, 20, 100, len(TEXT) - 8])
def test_truncated_files(length: int, tmp_path: Path):
    with pytest.raises(ModelFileError):
        read(tmp_path, TEXT[:length])


def test_more_than_there_should_be(tmp_path: Path):
    with pytest.raises(ModelFileError, match="the end of the file"):
        read(tmp_path, TEXT + "1")


def test_every_field_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        WRITTEN.scale = 1.0  # type: ignore[misc]
