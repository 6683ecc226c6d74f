"""What is in the compiled module. Arrays are C-contiguous and, where written to, writable."""

import numpy as np
import numpy.typing as npt

from pyclnf.typing import ByteArray, Float32Array, Int32Array

Kind = int
"""0 convolution, 1 pooling, 2 rectifier, 3 to 5 connections: of pixels, ordered, in double."""

class Network:
    """Layers for the kernels of one level.

    Parameters
    ----------
    level : int
    layers : list
        Of kind; (inputs, outputs, height, width, step_y, step_x); weights, biases and groups as
        ``detection/types.h`` wants them.
    """

    level: int

    def __init__(
        self,
        level: int,
        layers: list[tuple[Kind, tuple[int, ...], Float32Array, Float32Array, Int32Array]],
    ) -> None: ...
    def workspace_floats(self, height: int, width: int) -> int:
        """Return how much workspace :func:`look` needs for views scaled to a size."""

    def output_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Return maps, height and width of what comes out for a view scaled to a size."""

def look(
    network: Network,
    planes: ByteArray,
    regions: npt.NDArray[np.int64],
    height: int,
    width: int,
    outputs: Float32Array,
    workspace: Float32Array,
) -> None:
    """Fill outputs (k, n) with what a network returns for regions (k, 4) of a picture.

    A region is left, upper, rows, columns in px; it is scaled to a size, see
    :func:`pyclnf.detection.resize.resize`, and normalised.
    """

def suppress(
    level: int, boxes: Int32Array, most: float, of_smaller: bool, stays: ByteArray
) -> None:
    """Fill `stays`, 1 for boxes that stay, for boxes (k, 4) that are ordered, the best first.

    See :func:`pyclnf.detection.suppression.suppress`.
    """
