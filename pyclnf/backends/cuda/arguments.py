"""What the kernels work on, laid out as ``kernels/arguments.cuh`` declares it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ELEMENT",
    "FRAME",
    "GREY",
    "MODEL",
    "PICTURE",
    "PLACE",
    "RECORD",
    "RESPOND",
    "SCALE",
    "START",
    "STATE",
    "VIEW",
    "Struct",
    "workspace_bytes",
]

Struct = npt.NDArray[np.void]
"""One struct, (1,), or as many as there are."""

_RIGID = 6
_POINTER, _LONG, _INT, _SHORT, _FLOAT = "u8", "i8", "i4", "i2", "f4"


def _struct(*fields: tuple[Any, str]) -> np.dtype[np.void]:
    """Return the type of a struct: types, each with the names of its fields."""
    named = [(name, kind) for kind, names in fields for name in names.split()]
    return np.dtype(named, align=True)


PICTURE = _struct(
    (_POINTER, "pixels"),
    (_LONG, "row_step column_step colour_step"),
    (_POINTER, "grey"),
    (_INT, "height width"),
)
GREY = _struct((_POINTER, "pictures"), (_LONG, "blocks"))
FRAME = _struct((_POINTER, "grey"), (_INT, "height width"))
MODEL = _struct((_POINTER, "mean components by_mode limits"), (_INT, "landmarks modes"))
STATE = _struct((_POINTER, "global_ local rotation shape landmarks status"))
START = _struct((MODEL, "model"), (STATE, "state"), (_POINTER, "boxes rotations"), (_INT, "faces"))
PLACE = _struct(
    (STATE, "state"),
    (_POINTER, "centers views scales to_reference to_image workspace"),
    (_INT, "faces landmarks n_views index"),
    (_FLOAT, "scale"),
)
VIEW = _struct(
    (_POINTER, "rows confidences weights alphas even_odd sigmas"),
    (_INT, "support neurons scalar_sigmas visible"),
)
RESPOND = _struct(
    (_POINTER, "frames frame_of landmarks to_image view_of status views"),
    (_POINTER, "weight_groups sigma_groups maps areas"),
    (_INT, "n_weight_groups n_sigma_groups faces n window"),
)
ELEMENT = _struct((_SHORT, "row column"), (_INT, "even_odd"))
_ELEMENTS = _struct((_POINTER, "all"), (_INT, "count"))
RECORD = _struct(
    (STATE, "before"),
    (_POINTER, "offsets mean_shifts jacobian hessian right change global_ local"),
)
SCALE = _struct(
    (MODEL, "model"),
    (STATE, "state"),
    (_POINTER, "base to_reference to_image view_of views maps kernels prior"),
    (_ELEMENTS, "rigid nonrigid"),
    (_POINTER, "term_groups offsets likelihoods iterations reshaped record memory"),
    (_LONG, "memory_size"),
    (_INT, "n_term_groups faces window max_iterations phases likelihood"),
    (_FLOAT, "weight_factor sigma"),
)


def workspace_bytes(landmarks: int, modes: int) -> int:
    """Return the memory of a block that fits a scale, as ``kernels/workspace.cuh`` carves it."""
    columns = _RIGID + modes
    jacobian, solving = 4 * 2 * landmarks * columns, 12 * columns * (columns + 1)
    parts = (
        *(columns * (columns + 1) // 2, columns, columns),  # hessian, right side, change
        *(_RIGID, _RIGID, modes, modes),
        *(2 * landmarks, 2 * landmarks, 9, 3 * landmarks),
        *(2 * landmarks, 2 * landmarks, landmarks, 2),
    )
    whole = -(-max(jacobian, solving) // 8)
    return 8 * (whole + sum(-(-part // 2) for part in parts))
