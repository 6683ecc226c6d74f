"""Where OpenFace finds a face from frame to frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.faces.asking.moves import farthest, moved
from openface_bridge.faces.frames import MOVES, frames_of, room_of
from openface_bridge.native import native

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["ask_sequence"]

Array = npt.NDArray[Any]


def ask_sequence(
    model: _native.Model,
    files: tuple[Path, Path],
    settings: _native.Settings,
    image: Array,
    box: Array,
    name: str,
    lights: Array | None = None,
) -> dict[str, Array]:
    """Return entries ``moves``, ``size``, ``bbox``, ``frameK.…`` and, if they change, ``lights``.

    Parameters
    ----------
    model : Model
    files : tuple of Path
        Of the model and of a face detector, for trackers of their own.
    settings : Settings
    image : (H, W, 3) uint8
    box : (4,) float32
        In the picture.
    name : str
    lights : (k,) int32, optional
        Of the frames, see :mod:`openface_bridge.faces.frames`.
    """
    moves, size = np.array(MOVES, np.int32), np.array(room_of(image), np.int32)
    frames = frames_of(image, moves, size, lights)
    first = box.copy()
    first[:2] -= moves[0].astype(np.float32)
    outcomes = _track(files, settings, frames, first)
    reruns = [_track(files, settings, frames, each) for each in moved(first, name)]
    entries: dict[str, Array] = {"moves": moves, "size": size, "bbox": first}
    if lights is not None:
        entries["lights"] = lights
    for index, found in enumerate(outcomes):
        told: dict[str, Array] = {
            "landmarks": found["landmarks"],
            "params_global": found["params_global"],
            "params_local": found["params_local"],
            "success": np.array(found["success"], np.int32),
            "certainty": np.array(found["certainty"], np.float32),
            "floor": farthest([run[index]["landmarks"] for run in reruns], found["landmarks"]),
        }
        if index and outcomes[index - 1]["success"]:
            told |= _template(model, frames[index - 1 : index + 1], outcomes[index - 1])
        entries |= {f"frame{index}.{entry}": array for entry, array in told.items()}
    return entries


def _track(
    files: tuple[Path, Path], settings: _native.Settings, frames: list[Array], box: Array
) -> list[_native.Outcome]:
    """Follow a face from a box in the first frame."""
    tracker = native().Tracker(str(files[0]), str(files[1]), settings)
    return [tracker.track(frames[0], box), *(tracker.track(frame) for frame in frames[1:])]


def _template(
    model: _native.Model, frames: list[Array], before: _native.Outcome
) -> dict[str, Array]:
    """Tell where the face of a frame is found in the next one, unless it sticks out of them."""
    params = (before["params_global"], before["params_local"])
    try:
        return {"moved": model.follow_template(frames[0], frames[1], *params)}
    except ValueError:
        return {}
