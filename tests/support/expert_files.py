"""Small SVR and CEN patch experts with random weights, in OpenFace's file formats.

They respond to the blobs of `support.model_files.draw_blobs`, so that fits have something to find.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from support.model_files import BLOB_SIGMA, binary_matrix, pdm_text, small_pdm, write_lines

from pyclnf.model import (
    CENExpert,
    CENLayer,
    CENPatchExperts,
    SVRExpert,
    SVRModality,
    SVRPatchExperts,
)

__all__ = [
    "cen_bytes",
    "set_early_termination",
    "small_cen",
    "small_svr",
    "svr_text",
    "write_model_of",
]

Array = npt.NDArray[Any]


def write_model_of(
    kind: str,
    directory: Path,
    seed: int = 0,
    n_landmarks: int = 12,
    n_modes: int = 4,
    scales: Sequence[float] = (0.25, 0.35),
    **options: Any,
) -> Path:
    """Write a model of SVR or CEN experts and return its main manifest, ``main.txt``.

    `options` are those of :func:`small_svr` or :func:`small_cen`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_lines(directory / "pdm.txt", [pdm_text(small_pdm(seed, n_landmarks, n_modes))])
    lines = ["PDM pdm.txt"]
    for scale in scales:
        if kind == "SVR":
            svr = small_svr(scale, seed, n_landmarks, **options)
            (directory / f"svr_{scale:.2f}.txt").write_text(svr_text(svr), "utf-8")
            lines.append(f"PatchesIntensity svr_{scale:.2f}.txt")
        else:
            cen = small_cen(scale, seed, n_landmarks, **options)
            (directory / f"cen_{scale:.2f}.dat").write_bytes(cen_bytes(cen))
            lines.append(f"PatchesCEN cen_{scale:.2f}.dat")
    write_lines(directory / "detector.txt", lines)
    return write_lines(directory / "main.txt", ["LandmarkDetector detector.txt"])


def set_early_termination(
    main: Path, weights: Sequence[float], biases: Sequence[float], cutoffs: Sequence[float]
) -> None:
    """Give a model of :func:`write_model_of` thresholds, one of each for each view."""
    rows = [" ".join(map(repr, map(float, row))) for row in (weights, biases, cutoffs)]
    write_lines(main.parent / "early.txt", rows)
    detector, line = main.parent / "detector.txt", "EarlyTermination early.txt"
    lines = detector.read_text("utf-8").splitlines()
    write_lines(detector, [*(each for each in lines if each != line), line])


def small_svr(
    scale: float,
    seed: int = 0,
    n_landmarks: int = 12,
    views: int = 2,
    *,
    modalities: Sequence[int] = (0, 1),
    support: int = 11,
) -> SVRPatchExperts:
    """Return experts; all landmarks are visible in view 0, the last third is not in the others."""
    rng = np.random.default_rng([seed, round(1000 * scale)])
    visibility = np.ones((views, n_landmarks), np.bool_)
    visibility[1:, n_landmarks - n_landmarks // 3 :] = False
    experts = tuple(
        tuple(_svr_expert(rng, scale, support, modalities) if seen else None for seen in row)
        for row in visibility.tolist()
    )
    return SVRPatchExperts(scale, _centers(views), visibility, experts)


def small_cen(
    scale: float,
    seed: int = 0,
    n_landmarks: int = 12,
    *,
    neurons: Sequence[int] = (9, 5),
    activations: Sequence[int] = (2, 0, 0),
    support: int = 11,
) -> CENPatchExperts:
    """Return experts of three views: frontal, one side, and its mirror image without layers.

    Landmarks 2k and 2k + 1 mirror each other, the last one or two themselves. In the frontal view
    one of each pair has layers, and landmark 1 is invisible; from the side the last third is.
    """
    rng = np.random.default_rng([seed, round(1000 * scale)])
    mirrored = np.arange(n_landmarks) ^ 1
    alone = (n_landmarks - 1) // 2 * 2
    mirrored[alone:] = np.arange(alone, n_landmarks)
    visibility = np.ones((3, n_landmarks), np.bool_)
    visibility[0, 1] = False
    visibility[1, n_landmarks - n_landmarks // 3 :] = False
    visibility[2] = visibility[1, mirrored]
    stored = visibility.copy()
    stored[0] = np.arange(n_landmarks) <= mirrored
    stored[2] = False
    experts = tuple(
        tuple(
            _cen_expert(rng, scale, support, neurons, activations) if has_layers else
            _empty(rng, support if view else 0)  # of a frontal one nobody looks at the support
            for has_layers in row
        )
        for view, row in enumerate(stored.tolist())
    )  # fmt: skip
    views = np.array([0, 2, 1])
    return CENPatchExperts(scale, _centers(3), visibility, mirrored, views, experts)


def svr_text(patches: SVRPatchExperts) -> str:
    """Return an SVR file's content."""
    lines = ["# scale", str(patches.scale), "# views", str(len(patches.view_centers)), "# centres"]
    lines += [_plain(center[:, None], 6) for center in patches.view_centers]
    lines += ["# visibility", *(_plain(row[:, None] + 0, 4) for row in patches.visibility)]
    lines.append("# experts")
    lines += [_svr_record(expert) for view in patches.experts for expert in view]
    return "\n".join(lines) + "\n"


def cen_bytes(patches: CENPatchExperts, kind: str = "f") -> bytes:
    """Return a CEN file's content, its matrices of float32 or (``d``) float64."""
    parts = [struct.pack("<di", patches.scale, len(patches.view_centers))]
    parts += [binary_matrix(center[:, None], "d") for center in patches.view_centers]
    parts += [binary_matrix(visible[:, None], "i") for visible in patches.visibility]
    parts.append(binary_matrix(patches.mirrored_landmarks[:, None], "i"))
    parts.append(binary_matrix(patches.mirrored_views[:, None], "i"))
    for expert in (expert for view in patches.experts for expert in view):
        parts.append(struct.pack("<4i", 6, expert.width, expert.height, len(expert.layers)))
        for layer in expert.layers:
            parts.append(struct.pack("<i", layer.activation))
            parts += [binary_matrix(layer.biases, kind), binary_matrix(layer.weights, kind)]
        parts.append(struct.pack("<d", expert.confidence))
    return b"".join(parts)


def _centers(views: int) -> Array:
    """Return centres of views: frontal, then to one side and the other."""
    centers = np.zeros((views, 3))
    centers[1:, 1] = [30.0 * (-1) ** view * ((view + 1) // 2) for view in range(1, views)]
    return centers


def _detector(
    rng: np.random.Generator, scale: float, support: int, *, gradient: bool = False
) -> Array:
    """Return noisy weights of unit norm that look for a blob, or for its squared gradient."""
    offsets = np.arange(support) - (support - 1) / 2
    squared = (offsets[:, None] ** 2 + offsets**2) / (BLOB_SIGMA * scale) ** 2
    squared *= rng.uniform(0.85, 1.15)
    weights = squared * np.exp(-squared) if gradient else np.exp(-squared / 2)
    weights += rng.normal(0, 0.03, weights.shape)
    weights -= weights.mean()
    return np.asarray(weights / np.linalg.norm(weights))


def _svr_expert(
    rng: np.random.Generator, scale: float, support: int, modalities: Sequence[int]
) -> SVRExpert:
    """Return an expert that looks for a blob, and in gradients for the ring around it."""
    return SVRExpert(
        support,
        support,
        tuple(
            SVRModality(
                kind,
                confidence=float(rng.uniform(0.05, 0.3)),
                scaling=float(rng.uniform(8, 12)),
                bias=float(rng.uniform(-6, -4)),
                weights=_detector(rng, scale, support, gradient=kind == 1).astype(np.float32),
            )
            for kind in modalities
        ),
    )


def _cen_expert(
    rng: np.random.Generator,
    scale: float,
    support: int,
    neurons: Sequence[int],
    activations: Sequence[int],
) -> CENExpert:
    """Return a network that begins with blob detectors and mixes what they find."""
    layers: list[CENLayer] = []
    for count, activation in zip((*neurons, 1), activations, strict=True):
        if layers:
            inputs = len(layers[-1].biases)
            weights = rng.uniform(-1, 4, (count, inputs)) * 5 / inputs
        else:
            blobs = [_detector(rng, scale, support).T.ravel() for _ in range(count)]
            weights = np.column_stack([rng.uniform(-0.2, 0.2, count), 8 * np.stack(blobs)])
        biases = rng.uniform(-6, -4, count)
        layers.append(CENLayer(activation, weights.astype(np.float32), biases.astype(np.float32)))
    return CENExpert(support, support, tuple(layers), float(rng.uniform(0.1, 0.7)))


def _empty(rng: np.random.Generator, support: int) -> CENExpert:
    """Return the expert of a landmark without layers."""
    return CENExpert(support, support, (), float(rng.uniform(0.1, 0.7)))


def _svr_record(expert: SVRExpert | None) -> str:
    """Return one expert's lines; without an expert those of an invisible landmark."""
    if expert is None:
        return "3 11 11 0"
    lines = [f"3 {expert.width} {expert.height} {len(expert.modalities)}"]
    for each in expert.modalities:
        numbers = " ".join(map(str, (each.confidence, each.scaling, each.bias)))
        lines.append(f"2 {each.kind} {numbers} {_plain(each.weights.T, 5)}")
    return "\n".join(lines)


def _plain(values: Array, code: int) -> str:
    """Return a text matrix in one line."""
    numbers: Iterable[Any] = values.ravel().tolist() if code != 5 else map(str, values.ravel())
    return " ".join(map(str, (*values.shape, code, *numbers)))
