"""The cascade's networks as one interface, and its definition in NumPy."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pyclnf.detection import layers, suppression
from pyclnf.detection.pictures import Level, Picture, Square, normalised
from pyclnf.detection.products import Products
from pyclnf.detection.resize import resize
from pyclnf.model.face_detector_file import (
    LEAST_OUTPUTS,
    OUTPUT_SIZE,
    REFINEMENT_SIZE,
    FaceDetectorData,
)
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.network_file import Layer, Pooling
from pyclnf.typing import ByteArray, Float32Array, IntArray

__all__ = ["Networks", "NumpyNetworks", "run_network"]

_SQUARES_AT_A_TIME = 32
"""Bounds the copies made."""


class Networks(Protocol):
    """Where the work of a cascade is done, for one model. Safe to share between threads.

    Outputs are, in this order: two whose difference tells how much something looks like a face, see
    :mod:`pyclnf.detection.scores`; four corrections of its box, see
    :class:`pyclnf.detection.candidates.Candidates`; and others, which nobody needs.
    """

    @property
    def name(self) -> str:
        """The name of the backend that it is chosen by."""
        ...

    def propose(self, planes: ByteArray, level: Level) -> Float32Array:
        """Look at every part of a scaled picture: outputs (≥ 6, h, w)."""
        ...

    def refine(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture: outputs (k, ≥ 6)."""
        ...

    def decide(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture again, in more detail."""
        ...

    def suppress(
        self, boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        """Return what :func:`pyclnf.detection.suppression.suppress` does."""
        ...


class NumpyNetworks:
    """The networks in NumPy, see :class:`Networks`.

    Parameters
    ----------
    name : str
        The name of the backend that it is chosen by.
    data : FaceDetectorData
    products : Products
        How sums are added up.
    """

    def __init__(self, name: str, data: FaceDetectorData, products: Products) -> None:
        self.name = name
        self._data = data
        self._products = products

    def propose(self, planes: ByteArray, level: Level) -> Float32Array:
        """Look at every part of a scaled picture: outputs (≥ 6, h, w)."""
        picture = normalised(resize(Picture(planes), level.height, level.width))
        outputs: Float32Array = run_network(self._data.proposal, picture[None], self._products)[0]
        return outputs

    def refine(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture: outputs (k, ≥ 6)."""
        return self._judge(self._data.refinement, planes, squares, REFINEMENT_SIZE)

    def decide(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture again, in more detail."""
        return self._judge(self._data.output, planes, squares, OUTPUT_SIZE)

    def suppress(
        self, boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        """Return what :func:`pyclnf.detection.suppression.suppress` does."""
        return suppression.suppress(boxes, scores, most, of_smaller=of_smaller)

    def _judge(
        self, network: tuple[Layer, ...], planes: ByteArray, squares: IntArray, size: int
    ) -> Float32Array:
        """Return the outputs of squares."""
        outputs = [np.empty((0, LEAST_OUTPUTS), np.float32)]
        for first in range(0, len(squares), _SQUARES_AT_A_TIME):
            some = squares[first : first + _SQUARES_AT_A_TIME].tolist()
            parts = np.stack([resize(Square(planes, *square), size, size) for square in some])
            numbers = run_network(network, normalised(parts), self._products)
            outputs.append(numbers[:, :LEAST_OUTPUTS, 0, 0])
        return np.concatenate(outputs)


def run_network(network: tuple[Layer, ...], maps: Float32Array, products: Products) -> Float32Array:
    """Return what a network makes of k pictures, (k, 3, H, W) -> (k, outputs, h, w).

    Where sums overflow, that is not finite.
    """
    numbers = False
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in network:
            if isinstance(layer, Convolution):
                maps = layers.convolve(maps, layer, products)
            elif isinstance(layer, Pooling):
                maps = layers.pool(maps, layer)
            elif isinstance(layer, Connection):
                numbers = numbers or len(layer.weights) != maps.shape[1]
                maps = layers.connect(maps, layer, products, numbers=numbers)
            else:
                maps = layers.rectify(maps, layer)
    return maps
