"""Whatever is passed that cannot be meant: a ValueError that begins with the argument's name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.faces import draw_face
from support.model_files import add_part, write_small_model
from support.networks import output_layers, proposal_layers, refinement_layers, write_face_detector
from support.tracking import Script
from support.validators import add_validator, small_validator

from pyclnf import CLNF, FitResult, FitSettings, TraceRecorder
from pyclnf.backends import auto_order, choose_backend, choose_networks, create_backend
from pyclnf.detection import (
    MTCNN,
    CascadeSettings,
    find_boxes,
    read_box_lines,
    read_box_table,
    read_boxes,
)
from pyclnf.image import to_eight_bit, to_grey
from pyclnf.pipeline.boxes import boxes_of_folder, same_boxes
from pyclnf.pipeline.engine import Choices, PictureEngine
from pyclnf.pipeline.frames import open_frames
from pyclnf.pipeline.pictures import find_pictures, read_picture
from pyclnf.pipeline.tracking import TrackingEngine
from pyclnf.pose import CameraIntrinsics, head_pose, landmarks_3d
from pyclnf.tracking import FaceTracker, Tracker, TrackerSettings

FACE = draw_face(0)
PICTURE, BOX = FACE.picture, FACE.box
HUGE = 10**400


class Unshowable:
    """A thing that cannot even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


# ---- What is passed ----

NO_NUMBERS: list[Any] = [
    "abc",
    b"abc",
    {},
    {1, 2},
    [None],
    [[1, 2], [3]],
    [1j],
    object(),
    Unshowable(),
    HUGE,
]
NOTHING_KNOWN: list[Any] = [
    3,
    1.5,
    True,
    np.nan,
    "abc",
    b"abc",
    [],
    {},
    np.zeros(3),
    object,
    Unshowable(),
]
PATHS: list[Any] = [3, 1.5, b"abc", [], {}, np.zeros(3), object(), Unshowable()]
NAMES: list[Any] = [None, 3, b"numpy", [], {}, np.zeros(0), "abacus", Unshowable()]
FLAGS: list[Any] = [None, 0, 1, "no", [], np.zeros(2), np.nan]
COUNTS: list[Any] = [0, -1, 1.5, True, "2", np.nan, np.inf, [], np.array([1, 2]), -HUGE]
NUMBERS: list[Any] = [
    None,
    "1",
    True,
    1j,
    [],
    np.nan,
    np.inf,
    -np.inf,
    HUGE,
    np.zeros(1),
    Unshowable(),
]
PICTURES: list[Any] = [
    *(None, "face.jpg", b"\0\0", 3, [], {}, object(), Unshowable(), [[1, 2], [3]], iter([1])),
    *(np.uint8(3), np.zeros(5, np.uint8), np.zeros((5, 5, 4), np.uint8)),
    *(np.zeros((5, 5, 1), np.uint8), np.zeros((2, 5, 5, 3), np.uint8)),
    *(np.zeros((0, 5), np.uint8), np.zeros((5, 0, 3), np.uint8), np.zeros((0, 0), np.uint8)),
    *(np.zeros((5, 5), kind) for kind in (bool, np.int8, np.int32, np.uint32, complex, object)),
    *(np.zeros((5, 5), "U3"), np.zeros((5, 5), "M8[s]")),
    *(np.full((5, 5), value) for value in (np.nan, np.inf, -0.1, 1.1, 255.0)),
]  # fmt: skip
BOXES: list[Any] = [
    *NO_NUMBERS,
    *(3, [], (1, 2, 3), (1, 2, 3, 4, 5), np.zeros((2, 2)), [BOX], "1234", ["1", "2", "30", "40"]),
    *((True, "2", 30, 40), (1, 2, None, 4), (1, 2, 3j, 4), iter(BOX), set(BOX)),
    *((1, 2, np.nan, 4), (np.inf, 2, 3, 4), (1, 2, 0, 4), (1, 2, 3, -4), (1e9, 2, 3, 4)),
    *((9e5, 2, 3, 4), (-5, 2, 3, 4), (HUGE, 2, 3, 4)),
]
SEQUENCES: list[Any] = [
    None,
    3,
    1.5,
    True,
    "abc",
    b"abc",
    {},
    set(),
    object(),
    np.array(3),
    Unshowable(),
]
ROTATIONS: list[Any] = [*NO_NUMBERS, 3, (0, 0), (0, 0, 0, 0), "123", ("0", "0", "0"), (0, 0, 3.2)]
ROTATIONS += [(0, np.nan, 0), (0, np.inf, 0), {0, 1, 2}, np.zeros((1, 3))]
OBSERVERS: list[Any] = [3, "abc", [], {}, print, object(), TraceRecorder, Unshowable()]
FUNCTIONS: list[Any] = [3, "haarcascade.xml", b"abc", [], {}, np.zeros(3), object(), Unshowable()]
LANDMARKS: list[Any] = [*NO_NUMBERS, None, 3, [], "12", np.zeros(5), np.zeros((2, 12))]


# ---- Who is asked ----


@dataclass
class Asked:
    """What can be asked, made once."""

    clnf: CLNF
    mtcnn: MTCNN
    folder: Path
    result: FitResult

    @property
    def camera(self) -> CameraIntrinsics:
        return CameraIntrinsics(500, 500, 150, 130)

    @property
    def of_face(self) -> dict[str, Any]:
        """A face, a model and a camera, as :mod:`pyclnf.pose` takes them."""
        names = ("params_global", "params_local", "landmarks")
        pdm = self.clnf._backend.detector.pdm
        return {**{n: getattr(self.result, n) for n in names}, "pdm": pdm, "camera": self.camera}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("asked")
    manifest = write_small_model(folder)
    add_part(manifest, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    add_validator(manifest, small_validator(n_landmarks=12))
    layers = (proposal_layers(5), refinement_layers(5), output_layers(5))
    mtcnn = MTCNN(write_face_detector(tmp_path_factory.mktemp("mtcnn"), *layers), "numpy")
    clnf = CLNF(manifest, backend="numpy")
    return Asked(clnf, mtcnn, folder, clnf.fit(PICTURE, BOX))


Ask = Callable[[Asked, dict[str, Any]], Any]


def find(image: Any) -> Any:
    return [BOX]


def of_clnf(name: str, **usual: Any) -> Ask:
    """Ask a method of a detector's, with an argument changed."""
    return lambda asked, change: getattr(asked.clnf, name)(**{**usual, **change})


def of(call: Callable[..., Any], **usual: Any) -> Ask:
    """Ask anything that is called, with an argument changed."""
    return lambda asked, change: call(**{**usual, **change})


def first(argument: str, ask: Callable[[Asked, Any], Any]) -> Ask:
    """Ask with a changed argument that has no name of its own."""
    return lambda asked, change: ask(asked, change[argument])


def posing(call: Callable[..., Any]) -> Ask:
    """Ask for a pose, with an argument changed."""
    return lambda asked, change: call(**{**asked.of_face, **change})


def running(engine: Callable[..., Any]) -> Ask:
    """Ask for an engine, with an argument changed."""
    return lambda asked, change: engine(**{"clnf": asked.clnf, "find_boxes": find, **change})


ONE, MANY = {"image": PICTURE, "bbox": BOX}, {"images": PICTURE, "boxes": [BOX]}
NEITHER: dict[str, Any] = {"parts": False, "validate": False}

TABLE: list[tuple[str, Ask, str, list[Any]]] = [
    ("CLNF", of(CLNF), "manifest", PATHS),
    ("CLNF", lambda a, c: CLNF(a.clnf.manifest, **c), "backend", NAMES),
    ("CLNF", lambda a, c: CLNF(a.clnf.manifest, **c), "cache", [3, 1.5, b"x", [], {}, object()]),
    ("fit", of_clnf("fit", **ONE), "image", PICTURES),
    ("fit", of_clnf("fit", **ONE), "bbox", [None, *BOXES]),
    ("fit", of_clnf("fit", **ONE), "settings", [*NOTHING_KNOWN, TrackerSettings()]),
    ("fit", of_clnf("fit", **ONE), "rotation", [None, *ROTATIONS]),
    ("fit", of_clnf("fit", **ONE), "threads", COUNTS),
    ("fit", of_clnf("fit", **ONE), "observer", OBSERVERS),
    ("fit_hypotheses", of_clnf("fit_hypotheses", **ONE), "image", PICTURES),
    ("fit_hypotheses", of_clnf("fit_hypotheses", **ONE), "bbox", [None, *BOXES]),
    ("fit_hypotheses", of_clnf("fit_hypotheses", **ONE), "settings", NOTHING_KNOWN),
    ("fit_hypotheses", of_clnf("fit_hypotheses", **ONE), "rotations", [*SEQUENCES, [], iter(())]),
    ("fit_hypotheses", of_clnf("fit_hypotheses", **ONE), "threads", COUNTS),
    ("detect", of_clnf("detect", **ONE), "image", PICTURES),
    ("detect", of_clnf("detect", **ONE), "bbox", [None, *BOXES]),
    ("detect", of_clnf("detect", **ONE), "settings", NOTHING_KNOWN),
    ("detect", of_clnf("detect", **ONE), "rotations", [*SEQUENCES, [], iter(())]),
    ("detect", of_clnf("detect", **ONE), "parts", FLAGS),
    ("detect", of_clnf("detect", **ONE), "validate", FLAGS),
    ("detect", of_clnf("detect", **ONE), "threads", COUNTS),
    ("detect", of_clnf("detect", **ONE), "observer", [*OBSERVERS, TraceRecorder()]),
    ("fit_many", of_clnf("fit_many", **MANY), "images", SEQUENCES),
    ("fit_many", of_clnf("fit_many", **MANY), "images", [np.zeros((2, 5, 5, 3)), np.zeros(2)]),
    ("fit_many", of_clnf("fit_many", **MANY), "boxes", [*SEQUENCES, BOX, np.array(BOX), {1, 2}]),
    ("fit_many", of_clnf("fit_many", **{**MANY, "images": [PICTURE] * 2}), "boxes", [[], [BOX]]),
    ("fit_many", of_clnf("fit_many", **MANY), "settings", NOTHING_KNOWN),
    ("fit_many", of_clnf("fit_many", **MANY), "threads", COUNTS),
    ("detect_many", of_clnf("detect_many", **MANY), "images", SEQUENCES),
    ("detect_many", of_clnf("detect_many", **MANY), "boxes", [*SEQUENCES, BOX, np.array(BOX)]),
    ("detect_many", of_clnf("detect_many", **MANY), "settings", NOTHING_KNOWN),
    ("detect_many", of_clnf("detect_many", **MANY), "rotations", [*SEQUENCES, []]),
    ("detect_many", of_clnf("detect_many", **MANY), "parts", FLAGS),
    ("detect_many", of_clnf("detect_many", **MANY), "validate", FLAGS),
    ("detect_many", of_clnf("detect_many", **MANY), "threads", COUNTS),
    ("batch_backend", of_clnf("batch_backend"), "faces", [None, -1, 2.5, True, "3", [], np.nan]),
    ("batch_backend", of_clnf("batch_backend", faces=3), "on_device", FLAGS),
    ("prepare", of_clnf("prepare"), "settings", NOTHING_KNOWN),
    ("prepare", of_clnf("prepare"), "parts", FLAGS),
    ("prepare", of_clnf("prepare"), "validate", FLAGS),
    ("tracker", of_clnf("tracker"), "find_faces", FUNCTIONS),
    ("tracker", of_clnf("tracker"), "settings", [*NOTHING_KNOWN, FitSettings()]),
    ("tracker", of_clnf("tracker"), "parts", FLAGS),
    ("tracker", of_clnf("tracker"), "validate", FLAGS),
    ("tracker", of_clnf("tracker"), "threads", COUNTS),
    ("tracker", of_clnf("tracker"), "observer", [*OBSERVERS, TraceRecorder()]),
    ("face_tracker", of_clnf("face_tracker"), "find_faces", [None, *FUNCTIONS]),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "settings", NOTHING_KNOWN),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "most", [None, *COUNTS]),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "threads", COUNTS),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "observer",
     [*OBSERVERS, TraceRecorder()]),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "parts", FLAGS),
    ("face_tracker", of_clnf("face_tracker", find_faces=find), "validate", FLAGS),
    ("head_pose", lambda a, c: a.clnf.head_pose(camera=a.camera, **c), "result", [None, *NAMES]),
    ("head_pose", lambda a, c: a.clnf.head_pose(a.result, **c), "camera", [None, *NOTHING_KNOWN]),
    ("head_pose", lambda a, c: a.clnf.head_pose(a.result, a.camera, **c), "relative_to", NAMES),
    ("landmarks_3d", lambda a, c: a.clnf.landmarks_3d(camera=a.camera, **c), "result", NAMES),
    ("landmarks_3d", lambda a, c: a.clnf.landmarks_3d(a.result, **c), "camera", [None, "eye"]),
    # ---- Settings ----
    ("FitSettings", of(FitSettings), "window_sizes", [*SEQUENCES, [], (11.0,), ("11",), (HUGE,)]),
    ("FitSettings", of(FitSettings), "window_sizes", [(True,), (8,), (0,), (25,), (-11,)]),
    ("FitSettings", of(FitSettings), "sigma", [*NUMBERS, 0, -1]),
    ("FitSettings", of(FitSettings), "reg_factor", [*NUMBERS, -1]),
    ("FitSettings", of(FitSettings), "weight_factor", [*NUMBERS, -1]),
    ("FitSettings", of(FitSettings), "max_iterations", [None, *COUNTS]),
    ("FitSettings.named", of(FitSettings.named), "name", NAMES),
    ("TrackerSettings", of(TrackerSettings), "fit", [None, *NOTHING_KNOWN, TrackerSettings()]),
    ("TrackerSettings", of(TrackerSettings), "windows", [*SEQUENCES, (11.0,), (True,)]),
    ("TrackerSettings", of(TrackerSettings), "template", FLAGS),
    ("TrackerSettings", of(TrackerSettings), "template_scale", [*NUMBERS, 0, 5]),
    ("TrackerSettings", of(TrackerSettings), "redetect_every", [None, -1, 1.5, True, "2", []]),
    ("TrackerSettings", of(TrackerSettings), "forget_after", [None, -1, 1.5, True, "2", []]),
    ("CascadeSettings", of(CascadeSettings), "smallest_face", [None, *COUNTS, 11, HUGE]),
    ("CascadeSettings", of(CascadeSettings), "thresholds", [None, *NO_NUMBERS, 0.5, (0.5, 0.5)]),
    ("CascadeSettings", of(CascadeSettings), "thresholds", ["111", (0.5, 0.5, np.nan), (1, 2, 3)]),
    ("TraceRecorder", of(TraceRecorder), "areas_of_interest", FLAGS),
    ("TraceRecorder", of(TraceRecorder), "normal_equations", FLAGS),
    # ---- Pictures, poses, backends ----
    ("to_grey", of(to_grey), "image", PICTURES),
    ("to_eight_bit", of(to_eight_bit), "image", PICTURES),
    *(
        ("CameraIntrinsics", of(CameraIntrinsics, **{**dict.fromkeys(("fx", "fy", "cx", "cy"), 1)}),
         name, NUMBERS)
        for name in ("fx", "fy", "cx", "cy")
    ),
    ("CameraIntrinsics", of(CameraIntrinsics, fy=1, cx=1, cy=1), "fx", [0, -1, 1e-300]),
    ("estimated", of(CameraIntrinsics.estimated, height=4), "width", [*NUMBERS, 0, -1]),
    ("estimated", of(CameraIntrinsics.estimated, width=4), "height", [*NUMBERS, 0, -1]),
    *(
        (call.__name__, posing(call), name, values)
        for call in (head_pose, landmarks_3d)
        for name, values in [("params_global", LANDMARKS), ("params_local", LANDMARKS),
                             ("landmarks", LANDMARKS), ("pdm", NAMES), ("camera", NAMES)]
    ),
    ("choose_backend", first("backend", lambda a, v: choose_backend(v)), "backend", NAMES),
    ("choose_backend", of(choose_backend, name="auto"), "faces", [None, -1, 1.5, True, "2"]),
    ("choose_networks", first("backend", lambda a, v: choose_networks(v)), "backend", NAMES),
    ("auto_order", of(auto_order), "faces", [None, -1, 1.5, True, "2"]),
    ("create_backend", first("manifest", lambda a, v: create_backend("numpy", v)), "manifest",
     [None, *PATHS]),
    # ---- Tracking ----
    ("Tracker", of(Tracker), "fitter", [None, *NOTHING_KNOWN]),
    ("FaceTracker", of(FaceTracker, find_faces=find), "fitter", [None, *NOTHING_KNOWN]),
    ("FaceTracker", of(FaceTracker, fitter=Script(), find_faces=find), "detect_every", COUNTS),
    ("FaceTracker", of(FaceTracker, fitter=Script(), find_faces=find), "lose_after",
     [None, -1, 1.5, True, "2"]),
    ("Tracker.update", lambda a, c: a.clnf.tracker(find, **NEITHER).update(**c), "image", PICTURES),
    ("Tracker.update", first("bbox", lambda a, v: a.clnf.tracker(**NEITHER).update(PICTURE, v)),
     "bbox", BOXES),
    ("FaceTracker.update", lambda a, c: a.clnf.face_tracker(find, **NEITHER).update(**c), "image",
     PICTURES),
    ("FaceTracker.update",
     lambda a, c: a.clnf.face_tracker(lambda image: [], **NEITHER).update(**c), "image", PICTURES),
    ("Tracker.reset", lambda a, c: a.clnf.tracker().reset(**c), "near",
     [*NO_NUMBERS, 3, "12", (0.5,), (0.5, np.nan), (1, 2, 3)]),
    ("Tracker.update", first("detector", lambda a, v: a.clnf.tracker(lambda _: v).update(PICTURE)),
     "detector", [None, *NO_NUMBERS, BOX, [BOX[:3]], [(1, 2, 0, 4)], [(9e3, 0, 1, 1)]]),
    # ---- Detection ----
    ("MTCNN", of(MTCNN), "path", PATHS),
    ("MTCNN", first("backend", lambda a, v: MTCNN("nowhere.txt", v)), "backend", NAMES),
    ("MTCNN", of(MTCNN, path="nowhere.txt"), "settings", [*NOTHING_KNOWN, FitSettings()]),
    ("MTCNN.detect", lambda a, c: a.mtcnn.detect(**c), "image", PICTURES),
    ("MTCNN.detect", lambda a, c: a.mtcnn.detect(PICTURE, **c), "observer", OBSERVERS),
    ("find_boxes", of(find_boxes, image=PICTURE), "detector", [None, *FUNCTIONS]),
    ("find_boxes", of(find_boxes, detector=find), "image", PICTURES[:16]),
    ("read_boxes", of(read_boxes, picture="a.jpg"), "source", [None, *PATHS]),
    ("read_boxes", of(read_boxes, source="a.json"), "picture", [None, *PATHS]),
    ("read_box_lines", of(read_box_lines), "path", [None, *PATHS]),
    ("read_box_table", of(read_box_table), "path", [None, *PATHS]),
    # ---- Pipeline ----
    ("same_boxes", of(same_boxes), "boxes", [None, *NO_NUMBERS, 3, BOX, [BOX[:3]], [("1",) * 4]]),
    ("boxes_of_folder", of(boxes_of_folder, report=print), "folder", [None, *PATHS]),
    ("open_frames", of(open_frames, report=print), "source", [None, *PATHS]),
    ("find_pictures", of(find_pictures), "folder", [None, *PATHS]),
    ("read_picture", of(read_picture), "path", [None, *PATHS]),
    *(("Choices", of(Choices), name, FLAGS) for name in ("multi_view", "parts", "validate")),
    ("Choices", of(Choices), "settings", [None, *NOTHING_KNOWN]),
    ("Choices", of(Choices), "camera", NOTHING_KNOWN),
    *(
        (engine.__name__, running(engine), name, values)
        for engine in (PictureEngine, TrackingEngine)
        for name, values in [("clnf", [None, *NOTHING_KNOWN]), ("find_boxes", [None, *FUNCTIONS]),
                             ("choices", NOTHING_KNOWN), ("threads", COUNTS)]
    ),
    ("TrackingEngine", running(TrackingEngine), "most", [None, *COUNTS]),
    ("TrackingEngine", running(TrackingEngine), "template", FLAGS),
    ("TrackingEngine", running(TrackingEngine), "report", [None, *FUNCTIONS]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "argument", "values"),
    [pytest.param(*row[1:], id=f"{row[0]}-{row[2]}") for row in TABLE],
)
def test_errors_name_the_argument(asked: Asked, ask: Ask, argument: str, values: list[Any]):
    singular = {"rotations": "(rotations|rotation)"}.get(argument, argument)
    for value in values:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ValueError, match=rf"^{singular}: ") as caught:
                ask(asked, {argument: value})
        words = str(caught.value)
        assert type(caught.value) is ValueError, words
        assert "\n" not in words
        assert len(words) < 300
