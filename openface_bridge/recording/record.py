"""Record live fits: trace files, boxes and noise floors in a folder that ``Recorded`` reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from openface_bridge.live import Live
from openface_bridge.recorded import NOISE_FLOOR_FILE
from openface_bridge.reference import Case
from openface_bridge.trace import read_arrays, write_arrays, write_trace
from pyclnf.reasons import said_of

__all__ = ["Recording", "record"]

Array = npt.NDArray[Any]

_KERNELS = "blas_kernels"


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Attributes
    ----------
    cases : list of Case
    refused : dict of Case to str
        Fits that could not be recorded, and why.
    kernels : list of str
        BLAS kernels that the noise floors hold.
    """

    cases: list[Case]
    refused: dict[Case, str]
    kernels: list[str]


def record(
    live: Live,
    folder: Path,
    on_progress: Callable[[int, int, Case], None] | None = None,
    *,
    cases: Sequence[Case] | None = None,
    lean: Collection[Case] = (),
) -> Recording:
    """Record fits of a live reference.

    Parameters
    ----------
    live : Live
    folder : Path
        Made if need be. Traces of the same names are replaced, and these fits' noise floors; what
        it holds of others stays. Left alone if no fit can be recorded.
    on_progress : callable, optional
        Told how many fits are done, how many there are, and which comes next.
    cases : sequence of Case, optional
        Which fits; all there are if not given.
    lean : collection of Case
        Fits whose traces go without the largest arrays, see
        :class:`openface_bridge.stepping.Kept`.

    Returns
    -------
    Recording

    Raises
    ------
    TraceError
        If the folder has a file of noise floors that cannot be read.
    """
    before = _read_floors(folder / NOISE_FLOOR_FILE)
    floors: dict[str, Array] = {}
    done: list[Case] = []
    refused: dict[Case, str] = {}
    chosen = live.cases() if cases is None else cases
    for number, case in enumerate(chosen):
        if on_progress is not None:
            on_progress(number, len(chosen), case)
        try:
            trace, moved = live.trace(case, lean=case in lean), live.moved_landmarks(case)
        except (RuntimeError, ValueError) as error:
            refused[case] = said_of(error)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        write_trace(folder / f"trace_{case.face}_{case.setting}.npz", trace)
        floors[f"{case.face}.{case.setting}.ulp"] = moved
        done.append(case)
    kernels = _add_kernels(live, done, floors)
    if done:
        write_arrays(folder / NOISE_FLOOR_FILE, _merged(before, floors, done))
    return Recording(done, refused, kernels)


def _read_floors(path: Path) -> dict[str, Array]:
    """Return the noise floors that there are already."""
    return read_arrays(path) if path.exists() else {}


def _merged(
    before: Mapping[str, Array], floors: Mapping[str, Array], done: Sequence[Case]
) -> dict[str, Array]:
    """Return new noise floors with those of other fits; the kernels are those of any of them."""
    replaced = {f"{case.face}.{case.setting}" for case in done}
    others = {name: old for name, old in before.items() if name.rpartition(".")[0] not in replaced}
    kernels = (*others.get(_KERNELS, np.array((), np.str_)), *floors[_KERNELS])
    return {**others, **floors, _KERNELS: np.array(list(dict.fromkeys(kernels)), np.str_)}


def _add_kernels(live: Live, cases: Sequence[Case], floors: dict[str, Array]) -> list[str]:
    """Add the landmarks with each kernel to the noise floors; return the kernels."""
    by_kernel = live.kernel_landmarks(cases) if cases else {}
    kernels = list(by_kernel)
    floors[_KERNELS] = np.array(kernels, np.str_)
    if kernels:
        for case in cases:
            landmarks = [by_kernel[kernel][case] for kernel in kernels]
            floors[f"{case.face}.{case.setting}.blas"] = np.stack(landmarks)
    return kernels
