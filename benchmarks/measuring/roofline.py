"""Operations and bytes of a fit, counted, and what this processor can do at most.

Counted is what the definition asks for, stage by stage, from the sizes of what was recorded: one
for each addition, multiplication and division, however an implementation does it. Bytes are those
of every array that a stage must read or write at least once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from measuring.calls import LikelihoodCall, PhaseCall, PictureCall, RecordingBackend, ResponseCall

__all__ = ["Count", "Peaks", "counts_of", "measure_peaks"]

_EXPONENTIAL = 20
"""An exponential in float32: about so many, range reduction and polynomial included."""
_FLOAT = 4
_RIGID = 6


@dataclass(frozen=True)
class Count:
    """What a stage of one fit needs.

    Attributes
    ----------
    operations, bytes : float
    """

    operations: float
    bytes: float

    def __add__(self, other: Count) -> Count:
        """Return what both need together."""
        return Count(self.operations + other.operations, self.bytes + other.bytes)


@dataclass(frozen=True)
class Peaks:
    """What one core did at most.

    Attributes
    ----------
    operations : float
        Per second: a product of two float32 matrices by NumPy's BLAS.
    cache_bytes, memory_bytes : float
        Per second, read and written: copies of 4 MiB and of 256 MiB.
    """

    operations: float
    cache_bytes: float
    memory_bytes: float


def counts_of(recorded: RecordingBackend, faces: int) -> dict[str, Count]:
    """Count the stages of :data:`measuring.stages.STAGES`, per face.

    Parameters
    ----------
    recorded : RecordingBackend
    faces : int
        How many were fitted.
    """
    scales = sorted({call.scale for call in recorded.responded})
    found = {
        "grey conversion": _total(_greying(call) for call in recorded.pictured),
        "placing": _total(_placing(call) for call in recorded.responded),
        "areas of interest": _total(_sampling(call) for call in recorded.responded),
        **{
            f"response maps, scale {scale}": _total(
                _responding(call, recorded) for call in recorded.responded if call.scale == scale
            )
            for scale in scales
        },
        "rigid phases": _total(_phase(call) for call in recorded.phased if call.phase.rigid),
        "non-rigid phases": _total(_phase(c) for c in recorded.phased if not c.phase.rigid),
        "likelihood": _total(_judging(call) for call in recorded.judged),
    }
    return {
        name: Count(count.operations / faces, count.bytes / faces) for name, count in found.items()
    }


def measure_peaks() -> Peaks:
    """Measure them; NumPy's BLAS must have been told to use one thread."""
    n = 768
    one = np.random.default_rng(0).random((n, n), np.float32)
    out = np.empty_like(one)
    product = _least_seconds(lambda: np.matmul(one, one, out=out))
    return Peaks(2 * n**3 / product, _copied_per_second(1 << 22), _copied_per_second(1 << 28))


def _copied_per_second(size: int) -> float:
    """Return the bytes per second, read and written, of copying so many."""
    source, target = np.ones(size // _FLOAT, np.float32), np.zeros(size // _FLOAT, np.float32)
    return 2 * size / _least_seconds(lambda: np.copyto(target, source))


def _least_seconds(work: Callable[[], object], rounds: int = 15) -> float:
    """Return the shortest of several times."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _total(counts: Iterable[Count]) -> Count:
    """Add up."""
    return sum(counts, start=Count(0, 0))


def _greying(call: PictureCall) -> Count:
    """Each pixel: three weights, two sums, a rounding and a shift; grey ones are copied."""
    pixels = call.result.height * call.result.width
    channels = call.image.size // pixels
    return Count(7 * pixels if channels > 1 else 0, (channels + 1) * pixels)


def _placing(call: ResponseCall) -> Count:
    """Two shapes: means, differences, norms (16 n), their covariance (8 n), the reference (2 n)."""
    n = len(call.result.base_landmarks)
    return Count(26 * n, (2 + 3) * n * _FLOAT)


def _sampling(call: ResponseCall) -> Count:
    """Each sample: four weights (6), four pixels weighed and added (7); four bytes, one float."""
    samples = int(call.result.visible.sum()) * call.result.areas.shape[-1] ** 2
    return Count(13 * samples, (4 + _FLOAT) * samples)


def _responding(call: ResponseCall, recorded: RecordingBackend) -> Count:
    """Windows, neurons, Sigma, of each visible landmark."""
    in_view = recorded.detector.experts.view(call.scale, call.result.view)
    seen, neurons, terms = in_view.weights.shape
    window, p = terms - 1, call.window_size**2
    normalising = p * 5 * window
    answering = p * neurons * (2 * terms + _EXPONENTIAL + 4)
    smoothing = 2 * p * p + 2 * p
    area = call.result.areas.shape[-1] ** 2
    floats = area + neurons * terms + p * p + p
    return Count(seen * (normalising + answering + smoothing), seen * floats * _FLOAT)


def _phase(call: PhaseCall) -> Count:
    """So many iterations: shape, offsets, mean shift, Jacobian, normal equations, solution."""
    phase = call.phase
    n, m, p = len(phase.visible), len(call.posed.parameters.local), phase.response_maps[0].size
    modes = 0 if phase.rigid else m
    c = _RIGID + modes
    shape = 6 * n * modes + 14 * n
    mean_shift = int(phase.visible.sum()) * 6 * p + 16 * n
    jacobian = 40 * n + 12 * n * modes
    equations = 2 * 2 * n * c * (c + 1)
    solution = c**3 / 3 + 2 * c * c
    floats = int(phase.visible.sum()) * 2 * p + 3 * n * modes + 2 * 2 * n * c + c * c
    once = shape + mean_shift + jacobian + equations + solution
    return Count(call.iterations * once, call.iterations * floats * _FLOAT)


def _judging(call: LikelihoodCall) -> Count:
    """Each pixel of each visible map: its distance, an exponential, weighed and added."""
    pixels = int(call.visible.sum()) * call.response_maps[0].size
    return Count((8 + _EXPONENTIAL) * pixels, _FLOAT * pixels)
