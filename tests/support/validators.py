"""Small validators in OpenFace's file format. For tests only, as ``support.model_files``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from generator.validator import warp_of
from generator.write_network import validator_bytes
from generator.write_network import validator_layer_bytes as layer_bytes
from support.model_files import small_pdm

from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.validator_file import ValidatorData, ValidatorViewData
from pyclnf.model.validator_network import Activation, Kind, Layer
from pyclnf.typing import Float32Array

__all__ = [
    "add_validator",
    "layer_bytes",
    "network",
    "reference_shape",
    "small_validator",
    "validator_bytes",
    "warp_of",
]

VIEWS = (0.0, -30.0, 30.0)
"""Degrees about y."""


def small_validator(
    seed: int = 0,
    n_landmarks: int = 12,
    angles: Sequence[float] = VIEWS,
    classes: int = 7,
    side: float = 22.0,
) -> ValidatorData:
    """Return a validator of small random networks, for faces of `small_pdm` of `side` px."""
    rng = np.random.default_rng(seed)
    orientations = np.zeros((len(angles), 3))
    orientations[:, 1] = angles
    shapes = [reference_shape(n_landmarks, angle, side) for angle in angles]
    return ValidatorData(orientations, tuple(_view(rng, shape, classes) for shape in shapes))


def add_validator(manifest: Path, data: ValidatorData) -> Path:
    """Write a validator beside a model's manifest, and its line into that; return its path."""
    path = manifest.parent / "validator.txt"
    path.write_bytes(validator_bytes(data))
    lines = manifest.read_text("utf-8").rstrip("\n")
    manifest.write_text(f"{lines}\nDetectionValidator validator.txt\n", "utf-8")
    return path


def reference_shape(n_landmarks: int, angle: float, side: float) -> npt.NDArray[np.float64]:
    """Return the face of `small_pdm` turned about y, (n, 2), `side` px wide or high at most."""
    x, y, z = small_pdm(n_landmarks=n_landmarks).mean_shape.reshape(3, -1).astype(np.float64)
    turn = np.radians(angle)
    shape = np.column_stack((np.cos(turn) * x + np.sin(turn) * z, y))
    scaled: npt.NDArray[np.float64] = shape * (side / np.ptp(shape, axis=0).max())
    return scaled


def network(
    rng: np.random.Generator, picture: tuple[int, int], n_classes: int
) -> tuple[Layer, ...]:
    """Return layers of every kind, with odd and even sizes, for an (h, w) picture."""
    shape = np.array(picture)
    after_one = (shape - (3, 4) + 2) // 2  # a convolution, then a pooling that rounds up
    after_two = (after_one - (2, 3) + 2) // 2
    return (
        _convolution(rng, 1, 3, 3, 4, gain=4.0),
        Activation(Kind.RECTIFIER),
        Activation(Kind.POOLING),
        _convolution(rng, 3, 9, 2, 3, gain=4.0),
        Activation(Kind.SIGMOID),
        Activation(Kind.POOLING),
        _connected(rng, 9 * int(np.prod(after_two)), 8),
        Activation(Kind.RECTIFIER),
        _connected(rng, 8, n_classes),
    )


def _view(
    rng: np.random.Generator, shape: npt.NDArray[np.float64], n_classes: int
) -> ValidatorViewData:
    warp = warp_of(shape)
    pixels = int(warp.mask.sum())
    mean = rng.normal(0.0, 0.5, pixels).astype(np.float32)
    deviation = rng.uniform(0.5, 1.5, pixels).astype(np.float32)
    layers = network(rng, (warp.mask.shape[0], warp.mask.shape[1]), n_classes)
    return ValidatorViewData(mean, deviation, layers, warp)


def _convolution(
    rng: np.random.Generator, n_maps: int, n_kernels: int, height: int, width: int, gain: float
) -> Convolution:
    spread = gain / np.sqrt(n_maps * height * width)
    kernels = rng.normal(0.0, spread, (n_kernels, n_maps, height, width))
    biases: Float32Array = rng.normal(0.0, 0.1, n_kernels).astype(np.float32)
    return Convolution(kernels.astype(np.float32), biases)


def _connected(rng: np.random.Generator, inputs: int, outputs: int) -> Connection:
    weights = rng.normal(0.0, 1.0 / np.sqrt(inputs), (outputs, inputs))
    weights -= weights.mean(axis=1, keepdims=True)  # what all inputs share prefers no class
    biases: Float32Array = rng.normal(0.0, 0.1, outputs).astype(np.float32)
    return Connection(np.ascontiguousarray(weights.T, np.float32), biases)
