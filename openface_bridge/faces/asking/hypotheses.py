"""Which head pose OpenFace chooses: its fits from each, and the one that its own search gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.faces.asking.moves import moved
from openface_bridge.native import native
from openface_bridge.stepping import SteppingError
from pyclnf.hypotheses import ROTATIONS

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["ask_hypotheses"]

Array = npt.NDArray[Any]


def ask_hypotheses(model: _native.Model, image: Array, box: Array, name: str) -> dict[str, Array]:
    """Return entries ``bbox``, ``hypotheses.…`` and ``face.…``.

    Raises
    ------
    SteppingError
        If OpenFace's own search ends otherwise than its likeliest fit.
    """
    plain, several = native().Settings(), native().Settings(multi_view=True)
    rotations = np.array(ROTATIONS, np.float32)
    fits = [model.fit(image, box, plain, rotation) for rotation in rotations]
    searched = model.fit_in_image(image, box, several)
    likelihoods = np.array([fit["likelihood"] for fit in fits], np.float32)
    reruns = [
        [model.fit(image, each, plain, rotation)["likelihood"] for rotation in rotations]
        for each in moved(box, name)
    ]
    chosen = _chosen(fits, searched, name)
    return {
        "bbox": box,
        "hypotheses.rotations": rotations,
        "hypotheses.starts": np.stack([model.parameters_from_box(box, r) for r in rotations]),
        "hypotheses.likelihoods": likelihoods,
        "hypotheses.floors": np.abs(np.array(reruns, np.float64) - likelihoods).max(axis=0),
        "hypotheses.chosen": np.array(chosen, np.int32),
        **{f"face.{each}": array for each, array in _outcome(fits[chosen]).items()},
    }


def _outcome(fit: _native.Outcome) -> dict[str, Array]:
    """Return where a fit ends."""
    return {
        "landmarks": fit["landmarks"],
        "params_global": fit["params_global"],
        "params_local": fit["params_local"],
    }


def _chosen(fits: Sequence[_native.Outcome], searched: _native.Outcome, name: str) -> int:
    """Return which fit the search ended with."""
    wanted = [array.tobytes() for array in _outcome(searched).values()]
    for index, fit in enumerate(fits):
        if [array.tobytes() for array in _outcome(fit).values()] == wanted:
            return index
    raise SteppingError(
        f"{name}: OpenFace's search over head poses ends with none of its fits from them; a model "
        f"that ends the search early has no choice to compare"
    )
