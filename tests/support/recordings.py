"""Recordings of pyclnf itself, on a small model and drawn faces, to compare backends with.

For tests only, as ``support.model_files``. What a recording of OpenFace would be named and hold,
these are named and hold too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from support.model_files import (
    ccnf_bytes,
    draw_blobs,
    pdm_text,
    small_ccnf,
    small_pdm,
    write_lines,
    write_small_model,
)

from openface_bridge.pictures import read_picture
from openface_bridge.trace import Trace, write_trace
from pyclnf import FitSettings, TraceRecorder
from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.fitting import fit
from pyclnf.image import to_grey
from pyclnf.model import CCNFPatchExperts
from pyclnf.pdm import Parameters

REFERENCE_BACKEND = "numpy-exact"
SETTINGS = ("default", "weighted")
SCALES = (0.25, 0.35)
PICTURE = (300, 260)
"""Width and height, px."""

FACES = {
    # Scale, rotation and translation, then modes; the box's left, top, width and height are off by
    # so many px. The first is frontal; the second is turned into another view, and its first mode
    # is beyond what a fit allows.
    "anna": ((1.1, 0.05, -0.04, 0.06, 150, 130), (16, 5, 6, 3), (4, -3, -5, 2)),
    "ben_2": ((1.0, -0.05, 0.42, -0.03, 155, 125), (20, 14, -42, 5), (-3, 2, 4, 3)),
}
BACKGROUND, BLOB = np.array((90.0, 60.0, 35.0)), np.array((200.0, 235.0, 80.0))
"""Blue, green and red, so that every way to grey gives other values."""


@dataclass(frozen=True)
class Recordings:
    """Where they are: the manifest of their model, and two folders."""

    model: Path
    traces: Path
    images: Path

    @property
    def arguments(self) -> list[str]:
        """What the command line is told."""
        return [
            *("--model", str(self.model), "--traces", str(self.traces)),
            *("--images", str(self.images)),
        ]


def write_recordings(folder: Path, *, normal_equations: bool = False) -> Recordings:
    """Write model, pictures, traces of both settings and their noise floor into a folder."""
    found = Recordings(write_turning_model(folder / "model"), folder / "traces", folder / "images")
    backend = create_backend(REFERENCE_BACKEND, found.model)
    found.traces.mkdir()
    found.images.mkdir()
    reruns: dict[str, Any] = {"about": np.array("one ulp of the box, three ways")}
    for face in FACES:
        picture = found.images / f"{face}.png"
        box = draw_face(face, picture, backend)
        image = PaddedImage.of(to_grey(read_picture(picture)))
        for setting in SETTINGS:
            trace = record(image, box, setting, backend, normal_equations=normal_equations)
            write_trace(found.traces / f"trace_{face}_{setting}.npz", trace)
            reruns[f"{face}.{setting}.ulp"] = np.stack(
                [
                    record(image, moved, setting, backend)["final.landmarks"]
                    for moved in one_ulp_away(box)
                ]
            )
    np.savez_compressed(found.traces / "noise_floor.npz", **reruns)
    return found


def write_turning_model(folder: Path) -> Path:
    """Write the small model so that it has more of what can go wrong, and return its manifest.

    Its second view begins at 8.6 degrees, and does not see the *first* third of the landmarks. Its
    second Sigma component makes neighbours compete, so that maps have negative values.
    """
    folder.mkdir()
    manifest = write_small_model(folder, scales=SCALES)
    pdm = small_pdm()
    stiff = np.array((400.0, 220.0, 40.0, 30.0), np.float32)
    write_lines(folder / "pdms" / "pdm.txt", [pdm_text(replace(pdm, eigenvalues=stiff))])
    for scale in SCALES:
        patches = turning_experts(small_ccnf(scale))
        (folder / f"patch_experts/ccnf_{scale:.2f}.txt").write_bytes(ccnf_bytes(patches))
    return manifest


def turning_experts(patches: CCNFPatchExperts) -> CCNFPatchExperts:
    """Return the experts of `write_turning_model`."""
    centers = patches.view_centers.copy()
    centers[1, 1] = 17.2
    sigmas = {size: np.abs(components) for size, components in patches.sigma_components.items()}
    mixed = {
        size: np.stack((patches.sigma_components[size][0], sigmas[size][1])) for size in sigmas
    }
    return replace(
        patches,
        view_centers=centers,
        visibility=patches.visibility[:, ::-1].copy(),
        experts=tuple(view[::-1] for view in patches.experts),
        sigma_components=mixed,
    )


def draw_face(face: str, picture: Path, backend: Backend) -> npt.NDArray[np.float32]:
    """Draw a face in colours and return a box that is slightly off."""
    global_, local, off = FACES[face]
    pdm = backend.detector.pdm
    truth = Parameters(np.array(global_, np.float32), np.array(local, np.float32))
    landmarks = pdm.pose(truth).landmarks
    grey = draw_blobs(landmarks, global_[0], PICTURE[::-1])
    mixed = (grey[:, :, None] - 50.0) / 150.0
    noise = np.random.default_rng(len(face)).normal(0.0, 4.0, mixed.shape[:2])
    coloured = BACKGROUND + mixed * (BLOB - BACKGROUND) + noise[:, :, None]
    assert cv2.imwrite(str(picture), np.rint(coloured.clip(0, 255)).astype(np.uint8))
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    return np.array((*low, *(high - low)), np.float32) + np.array(off, np.float32)


def record(
    image: PaddedImage,
    box: npt.NDArray[np.float32],
    setting: str,
    backend: Backend,
    *,
    normal_equations: bool = False,
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Trace:
    """Return the trace of one fit."""
    recorder = TraceRecorder(areas_of_interest=True, normal_equations=normal_equations)
    start = backend.detector.pdm.parameters_from_box(box, rotation)
    fit(image, box, start, FitSettings.named(setting), backend, recorder)
    return Trace(recorder.trace, "recorder")


def one_ulp_away(box: npt.NDArray[np.float32], count: int = 3) -> Iterable[npt.NDArray[np.float32]]:
    """Return boxes moved by one unit in the last place."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        towards = np.where(rng.random(4) < 0.5, -np.inf, np.inf).astype(np.float32)
        yield np.nextafter(box, towards)
