"""Small models in OpenFace's file formats.

For tests only. ``tests`` is on the path (``pythonpath`` in pyproject.toml), so any test can do
``from support.model_files import write_small_model``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from generator.write_model import (
    binary_matrix,
    ccnf_bytes,
    expert_bytes,
    pdm_text,
    text_matrix,
    write_lines,
)

from pyclnf.model import CCNFExpert, CCNFPatchExperts, PointDistributionModelData, read_pdm

__all__ = [
    "BLOB_SIGMA",
    "add_part",
    "binary_matrix",
    "ccnf_bytes",
    "draw_blobs",
    "expert_at",
    "expert_bytes",
    "pdm_text",
    "small_ccnf",
    "small_pdm",
    "text_matrix",
    "write_lines",
    "write_small_model",
]

BLOB_SIGMA = 7.0
"""Standard deviation, in units of the mean shape, of the bright blobs that experts look for."""


def small_pdm(seed: int = 0, n_landmarks: int = 12, n_modes: int = 4) -> PointDistributionModelData:
    """Return a face-sized PDM: about 140 x 150 x 50 units, landmarks about 35 units apart.

    Modes are orthonormal, and orthogonal to moving, turning and scaling the mean shape, as those of
    a model trained on aligned shapes are; so parameters are well determined by landmarks.
    """
    if n_modes > 3 * n_landmarks - 7:
        raise ValueError(f"{n_landmarks} landmarks have no {n_modes} modes")
    rng = np.random.default_rng(seed)
    mean = _face_points(n_landmarks) + rng.uniform(-3.0, 3.0, (3, n_landmarks))
    mean -= mean.mean(axis=1, keepdims=True)
    raw = rng.standard_normal((3 * n_landmarks, n_modes))
    basis, _ = np.linalg.qr(np.column_stack([*_rigid_directions(mean), raw]))
    eigenvalues = 400.0 * 0.55 ** np.arange(n_modes)
    return PointDistributionModelData(
        mean.ravel().astype(np.float32),
        np.ascontiguousarray(basis[:, 7:], np.float32),
        eigenvalues.astype(np.float32),
    )


def small_ccnf(
    scale: float,
    seed: int = 0,
    n_landmarks: int = 12,
    views: int = 2,
    *,
    windows: Sequence[int] = (11, 9, 7),
    n_betas: int = 2,
    n_neurons: int = 3,
    support: int = 11,
) -> CCNFPatchExperts:
    """Return patch experts that respond to bright blobs of `BLOB_SIGMA` (see `draw_blobs`).

    All landmarks are visible in view 0; the last third is not in the others.
    """
    rng = np.random.default_rng([seed, round(1000 * scale)])
    visibility = np.ones((views, n_landmarks), np.bool_)
    visibility[1:, n_landmarks - n_landmarks // 3 :] = False
    centers = np.zeros((views, 3))
    centers[1:, 1] = [30.0 * (-1) ** view * ((view + 1) // 2) for view in range(1, views)]
    experts = tuple(
        tuple(_expert(rng, scale, support, n_neurons, n_betas) if seen else None for seen in row)
        for row in visibility.tolist()
    )
    sigmas = {size: _laplacians(size, n_betas) for size in windows}
    return CCNFPatchExperts(scale, centers, visibility, sigmas, experts)


def expert_at(patches: CCNFPatchExperts, view: int = 0, landmark: int = 0) -> CCNFExpert:
    """Return the expert of a visible landmark."""
    expert = patches.experts[view][landmark]
    assert expert is not None
    return expert


def write_small_model(
    directory: Path,
    seed: int = 0,
    n_landmarks: int = 12,
    n_modes: int = 4,
    scales: Sequence[float] = (0.25, 0.35),
    views: int = 2,
    *,
    windows: Sequence[int] = (11, 9, 7),
    n_betas: int = 2,
    n_neurons: int = 3,
    support: int = 11,
) -> Path:
    """Write a whole model into `directory` and return its main manifest, ``main.txt``."""
    pdm = small_pdm(seed, n_landmarks, n_modes)
    experts = {
        "views": views,
        "windows": windows,
        "n_betas": n_betas,
        "n_neurons": n_neurons,
        "support": support,
    }
    return _write_model(directory, pdm, scales, seed, **experts)


def add_part(
    main: Path,
    name: str,
    landmarks: Sequence[int],
    shared: Sequence[int] | None = None,
    scales: Sequence[float] = (0.35,),
) -> Path:
    """Add a part to a small model, a model of some of its landmarks; return its manifest.

    Parameters
    ----------
    main
        The face's main manifest, as `write_small_model` returns it.
    name
        The part's, and that of its folder.
    landmarks
        The face's landmarks that the part has, in its own order.
    shared
        Those of them that the manifest pairs; all by default.
    scales
        Of the part's patch experts.
    """
    face = read_pdm(main.parent / "pdms" / "pdm.txt")
    rows = np.concatenate([face.n_landmarks * k + np.asarray(landmarks) for k in range(3)])
    pdm = PointDistributionModelData(face.mean_shape[rows], face.components[rows], face.eigenvalues)
    part = _write_model(main.parent / name, pdm, scales, seed=0)
    pairs = [f"{i} {list(landmarks).index(i)}" for i in shared or landmarks]
    line = f"LandmarkDetector_part {name}/main.txt {name} {' '.join(pairs)}"
    write_lines(main, [*main.read_text("utf-8").splitlines(), line])
    return part


def draw_blobs(
    landmarks: npt.ArrayLike, scale: float, shape: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return a grey picture (height, width), values 50 to 200, with a blob at each landmark.

    Parameters
    ----------
    landmarks
        (n, 2) array of x, y in pixels.
    scale
        The face's scale, in pixels per unit of the mean shape.
    """
    y, x = np.indices(shape, dtype=np.float64)
    brightest = np.zeros(shape)
    for cx, cy in np.asarray(landmarks, np.float64):
        squared = ((x - cx) ** 2 + (y - cy) ** 2) / (BLOB_SIGMA * scale) ** 2
        brightest = np.maximum(brightest, np.exp(-squared / 2))
    return (50.0 + 150.0 * brightest).astype(np.float32)


def _write_model(
    directory: Path,
    pdm: PointDistributionModelData,
    scales: Sequence[float],
    seed: int,
    **experts: Any,
) -> Path:
    """Write a model of some shapes; `experts` are arguments of `small_ccnf`."""
    lines = ["PDM pdms/pdm.txt"]
    write_lines(directory / "pdms" / "pdm.txt", [pdm_text(pdm)])
    (directory / "patch_experts").mkdir(exist_ok=True)
    for scale in scales:
        patches = small_ccnf(scale, seed, pdm.n_landmarks, **experts)
        name = f"patch_experts/ccnf_{scale:.2f}.txt"
        (directory / name).write_bytes(ccnf_bytes(patches))
        lines.append(f"PatchesCCNF {name}")
    write_lines(directory / "clnf.txt", lines)
    return write_lines(directory / "main.txt", ["LandmarkDetector clnf.txt"])


def _face_points(n: int) -> npt.NDArray[np.float64]:
    """Return (3, n) points spread evenly over an elliptic bowl."""
    k = np.arange(n) + 0.5
    radius, angle = np.sqrt(k / n), k * np.pi * (3 - np.sqrt(5))
    return np.stack([72 * radius * np.cos(angle), 78 * radius * np.sin(angle), 50 * radius**2 - 25])


def _rigid_directions(shape: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Return how a (3, n) shape changes when it is moved, scaled and turned: 7 vectors."""
    moves = [np.outer(axis, np.ones(shape.shape[1])) for axis in np.eye(3)]
    turns = [np.cross(axis, shape.T).T for axis in np.eye(3)]
    return [direction.ravel() for direction in (*moves, shape, *turns)]


def _expert(
    rng: np.random.Generator, scale: float, support: int, n_neurons: int, n_betas: int
) -> CCNFExpert:
    """Return an expert of noisy blob detectors, with numbers of the size of real ones."""
    offsets = np.arange(support) - (support - 1) / 2
    squared = offsets[:, None] ** 2 + offsets**2
    sigmas = BLOB_SIGMA * scale * rng.uniform(0.85, 1.15, (n_neurons, 1, 1))
    weights = np.exp(-squared / (2 * sigmas**2))
    weights += rng.normal(0, 0.05, weights.shape)
    weights -= weights.mean(axis=(1, 2), keepdims=True)
    norms = np.linalg.norm(weights, axis=(1, 2), keepdims=True)
    weights /= np.where(norms > 0, norms, 1.0)
    return CCNFExpert(
        width=support,
        height=support,
        weights=weights.astype(np.float32),
        norms=rng.uniform(20.0, 40.0, n_neurons),
        biases=rng.uniform(-20.0, -10.0, n_neurons),
        alphas=rng.uniform(4.0, 7.0, n_neurons),
        neuron_types=np.zeros(n_neurons, np.int32),
        betas=rng.uniform(2.0, 5.0, n_betas),
        confidence=float(rng.uniform(0.1, 0.7)),
    )


def _laplacians(size: int, count: int) -> npt.NDArray[np.float32]:
    """Return `count` graph Laplacians, (count, size^2, size^2), of a size x size grid.

    Component k joins cells k + 1 steps apart along rows and columns. Laplacians are positive
    semi-definite, so 2 (sum of alphas x I + sum of betas x component) is positive definite.
    """
    components = np.zeros((count, size**2, size**2), np.float32)
    for k, component in enumerate(components):
        step = np.eye(size, k=k + 1) + np.eye(size, k=-k - 1)
        joined = np.kron(step, np.eye(size)) + np.kron(np.eye(size), step)
        component[:] = np.diag(joined.sum(axis=1)) - joined
    return components
