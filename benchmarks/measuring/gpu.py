"""Batches of faces on a GPU: measured where there is one, counted where there is none.

``python -m measuring.gpu`` with ``benchmarks`` on the path, or ``nox -s bench_cuda``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measuring.occupancy import HOPPER, registers_of, resident_blocks
from measuring.statistics import Estimate, median_of
from measuring.workload import Workload, workload
from pyclnf import CLNF, FitSettings
from pyclnf.backends import create_backend
from pyclnf.backends.cuda import availability
from pyclnf.backends.cuda.arguments import workspace_bytes
from pyclnf.backends.cuda.compiling import CompilerError, compiled
from pyclnf.backends.cuda.views import shared_bytes

__all__ = ["count_all", "main", "measure"]

AIMS = {("device", 1024): 5000.0, ("host", 1024): 2500.0}
"""Faces per second that a batch is to reach on an H200, pictures in either memory."""

_THREADS = 128
_MEGA = 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or with ``--count`` tell what can be known without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", action="store_true", help="operations, bytes, registers only")
    parser.add_argument("--faces", type=int, nargs="+", default=[1, 16, 64, 256, 1024])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write what was measured")
    options = parser.parse_args(arguments)
    work = workload()
    if options.count:
        _say(count_all(work))
        return 0
    problem = availability.problem()
    if problem is not None:
        sys.stderr.write(f"nothing to measure on: cuda {'. '.join(problem)}\n")
        return 2
    import cupy

    clnf = CLNF(work.manifest, backend="cuda")
    found = [
        {"faces": count, **measure(clnf, work, count, options.rounds, cupy.asarray)}
        for count in options.faces
    ]
    for row in found:
        _say(_line(row))
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(
    clnf: CLNF, work: Workload, count: int, rounds: int, to_device: Callable[[Any], Any]
) -> dict[str, list[float]]:
    """Measure batches, from pictures of the host and of the device in turns.

    Every face has a picture of its own, and every round's landmarks are the recorded ones in every
    bit, or an AssertionError is raised.

    Parameters
    ----------
    clnf : CLNF
        On backend ``cuda``.
    work : Workload
    count, rounds : int
    to_device : callable
        Brings an array to the device.

    Returns
    -------
    dict
        Seconds of each round, by where the pictures were: ``host`` and ``device``.
    """
    faces = work.batch(count)
    boxes = [face.box for face in faces]
    pictures = {"host": [face.picture.copy() for face in faces]}
    pictures["device"] = [to_device(picture) for picture in pictures["host"]]
    seconds: dict[str, list[float]] = {where: [] for where in pictures}
    for round_ in range(rounds + 1):
        for where, given in pictures.items():
            started = time.perf_counter()
            results = clnf.fit_many(given, boxes)
            taken = time.perf_counter() - started
            for result, face in zip(results, faces, strict=True):
                assert result.landmarks.tobytes() == face.landmarks.tobytes(), face.name
            if round_:  # the first one compiles, prepares views and takes memory
                seconds[where].append(taken)
    return seconds


def count_all(work: Workload) -> str:
    """Tell what a face takes, and what kernels take of a multiprocessor; needs no GPU."""
    from measuring.calls import calls_of
    from measuring.roofline import counts_of

    backend = create_backend("numpy-exact", work.manifest)
    counts = counts_of(calls_of(backend, work.faces), len(work.faces))
    lines = [f"{work.title}, {len(work.faces)} faces, per face:"]
    for name, counted in counts.items():
        operations, bytes_ = counted.operations / _MEGA, counted.bytes / _MEGA
        lines.append(f"  {name:<24}{operations:8.2f} Mop{bytes_:8.2f} MB")
    pdm, experts = backend.detector.pdm, backend.detector.experts
    sizes = FitSettings().window_sizes[: len(experts.scales)]
    maps = max(pdm.n_landmarks * size**2 * 4 for size in sizes)
    lines.append(f"memory of a face: {maps / 1e3:.0f} kB of maps, and its picture")
    lines.append(f"launches of a batch: {2 + 3 * len(sizes)}")
    shared = {
        "pyclnf_grey": 0,
        "pyclnf_start": 16,
        "pyclnf_place": 0,
        "pyclnf_respond": _responding_bytes(backend, sizes[0]),
        "pyclnf_fit_scale": workspace_bytes(pdm.n_landmarks, pdm.n_modes),
    }
    return "\n".join([*lines, *_occupancy(shared)])


def _responding_bytes(backend: Any, window_size: int) -> int:
    """Return the shared memory of a block that makes a map of the first view."""
    in_view = backend.detector.experts.view(0, 0)
    return shared_bytes(window_size, in_view.support, in_view.weights.shape[1])


def _occupancy(shared: dict[str, int]) -> list[str]:
    """Return a line for each kernel; without a compiler, what is known."""
    try:
        registers = registers_of(compiled(90)[0])
    except CompilerError as error:
        registers = {}
        yet = f"(no registers: {str(error).splitlines()[0]})"
    else:
        yet = f"on {HOPPER.name}, blocks of {_THREADS} threads at most:"
    lines = [yet]
    for kernel, size in shared.items():
        line = f"  {kernel:<18}{size:7d} bytes shared"
        if kernel in registers:
            resident = resident_blocks(HOPPER, _THREADS, registers[kernel], size)
            line += f"{registers[kernel]:4d} registers, {resident:3d} blocks resident on each of "
            line += f"{HOPPER.count} multiprocessors"
        lines.append(line)
    return lines


def _line(row: dict[str, Any]) -> str:
    """Return a line of a table: faces per second, from either memory."""
    parts = [f"{row['faces']:5d} faces"]
    for where in ("device", "host"):
        rates: Estimate = median_of((row["faces"] / np.array(row[where])).tolist())
        aim = AIMS.get((where, row["faces"]))
        told = "" if aim is None else f", aim {aim:.0f}: {_judged(rates, aim)}"
        parts.append(f"{where} {rates.median:8.0f}/s ({rates.low:.0f} - {rates.high:.0f}{told})")
    return "   ".join(parts)


def _judged(rates: Estimate, aim: float) -> str:
    """Tell whether an aim is reached."""
    return "reached" if rates.low >= aim else "missed"


def _say(text: str) -> None:
    """Write a line for whoever called."""
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
