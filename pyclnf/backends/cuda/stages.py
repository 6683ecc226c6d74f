"""The stages of a batch, each one launch: where it starts, its maps, its phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.backends.cuda.arguments import PLACE, RESPOND, SCALE, START
from pyclnf.backends.cuda.device import Array, filled
from pyclnf.backends.cuda.faces import ACTIVE, Faces, FrameTable
from pyclnf.backends.cuda.model import DeviceModel
from pyclnf.backends.cuda.views import ScaleViews

__all__ = [
    "BOTH_PHASES",
    "NONRIGID_PHASE",
    "NO_LIKELIHOOD",
    "NO_PHASE",
    "OF_ALL_FACES",
    "OF_SMALL_FACES",
    "RIGID_PHASE",
    "ScaleWork",
    "fit_scale",
    "place",
    "respond",
    "start",
]

NO_PHASE, RIGID_PHASE, NONRIGID_PHASE, BOTH_PHASES = range(4)
"""Which phases a scale has."""
NO_LIKELIHOOD, OF_SMALL_FACES, OF_ALL_FACES = range(3)
"""Which faces' likelihoods it gives."""

_THREADS = 128
_WARP = 32
_FACES_PER_BLOCK = 32
"""Where a face is a thread's work."""


def start(model: DeviceModel, faces: Faces, boxes: Array, rotations: Array) -> None:
    """Fit the mean shape into boxes, (F, 4), from head poses, (F, 3); float32."""
    device = model.device
    arguments = {
        "model": model.struct,
        "state": faces.state(device),
        "boxes": boxes,
        "rotations": rotations,
        "faces": faces.count,
    }
    shared = 2 * 2 * 4
    device.launch("pyclnf_start", faces.count, _THREADS, shared, filled(device, START, arguments))


def place(model: DeviceModel, faces: Faces, scale: int) -> None:
    """Find each face's view at a scale, and its similarity to the experts' frame."""
    device, at_scale = model.device, model.experts.scales[scale]
    n = model.pdm.n_landmarks
    workspace = device.empty((faces.count, 8 * n), np.float32)
    arguments = {
        "state": faces.state(device),
        "centers": model.centers(scale),
        **{name: getattr(faces, name) for name in ("views", "scales", "to_reference", "to_image")},
        "workspace": workspace,
        "faces": faces.count,
        "landmarks": n,
        "n_views": len(at_scale.centers),
        "index": scale,
        "scale": at_scale.scale,
    }
    blocks = -(-faces.count // _FACES_PER_BLOCK)
    device.launch("pyclnf_place", blocks, _WARP, 0, filled(device, PLACE, arguments))


def respond(
    model: DeviceModel,
    faces: Faces,
    frames: FrameTable,
    views: ScaleViews,
    maps: Array,
    areas: Array | None = None,
) -> None:
    """Make the response maps, (F, n, w, w), of visible landmarks; also areas, (F, n, s, s)."""
    device, n = model.device, model.pdm.n_landmarks
    table = prepared(model, faces, views)
    arguments = {
        "frames": frames.structs,
        "frame_of": frames.frame_of,
        "landmarks": faces.landmarks,
        "to_image": faces.to_image,
        "view_of": faces.views,
        "status": faces.status,
        "views": table,
        "weight_groups": views.weight_groups,
        "sigma_groups": views.sigma_groups,
        "maps": maps,
        "areas": areas,
        "n_weight_groups": len(views.weight_groups),
        "n_sigma_groups": len(views.sigma_groups),
        "faces": faces.count,
        "n": n,
        "window": views.window_size,
    }
    if views.shared_bytes > device.largest_shared:
        raise ValueError(
            f"settings: a window of {views.window_size} px takes {views.shared_bytes} bytes of "
            f"shared memory for this model's experts, the device has {device.largest_shared}; "
            f"choose a smaller one, or backend 'cython'"
        )
    positions = views.window_size**2
    threads = min(_THREADS, -(-positions // _WARP) * _WARP)
    struct = filled(device, RESPOND, arguments)
    device.launch("pyclnf_respond", faces.count * n, threads, views.shared_bytes, struct)


def prepared(model: DeviceModel, faces: Faces, views: ScaleViews) -> Array:
    """Return the structs of a scale's views, those that faces see prepared.

    Until all are, this waits for the device to tell which.
    """
    if views.is_complete:
        return views.table(())
    seen, status = faces.downloaded(model.device, "views", "status")
    return views.table(seen[status == ACTIVE].tolist())


@dataclass(frozen=True, eq=False)
class ScaleWork:
    """What the phases of one scale work on.

    Attributes
    ----------
    views : VIEW structs on the device
    maps : (F, n, w, w) float32 on the device
    kernels : (10w * 10w, w * w) float32 on the device
    prior : (6 + m,) float32 on the device
    base : (F, n, 2) float32 on the device
        The landmarks that the maps were taken around.
    window_size, max_iterations : int
    phases : int
        Such as :data:`BOTH_PHASES`.
    likelihood : int
        Such as :data:`OF_ALL_FACES`.
    weight_factor, sigma : float32
    record : RECORD struct on the device, optional
    """

    views: Array
    maps: Array
    kernels: Array
    prior: Array
    base: Array
    window_size: int
    max_iterations: int
    phases: int
    likelihood: int
    weight_factor: np.float32
    sigma: np.float32
    record: Array | None = None


def fit_scale(model: DeviceModel, faces: Faces, work: ScaleWork) -> None:
    """Run the phases of a scale, and find the likelihood where it is due."""
    device = model.device
    own, size = None, model.workspace_bytes
    if size > device.largest_shared:
        own = device.empty((faces.count, size // 8), np.float64)
    names = ("to_reference", "to_image", "offsets", "likelihoods", "iterations", "reshaped")
    given = ("views", "maps", "kernels", "prior", "base", "record")
    numbers = ("max_iterations", "phases", "likelihood", "weight_factor", "sigma")
    whole = work.record is not None
    arguments = {
        "model": model.struct,
        "state": faces.state(device),
        "view_of": faces.views,
        "rigid": model.elements(rigid=True, whole=whole),
        "nonrigid": model.elements(rigid=False, whole=whole),
        "term_groups": model.term_groups,
        "n_term_groups": len(model.term_groups),
        "memory": own,
        "memory_size": size // 8,
        "faces": faces.count,
        "window": work.window_size,
        **{name: getattr(faces, name) for name in names},
        **{name: getattr(work, name) for name in (*given, *numbers)},
    }
    shared = 0 if own is not None else size
    struct = filled(device, SCALE, arguments)
    device.launch("pyclnf_fit_scale", faces.count, _THREADS, shared, struct)
