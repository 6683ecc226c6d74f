"""Stages of a fit once more, in float64 and for plainness; written from the formulas alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pyclnf.model import CCNFExpert, CENLayer, PointDistributionModelData, SVRExpert

Array = npt.NDArray[np.float64]


def rotation_matrix(euler: npt.ArrayLike) -> Array:
    """Return Rx · Ry · Rz."""
    rx, ry, rz = np.asarray(euler, np.float64)
    about_x = [[1, 0, 0], [0, math.cos(rx), -math.sin(rx)], [0, math.sin(rx), math.cos(rx)]]
    about_y = [[math.cos(ry), 0, math.sin(ry)], [0, 1, 0], [-math.sin(ry), 0, math.cos(ry)]]
    about_z = [[math.cos(rz), -math.sin(rz), 0], [math.sin(rz), math.cos(rz), 0], [0, 0, 1]]
    return np.asarray(np.array(about_x) @ np.array(about_y) @ np.array(about_z))


def points_3d(pdm: PointDistributionModelData, local: npt.ArrayLike) -> Array:
    """Return the (n, 3) points of a shape, landmark by landmark."""
    n = pdm.n_landmarks
    flat = pdm.mean_shape.astype(np.float64) + pdm.components.astype(np.float64) @ np.asarray(
        local, np.float64
    )
    return np.array([[flat[i], flat[n + i], flat[2 * n + i]] for i in range(n)])


def landmarks(
    pdm: PointDistributionModelData,
    params_global: npt.ArrayLike,
    params_local: npt.ArrayLike,
    turn: npt.ArrayLike = (0, 0, 0),
) -> Array:
    """Return the (n, 2) landmarks of some parameters, after a small turn on the right."""
    scale, rx, ry, rz, tx, ty = np.asarray(params_global, np.float64)
    rotation = rotation_matrix((rx, ry, rz)) @ rotation_by_vector(turn)
    turned = points_3d(pdm, params_local) @ rotation.T
    return np.asarray(scale * turned[:, :2] + np.array([tx, ty]))


def rotation_by_vector(vector: npt.ArrayLike) -> Array:
    """Return the rotation about a vector by its length (Rodrigues)."""
    x, y, z = np.asarray(vector, np.float64)
    angle = math.sqrt(x * x + y * y + z * z)
    if angle == 0:
        return np.eye(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / angle
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def similarity(source: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """Return the scaled rotation from one (n, 2) shape to another, by complex numbers.

    The angle is that of the best rotation, the factor is the ratio of the shapes' norms.
    """
    z, w = (_complex_mean_free(points) for points in (source, target))
    angle = float(np.angle(np.sum(w * z.conj())))
    factor = math.sqrt(np.sum(abs(w) ** 2) / np.sum(abs(z) ** 2))
    c, s = factor * math.cos(angle), factor * math.sin(angle)
    return np.array([[c, -s], [s, c]])


def _complex_mean_free(points: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    x, y = np.asarray(points, np.float64).T
    z = x + 1j * y
    return np.asarray(z - z.mean())


def raw_responses(area: npt.ArrayLike, expert: CCNFExpert) -> Array:
    """Return a landmark's summed neurons, (w, w), first axis y: window by window."""
    pixels = np.asarray(area, np.float64)
    side, support = len(pixels), expert.width
    size = side - support + 1
    responses = np.zeros((size, size))
    for y in range(size):
        for x in range(size):
            window = pixels[y : y + support, x : x + support]
            window = window - window.mean()
            length = math.sqrt((window**2).sum())
            window = window / (length if length > 0 else 1.0)
            for k, alpha in enumerate(expert.alphas):
                if alpha > 1e-4:
                    z = expert.biases[k] + expert.norms[k] * (expert.weights[k] * window).sum()
                    responses[y, x] += 2 * alpha / (1 + math.exp(-z))
    return responses


def sigma(expert: CCNFExpert, components: npt.ArrayLike | None, window_size: int) -> Array:
    """Return the inverse of 2 · (Σα · I + Σ β_k S_k)."""
    precision = sum(expert.alphas) * np.eye(window_size**2)
    if components is not None:
        for beta, component in zip(expert.betas, np.asarray(components, np.float64), strict=True):
            precision += beta * component
    return np.asarray(np.linalg.inv(2 * precision))


def response_map(
    area: npt.ArrayLike, expert: CCNFExpert, components: npt.ArrayLike | None
) -> Array:
    """Return a landmark's response map, (w, w), first axis y, not negative."""
    raw = raw_responses(area, expert)
    smooth = sigma(expert, components, len(raw)) @ raw.ravel()
    return np.asarray(smooth - min(smooth.min(), 0.0)).reshape(raw.shape)


def gaussian(size: int, x: float, y: float, deviation: float) -> Array:
    """Return exp(-d² / 2σ²) around a point of a (size, size) map, first axis y."""
    rows, columns = np.indices((size, size))
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * deviation**2))


def svr_map(area: npt.ArrayLike, expert: SVRExpert) -> Array:
    """Return the response map of an SVR expert, from correlation coefficients."""
    grey = np.asarray(area, np.float64)
    side = len(grey) - expert.width + 1
    product = np.ones((side, side))
    for modality in expert.modalities:
        seen = grey if modality.kind == 0 else squared_gradient(grey)
        for y in range(side):
            for x in range(side):
                window = seen[y : y + expert.height, x : x + expert.width]
                coefficient = np.corrcoef(window.ravel(), modality.weights.ravel())[0, 1]
                argument = modality.scaling * coefficient + modality.bias
                product[y, x] *= 1 / (1 + math.exp(-argument))
    return product


def squared_gradient(grey: Array) -> Array:
    """Return the squared length of central differences, 0 at the border."""
    found = np.zeros_like(grey)
    for y in range(1, len(grey) - 1):
        for x in range(1, len(grey) - 1):
            across = grey[y, x + 1] - grey[y, x - 1]
            found[y, x] = across**2 + (grey[y + 1, x] - grey[y - 1, x]) ** 2
    return found


def cen_outputs(area: npt.ArrayLike, layers: Sequence[CENLayer]) -> Array:
    """Return what a network says of each window of an area."""
    grey = np.asarray(area, np.float64)
    support = round((layers[0].weights.shape[1] - 1) ** 0.5)
    side = len(grey) - support + 1
    found = np.empty((side, side))
    for y in range(side):
        for x in range(side):
            found[y, x] = _network(grey[y : y + support, x : x + support], layers)
    return found


def _network(window: Array, layers: Sequence[CENLayer]) -> float:
    """Return a network's output for one window."""
    centred = window.T.ravel() - window.mean()
    values = np.array([1.0, *(centred / np.linalg.norm(centred))])
    for layer in layers:
        values = layer.weights @ values + layer.biases
        if layer.activation == 0:
            values = 1 / (1 + np.exp(-values))
        elif layer.activation == 2:
            values = np.where(values > 0, values, 0)
    return float(values[0])
