"""The patch experts of a CCNF file: finding the records, checking them, making arrays.

One expert is one record of fixed size, once its number of neurons and its support are known. So the
headers are followed one by one, and everything else is done at once for all records of equal size:
a model has 1,400 experts, and handling them field by field would take most of its loading time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pyclnf.model.binary import OPENCV_TYPES, BinaryReader, offset_of
from pyclnf.model.errors import ModelFileError
from pyclnf.typing import AnyArray, BoolArray, Float32Array, Float64Array

_EXPERT_TYPE = 5
_NEURON_TYPE = 2
_HEADER = struct.Struct("<4i")
_NEURON_BYTES = 44  # of a neuron without its weights
_EMPTY_TAIL_BYTES = 4  # one int32 of no meaning after an expert without neurons


@dataclass(frozen=True, slots=True, eq=False)
class CCNFExpert:
    """One landmark's patch expert in one view, with k neurons and b betas. Arrays are read-only.

    Attributes
    ----------
    width, height : int
        Support in pixels of the reference shape's frame.
    weights : ndarray of float32, shape (k, height, width)
        One weight matrix per neuron, as in the file; not normalised.
    norms, biases, alphas : ndarray of float64, shape (k,)
        Per neuron, factor and summand of the logistic function's argument, factor of its value.
    neuron_types : ndarray of int32, shape (k,)
        What each neuron looks at, as in the file: 0 is raw intensity. Not checked here.
    betas : ndarray of float64, shape (b,)
        Factor of each sigma component.
    confidence : float
        Weight of the landmark in a weighted fit.
    """

    width: int
    height: int
    weights: Float32Array
    norms: Float64Array
    biases: Float64Array
    alphas: Float64Array
    neuron_types: npt.NDArray[np.int32]
    betas: Float64Array
    confidence: float


@dataclass(slots=True)
class _Run:
    """Neighbouring experts of equal size: where they are and what they look like."""

    first: int
    count: int
    offset: int
    shape: tuple[int, int, int]
    """Neurons, height, width."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """All runs up to the end of the last expert, or up to a header that makes no sense."""

    runs: list[_Run]
    end: int
    stopped_by: ModelFileError | None


def read_experts(
    reader: BinaryReader, visible: Sequence[bool], n_betas: int
) -> list[CCNFExpert | None]:
    """Read one expert per entry of `visible`; None where it is False.

    Parameters
    ----------
    reader
        At the first expert; afterwards behind the last.
    visible
        Whether each landmark has neurons, in the order of the file.
    n_betas
        Number of betas of each expert with neurons.

    Raises
    ------
    ModelFileError
        If the file ends before, a type or size is not the expected one, a number is not finite,
        or neurons and visibility contradict each other.
    """
    scan = _scan(reader, visible, n_betas)
    by_shape: dict[tuple[int, int, int], list[_Run]] = {}
    for run in scan.runs:
        by_shape.setdefault(run.shape, []).append(run)
    experts: dict[int, CCNFExpert] = {}
    for shape, runs in by_shape.items():
        records = _gather(reader, runs, _record_type(shape, n_betas))
        if not all(good.all() for _, good, _ in _conditions(records, shape)):
            for run in scan.runs:  # Of all shapes, in the order of the file.
                _check(reader, run, n_betas)
        places = (place for run in runs for place in range(run.first, run.first + run.count))
        experts.update(zip(places, _decode(records, shape), strict=True))
    # A damaged record leads the scan astray, so what is wrong inside the records comes first.
    if scan.stopped_by is not None:
        raise scan.stopped_by
    reader.offset = scan.end
    return [experts.get(index) for index, _ in enumerate(visible)]


def _scan(reader: BinaryReader, visible: Sequence[bool], n_betas: int) -> _Scan:
    runs: list[_Run] = []
    offset = reader.offset
    try:
        for index, is_visible in enumerate(visible):
            shape, size = _header(reader, offset, n_betas, is_visible)
            if shape[0]:
                last = runs[-1] if runs else None
                if last and last.first + last.count == index and last.shape == shape:
                    last.count += 1
                else:
                    runs.append(_Run(index, 1, offset, shape))
            offset += size
    except ModelFileError as error:
        return _Scan(runs, offset, error)
    return _Scan(runs, offset, None)


def _header(
    reader: BinaryReader, offset: int, n_betas: int, is_visible: bool
) -> tuple[tuple[int, int, int], int]:
    """Return (neurons, height, width) of the expert at `offset`, and its size in bytes."""
    left = len(reader.data) - offset
    if left < _HEADER.size:
        raise reader.error("a patch expert", f"{left} bytes to the end", offset)
    kind, width, height, n_neurons = _HEADER.unpack_from(reader.data, offset)
    if kind != _EXPERT_TYPE:
        raise reader.error(f"patch expert of type {_EXPERT_TYPE}", str(kind), offset)
    if n_neurons < 0 or (n_neurons > 0) != is_visible:
        wanted = "at least 1 neuron (visible)" if is_visible else "0 neurons (invisible landmark)"
        raise reader.error(wanted, str(n_neurons), offset + 12)
    if n_neurons == 0:
        size = _HEADER.size + _EMPTY_TAIL_BYTES
    elif width < 1 or height < 1:
        raise reader.error("support of at least 1 x 1", f"{width} x {height}", offset + 4)
    else:
        size = _HEADER.size + n_neurons * (_NEURON_BYTES + 4 * width * height) + 8 * n_betas + 8
    if size > left:
        raise reader.error(f"patch expert of {size} bytes", f"{left} bytes to the end", offset)
    return (n_neurons, height, width), size


def _record_type(shape: tuple[int, int, int], n_betas: int) -> np.dtype[Any]:
    n_neurons, height, width = shape
    neuron = [
        ("type", "<i4"),
        ("neuron_type", "<i4"),
        ("norm", "<f8"),
        ("bias", "<f8"),
        ("alpha", "<f8"),
        ("rows", "<i4"),
        ("columns", "<i4"),
        ("matrix_type", "<i4"),
        ("weights", "<f4", (height, width)),
    ]
    return np.dtype(
        [
            ("header", "<i4", (4,)),
            ("neurons", neuron, (n_neurons,)),
            ("betas", "<f8", (n_betas,)),
            ("confidence", "<f8"),
        ]
    )


def _gather(reader: BinaryReader, runs: list[_Run], record: np.dtype[Any]) -> AnyArray:
    """Return the records of some runs."""
    parts = []
    for run in runs:
        reader.offset = run.offset
        parts.append(reader.records("patch experts", record, run.count))
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([part.view(np.uint8) for part in parts]).view(record)


def _decode(records: AnyArray, shape: tuple[int, int, int]) -> Iterator[CCNFExpert]:
    """Make an expert of each record."""
    neurons = records["neurons"]
    # Copies: fields of packed records are unaligned, and slow to compute with.
    weights = _owned(neurons["weights"], np.float32)
    norms = _owned(neurons["norm"], np.float64)
    biases = _owned(neurons["bias"], np.float64)
    alphas = _owned(neurons["alpha"], np.float64)
    types = _owned(neurons["neuron_type"], np.int32)
    betas = _owned(records["betas"], np.float64)
    confidences = records["confidence"].tolist()
    _, height, width = shape
    fields = zip(weights, norms, biases, alphas, types, betas, confidences, strict=True)
    return (CCNFExpert(width, height, *values) for values in fields)


def _owned(field: AnyArray, dtype: type[np.generic]) -> AnyArray:
    """Return a native, aligned, contiguous, read-only copy."""
    copy = np.array(field, dtype=dtype, order="C")
    copy.setflags(write=False)
    return copy


def _conditions(
    records: AnyArray, shape: tuple[int, int, int]
) -> Iterable[tuple[AnyArray, BoolArray, str]]:
    """Yield values that the scan did not look at, which of them are right, and what is."""
    neurons = records["neurons"]
    _, height, width = shape
    matrix_type = OPENCV_TYPES[np.float32]
    constants = {"type": _NEURON_TYPE, "rows": height, "columns": width, "matrix_type": matrix_type}
    for name, constant in constants.items():
        yield neurons[name], neurons[name] == constant, f"neuron's {name} {constant}"
    for name in ("norm", "bias", "alpha", "weights"):
        yield neurons[name], np.isfinite(neurons[name]), f"finite {name} of a neuron"
    for name in ("betas", "confidence"):
        yield records[name], np.isfinite(records[name]), f"finite {name} of a patch expert"


def _check(reader: BinaryReader, run: _Run, n_betas: int) -> None:
    """Check a run's records.

    Raises
    ------
    ModelFileError
        At the first byte of the run that belongs to a wrong value.
    """
    records = _gather(reader, [run], _record_type(run.shape, n_betas))
    faults = [
        (offset_of(reader, values, ~good), expected, str(values[~good][0]))
        for values, good, expected in _conditions(records, run.shape)
        if not good.all()
    ]
    if faults:
        offset, expected, found = min(faults)
        raise reader.error(expected, found, offset)
