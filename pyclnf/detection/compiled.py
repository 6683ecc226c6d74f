"""The cascade's networks in compiled kernels, equal to ``numpy-exact`` in every bit."""

from __future__ import annotations

import numpy as np

from pyclnf.detection.pictures import Level
from pyclnf.detection.prepared import PreparedNetwork
from pyclnf.detection.suppression import by_score
from pyclnf.kernels import _detection
from pyclnf.kernels.levels import choose_level
from pyclnf.model.face_detector_file import OUTPUT_SIZE, REFINEMENT_SIZE, FaceDetectorData
from pyclnf.typing import ByteArray, Float32Array, IntArray

__all__ = ["CompiledNetworks"]


class CompiledNetworks:
    """The networks in compiled kernels, see :class:`pyclnf.detection.networks.Networks`.

    Parameters
    ----------
    data : FaceDetectorData
    level : str, optional
        Of instructions, see :func:`pyclnf.kernels.levels.choose_level`. It decides no bit.
    """

    name = "cython"

    def __init__(self, data: FaceDetectorData, level: str | None = None) -> None:
        self._level = choose_level(level)
        self._proposal = PreparedNetwork(self._level, data.proposal)
        self._refinement = PreparedNetwork(self._level, data.refinement)
        self._output = PreparedNetwork(self._level, data.output)

    def propose(self, planes: ByteArray, level: Level) -> Float32Array:
        """Look at every part of a scaled picture: outputs (≥ 6, h, w)."""
        whole = np.array([[0, 0, planes.shape[1], planes.shape[2]]])
        outputs: Float32Array = self._proposal.look(planes, whole, level.height, level.width)[0]
        return outputs

    def refine(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture: outputs (k, ≥ 6)."""
        return _judge(self._refinement, planes, squares, REFINEMENT_SIZE)

    def decide(self, planes: ByteArray, squares: IntArray) -> Float32Array:
        """Look at squares (k, 3) of a picture again, in more detail."""
        return _judge(self._output, planes, squares, OUTPUT_SIZE)

    def suppress(
        self, boxes: Float32Array, scores: Float32Array, most: float, *, of_smaller: bool = False
    ) -> IntArray:
        """Return what :func:`pyclnf.detection.suppression.suppress` does."""
        order = by_score(scores)
        whole = np.rint(boxes[order]).astype(np.int32)
        stays = np.empty(len(order), np.uint8)
        _detection.suppress(self._level, whole, most, of_smaller, stays)
        return order[stays.view(np.bool_)]


def _judge(
    network: PreparedNetwork, planes: ByteArray, squares: IntArray, size: int
) -> Float32Array:
    """Return the outputs of squares."""
    return network.look(planes, squares[:, [0, 1, 2, 2]], size, size)[:, :, 0, 0]
