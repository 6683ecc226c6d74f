"""Models of parts: their settings, their pairs, and manifests that are wrong about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.faces import draw_face
from support.model_files import add_part, write_lines, write_small_model
from support.whole import fit_parts

from pyclnf import CLNF, ModelFileError
from pyclnf.backends import create_backend
from pyclnf.part_models import PartSettings, load_parts, settings_of
from pyclnf.scale_plan import plan_scales

NAMED = ("inner", "left_eye_28", "right_eye_28", "left_eye", "right_eye", "mouth", "brow")
PART = "LandmarkDetector_part part/main.txt part"


@pytest.fixture
def face(tmp_path: Path) -> Path:
    """Manifest of a small model with a part of six of its landmarks, none of them paired yet."""
    main = write_small_model(tmp_path)
    add_part(main, "part", range(6))
    return main


def rewrite(main: Path, *lines: str) -> Path:
    return write_lines(main, ["LandmarkDetector clnf.txt", *lines])


@pytest.mark.parametrize("name", [*NAMED, "nose"])
def test_settings_stay_the_same_at_every_scale(name: str):
    settings = settings_of(name)
    scales = (0.25, 1.0, 1.5, 2.0)
    for plan in plan_scales(settings, scales[: len(settings.window_sizes)]):
        assert plan.window_size == settings.window_sizes[plan.scale]
        assert plan.sigma == np.float32(settings.sigma)
        assert plan.reg_factor == np.float32(settings.reg_factor)
        assert plan.weight_factor == np.float32(settings.weight_factor)


def test_settings_depend_on_the_name():
    assert settings_of("inner").weight_factor == 2.5
    assert settings_of("left_eye_28") is settings_of("right_eye_28")
    assert settings_of("left_eye").window_sizes == (5, 3)
    assert settings_of("nose") == settings_of("chin") == PartSettings(sigma=2.25, reg_factor=22.5)
    assert len({settings_of(name) for name in (*NAMED, "nose")}) == 6


def test_parts_have_the_backend_of_their_face(face: Path, backend_name: str):
    backend = create_backend(backend_name, face)
    (part,) = load_parts(backend)
    assert part.name == "part"
    assert part.backend.name == backend_name
    assert part.backend.detector.pdm.n_landmarks == 6
    assert part.in_face.tolist() == part.in_part.tolist() == [0, 1, 2, 3, 4, 5]


def test_pairs_are_face_first(face: Path):
    rewrite(face, PART + " 11 0 7 5 2 3")
    (part,) = load_parts(create_backend("numpy", face))
    assert part.in_face.tolist() == [11, 7, 2]
    assert part.in_part.tolist() == [0, 5, 3]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([PART + " 12 0 1 1"], r"landmarks below 12 \(face\) and 6 \(part\) in line 2, .* 12 0$"),
        ([PART + " 0 0 1 6"], r"landmarks below 12 \(face\) and 6 \(part\) in line 2, .* 1 6$"),
        (["", PART + " 0 999999 1 1"], r"in line 3, found the pair 0 999999$"),
        ([PART + " 4 4"], "at least two pairs of landmarks in line 2, found 1$"),
        ([PART + " 0 0 1 1"] * 2, "a part's name of its own in line 3, found 'part'$"),
    ],
)
def test_lines_that_are_wrong_about_a_part(face: Path, lines: list[str], message: str):
    rewrite(face, *lines)
    backend = create_backend("numpy", face)
    with pytest.raises(ModelFileError, match=message) as caught:
        load_parts(backend)
    assert caught.value.path == face


@pytest.mark.parametrize(
    "missing", ["part/clnf.txt", "part/pdms/pdm.txt", "part/patch_experts/ccnf_0.35.txt"]
)
def test_files_of_a_part_that_are_missing(face: Path, missing: str):
    (face.parent / missing).unlink()
    clnf, drawn = CLNF(face, backend="numpy"), draw_face()
    assert clnf.fit(drawn.picture, drawn.box).success  # nobody has asked for parts
    for _ in range(2):
        with pytest.raises(ModelFileError, match=Path(missing).name):
            fit_parts(clnf, drawn.picture, drawn.box)


def test_a_part_that_names_its_face(face: Path):
    rewrite(face, "LandmarkDetector_part main.txt again 0 0 1 1")
    (part,) = load_parts(create_backend("numpy", face))
    assert part.backend.detector.pdm.n_landmarks == 12


def test_parts_are_read_when_first_needed_and_kept(face: Path):
    clnf, drawn = CLNF(face, backend="numpy"), draw_face()
    assert clnf.part_names == ("part",)
    fit_parts(clnf, drawn.picture, drawn.box)
    (face.parent / "part" / "main.txt").unlink()
    fit_parts(clnf, drawn.picture, drawn.box)
