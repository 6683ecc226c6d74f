"""Small networks and face detectors in OpenFace's file format, with random weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from generator.write_network import detector_layer_bytes as layer_bytes
from generator.write_network import network_bytes, write_detector

from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.network_file import Layer, Pooling, Rectifier

__all__ = [
    "connection",
    "convolution",
    "layer_bytes",
    "network_bytes",
    "output_layers",
    "proposal_layers",
    "rectifier",
    "refinement_layers",
    "write_face_detector",
]


def convolution(
    rng: np.random.Generator, inputs: int, outputs: int, height: int = 3, width: int = 3
) -> Convolution:
    """Return a convolution that keeps the spread of values about as it is."""
    spread = 1.5 / np.sqrt(inputs * height * width)
    kernels = rng.normal(0, spread, (outputs, inputs, height, width))
    return Convolution(_single(kernels), _single(rng.normal(0, 0.1, outputs)))


def connection(rng: np.random.Generator, inputs: int, outputs: int) -> Connection:
    """Return a full connection of the same kind."""
    weights = rng.normal(0, 1.5 / np.sqrt(inputs), (inputs, outputs))
    return Connection(_single(weights), _single(rng.normal(0, 0.1, outputs)))


def rectifier(rng: np.random.Generator, maps: int) -> Rectifier:
    """Return a parametric rectifier."""
    return Rectifier(_single(rng.uniform(-0.2, 0.5, maps)))


def proposal_layers(seed: int = 0) -> tuple[Layer, ...]:
    """Return a network for 12 px, whose numbers of maps bring every order of sums."""
    rng = np.random.default_rng([seed, 12])
    return (
        *(convolution(rng, 3, 10), rectifier(rng, 10), Pooling(2, 2, 2, 2)),
        *(convolution(rng, 10, 16), rectifier(rng, 16)),
        *(convolution(rng, 16, 25), rectifier(rng, 25)),
        _head(connection(rng, 25, 6)),
    )


def refinement_layers(seed: int = 0) -> tuple[Layer, ...]:
    """Return a network for 24 px."""
    rng = np.random.default_rng([seed, 24])
    return (
        *(convolution(rng, 3, 12), rectifier(rng, 12), Pooling(3, 3, 2, 2)),
        *(convolution(rng, 12, 24), rectifier(rng, 24), Pooling(3, 3, 2, 2)),
        *(convolution(rng, 24, 9, 2, 2), rectifier(rng, 9)),
        *(connection(rng, 81, 104), rectifier(rng, 104), _head(connection(rng, 104, 6))),
    )


def output_layers(seed: int = 0) -> tuple[Layer, ...]:
    """Return a network for 48 px, with sums of over 320 terms, and more outputs than needed."""
    rng = np.random.default_rng([seed, 48])
    return (
        *(convolution(rng, 3, 8, 4, 3), rectifier(rng, 8), Pooling(3, 3, 2, 2)),
        *(convolution(rng, 8, 40, 3, 5), rectifier(rng, 40), Pooling(3, 2, 3, 2)),
        *(convolution(rng, 40, 17), rectifier(rng, 17), Pooling(2, 2, 2, 2)),
        *(connection(rng, 17 * 4 * 2, 99), rectifier(rng, 99), _head(connection(rng, 99, 10))),
    )


def _head(layer: Connection) -> Connection:
    """Return a last layer with small corrections."""
    weights, biases = layer.weights.copy(), layer.biases.copy()
    weights[:, 2:6] *= np.float32(0.1)
    biases[2:6] = 0
    return Connection(weights, biases)


def write_face_detector(
    folder: Path,
    proposal: Iterable[Layer] | None = None,
    refinement: Iterable[Layer] | None = None,
    output: Iterable[Layer] | None = None,
) -> Path:
    """Write a face detector's files, of random networks where none are given; return the first."""
    return write_detector(
        folder,
        (
            proposal_layers() if proposal is None else proposal,
            refinement_layers() if refinement is None else refinement,
            output_layers() if output is None else output,
        ),
    )


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
