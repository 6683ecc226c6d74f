"""A table of parameter vectors on a picture: response maps, and one iteration of each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.openface import native_settings
from pyclnf import FitSettings
from pyclnf.typing import Float32Array

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["LANDMARK_STEP", "SCALE", "SEED", "draw_placed_vectors", "iteration_table"]

Array = npt.NDArray[Any]

SEED = 21
SCALE = 0
"""The coarsest."""

LANDMARK_STEP = 9
"""Maps are large: those of every ninth landmark are kept."""


def draw_placed_vectors(
    eigenvalues: Float32Array, shape: tuple[int, ...], count: int, seed: int = SEED
) -> dict[str, Float32Array]:
    """Draw parameter vectors of faces in or near a picture.

    Parameters
    ----------
    eigenvalues : (m,) float32
    shape : tuple of int
        Of the picture, height first.
    count : int
        At least five.
    seed : int

    Returns
    -------
    dict
        ``params_global`` (count, 6): scales from 0.2 to 4, rotations to ±90°; ``params_local``
        (count, m) to ±3 standard deviations. The first ones are degenerate: upright with the mean
        shape, turned by a right angle, hardly larger than a pixel, with every mode at its limit,
        wholly outside the picture. All float32.
    """
    rng = np.random.default_rng(seed)
    size = np.array(shape[1::-1], np.float64)
    scale = np.exp(rng.uniform(np.log(0.2), np.log(4.0), count))
    rotation = rng.uniform(-np.pi / 2, np.pi / 2, (count, 3))
    place = rng.uniform(-0.1, 1.1, (count, 2)) * size
    sigmas = rng.uniform(-3.0, 3.0, (count, len(eigenvalues)))
    scale[0], rotation[0], place[0], sigmas[0] = 1.0, 0.0, size / 2, 0.0
    rotation[1] = (0.0, np.pi / 2, 0.0)
    scale[2] = 0.01
    sigmas[3] = 3.0
    place[4] = -10 * size
    vectors = {
        "params_global": np.column_stack((scale, rotation, place)),
        "params_local": sigmas * np.sqrt(eigenvalues),
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in vectors.items()}


def iteration_table(model: _native.Model, image: Array, count: int) -> dict[str, Array]:
    """Return vectors with the response maps and the iterations that OpenFace makes of them.

    Parameters
    ----------
    model : _native.Model
    image : (H, W) or (H, W, 3) uint8
    count : int

    Returns
    -------
    dict
        The vectors of :func:`draw_placed_vectors`, and ``response_maps`` (count, k, 11, 11) of
        every ninth landmark, ``mean_shift`` (count, n, 2), and of a rigid and a non-rigid
        iteration ``PHASE.change``, ``PHASE.params_global_out`` and ``PHASE.params_local_out``;
        default setting, coarsest scale. All float32.
    """
    vectors = draw_placed_vectors(model.eigenvalues, image.shape, count)
    rows = [
        _outputs(model, image, global_, local)
        for global_, local in zip(vectors["params_global"], vectors["params_local"], strict=True)
    ]
    return vectors | {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _outputs(
    model: _native.Model, image: Array, global_: Float32Array, local: Float32Array
) -> dict[str, Array]:
    """Return what OpenFace makes of one vector."""
    settings = native_settings(FitSettings())
    responses = model.responses(image, global_, local, settings.window_sizes[SCALE], SCALE)
    plan = model.plan(settings, SCALE)
    found: dict[str, Array] = {"response_maps": responses.response_maps[::LANDMARK_STEP]}
    model.reset()
    for phase, rigid in (("rigid", True), ("nonrigid", False)):
        step = model.iterate(responses, plan, global_, local, rigid=rigid)
        found |= {
            "mean_shift": step.mean_shift,  # The same in both.
            f"{phase}.change": step.change,
            f"{phase}.params_global_out": step.params_global_out,
            f"{phase}.params_local_out": step.params_local_out,
        }
    return found
