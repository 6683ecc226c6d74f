"""Patch experts as a Core ML program: areas of interest in, response maps out.

Windows are taken out of the areas and normalised in float32: one of little contrast, in an area of
much, would drown in the rounding of float16. Sigma's diagonal, most of what it does, is float32
too. The rest is multiplied by one row of pixels after the other, and the rows' products are added
in float32: a device that adds float16 products in float16 does so for the length of a row only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pyclnf.coreml.constants import ProgramConstants
from pyclnf.coreml.precision import FloatType
from pyclnf.coreml.tools import coremltools, quietly

__all__ = ["INPUT", "OUTPUT", "VERSION", "write_program"]

VERSION = 1
"""Of what programs compute; part of what their files are named by."""

INPUT, OUTPUT = "areas", "maps"

_LEAST_NORM = 5e-4
"""Below, a window has no contrast. The definition asks for 0, since its means of equal values are
exact. A device's may be two last places off, which leaves 3.4e-4 of the brightest window; but one
value that differs gives 9.7e-4 at least, since areas are multiples of 1/1024."""


def write_program(constants: ProgramConstants, path: Path) -> None:
    """Convert experts to an ML program for macOS 13 or later and save it.

    Parameters
    ----------
    constants : ProgramConstants
    path : Path
        A folder that does not exist yet; its name ends in ``.mlpackage``.

    Raises
    ------
    BackendUnavailableError
        If coremltools is not installed.
    """
    with quietly():
        ct = coremltools()
        ct.convert(
            _program(ct, constants),
            convert_to="mlprogram",
            minimum_deployment_target=ct.target.macOS13,
            compute_precision=ct.precision.FLOAT32,  # which leaves types as they are
            compute_units=ct.ComputeUnit.ALL,
            skip_model_load=True,
            package_dir=str(path),
        )


def _program(ct: Any, constants: ProgramConstants) -> Any:
    """Return the program in coremltools' own form."""
    from coremltools.converters.mil import Builder as mb  # noqa: N813 - as its documentation does

    side = constants.window_size + constants.support - 1
    areas_shape = (len(constants.units), side, side)

    def program(areas: Any) -> Any:
        windows = _normalised(mb, _windows(mb, areas, constants))
        maps = _smoothed(mb, _responses(mb, windows, constants), constants)
        least = mb.reduce_min(x=maps, axes=[1], keep_dims=True)
        lifted = mb.sub(x=maps, y=mb.minimum(x=least, y=np.float32(0)))
        side = constants.window_size
        return mb.reshape(x=lifted, shape=(len(constants.units), side, side), name=OUTPUT)

    inputs = [mb.TensorSpec(shape=areas_shape)]
    return mb.program(input_specs=inputs, opset_version=ct.target.macOS13)(program)


def _windows(mb: Any, areas: Any, constants: ProgramConstants) -> Any:
    """Return all windows, (v, p, s²), of areas, which are the program's input."""
    support, window_size = constants.support, constants.window_size
    rows = mb.sliding_windows(x=areas, axis=1, size=support)
    both = mb.sliding_windows(x=rows, axis=3, size=support)
    by_position = mb.transpose(x=both, perm=[0, 1, 3, 2, 4])
    return mb.reshape(x=by_position, shape=(len(constants.units), window_size**2, support**2))


def _normalised(mb: Any, windows: Any) -> Any:
    """Bring windows to zero mean and unit norm; to zero where they have no contrast."""
    deviations = mb.sub(x=windows, y=mb.reduce_mean(x=windows, axes=[2], keep_dims=True))
    squares = mb.mul(x=deviations, y=deviations)
    norms = mb.sqrt(x=mb.reduce_sum(x=squares, axes=[2], keep_dims=True))
    least = np.float32(_LEAST_NORM)
    reciprocals = mb.real_div(x=np.float32(1), y=mb.maximum(x=norms, y=least))
    factors = mb.select(cond=mb.less(x=norms, y=least), a=np.float32(0), b=reciprocals)
    return mb.mul(x=deviations, y=factors)


def _responses(mb: Any, windows: Any, constants: ProgramConstants) -> Any:
    """Return the neurons' responses, (v, p, 1)."""
    dtype = constants.weights.dtype.type
    sums = mb.matmul(x=_in(mb, windows, dtype), y=constants.weights)
    sums = mb.add(x=_from(mb, sums, dtype), y=constants.biases)
    return mb.matmul(x=mb.sigmoid(x=sums), y=constants.shares)


def _smoothed(mb: Any, responses: Any, constants: ProgramConstants) -> Any:
    """Multiply responses, each landmark's brought to a largest one of 1, with Sigma: (v, p, 1)."""
    peaks = mb.reduce_max(x=responses, axes=[1], keep_dims=True)
    peaks = mb.maximum(x=peaks, y=np.finfo(np.float32).tiny)
    responses = mb.real_div(x=responses, y=peaks)
    total = mb.mul(x=responses, y=constants.diagonal)
    if constants.neighbours is not None:
        dtype = constants.neighbours.dtype.type
        side = constants.window_size
        rows = mb.reshape(x=responses, shape=(len(constants.units), side, side, 1))
        products = mb.matmul(x=constants.neighbours, y=_in(mb, rows, dtype))
        support = mb.reduce_sum(x=_from(mb, products, dtype), axes=[1])
        total = mb.add(x=total, y=support)
    return mb.mul(x=total, y=mb.mul(x=peaks, y=constants.units))


def _in(mb: Any, values: Any, dtype: FloatType) -> Any:
    """Return float32 values in a type."""
    return values if dtype is np.float32 else mb.cast(x=values, dtype="fp16")


def _from(mb: Any, values: Any, dtype: FloatType) -> Any:
    """Return values of a type in float32."""
    return values if dtype is np.float32 else mb.cast(x=values, dtype="fp32")
