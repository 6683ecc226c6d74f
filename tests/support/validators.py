"""Small validators in OpenFace's file format. For tests only, as ``support.model_files``."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay
from support.model_files import binary_matrix, small_pdm

from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.validator_file import ValidatorData, ValidatorViewData, WarpData
from pyclnf.model.validator_network import Activation, Kind, Layer
from pyclnf.typing import Float32Array

__all__ = [
    "add_validator",
    "layer_bytes",
    "network",
    "reference_shape",
    "small_validator",
    "validator_bytes",
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


def validator_bytes(data: ValidatorData) -> bytes:
    """Return a validator's file; the reference shape, which nothing uses, is all zero."""
    head = struct.pack("<2i", 3, len(data.views))
    orientations = [binary_matrix(angles[:, None], "d") for angles in data.orientations]
    return b"".join([head, *orientations, *map(_view_bytes, data.views)])


def layer_bytes(layer: Layer) -> bytes:
    """Return one layer of a network."""
    if isinstance(layer, Convolution):
        n_kernels, n_maps = layer.kernels.shape[:2]
        by_map = layer.kernels.swapaxes(0, 1).reshape(-1, *layer.kernels.shape[2:])
        kernels = [binary_matrix(kernel, "f") for kernel in by_map]
        head = struct.pack("<3i", Kind.CONVOLUTION, n_maps, n_kernels)
        return b"".join([head, layer.biases.astype("<f4").tobytes(), *kernels])
    if isinstance(layer, Connection):
        head = struct.pack("<i", Kind.CONNECTED)
        return head + binary_matrix(layer.biases[:, None], "f") + binary_matrix(layer.weights, "f")
    return struct.pack("<i", layer.kind)


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


def warp_of(shape: npt.NDArray[np.float64]) -> WarpData:
    """Return the warp to an (n, 2) shape, in Delaunay's triangles."""
    mesh = Delaunay(shape)
    corner = shape.min(axis=0)
    width, height = (np.ptp(shape, axis=0) + 1.5).astype(int).tolist()
    y, x = np.indices((height, width))
    of_pixel = mesh.find_simplex(np.stack((x, y), axis=-1) + corner).astype(np.int32)
    triangles = mesh.simplices.astype(np.int32)
    # Weights of a triangle's corners, from (1, x, y): the inverse of its corners' (1, x, y).
    corners = np.concatenate((np.ones((len(triangles), 3, 1)), shape[triangles]), axis=2)
    weights = np.linalg.inv(corners).swapaxes(1, 2).astype(np.float32)
    return WarpData(
        left=np.float32(corner[0]),
        top=np.float32(corner[1]),
        triangles=triangles,
        triangle_of_pixel=of_pixel,
        mask=of_pixel >= 0,
        alpha=np.ascontiguousarray(weights[:, 1]),
        beta=np.ascontiguousarray(weights[:, 2]),
        n_landmarks=len(shape),
    )


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


def _view_bytes(view: ValidatorViewData) -> bytes:
    layers = [layer_bytes(layer) for layer in view.layers]
    warp = view.warp
    return b"".join(
        [
            binary_matrix(view.mean[None], "d"),
            binary_matrix(view.deviation[None], "d"),
            struct.pack("<i", len(layers)),
            *layers,
            struct.pack("<idd", int(warp.mask.sum()), warp.left, warp.top),
            binary_matrix(np.zeros((2 * warp.n_landmarks, 1)), "d"),
            binary_matrix(warp.triangles, "i"),
            binary_matrix(warp.triangle_of_pixel, "i"),
            binary_matrix(warp.mask, "i"),
            binary_matrix(warp.alpha, "d"),
            binary_matrix(warp.beta, "d"),
        ]
    )
