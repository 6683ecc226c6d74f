"""What OpenFace makes of a face's parts: where they start, where they end, and the face after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.faces.asking.moves import Params, farthest, moved, scatter
from openface_bridge.native import native
from openface_bridge.stepping import SteppingError
from openface_bridge.stepwise import SMALLEST_FACE
from pyclnf.model import PartFiles

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["ask_parts"]

Array = npt.NDArray[Any]


def ask_parts(
    model: _native.Model,
    files: tuple[PartFiles, ...],
    image: Array,
    start: tuple[Array, Array],
    face: Array,
    name: str,
) -> dict[str, Array]:
    """Return entries ``parts.…`` and ``whole.…``.

    Parameters
    ----------
    model : Model
    files : tuple of PartFiles
        What the manifest says of the parts.
    image : uint8 array
    start : tuple of arrays
        Box and rotation of the fit.
    face : (n, 2) float32
        Where it ends without parts.
    name : str

    Raises
    ------
    SteppingError
        If a part that is fitted step by step ends elsewhere than OpenFace's own.
    """
    whole = model.fit(image, start[0], native().Settings(refine_parts=True), start[1])
    entries: dict[str, Array] = {}
    together = face.copy()
    for each in files:
        entries |= _ask_part(model, each, image, face, whole["parts"][each.name], name)
        pairs = np.array(each.pairs)
        together[pairs[:, 0]] = whole["parts"][each.name]["landmarks"][pairs[:, 1]]
    entries["whole.landmarks"] = whole["landmarks"]
    entries["whole.params_global"] = whole["params_global"]
    entries["whole.params_local"] = whole["params_local"]
    if any(entries[f"parts.{each.name}.fitted"] for each in files):
        others = [model.parameters_from_landmarks(each) for each in moved(together, name)]
        found = (whole["params_global"], whole["params_local"])
        entries["whole.scatter"] = scatter(others, found)
        entries["whole.floor"] = farthest([_shape(model, m) for m in others], whole["landmarks"])
    return entries


def _ask_part(
    model: _native.Model,
    files: PartFiles,
    image: Array,
    face: Array,
    found: _native.PartOutcome,
    name: str,
) -> dict[str, Array]:
    """Return the entries of one part."""
    part, settings = model.part(files.name), model.settings_of_part(files.name)
    pairs, shape = np.array(files.pairs), np.zeros_like(found["landmarks"])
    shape[pairs[:, 1]] = face[pairs[:, 0]]
    params = part.parameters_from_landmarks(shape)
    told: dict[str, Array] = {
        "start_global": params[0],
        "start_local": params[1],
        "landmarks": found["landmarks"],
        "params_global": found["params_global"],
        "params_local": found["params_local"],
    }
    others = [part.parameters_from_landmarks(_moved(shape, each)) for each in moved(shape, name)]
    told["start_scatter"] = scatter(others, params)
    started, ended = _shape(part, params), _fit_from(part, image, settings, params)
    fitted = _shape(part, ended).tobytes() == found["landmarks"].tobytes()
    if not fitted and started.tobytes() != found["landmarks"].tobytes():
        raise SteppingError(
            f"{name}: part {files.name} ends neither where it starts nor as stepped"
        )
    told["fitted"] = np.array(fitted, np.int32)
    if fitted:
        ends = [
            _fit_from(part, image, settings, (each, params[1])) for each in moved(params[0], name)
        ]
        told["scatter"] = scatter(ends, ended)
        told["floor"] = farthest([_shape(part, each) for each in ends], found["landmarks"])
    return {f"parts.{files.name}.{entry}": array for entry, array in told.items()}


def _moved(shape: Array, other: Array) -> Array:
    """Return a moved shape, in which invisible landmarks stay so."""
    return np.where(shape == 0, shape, other)


def _shape(model: _native.Model, params: Params) -> Array:
    return model.shape_2d(*params)


def _fit_from(
    part: _native.Model,
    image: Array,
    settings: _native.Settings,
    params: Params,
) -> Params:
    """Fit a part from some parameters, phase by phase.

    A part's settings are the same at every scale.
    """
    part.reset()
    params_global, params_local = params
    plan = native().Plan(
        sigma=settings.sigma,
        reg_factor=settings.reg_factor,
        weight_factor=settings.weight_factor,
    )
    for scale in range(part.n_scales):
        window = settings.window_sizes[scale]
        if window == 0:
            continue
        responses = part.responses(image, params_global, params_local, window, scale)
        for rigid in (True, False):
            params_global, params_local, _ = part.phase(
                responses,
                plan,
                params_global,
                params_local,
                rigid=rigid,
                max_iterations=settings.max_iterations,
            )
        if params_global[0] < SMALLEST_FACE:
            break
    return params_global, params_local
