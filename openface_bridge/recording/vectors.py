"""A table of parameter vectors and what OpenFace's point distribution model makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyclnf.typing import Float32Array

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["SEED", "choices_table", "draw_vectors", "pdm_table"]

SEED = 20
_JACOBIANS = 8
"""How many vectors come with their Jacobians, which are large."""


def draw_vectors(
    n_modes: int, eigenvalues: Float32Array, count: int, seed: int = SEED
) -> dict[str, Float32Array]:
    """Draw parameter vectors, boxes and updates.

    Parameters
    ----------
    n_modes : int
    eigenvalues : (m,) float32
    count : int
        At least three.
    seed : int

    Returns
    -------
    dict
        ``params_global`` (count, 6): scales from 0.05 to 8, rotations to ±90° — the first ones
        degenerate: upright, at a right angle, of scale 0; ``params_local`` (count, m) to ±3.5
        standard deviations; ``change`` (count, 6 + m); ``box`` (count, 4) px. All float32.
    """
    rng = np.random.default_rng(seed)
    spread = np.sqrt(eigenvalues)
    rotation = rng.uniform(-np.pi / 2, np.pi / 2, (count, 3))
    rotation[0], rotation[1] = 0.0, (0.0, np.pi / 2, 0.0)
    scale = np.exp(rng.uniform(np.log(0.05), np.log(8.0), count))
    scale[2] = 0.0
    place = rng.uniform(-500, 1500, (count, 2))
    turn = rng.normal(0, 0.1, (count, 3))
    local_change = rng.normal(0, 0.5, (count, n_modes)) * spread
    vectors = {
        "params_global": np.column_stack((scale, rotation, place)),
        "params_local": rng.uniform(-3.5, 3.5, (count, n_modes)) * spread,
        "change": np.column_stack(
            (rng.normal(0, 0.1, count), turn, rng.normal(0, 3, (count, 2)), local_change)
        ),
        "box": np.column_stack((place, rng.uniform(5, 900, (count, 2)))),
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in vectors.items()}


def pdm_table(model: _native.Model, count: int, seed: int = SEED) -> dict[str, npt.NDArray[Any]]:
    """Return vectors with what a compiled model's PDM functions give for them.

    Parameters
    ----------
    model : _native.Model
    count : int
    seed : int

    Returns
    -------
    dict
        The vectors of :func:`draw_vectors`, and ``shape_2d`` (count, n, 2), ``clamped`` (count, m),
        ``updated_global``, ``updated_local``, ``from_box`` (count, 6); for the first eight
        ``jacobian`` (8, 2n, 6 + m). All float32.
    """
    vectors = draw_vectors(model.n_modes, model.eigenvalues, count, seed)
    pairs = list(zip(vectors["params_global"], vectors["params_local"], strict=True))
    updated = [
        model.updated(global_, local, change)
        for (global_, local), change in zip(pairs, vectors["change"], strict=True)
    ]
    outputs = {
        "shape_2d": [model.shape_2d(*pair) for pair in pairs],
        "clamped": [model.clamped(local) for _, local in pairs],
        "updated_global": [global_ for global_, _ in updated],
        "updated_local": [local for _, local in updated],
        "from_box": [model.parameters_from_box(box) for box in vectors["box"]],
        "jacobian": [model.jacobian(*pair, rigid=False) for pair in pairs[:_JACOBIANS]],
    }
    return vectors | {name: np.array(rows, np.float32) for name, rows in outputs.items()}


def choices_table(
    model: _native.Model, vectors: dict[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """Return which view a compiled model chooses for vectors, and its similarities.

    Parameters
    ----------
    model : _native.Model
    vectors : dict
        With ``params_global`` (count, 6) and ``params_local`` (count, m). Vectors of scale 0 have
        no similarity, and get zeros.

    Returns
    -------
    dict
        ``view`` (count, scales) uint8; ``image_to_reference`` and ``reference_to_image``
        (count, scales, 2, 2) float32.
    """
    count, scales = len(vectors["params_global"]), range(model.n_scales)
    view = np.zeros((count, len(scales)), np.uint8)
    similarities = np.zeros((2, count, len(scales), 2, 2), np.float32)
    pairs = zip(vectors["params_global"], vectors["params_local"], strict=True)
    for row, (global_, local) in enumerate(pairs):
        for scale in scales:
            view[row, scale] = model.view_index(global_, scale)
            if global_[0] > 0:
                similarities[:, row, scale] = model.similarity(global_, local, scale)
    return {
        "view": view,
        "image_to_reference": similarities[0],
        "reference_to_image": similarities[1],
    }
