"""Phases of NU-RLMS to run in more than one way, and whether they went the same way."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.backends.base import Backend
from pyclnf.backends.delegating import DelegatingBackend
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult, regularisation, run_phase
from pyclnf.pdm import Parameters, PointDistributionModel, PosedShape

Arrays = dict[str, npt.NDArray[Any]]


@dataclasses.dataclass(frozen=True)
class Case:
    """A phase and where it starts."""

    pdm: PointDistributionModel
    posed: PosedShape
    phase: Phase

    def changed(self, **changes: Any) -> Case:
        """Return it with other fields of the phase."""
        return dataclasses.replace(self, phase=dataclasses.replace(self.phase, **changes))

    def expected(self) -> tuple[PhaseResult, list[Iteration]]:
        """Run it in NumPy, in the reference's order."""
        told: list[Iteration] = []
        with np.errstate(all="ignore"):
            result = run_phase(
                self.pdm, self.posed, self.phase, ReferenceOrder(), lambda _, it: told.append(it)
            )
        return result, told


def drawn(
    pdm: PointDistributionModel, seed: int, *, rigid: bool, window: int = 9, **changes: Any
) -> Case:
    """Return a phase whose maps, hills on a plain, pull each landmark somewhere else."""
    rng = np.random.default_rng(seed)
    n, m = pdm.n_landmarks, pdm.n_modes
    angle, scale = rng.uniform(-0.5, 0.5), rng.uniform(2, 5)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    to_image = np.array(((cosine, -sine), (sine, cosine)), np.float32)
    local = (0.5 * rng.uniform(-1, 1, m) * np.sqrt(pdm.eigenvalues)).astype(np.float32)
    global_ = np.array((1.6, *rng.uniform(-0.4, 0.4, 3), 150, 130), np.float32)
    posed = pdm.pose(Parameters(global_, local))
    steps = np.arange(window)
    x, y = rng.uniform(2, window - 3, (2, n, 1, 1))
    hills = np.exp(-((steps - x) ** 2 + (steps[:, None] - y) ** 2) / 8)
    phase = Phase(
        rigid=rigid,
        response_maps=(hills + 0.05).astype(np.float32),
        visible=np.ones(n, np.bool_),
        base_landmarks=posed.landmarks + rng.uniform(-1, 1, (n, 2)).astype(np.float32),
        image_to_reference=np.linalg.inv(to_image).astype(np.float32),
        reference_to_image=to_image,
        kernels=KernelTable.build(window, 1.5),
        prior=regularisation(pdm.eigenvalues, np.float32(25), rigid=rigid),
        landmark_weights=None,
        max_iterations=3,
    )
    return Case(pdm, posed, dataclasses.replace(phase, **changes))


class Listening(DelegatingBackend[Backend]):
    """A backend that keeps the phases it is asked to run."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.cases: list[Case] = []

    def phase(self, posed: PosedShape, phase: Phase, on_iteration: Any = None) -> PhaseResult:
        """Keep a phase and run it."""
        self.cases.append(Case(self.detector.pdm, posed, phase))
        return self.host.phase(posed, phase, on_iteration)


def differences(one: PhaseResult | Iteration, other: PhaseResult | Iteration) -> list[str]:
    """Name the arrays that differ in a bit; one NaN is as good as another."""
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return [name for (name, a), (_, b) in pairs if not same_bits(a, b)]


def same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Tell whether arrays are equal in every bit, but for which NaN it is."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    holes = np.isnan(one)
    return (
        np.array_equal(holes, np.isnan(other)) and one[~holes].tobytes() == other[~holes].tobytes()
    )


def _arrays(of: Any, prefix: str = "") -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield all arrays of a dataclass, nested ones included, and its flags as arrays."""
    for field in dataclasses.fields(of):
        value = getattr(of, field.name)
        if dataclasses.is_dataclass(value):
            yield from _arrays(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, np.asarray(value)
