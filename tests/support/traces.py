"""The smallest traces there are, made up: for tests of what reads, writes and orders them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Entries = dict[str, npt.NDArray[Any]]

N_LANDMARKS, N_MODES, WINDOW = 2, 1, 3


def tiny_entries(
    iterations: Mapping[int, tuple[int, int]] | None = None, *, optional: bool = False
) -> Entries:
    """Return a trace's entries; numbers tell entries apart and mean nothing.

    Parameters
    ----------
    iterations
        How many rigid and non-rigid iterations each scale has; one scale with two and one if None.
    optional
        Whether a rotation, areas of interest and normal equations are there as well.
    """
    n, m = N_LANDMARKS, N_MODES
    shapes: dict[str, tuple[int, ...]] = {"bbox": (4,), "init.params_global": (6,)}
    if optional:
        shapes |= {"rotation": (3,), "final.view": (), "final.success": ()}
    for scale, counts in ({0: (2, 1)} if iterations is None else iterations).items():
        shapes.update({f"scale{scale}.{name}": shape for name, shape in _scale(optional).items()})
        for phase, count in zip(("rigid", "nonrigid"), counts, strict=True):
            columns = 6 if phase == "rigid" else 6 + m
            for index in range(count):
                prefix = f"scale{scale}.{phase}.{index}"
                found = _iteration(columns, optional)
                shapes.update({f"{prefix}.{name}": shape for name, shape in found.items()})
    shapes.update({"final.params_global": (6,), "final.params_local": (m,)})
    shapes.update({"final.landmarks": (n, 2), "final.likelihood": (1,)})
    return {name: _values(name, place, shape) for place, (name, shape) in enumerate(shapes.items())}


def _scale(optional: bool) -> dict[str, tuple[int, ...]]:
    n, side = N_LANDMARKS, WINDOW + 2
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("window_size", "view", "reg_factor", "sigma", "weight_factor"), ()),
        "similarity_image_to_reference": (2, 2),
        "similarity_reference_to_image": (2, 2),
        "base_shape": (n, 2),
        "response_maps": (n, WINDOW, WINDOW),
    }
    return {**shapes, "areas_of_interest": (n, side, side)} if optional else shapes


def _iteration(columns: int, optional: bool) -> dict[str, tuple[int, ...]]:
    n, m = N_LANDMARKS, N_MODES
    shapes: dict[str, tuple[int, ...]] = {
        "params_global": (6,),
        "params_local": (m,),
        "shape": (n, 2),
        "offset_x": (n,),
        "offset_y": (n,),
        "mean_shift": (n, 2),
        "jacobian": (2 * n, columns),
        "params_global_out": (6,),
        "params_local_out": (m,),
    }
    equations = {"hessian": (columns, columns), "right_hand_side": (columns,), "change": (columns,)}
    return {**shapes, **equations} if optional else shapes


def _values(name: str, place: int, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if name.endswith((".window_size", ".view")):
        return np.array(WINDOW if name.endswith("size") else 0, np.int32)
    return np.arange(place, place + np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
