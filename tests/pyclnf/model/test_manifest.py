from __future__ import annotations

from pathlib import Path

import pytest
from support.model_files import write_lines

from pyclnf.model import Manifest, ModelFileError, PartFiles, read_manifest

MAIN = [
    "LandmarkDetector detector/clnf.txt",
    "LandmarkDetector_part parts/eye.txt left_eye 36 8 37 10 ",
    "LandmarkDetector_part parts/eye.txt right_eye 42 0",
    "",
    "Something_else that nobody knows",
    "FaceDetConversion haar.txt",
    "DetectionValidator validation/cnn.txt",
]
DETECTOR = [
    "PDM pdms/pdm.txt",
    "Triangulations ../tris.txt",
    "PatchesCCNF patches\\coarse.txt",
    "PatchesCCNF patches/fine.txt",
    "PatchesIntensity patches/svr.txt",
    "PatchesCEN patches/cen.dat",
    "EarlyTermination early.txt",
]
OTHERS = [
    "parts/eye.txt",
    "haar.txt",
    "validation/cnn.txt",
    "tris.txt",
    "detector/pdms/pdm.txt",
    "detector/patches/coarse.txt",
    "detector/patches/fine.txt",
    "detector/patches/svr.txt",
    "detector/patches/cen.dat",
    "detector/early.txt",
]


def write(root: Path, main: list[str], detector: list[str], end: str = "\n") -> Path:
    for name in OTHERS:
        write_lines(root / name, [])
    write_lines(root / "detector" / "clnf.txt", detector, end)
    return write_lines(root / "main.txt", main, end)


def without(lines: list[str], keyword: str) -> list[str]:
    return [line for line in lines if not line.startswith(keyword + " ")]


def assert_complete(manifest: Manifest, root: Path) -> None:
    detector = manifest.detector
    folder = root / "detector"
    assert manifest.path == root / "main.txt"
    assert manifest.validator == root / "validation/cnn.txt"
    assert manifest.face_detection_conversion == root / "haar.txt"
    assert manifest.parts == (
        PartFiles(root / "parts/eye.txt", "left_eye", ((36, 8), (37, 10)), 2),
        PartFiles(root / "parts/eye.txt", "right_eye", ((42, 0),), 3),
    )
    assert detector.path == folder / "clnf.txt"
    assert detector.pdm == folder / "pdms/pdm.txt"
    assert detector.triangulations == folder / "../tris.txt"
    assert detector.ccnf == (folder / "patches/coarse.txt", folder / "patches/fine.txt")
    assert detector.intensity == (folder / "patches/svr.txt",)
    assert detector.cen == (folder / "patches/cen.dat",)
    assert detector.early_termination == folder / "early.txt"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [[], [""]], ids=["no last newline", "last newline"])
def test_everything(end: str, last: list[str], tmp_path: Path):
    path = write(tmp_path, MAIN + last, DETECTOR + last, end)
    assert_complete(read_manifest(path), tmp_path)


def test_mark_of_utf8_is_no_part_of_the_first_keyword(tmp_path: Path):
    path = write(tmp_path, MAIN, DETECTOR)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert_complete(read_manifest(path), tmp_path)


def test_only_what_is_needed(tmp_path: Path):
    path = write(tmp_path, MAIN[:1], ["PDM pdms/pdm.txt", "PatchesCEN patches/cen.dat"])
    manifest = read_manifest(path)
    assert manifest.parts == ()
    assert manifest.validator is manifest.face_detection_conversion is None
    assert manifest.detector.ccnf == manifest.detector.intensity == ()
    assert manifest.detector.triangulations is manifest.detector.early_termination is None


def test_absolute_paths(tmp_path: Path):
    path = write(tmp_path, [f"LandmarkDetector {tmp_path / 'detector' / 'clnf.txt'}"], DETECTOR)
    assert read_manifest(path).detector.path == tmp_path / "detector" / "clnf.txt"


def test_a_manifest_may_name_itself(tmp_path: Path):
    path = write(tmp_path, [*MAIN, "LandmarkDetector_part main.txt itself 0 0"], DETECTOR)
    assert read_manifest(path).parts[-1].manifest == path
    # As its own detector, it lacks what a detector's manifest has.
    write_lines(path, ["LandmarkDetector main.txt"])
    with pytest.raises(ModelFileError, match="a line PDM"):
        read_manifest(path)


@pytest.mark.parametrize("keyword", ["LandmarkDetector", "PDM"])
def test_missing_keyword(keyword: str, tmp_path: Path):
    path = write(tmp_path, without(MAIN, keyword), without(DETECTOR, keyword))
    with pytest.raises(ModelFileError, match=f"expected a line {keyword}, found none"):
        read_manifest(path)


def test_no_patch_experts(tmp_path: Path):
    path = write(tmp_path, MAIN, [line for line in DETECTOR if not line.startswith("Patches")])
    with pytest.raises(ModelFileError, match="PatchesCCNF, PatchesIntensity or PatchesCEN"):
        read_manifest(path)


@pytest.mark.parametrize("keyword", ["LandmarkDetector", "DetectionValidator", "PDM"])
def test_keyword_twice(keyword: str, tmp_path: Path):
    again = [next(line for line in MAIN + DETECTOR if line.startswith(keyword + " "))]
    path = write(tmp_path, MAIN + again, DETECTOR + again)
    with pytest.raises(ModelFileError, match=f"expected one line {keyword} in line"):
        read_manifest(path)


@pytest.mark.parametrize("name", ["detector/clnf.txt", *OTHERS])
def test_missing_file(name: str, tmp_path: Path):
    path = write(tmp_path, MAIN, DETECTOR)
    (tmp_path / name).unlink()
    with pytest.raises(ModelFileError, match="existing file in line") as caught:
        read_manifest(path)
    assert caught.value.path in (path, tmp_path / "detector" / "clnf.txt")
    assert Path(name).name in caught.value.found
    assert "separate downloads" in caught.value.advice


def test_place_of_a_missing_file(tmp_path: Path):
    path = write(tmp_path, MAIN, DETECTOR, "\r\n")
    (tmp_path / "haar.txt").unlink()
    with pytest.raises(ModelFileError, match=r"line 6 \('FaceDetConversion haar.txt'") as caught:
        read_manifest(path)
    assert caught.value.offset == path.read_bytes().index(b"FaceDet")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("LandmarkDetector_part", "a file name"),
        ("LandmarkDetector_part parts/eye.txt", "the part's name"),
        ("LandmarkDetector_part parts/eye.txt eye", "pairs of landmark numbers"),
        ("LandmarkDetector_part parts/eye.txt eye 1 2 3", "pairs of landmark numbers"),
        ("LandmarkDetector_part parts/eye.txt eye 1 -2", "a landmark's number"),
        ("LandmarkDetector_part parts/eye.txt eye 1 2.0", "a landmark's number"),
        ("LandmarkDetector_part parts/eye.txt eye 1 \u00b2", "a landmark's number"),
        ("LandmarkDetector_part parts/eye.txt eye 1 " + 5000 * "9", "a landmark's number"),
        ("DetectionValidator", "a file name"),
        ("DetectionValidator nul\0", "existing file"),
        ("DetectionValidator " + 5000 * "x", "existing file"),
    ],
)
def test_malformed_line(line: str, expected: str, tmp_path: Path):
    path = write(tmp_path, [MAIN[0], line], DETECTOR)
    with pytest.raises(ModelFileError, match=f"{expected}.* in line 2"):
        read_manifest(path)


def test_names_that_are_not_utf8_can_be_shown(tmp_path: Path):
    path = write(tmp_path, MAIN, DETECTOR)
    path.write_bytes(b"LandmarkDetector \xff\x1b.txt")
    with pytest.raises(ModelFileError) as caught:
        read_manifest(path)
    assert str(caught.value).isprintable()


def test_a_large_file_is_no_manifest(tmp_path: Path):
    (tmp_path / "patches.txt").write_bytes(bytes(70_000))
    with pytest.raises(ModelFileError, match="a file of at most 65536 bytes, found 70000 bytes"):
        read_manifest(tmp_path / "patches.txt")
