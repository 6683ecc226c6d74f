"""How far a backend's fits of the embedded pictures are from those of backend ``numpy``."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pyclnf.backends import create_backend, registry
from pyclnf.selfcheck.cases import Case, MapCall, cases_of, fit_together, map_calls, timed
from pyclnf.selfcheck.embedded import Embedded, embedded
from pyclnf.typing import Float32Array

__all__ = ["MEDIAN_BOUND", "WORST_BOUND", "Comparison", "Distances"]

MEDIAN_BOUND = 0.01
"""px: of the worst landmark in the median fit."""
WORST_BOUND = 0.1
"""px: of any landmark. Kernels are taken at steps of 0.1 px, so rounding may move one so far."""

_DEFINITION, _EXACT = "numpy", "numpy-exact"


@dataclass(frozen=True)
class Distances:
    """What came of a backend's fits.

    Attributes
    ----------
    backend : str
    fits : int
    equal : int
        How many fits have every bit of ``numpy``'s landmarks.
    equal_to_exact : int
        How many have every bit of ``numpy-exact``'s.
    median_px, worst_px : float
        The worst landmark of the median and of the worst fit against ``numpy``'s, px.
    maps : float
        The largest difference of a response map from ``numpy``'s on the same inputs, over that
        map's maximum.
    ms_per_fit, ms_per_face_together : float
        Milliseconds on one thread: of the median fit, and of a face where many are fitted at once.
    failures : tuple of str
        What is beyond its bound, or why there are no fits; empty if the backend agrees.
    """

    backend: str
    fits: int = 0
    equal: int = 0
    equal_to_exact: int = 0
    median_px: float = np.nan
    worst_px: float = np.nan
    maps: float = np.nan
    ms_per_fit: float = np.nan
    ms_per_face_together: float = np.nan
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Fits:
    """A backend's landmarks, fit by fit, then those of a batch; and the seconds they took."""

    landmarks: list[Float32Array]
    seconds: list[float]
    seconds_together: float


class Comparison:
    """Compares backends, one after another; what they are compared with is made once.

    Parameters
    ----------
    fixtures : Embedded, optional
        The installed ones, or a clone's, if not given.

    Raises
    ------
    FixtureError
        If there are none, or they are damaged.
    """

    def __init__(self, fixtures: Embedded | None = None) -> None:
        found = embedded() if fixtures is None else fixtures
        self._model, self._cases = found.model, cases_of(found.faces)
        self._fits: dict[str, _Fits] = {}

    def distances(self, name: str) -> Distances:
        """Fit all pictures with a backend; what it raises is a failure like any other."""
        try:
            return self._compared(name)
        except Exception as error:
            return Distances(name, failures=(f"{type(error).__name__}: {error}",))

    def _compared(self, name: str) -> Distances:
        """Return how far a backend's fits are from the definition's."""
        fits, definition = self._fits_of(name), self._fits_of(_DEFINITION)
        pairs = list(zip(fits.landmarks, definition.landmarks, strict=True))
        errors = [_farthest(*pair) for pair in pairs]
        exact = zip(fits.landmarks, self._fits_of(_EXACT).landmarks, strict=True)
        found = Distances(
            backend=name,
            fits=len(errors),
            equal=sum(_same(*pair) for pair in pairs),
            equal_to_exact=sum(_same(*pair) for pair in exact),
            median_px=statistics.median(errors),
            worst_px=max(errors),
            maps=self._farthest_map(name),
            ms_per_fit=1000 * statistics.median(fits.seconds),
            ms_per_face_together=1000 * fits.seconds_together,
        )
        return replace(found, failures=tuple(_failures(found)))

    def _fits_of(self, name: str) -> _Fits:
        """Fit every picture alone, then upright ones together; once for each backend."""
        if name not in self._fits:
            backend = create_backend(name, self._model)
            alone = [timed(case, backend) for case in self._cases]
            together, seconds = fit_together(self._upright(), backend)
            landmarks = [*(found for found, _ in alone), *together]
            self._fits[name] = _Fits(landmarks, [taken for _, taken in alone], seconds)
        return self._fits[name]

    def _upright(self) -> list[Case]:
        """Return those that a batch can do together: upright, in the first one's setting."""
        setting = self._cases[0].setting
        return [c for c in self._cases if c.setting == setting and not any(c.face.rotation)]

    def _farthest_map(self, name: str) -> float:
        """Return the largest difference of a response map, over the map's maximum."""
        backend = create_backend(name, self._model)
        return max(_map_difference(call.repeat(backend), call.maps) for call in self._map_calls)

    @cached_property
    def _map_calls(self) -> list[MapCall]:
        """The response maps that fits of the definition ask for."""
        backend = create_backend(_DEFINITION, self._model)
        return [call for case in self._cases for call in map_calls(case, backend)]


def _same(found: Float32Array, expected: Float32Array) -> bool:
    """Tell whether landmarks are equal in every bit."""
    return found.tobytes() == expected.tobytes()


def _farthest(found: Float32Array, expected: Float32Array) -> float:
    """Return the largest distance of two landmarks, px; infinite where only one is a number."""
    if _same(found, expected):
        return 0.0
    distance = float(np.linalg.norm(found - expected, axis=1).max())
    return distance if np.isfinite(distance) else np.inf


def _map_difference(found: Float32Array, expected: Float32Array) -> float:
    """Return the largest difference of landmarks' maps, (n, h, w), over each map's maximum."""
    differences = np.abs(found - expected).max(axis=(1, 2))
    differences = np.where(np.isfinite(differences), differences, np.inf)
    maxima = np.abs(expected).max(axis=(1, 2))
    relative = np.divide(differences, maxima, out=np.full_like(maxima, np.inf), where=maxima > 0)
    return float(np.where(differences == 0, 0.0, relative).max())


def _failures(found: Distances) -> Iterator[str]:
    """Yield what is beyond its bound."""
    promised = next(entry for entry in registry.ENTRIES if entry.name == found.backend)
    if not found.maps <= promised.maps_within:
        bound = f"over {promised.maps_within:.2g}"
        yield f"response maps differ by {found.maps:.2g} of their maximum, {bound}"
    if not found.median_px <= MEDIAN_BOUND:
        yield f"the median fit is off by {found.median_px:.3g} px, over {MEDIAN_BOUND:g}"
    if not found.worst_px <= WORST_BOUND:
        yield f"the worst landmark is off by {found.worst_px:.3g} px, over {WORST_BOUND:g}"
    if promised.exact and found.equal_to_exact < found.fits:
        missed = found.fits - found.equal_to_exact
        yield f"{missed} fits lack bits of {_EXACT}, which it promises"
