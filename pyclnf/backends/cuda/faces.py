"""What there is of a batch on a device: faces, and the pictures that they are on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyclnf.backends.cuda.arguments import STATE, Struct
from pyclnf.backends.cuda.device import Array, Device, filled
from pyclnf.backends.cuda.model import DeviceModel
from pyclnf.likelihood import UNEVALUATED
from pyclnf.pdm import RIGID
from pyclnf.typing import AnyArray

__all__ = ["ACTIVE", "DIVERGED", "NONE_VISIBLE", "TOO_SMALL", "Faces", "FrameTable"]

ACTIVE, DIVERGED, TOO_SMALL, NONE_VISIBLE = range(4)
"""A face's status, as ``kernels/arguments.cuh`` numbers them."""


@dataclass(frozen=True, eq=False)
class FrameTable:
    """Grey pictures on a device, and which of them each face is on.

    Attributes
    ----------
    structs : FRAME structs on the device
    frame_of : (F,) int32 on the device
    kept : list of arrays
        The pictures themselves.
    """

    structs: Array
    frame_of: Array
    kept: list[Array]


@dataclass(frozen=True, eq=False)
class Faces:
    """All that is known of a batch's faces, on the device; first axis F.

    Attributes
    ----------
    global_, local, rotation, shape, landmarks : float32
        Parameters and what is derived from them, see :class:`pyclnf.pdm.PosedShape`.
    status : int32
        Whether a face can go on.
    views, scales : int32
        View at the last scale that was begun, and which one that was.
    to_reference, to_image : (F, 2, 2) float32
    offsets : (F, n, 2) float32
        In the maps, of the last iteration's start.
    likelihoods : float64
    iterations : (F, 2) int32
        Of the last rigid and of the last non-rigid phase.
    reshaped : int32
        Whether the last scale has changed the local parameters.
    """

    global_: Array
    local: Array
    rotation: Array
    shape: Array
    landmarks: Array
    status: Array
    views: Array
    scales: Array
    to_reference: Array
    to_image: Array
    offsets: Array
    likelihoods: Array
    iterations: Array
    reshaped: Array

    @classmethod
    def allocated(
        cls, model: DeviceModel, count: int, given: Mapping[str, AnyArray] | None = None
    ) -> Faces:
        """Return memory for some faces that can go on, likelihoods unevaluated.

        What is not given is undefined; nothing is computed, for which CuPy would compile a kernel.
        """
        n, m = model.pdm.n_landmarks, model.pdm.n_modes
        floats: dict[str, tuple[int, ...]] = {
            "global_": (RIGID,),
            "local": (m,),
            "rotation": (3, 3),
            "shape": (3, n),
            "landmarks": (n, 2),
            "to_reference": (2, 2),
            "to_image": (2, 2),
            "offsets": (n, 2),
        }
        integers: dict[str, tuple[int, ...]] = {"views": (), "scales": ()}
        integers |= {"iterations": (2,), "reshaped": ()}
        device = model.device
        arrays = {k: device.empty((count, *shape), np.float32) for k, shape in floats.items()}
        arrays |= {k: device.empty((count, *shape), np.int32) for k, shape in integers.items()}
        known = {
            "likelihoods": np.full(count, UNEVALUATED),
            "status": np.full(count, ACTIVE, np.int32),
            **(given or {}),
        }
        return cls(**arrays | {name: device.upload(array) for name, array in known.items()})

    @property
    def count(self) -> int:
        """F."""
        return len(self.global_)

    def state(self, device: Device) -> Struct:
        """Return what kernels read and write of a face's shape."""
        return filled(device, STATE, {name: getattr(self, name) for name in STATE.names or ()})

    def downloaded(self, device: Device, *names: str) -> tuple[Any, ...]:
        """Return some of the arrays on the host."""
        return tuple(device.download(getattr(self, name)) for name in names)
