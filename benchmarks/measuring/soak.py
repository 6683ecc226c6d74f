"""A face followed for long: whether memory grows, faces are lost, or landmarks drift.

``python -m measuring.soak --minutes 30 [--fps 30]`` shows a tracker the same frames forwards and
backwards, over and over, and writes JSON. With OpenFace's data these are its recorded sequence, and
template, parts and validator take part; else a part of an embedded picture that moves about.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measuring.footprint import can_tell, megabytes
from measuring.workload import largest_distance, openface_folder, workload
from openface_bridge.pictures import read_picture
from pyclnf import CLNF
from pyclnf.detection import MTCNN, FaceDetector
from pyclnf.tracking import Tracker, TrackerSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["Scene", "main", "soak"]

_SWAYS = 12
_SWAY_PX = 6
_TENTHS = 10
_MOST_GROWTH_MB = 2.0
_MOST_DRIFT_PX = 0.5


@dataclass(frozen=True, eq=False)
class Scene:
    """What is followed.

    Attributes
    ----------
    title : str
    tracker : Tracker
    frames : list of ndarray
        In an order that can be begun again after the last one without a jump.
    """

    title: str
    tracker: Tracker[Any]
    frames: list[AnyArray]


def main(arguments: list[str] | None = None) -> None:
    """Follow a face for so many minutes; exit with 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m measuring.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--fps", type=float, help="no more frames a second than these")
    options = parser.parse_args(arguments)
    found = soak(_scene(), options.minutes * 60, 1 / options.fps if options.fps else 0.0)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    sys.exit(0 if found["steady"] else 1)


def soak(scene: Scene, seconds: float, least_per_frame: float = 0.0) -> dict[str, Any]:
    """Show a scene's frames over and over.

    Parameters
    ----------
    scene : Scene
    seconds : float
        For how long, at least; rounds are completed, and there are two at least.
    least_per_frame : float
        Seconds; the rest of them is slept away.

    Returns
    -------
    dict
        Frames, frames per second of work, how many were lost; by tenths of the time, the median of
        memory (MB) after a round, and of how far (px, worst landmark) the first frame's landmarks
        are from those of the second round; ``steady`` if neither grows and none is lost.
    """
    first_frames: list[Float32Array] = []
    memory: list[float] = []
    frames, lost, worked, begin = 0, 0, 0.0, time.monotonic()
    while time.monotonic() - begin < seconds or len(first_frames) < _TENTHS:
        for number, frame in enumerate(scene.frames):
            start = time.perf_counter()
            tracked = scene.tracker.update(frame)
            took = time.perf_counter() - start
            worked += took
            frames += 1
            lost += tracked is None or not tracked.success
            if number == 0 and tracked is not None:
                first_frames.append(tracked.fit.landmarks.copy())
            time.sleep(max(least_per_frame - took, 0.0))
        memory.append(megabytes("VmRSS") if can_tell() else 0.0)
    distances = [largest_distance(landmarks, first_frames[1]) for landmarks in first_frames]
    by_tenths = _medians(memory), _medians(distances)
    grown = by_tenths[0][-1] - by_tenths[0][0]
    return {
        "scene": scene.title,
        "frames": frames,
        "minutes": (time.monotonic() - begin) / 60,
        "frames per second of work": frames / worked,
        "lost": lost,
        "memory, MB, by tenths": by_tenths[0],
        "distance of the first frame's landmarks, px, by tenths": by_tenths[1],
        "its worst": max(distances[1:]),
        "steady": lost == 0 and grown <= _MOST_GROWTH_MB and max(by_tenths[1]) <= _MOST_DRIFT_PX,
    }


def _scene() -> Scene:
    """Return what there is to follow."""
    data = openface_folder()
    return _embedded() if data is None else _recorded(data)


def _recorded(data: Path) -> Scene:
    """Return OpenFace's sequence, followed by all that its model has."""
    paths = sorted((data / "samples" / "sequence").glob("*.jpg"))
    clnf = CLNF(data / "model" / "main_clnf_general.txt")
    detector = MTCNN(data / "model" / "mtcnn_detector" / "MTCNN_detector.txt")
    tracker = _tracker(clnf, detector)
    return Scene("OpenFace's sequence", tracker, _there_and_back([*map(read_picture, paths)]))


def _embedded() -> Scene:
    """Return an embedded picture, of which a part is shown that sways to the right and back."""
    work = workload()
    face = work.faces[0]
    width = face.grey.shape[1]
    steps = np.rint(np.linspace(0, _SWAY_PX, _SWAYS)).astype(int)
    frames = [face.grey[:, step : width - _SWAY_PX + step] for step in steps]
    tracker = _tracker(CLNF(work.manifest), lambda _: face.box[None])
    return Scene(work.title, tracker, _there_and_back(frames))


def _tracker(clnf: CLNF, detector: FaceDetector) -> Tracker[Any]:
    """Return a tracker that uses all there is."""
    return clnf.tracker(detector, TrackerSettings(template=True))


def _there_and_back(frames: list[AnyArray]) -> list[AnyArray]:
    """Return frames and, but for the two ends, the same backwards."""
    return [*frames, *frames[-2:0:-1]]


def _medians(values: list[float]) -> list[float]:
    """Return the medians of tenths, the first value left out: it is of a face just detected."""
    return [float(np.median(tenth)) for tenth in np.array_split(values[1:], _TENTHS) if len(tenth)]


if __name__ == "__main__":
    main()
