"""Response maps of both engines at a parameter vector that is forced upon them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.experiments.parameters import ExperimentError
from pyclnf.pdm import Parameters
from pyclnf.settings import FitSettings

__all__ = ["MapDifference", "map_differences", "maps_to_arrays", "window_settings"]

Array = npt.NDArray[Any]
Entries = Mapping[str, Array]


@dataclass(frozen=True)
class MapDifference:
    """How far two response maps of a landmark are apart.

    Attributes
    ----------
    landmark : int
    relative : float
        Largest difference, of the reference map's maximum. Infinite if only one engine sees the
        landmark, or a value is not finite.
    x, y : int
        Where, map px.
    reference, candidate : float
        Their values there.
    """

    landmark: int
    relative: float
    x: int
    y: int
    reference: float
    candidate: float


def window_settings(scale: int, window_size: int | None, n_scales: int) -> FitSettings:
    """Return settings for one scale only.

    Parameters
    ----------
    scale : int
    window_size : int or None
        Side of the maps; that of OpenFace's default setting for None.
    n_scales : int
        Of the model.

    Raises
    ------
    ValueError
        If there is no such scale, or no maps of such a size.
    """
    if not 0 <= scale < n_scales:
        raise ExperimentError(f"scale {scale}: the model has scales 0 to {n_scales - 1}")
    sizes = FitSettings().window_sizes
    if window_size is None and scale >= len(sizes):
        raise ExperimentError(f"scale {scale}: OpenFace has no window for it; name one")
    chosen = sizes[scale] if window_size is None else window_size
    return FitSettings(window_sizes=(*(0 for _ in range(scale)), chosen))


def map_differences(reference: Entries, candidate: Entries) -> list[MapDifference]:
    """Compare response maps, landmark by landmark; those that neither engine sees are left out.

    Parameters
    ----------
    reference, candidate : mapping of str to ndarray
        Entries of a scale, without their prefix, as
        :attr:`openface_bridge.stepwise.AtScale.entries`.
    """
    pairs = zip(reference["response_maps"], candidate["response_maps"], strict=True)
    return [
        _difference(landmark, own, other)
        for landmark, (own, other) in enumerate(pairs)
        if own.any() or other.any()
    ]


def _difference(landmark: int, reference: Array, candidate: Array) -> MapDifference:
    """Compare two maps (w, w), first axis y."""
    apart = np.abs(candidate.astype(np.float64) - reference)
    y, x = np.unravel_index(int(np.argmax(apart)), apart.shape)
    comparable = reference.any() and candidate.any() and np.isfinite(apart[y, x])
    relative = float(apart[y, x]) / float(reference.max()) if comparable else float("inf")
    values = float(reference[y, x]), float(candidate[y, x])
    return MapDifference(landmark, relative, int(x), int(y), *values)


def maps_to_arrays(
    parameters: Parameters, scale: int, engines: Mapping[str, Entries]
) -> dict[str, Array]:
    """Return everything as arrays to write: ``params_…``, ``scale``, and ``ENGINE.ENTRY``."""
    arrays: dict[str, Array] = {
        "params_global": parameters.global_,
        "params_local": parameters.local,
        "scale": np.array(scale, np.int32),
    }
    for engine, entries in engines.items():
        arrays |= {f"{engine}.{name}": array for name, array in entries.items()}
    return arrays
