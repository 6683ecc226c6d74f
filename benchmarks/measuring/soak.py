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
from pyclnf.tracking import Tracked, Tracker, TrackerSettings
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
        For how long, at least; there are ten rounds at least, and all are completed.
    least_per_frame : float
        Seconds; the rest of them is slept away.

    Returns
    -------
    dict
        Frames, frames per second of work, how many were lost; by tenths of the time, the median of
        memory (MB) after a round, and of how far (px, worst landmark) the first frame's landmarks
        are from those of the second round; ``steady`` if neither grows and none is lost.
    """
    watch, begin = _Watch(), time.monotonic()
    while time.monotonic() - begin < seconds or watch.rounds < _TENTHS:
        for number, frame in enumerate(scene.frames):
            start = time.perf_counter()
            tracked = scene.tracker.update(frame)
            took = time.perf_counter() - start
            watch.see(tracked, took, first=number == 0)
            time.sleep(max(least_per_frame - took, 0.0))
        watch.end_round()
    return {"scene": scene.title, "minutes": (time.monotonic() - begin) / 60, **watch.told()}


class _Watch:
    """What was seen so far; it keeps next to nothing of it, for that would be memory that grows."""

    def __init__(self) -> None:
        self._frames = self._lost = 0
        self._worked = 0.0
        self._landmarks: Float32Array | None = None
        self._distances: list[float] = []
        self._memory: list[float] = []

    @property
    def rounds(self) -> int:
        """How many are complete."""
        return len(self._memory)

    def see(self, tracked: Tracked[Any] | None, took: float, *, first: bool) -> None:
        """Look at a frame, which is the first one of its round or not."""
        self._frames += 1
        self._worked += took
        self._lost += tracked is None or not tracked.success
        if first and tracked is not None:
            if self._landmarks is None or self.rounds <= 1:  # in round 0 it has just been detected
                self._landmarks = tracked.fit.landmarks.copy()
            self._distances.append(largest_distance(tracked.fit.landmarks, self._landmarks))

    def end_round(self) -> None:
        """Note the memory."""
        self._memory.append(megabytes("VmRSS") if can_tell() else 0.0)

    def told(self) -> dict[str, Any]:
        """Return what came of it."""
        memory, distances = _medians(self._memory), _medians(self._distances)
        flat = memory[-1] - memory[0] <= _MOST_GROWTH_MB
        return {
            "frames": self._frames,
            "frames per second of work": self._frames / self._worked,
            "lost": self._lost,
            "memory, MB, by tenths": memory,
            "distance of the first frame's landmarks, px, by tenths": distances,
            "its worst": max(self._distances, default=None),
            "steady": self._lost == 0 and flat and max(distances) <= _MOST_DRIFT_PX,
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
