from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from openface_bridge.fixtures import Embedded, Face
from openface_bridge.pictures import read_picture
from pyclnf import CLNF, FitSettings
from pyclnf.cli import main
from pyclnf.formats.pts import read_pts
from pyclnf.pose import CameraIntrinsics

from .conftest import StubEngine

DONE, SKIPPED, UNUSABLE = 0, 1, 2


def box_of(face: Face) -> str:
    return ",".join(map(str, face.box))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "anna.png"
    cv2.imwrite(str(path), np.full((80, 90, 3), 40, np.uint8))
    return path


def test_a_face_of_the_embedded_model(
    fixtures: Embedded, face: Face, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["--model", str(fixtures.model), "--backend", "numpy", "--bbox", box_of(face)]
    wanted = ["--csv", "--pts", "--json", "--draw", "--precision", "4", "--out-dir", str(tmp_path)]
    assert main(["image", str(face.picture), *arguments, *wanted]) == DONE
    said = capsys.readouterr()
    assert said.out == f"1 picture, 1 face, written to {tmp_path}\n"
    assert said.err == ""
    fit = CLNF(fixtures.model, backend="numpy").fit(read_picture(face.picture), face.box)
    [row] = rows_of(tmp_path / "frontal01.csv")
    for index, (x, y) in enumerate(fit.landmarks):
        assert row[f"x_{index}"] == f"{x:.4f}"
        assert row[f"y_{index}"] == f"{y:.4f}"
    assert row["p_scale"] == f"{fit.params_global[0]:.4f}"
    [frame] = json.loads((tmp_path / "frontal01.json").read_text("utf-8"))["frames"]
    assert np.array_equal(np.array(frame["faces"][0]["landmarks"], np.float32), fit.landmarks)
    np.testing.assert_allclose(read_pts(tmp_path / "frontal01_det_0.pts"), fit.landmarks, atol=6e-5)
    drawn = cv2.imread(str(tmp_path / "frontal01.jpg"))
    assert drawn is not None
    assert drawn.shape == read_picture(face.picture).shape
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".json", ".pts", ".jpg"}


def test_openfaces_options(fixtures: Embedded, face: Face, tmp_path: Path):
    arguments = ["-mloc", str(fixtures.model), "--backend", "numpy"]
    output = ["-out_dir", str(tmp_path), "-of", "result"]
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    x, y, width, height = face.box
    (boxes / "frontal01.txt").write_text(f"{x} {y} {x + width} {y + height}\n")
    setting = ["-wild", "-multi_view", "0", "-sigma", "2", "-reg", "20", "-w_reg", "1",
               "-n_iter", "2", "-validate_detections", "0"]  # fmt: skip
    blocks = ["-2Dfp", "-pdmparams", "-tracked"]
    given = ["-f", str(face.picture), "-bboxdir", str(boxes)]
    assert main(["image", *given, *arguments, *setting, *blocks, *output]) == DONE
    settings = FitSettings((15, 13, 11, 11), 2.0, 20.0, 1.0, 2)
    fit = CLNF(fixtures.model, backend="numpy").fit(read_picture(face.picture), face.box, settings)
    [row] = rows_of(tmp_path / "result.csv")
    assert row["x_30"] == f"{fit.landmarks[30, 0]:.1f}"
    assert row["p_0"] == f"{fit.params_local[0]:.3f}"
    assert (tmp_path / "result.jpg").is_file()


def test_openfaces_own_model_is_fitted_as_openface_does(
    small_model: Path, face: Face, tmp_path: Path
):
    model = tmp_path / "model"
    shutil.copytree(small_model.parent, model)
    manifest = model / "main_ceclm_general.txt"
    (model / small_model.name).rename(manifest)
    arguments = ["--model", str(manifest), "--backend", "numpy", "--bbox", box_of(face)]
    wanted = ["-reg", "20", "-multi_view", "0", "--json", "--out-dir", str(tmp_path)]
    assert main(["image", str(face.picture), *arguments, *wanted]) == DONE
    settings = json.loads((tmp_path / f"{face.picture.stem}.json").read_text("utf-8"))["settings"]
    assert (settings["sigma"], settings["reg_factor"]) == (2.25, 18)


def test_wild_means_several_head_poses(fixtures: Embedded, face: Face, tmp_path: Path):
    arguments = ["--model", str(fixtures.model), "--backend", "numpy", "--bbox", box_of(face)]
    wanted = ["--json", "--wild", "--n-iter", "1", "--out-dir", str(tmp_path)]
    assert main(["image", str(face.picture), *arguments, *wanted]) == DONE
    document = json.loads((tmp_path / "frontal01.json").read_text("utf-8"))
    assert document["multi_view"] is True
    assert document["settings"]["window_sizes"] == [15, 13, 11, 11]
    assert document["settings"]["max_iterations"] == 1
    assert document["model"] == str(fixtures.model)


def test_head_pose_in_the_space_of_a_camera(fixtures: Embedded, face: Face, tmp_path: Path):
    given = [str(face.picture), "--model", str(fixtures.model), "--backend", "numpy"]
    given += ["--bbox", box_of(face), "-pose", "-3Dfp", "--precision", "6"]
    poses = {}
    for name, options in {
        "estimated": [],
        "given": ["-fx", "500", "-fy", "500", "-cx", "320", "-cy", "240"],
        "far": ["--fx", "1000", "--cx", "320", "--cy", "240"],
    }.items():
        out = tmp_path / name
        assert main(["image", *given, *options, "--out-dir", str(out)]) == DONE
        [poses[name]] = rows_of(out / "frontal01.csv")
    clnf, pixels = CLNF(fixtures.model, backend="numpy"), read_picture(face.picture)
    fit, camera = clnf.fit(pixels, face.box), CameraIntrinsics(500, 500, 320, 240)
    pose, space = clnf.head_pose(fit, camera), clnf.landmarks_3d(fit, camera)
    assert float(poses["given"]["pose_Tz"]) == pytest.approx(pose.translation[2], abs=1e-4)
    assert float(poses["given"]["pose_Ry"]) == pytest.approx(pose.rotation[1], abs=1e-5)
    assert float(poses["given"]["Z_30"]) == pytest.approx(space[30, 2], abs=1e-4)
    distances = [float(poses[name]["pose_Tz"]) for name in ("estimated", "given", "far")]
    assert 1.8 < distances[2] / distances[1] < 2.2
    assert distances[0] != distances[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-fx", "500"], "--cx: needed"),
        (["-cx", "3", "-cy", "4"], "--fx: needed"),
        (["-fx", "-1", "-cx", "3", "-cy", "4"], "fx: must be positive"),
    ],
)
def test_cameras_that_cannot_be(
    fixtures: Embedded, face: Face, options: list[str], message: str, capsys
):
    given = [str(face.picture), "--model", str(fixtures.model), "--bbox", box_of(face)]
    assert main(["image", *given, *options]) == UNUSABLE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("box", ["nan,1,2,3", "99999,1,2,3", "1,2,-3,4"])
def test_boxes_that_cannot_be_used(
    fixtures: Embedded, face: Face, tmp_path: Path, box: str, capsys
):
    given = [str(face.picture), "--model", str(fixtures.model), f"--bbox={box}"]
    assert main(["image", *given, "--out-dir", str(tmp_path)]) == SKIPPED
    said = capsys.readouterr()
    assert "face 0: bbox: " in said.err
    assert said.out.startswith("1 picture, 0 faces")


def test_a_box_may_stick_out_to_the_left(fixtures: Embedded, face: Face, tmp_path: Path):
    given = [str(face.picture), "--model", str(fixtures.model), "--backend", "numpy", "--json"]
    for name, boxes in (
        ("apart", ["--bbox", "-5,-.5,80,90.5", "--bbox", "-1e1,2,90,90"]),
        ("joined", ["--bbox=-5,-.5,80,90.5", "--bbox=-1e1,2,90,90"]),
    ):
        out = ["--out-dir", str(tmp_path), "--out-name", name]
        assert main(["image", *given, *boxes, *out]) == DONE
    frames = [
        json.loads((tmp_path / f"{name}.json").read_text("utf-8"))["frames"]
        for name in ("apart", "joined")
    ]
    assert frames[0] == frames[1]
    assert [found["box"] for found in frames[0][0]["faces"]] == [
        [-5, -0.5, 80, 90.5],
        [-10, 2, 90, 90],
    ]


def test_a_model_that_is_not_there(face: Face, models: Path, capsys):
    assert main(["image", str(face.picture), "--model", "nowhere/main.txt"]) == UNUSABLE
    assert "nowhere/main.txt" in capsys.readouterr().err


def test_boxes_of_two_pictures_in_one_file(tmp_path: Path, capsys):
    names = [str(tmp_path / folder / "face.jpg") for folder in ("one", "other")]
    assert main(["detect", *names, "--out-dir", str(tmp_path)]) == UNUSABLE
    assert "would both be written to" in capsys.readouterr().err


def test_no_detector(fixtures: Embedded, face: Face, models: Path, capsys):
    assert main(["image", str(face.picture), "--model", str(fixtures.model)]) == UNUSABLE
    said = capsys.readouterr().err
    assert "no face detector is installed" in said
    assert "--bbox X,Y,W,H or --bbox-dir DIR" in said


def test_csv_is_what_is_written_if_nothing_is_asked_for(
    engine: StubEngine, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["image", "anna.png"]) == DONE
    assert [path.name for path in Path("processed").iterdir()] == ["anna.csv"]
    rows = rows_of(Path("processed/anna.csv"))
    assert [row["face"] for row in rows] == ["0", "1"]
    assert [row["confidence"] for row in rows] == ["0.500", "nan"]
    assert {"pose_Tx", "x_2", "p_1"} <= set(rows[0])


def test_names_as_openface_takes_them(engine: StubEngine, picture: Path, tmp_path: Path):
    assert main(["image", str(picture), "-out_dir", str(tmp_path), "-of", "a/b.csv"]) == DONE
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.csv"]


def test_pts_of_several_faces(engine: StubEngine, picture: Path, tmp_path: Path):
    assert main(["image", str(picture), "--pts", "--out-dir", str(tmp_path / "out")]) == DONE
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "anna_det_0.pts",
        "anna_det_1.pts",
    }


def test_no_two_faces_have_one_file(engine: StubEngine, picture: Path, tmp_path: Path):
    """Whatever pictures are called, and however many faces they have."""
    names = [f"anna{ending}.png" for ending in ("", "_0", "_det_0", "_det_0_det_1")]
    for name in names:
        (tmp_path / name).write_bytes(picture.read_bytes())
    pictures = [str(tmp_path / name) for name in names]
    assert main(["image", *pictures, "--pts", "--out-dir", str(tmp_path / "out")]) == DONE
    assert len(list((tmp_path / "out").iterdir())) == 2 * len(names)


def test_unreadable_pictures_are_told_and_skipped(
    engine: StubEngine, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    names = [str(broken), str(tmp_path / "nowhere.png"), str(picture)]
    assert main(["image", *names, "--out-dir", str(tmp_path / "out")]) == SKIPPED
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "broken.png: not a picture that OpenCV can decode; it is skipped" in said[0]
    assert "nowhere.png: cannot be read: No such file or directory; it is skipped" in said[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["anna.csv"]


def test_a_picture_without_box_file_has_no_faces(
    fixtures: Embedded, face: Face, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "boxes").mkdir()
    given = [str(face.picture), "--model", str(fixtures.model), "--bbox-dir"]
    status = main(["image", *given, str(tmp_path / "boxes"), "--out-dir", str(tmp_path)])
    assert status == SKIPPED
    said = capsys.readouterr().err
    assert "frontal01.txt: there is no such file" in said
    assert said.endswith("no face is looked for in frontal01\n")
    assert rows_of(tmp_path / "frontal01.csv") == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "no picture was given"),
        (["-fdir", "nowhere"], "nowhere: there is no such folder"),
        (["anna.png", "other/anna.jpg"], r"would both be written to"),
        (["anna.png", "other/bert.jpg", "-of", "x"], r"would both be written to"),
        (["other/anna.jpg", "--draw", "--out-dir", "other"], "--draw would overwrite"),
        (["anna.png", "--precision", "99"], "precision: must be from 0 to 17"),
        (["anna.png", "--out-dir", "anna.png"], "File exists"),
    ],
)
def test_what_cannot_be_done(
    engine: StubEngine,
    picture: Path,
    arguments: list[str],
    problem: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(picture.parent)
    assert main(["image", *arguments]) == UNUSABLE
    said = capsys.readouterr().err
    assert said.startswith("pyclnf image: ")
    assert problem in said
    assert engine.seen == []


@pytest.mark.parametrize("threads", ["0", "-1"])
def test_bad_settings(
    threads: str, fixtures: Embedded, face: Face, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = ["image", str(face.picture), "--model", str(fixtures.model), "--bbox", box_of(face)]
    output = ["--out-dir", str(tmp_path / "out")]
    assert main([*given, *output, "--sigma", "-1"]) == UNUSABLE
    assert "sigma: must be from" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main([*given, *output, "--threads", threads])
    assert caught.value.code == UNUSABLE
    assert "--threads: expected a positive number" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(engine: StubEngine, picture: Path, capsys):
    assert main(["image", str(picture), "--out-dir", str(picture / "out")]) == UNUSABLE
    assert f"--out-dir: {picture / 'out'} cannot be made: " in capsys.readouterr().err
    assert engine.seen == []


def test_a_folder_is_no_picture(engine: StubEngine, picture: Path, tmp_path: Path, capsys):
    given = [str(tmp_path), str(picture), "--out-dir", str(tmp_path / "out")]
    assert main(["image", *given]) == SKIPPED
    said = capsys.readouterr()
    assert f"{tmp_path}: is a folder, and is skipped; -fdir {tmp_path} takes" in said.err
    assert said.out == f"1 picture, 2 faces, written to {tmp_path / 'out'}\n"


def test_where_no_face_is_found(
    engine: StubEngine, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr(engine, "image", lambda frame: [])
    assert main(["image", str(picture), "--out-dir", str(tmp_path)]) == DONE
    said = capsys.readouterr()
    assert said.err == f"pyclnf image: {picture}: no face was found\n"
    assert said.out == f"1 picture, 0 faces, written to {tmp_path}\n"


def test_nothing_is_written_of_nothing(engine: StubEngine, tmp_path: Path, capsys):
    assert main(["image", "nowhere.png", "--out-dir", str(tmp_path)]) == SKIPPED
    assert capsys.readouterr().out == "0 pictures, 0 faces; nothing was written\n"


def test_openfaces_word_for_no_windows(engine: StubEngine, picture: Path, tmp_path: Path):
    assert main(["image", "-q", str(picture), "-out_dir", str(tmp_path)]) == DONE


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-gaze"], "-gaze: pyclnf has no gaze"),
        (["-aus"], "-aus: pyclnf has no action units"),
        (["-simscale", "0.7"], "-simscale: pyclnf has no aligned faces"),
        (["-nomask"], "-nomask: pyclnf has no aligned faces"),
        (["-cam_width", "640"], "-cam_width: pyclnf has no choice of a camera's resolution"),
        (["--treads", "2"], "unrecognized arguments: --treads 2; did you mean --threads?"),
        (["--dimensions=7"], "unrecognized arguments: --dimensions=7. See 'pyclnf image --help'"),
        (["--bbox", "1,2,3"], "expected X,Y,W,H, four numbers, got '1,2,3'"),
        (["--bbox", "-1,2,3"], "expected X,Y,W,H, four numbers, got '-1,2,3'"),
        (["--out-name", ""], "-of: expected a file's name, got ''"),
        (["-of", "."], "-of: expected a file's name, got '.'"),
        (["-of", "a/.."], "-of: expected a file's name, got 'a/..'"),
        (["--bbox", "-2Dfp"], "--bbox: expected one argument"),
        (["--bbox", "1,2,3,4", "--bbox-dir", "x"], "not allowed with argument"),
        (["-multi_view", "2"], "invalid choice"),
        (["-validate_detections", "2"], "invalid choice"),
        (["--backend", "abacus"], "invalid choice"),
    ],
)
def test_what_is_not_there(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(["image", "anna.png", *arguments])
    assert caught.value.code == UNUSABLE
    assert problem in capsys.readouterr().err


def test_without_a_model_the_command_says_how_to_get_one(
    models: Path, picture: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["image", str(picture), "--bbox", "1,2,3,4"]) == UNUSABLE
    said = capsys.readouterr().err
    assert "pyclnf model install --from" in said
    assert "pyclnf model download" in said


def test_a_picture_too_wide_to_be_drawn(engine: StubEngine, tmp_path: Path, capsys):
    path = tmp_path / "wide.png"
    assert cv2.imwrite(str(path), np.zeros((2, 70000), np.uint8))
    assert main(["image", str(path), "--draw", "--out-dir", str(tmp_path / "out")]) == UNUSABLE
    assert "cannot make a JPEG file of 70000 x 2 px" in capsys.readouterr().err
    assert [*(tmp_path / "out").iterdir()] == []
