"""A small interpreter of Core ML programs: a saved package's own operations on its own weights.

It stands in for Core ML where that cannot predict. Types are the program's: an operation on float16
gives float16, one on float32 float32. In which precision a device adds up a product of float16
matrices is not the program's to say. Both extremes can be evaluated: all in float32 and rounded
once, or every partial sum rounded to float16.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pyclnf.coreml.tools import coremltools, quietly

Array = npt.NDArray[Any]

_BLOB = struct.Struct("<IIQQ")
_BLOB_SENTINEL = 0xDEADBEEF
_BLOB_TYPES: dict[int, type[np.generic]] = {1: np.float16, 2: np.float32}


@dataclass(frozen=True)
class Operation:
    """One operation: its kind, its inputs' names or values, and the name of its output."""

    kind: str
    inputs: dict[str, Any]
    output: str
    dtype: Any
    shape: tuple[int, ...]


@dataclass(frozen=True)
class MLProgram:
    """A program as its package has it.

    Attributes
    ----------
    inputs, outputs : dict of str to (dtype, shape)
        As the description promises them.
    operations : list of Operation
        In order, constants among them as values.
    results : list of str
        The names of what is returned.
    """

    inputs: dict[str, tuple[Any, tuple[int, ...]]]
    outputs: dict[str, tuple[Any, tuple[int, ...]]]
    operations: list[Operation]
    results: list[str]

    @property
    def constants(self) -> dict[str, Array]:
        """The program's tensors by name."""
        found = {each.output: each.inputs["val"] for each in self.operations if _is_const(each)}
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

    def __call__(self, *, halves: bool = False, **inputs: Array) -> dict[str, Array]:
        """Evaluate it; with `halves`, float16 products are added up in float16."""
        assert {name: (each.dtype, each.shape) for name, each in inputs.items()} == self.inputs
        values: dict[str, Any] = dict(inputs)
        for each in self.operations:
            found = self._evaluated(each, values, halves)
            if isinstance(found, np.ndarray):
                assert (found.dtype, found.shape) == (each.dtype, each.shape), each
            values[each.output] = found
        results = {name: values[name] for name in self.results}
        assert {name: (each.dtype, each.shape) for name, each in results.items()} == self.outputs
        return results

    @staticmethod
    def _evaluated(operation: Operation, values: dict[str, Any], halves: bool) -> Any:
        """Evaluate one operation."""
        if _is_const(operation):
            return operation.inputs["val"]
        given = {
            name: values[value[0]] if isinstance(value, tuple) else value
            for name, value in operation.inputs.items()
        }
        if operation.kind == "matmul":
            return _matmul(**given, halves=halves)
        return OPERATIONS[operation.kind](**given)


def _is_const(operation: Operation) -> bool:
    return operation.kind == "const"


# ---- Operations, as coremltools documents them ----


def _matmul(x: Array, y: Array, transpose_x: bool, transpose_y: bool, halves: bool) -> Any:
    assert not transpose_x
    assert not transpose_y
    if x.dtype == np.float32:
        return np.matmul(x, y)
    if not halves:
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
    total = np.zeros((*x.shape[:-1], y.shape[-1]), np.float16)
    for term in range(x.shape[-1]):
        total += x[..., :, term, None] * y[..., None, term, :]
    return total


def _sliding_windows(x: Array, axis: int, size: int, stride: int) -> Array:
    assert stride == 1
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis)
    return np.ascontiguousarray(np.moveaxis(windows, -1, axis + 1))


def _reduced(x: Array, axes: Array, keep_dims: bool, by: Callable[..., Array]) -> Array:
    # NumPy adds float16 in float16, unless told otherwise; no program here does either.
    assert x.dtype == np.float32
    return by(x, axis=tuple(axes.tolist()), keepdims=keep_dims)


def _cast(x: Array, dtype: str) -> Array:
    return x.astype({"fp16": np.float16, "fp32": np.float32}[dtype])


def _sigmoid(x: Array) -> Array:
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: np.add(x, y),
    "cast": _cast,
    "less": lambda x, y: np.less(x, y),
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    "mul": lambda x, y: np.multiply(x, y),
    "real_div": lambda x, y: np.divide(x, y),
    "reduce_max": partial(_reduced, by=np.max),
    "reduce_mean": partial(_reduced, by=np.mean),
    "reduce_min": partial(_reduced, by=np.min),
    "reduce_sum": partial(_reduced, by=np.sum),
    "reshape": lambda x, shape: np.reshape(x, shape),
    "select": lambda cond, a, b: np.where(cond, a, b),
    "sigmoid": _sigmoid,
    "sliding_windows": _sliding_windows,
    "sqrt": lambda x: np.sqrt(x),
    "sub": lambda x, y: np.subtract(x, y),
    "transpose": lambda x, perm: np.ascontiguousarray(np.transpose(x, perm)),
}


# ---- Reading packages ----


def read_ml_program(package: Path) -> MLProgram:
    """Read the program of a saved ``.mlpackage``."""
    with quietly():
        coremltools()
        from coremltools.proto import Model_pb2

    manifest = json.loads((package / "Manifest.json").read_text("utf-8"))
    items = manifest["itemInfoEntries"]
    root = package / "Data" / items[manifest["rootModelIdentifier"]]["path"]
    model = Model_pb2.Model.FromString(root.read_bytes())
    (block,) = model.mlProgram.functions["main"].block_specializations.values()
    return MLProgram(
        inputs=dict(map(_described, model.description.input)),
        outputs=dict(map(_described, model.description.output)),
        operations=[_operation(each, root.parent) for each in block.operations],
        results=list(block.outputs),
    )


def _described(feature: Any) -> tuple[str, tuple[Any, tuple[int, ...]]]:
    array = feature.type.multiArrayType
    assert array.dataType == array.ArrayDataType.Value("FLOAT32")
    return feature.name, (np.dtype(np.float32), tuple(array.shape))


def _operation(operation: Any, folder: Path) -> Operation:
    """Return an operation with its weights; inputs that are other outputs are (name,)."""
    (output,) = operation.outputs
    kind, inputs = operation.type, {}
    if kind == "const":
        inputs["val"] = _value(operation.attributes["val"], folder)
    for name, argument in operation.inputs.items():
        (binding,) = argument.arguments
        is_name = binding.WhichOneof("binding") == "name"
        inputs[name] = (binding.name,) if is_name else _value(binding.value, folder)
    return Operation(kind, inputs, output.name, *_tensor_type(output.type))


def _tensor_type(value_type: Any) -> tuple[Any, tuple[int, ...]]:
    """Return dtype and shape; the dtype is None for what is no number."""
    tensor = value_type.tensorType
    names = {"FLOAT16": np.float16, "FLOAT32": np.float32, "INT32": np.int32, "BOOL": np.bool_}
    from coremltools.proto import MIL_pb2

    name = MIL_pb2.DataType.Name(tensor.dataType)
    dtype = np.dtype(names[name]) if name in names else None
    return dtype, tuple(each.constant.size for each in tensor.dimensions)


def _value(value: Any, folder: Path) -> Any:
    """Return a value: a number, a string, or an array."""
    dtype, shape = _tensor_type(value.type)
    if value.WhichOneof("value") == "blobFileValue":
        name = value.blobFileValue.fileName.removeprefix("@model_path/")
        return _read_blob(folder / name, value.blobFileValue.offset, dtype).reshape(shape)
    tensor = value.immediateValue.tensor
    kind = tensor.WhichOneof("value")
    if kind == "strings":
        (string,) = tensor.strings.values
        return string
    held = getattr(tensor, kind).values
    found = np.frombuffer(held, dtype) if kind == "bytes" else np.array(held, dtype)
    if shape:
        return found.reshape(shape)
    (number,) = found
    return number if np.issubdtype(dtype, np.floating) else number.item()


def _read_blob(path: Path, offset: int, dtype: Any) -> Array:
    """Read one array of a weight file: its description at an offset tells where it lies."""
    content = path.read_bytes()
    sentinel, kind, size, start = _BLOB.unpack_from(content, offset)
    assert sentinel == _BLOB_SENTINEL
    assert np.dtype(_BLOB_TYPES[kind]) == dtype
    return np.frombuffer(content[start : start + size], dtype)
