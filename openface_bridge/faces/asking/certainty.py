"""How certain OpenFace's validator is, and what it looks at: view, warp, layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.stepping import SteppingError
from pyclnf.image import to_grey
from pyclnf.validation import Validator
from pyclnf.validation.validator import certainty, crop

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["ask_certainty"]

Array = npt.NDArray[Any]


def ask_certainty(
    model: _native.Model,
    validator: Path,
    image: Array,
    rotation: Array,
    landmarks: Array,
    name: str,
) -> dict[str, Array]:
    """Return entries ``certainty.…``.

    OpenFace does not tell the normalised face that its network is given. The first layer's input
    is therefore pyclnf's; that it is OpenFace's as well is proved by what comes out: its own layers
    must end with the certainty that it tells.

    Raises
    ------
    SteppingError
        If they do not.
    """
    told: dict[str, Array] = {
        "view": np.array(model.validator_view(rotation), np.int32),
        "value": np.array(model.validate(image, rotation, landmarks), np.float32),
    }
    ours = Validator.load(validator, backend="numpy-exact")
    grey = to_grey(image)
    seen = ours.seen(grey, landmarks, rotation)
    if seen is not None:
        told["input"] = np.ascontiguousarray(seen.picture)
        told |= _layers(model, ours, seen.picture, int(told["view"]))
        told["warp"] = _warped(model, grey, landmarks, int(told["view"]))
        last = told[f"output{len(ours.network(seen.view)) - 1}"]
        if np.float32(certainty(last.ravel().astype(np.float32))) != told["value"]:
            raise SteppingError(
                f"{name}: OpenFace's layers end with another certainty than its own"
            )
    return {f"certainty.{entry}": array for entry, array in told.items()}


def _layers(model: _native.Model, ours: Validator, picture: Array, view: int) -> dict[str, Array]:
    """Return what each layer makes of what the one before gives."""
    told: dict[str, Array] = {}
    maps = np.ascontiguousarray(picture[None])
    for layer in range(len(ours.network(view))):
        maps = model.validator_layer(view, layer, maps)
        told[f"output{layer}"] = maps
    return told


def _warped(model: _native.Model, grey: Array, landmarks: Array, view: int) -> Array:
    """Return the face warped, from the part of the picture that OpenFace crops first."""
    around = crop(grey, landmarks)
    assert around is not None
    face, corner = around
    return model.validator_warp(np.ascontiguousarray(face), view, landmarks - corner)
