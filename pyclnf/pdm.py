"""Point distribution model: shapes, their Jacobians and their parameters.

A shape is the mean plus a linear combination of modes, turned, scaled and moved (Saragih, Lucey
and Cohn, IJCV 2011, eq. 1). Global parameters are ordered scale, rx, ry, rz, tx, ty; angles in
radians, translations in pixels. Everything is float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.model.pdm_file import PointDistributionModelData
from pyclnf.rotation import compose, euler_to_matrix
from pyclnf.typing import BoolArray, Float32Array

__all__ = ["Parameters", "PointDistributionModel", "PosedShape"]

RIGID = 6
"""Number of global parameters, the columns of a rigid Jacobian."""

_CLAMP_SIGMAS = np.float32(3)
_TRANSLATIONS = np.eye(2, dtype=np.float32)[:, None]


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of a shape.

    Attributes
    ----------
    global_ : (6,) float32
        scale, rx, ry, rz (radians), tx, ty (px).
    local : (m,) float32
        Weights of the modes, in units of the model.
    """

    global_: Float32Array
    local: Float32Array


@dataclass(frozen=True, eq=False)
class PosedShape:
    """A shape and what is derived from its parameters on the way to it.

    Attributes
    ----------
    parameters : Parameters
    rotation : (3, 3) float32
    shape_3d : (3, n) float32
        Model coordinates, before rotation.
    landmarks : (n, 2) float32
        In the picture, px.
    """

    parameters: Parameters
    rotation: Float32Array
    shape_3d: Float32Array
    landmarks: Float32Array


class PointDistributionModel:
    """Shapes of n landmarks with m modes.

    Parameters
    ----------
    data : PointDistributionModelData
        As read from a file.
    arithmetic : Arithmetic
        How the sum over modes is rounded.

    Attributes
    ----------
    mean_shape : (3n,) float32
        x of all landmarks, then y, then z — never interleaved.
    components : (3n, m) float32
    eigenvalues : (m,) float32
    limits : (m,) float32
        Three standard deviations of each mode, to which local parameters are clamped.
    """

    def __init__(self, data: PointDistributionModelData, arithmetic: Arithmetic) -> None:
        self.mean_shape = data.mean_shape
        self.components = data.components
        self.eigenvalues = data.eigenvalues
        self.n_landmarks = data.n_landmarks
        self.n_modes = data.n_modes
        self._arithmetic = arithmetic
        self.limits = _CLAMP_SIGMAS * np.sqrt(data.eigenvalues)
        self._axes = data.components.reshape(3, data.n_landmarks, data.n_modes)

    def shape_3d(self, local: Float32Array) -> Float32Array:
        """Return mean + modes · local: (m,) -> (3, n) float32, model coordinates."""
        if not local.any():  # every fit begins so; sums of zeros are zero in any order
            return (self.mean_shape + np.float32(0)).reshape(3, self.n_landmarks)
        flat = self._arithmetic.affine(self.mean_shape, self.components, local)
        return flat.reshape(3, self.n_landmarks)

    def of_landmarks(self, chosen: BoolArray) -> PointDistributionModel:
        """Return the model of some of the landmarks alone: (n,) bool."""
        rows = np.tile(chosen, 3)
        data = PointDistributionModelData(
            self.mean_shape[rows], self.components[rows], self.eigenvalues
        )
        return PointDistributionModel(data, self._arithmetic)

    def pose(self, parameters: Parameters, before: PosedShape | None = None) -> PosedShape:
        """Return the landmarks of some parameters, with rotation and 3D shape.

        The 3D shape is taken over from `before` where the local parameters are the same object.
        """
        rotation = euler_to_matrix(parameters.global_[1:4])
        if before is not None and before.parameters.local is parameters.local:
            shape_3d = before.shape_3d
        else:
            shape_3d = self.shape_3d(parameters.local)
        landmarks = _project(shape_3d, rotation, parameters.global_)
        return PosedShape(parameters, rotation, shape_3d, landmarks)

    def shape_2d(self, params_global: Float32Array, params_local: Float32Array) -> Float32Array:
        """Return landmarks in the picture: (6,), (m,) -> (n, 2) float32, px."""
        return self.pose(Parameters(params_global, params_local)).landmarks

    def reference_shape(self, posed: PosedShape, patch_scale: float) -> Float32Array:
        """Return a shape upright at a patch scale, (n, 2): how its experts have seen it.

        The local parameters count: the reference shape is the current face's, not the mean's.
        """
        upright = np.array((patch_scale, 0, 0, 0, 0, 0), np.float32)
        return self.pose(Parameters(upright, posed.parameters.local), posed).landmarks

    def jacobian(self, posed: PosedShape, *, rigid: bool) -> Float32Array:
        """Return how landmarks move with the parameters.

        Parameters
        ----------
        posed : PosedShape
        rigid : bool
            Global parameters only.

        Returns
        -------
        (2n, 6) or (2n, 6 + m) float32
            Rows: x of all landmarks, then y. Columns: scale, rotation about the three axes of the
            *model* (a small turn composed on the right), translations, modes.
        """
        columns = RIGID if rigid else RIGID + self.n_modes
        by_axis = np.empty((2, self.n_landmarks, columns), np.float32)
        scale = posed.parameters.global_[0]
        _rigid_columns(by_axis, posed.shape_3d, posed.rotation, scale)
        if not rigid:
            by_axis[:, :, RIGID:] = self._mode_columns(posed.rotation, scale)
        return by_axis.reshape(-1, columns)

    def updated(self, posed: PosedShape, change: Float32Array) -> Parameters:
        """Apply an update of 6 or 6 + m parameters, not clamped.

        Scale, translations and modes add up; the rotation is composed, see
        :func:`pyclnf.rotation.compose`.
        """
        parameters = posed.parameters
        global_ = parameters.global_.copy()
        global_[0] += change[0]
        global_[4:] += change[4:RIGID]
        global_[1:4] = compose(posed.rotation, change[1:4])
        if len(change) == RIGID:
            return Parameters(global_, parameters.local)
        return Parameters(global_, parameters.local + change[RIGID:])

    def clamped(self, parameters: Parameters) -> Parameters:
        """Limit each local parameter to three standard deviations of its mode."""
        local = np.minimum(np.maximum(parameters.local, -self.limits), self.limits)
        if np.array_equal(local, parameters.local):
            return parameters
        return Parameters(parameters.global_, local)

    def parameters_from_box(
        self, box: Float32Array, rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ) -> Parameters:
        """Return the parameters that fit the mean shape into a box.

        Parameters
        ----------
        box : (4,) float32
            x, y, width, height in px.
        rotation : tuple of three floats
            Euler angles of the hypothesis, radians.

        Returns
        -------
        start : Parameters
            Scale is the mean of width and height ratio; the middle of the *shape's extent* lies
            on the middle of the box. Local parameters are zero.
        """
        local = np.zeros(self.n_modes, np.float32)
        euler = np.array(rotation, np.float32)
        x, y, width, height = box
        lowest, highest = self._rotated_extent(euler, local)
        extent = (highest - lowest).astype(np.float32)
        scale = (width / extent[0] + height / extent[1]) / np.float32(2)
        middle = np.array((x + width / np.float32(2), y + height / np.float32(2)))
        shift = middle - float(scale) * (lowest + highest) / 2.0
        return Parameters(np.array((scale, *euler, *shift), np.float32), local)

    def _rotated_extent(
        self, euler: Float32Array, local: Float32Array
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
        """Return the least and greatest x and y of a rotated shape, each (2,) float64."""
        rotated = _turned(self.shape_3d(local), euler_to_matrix(euler))
        return rotated.min(axis=1).astype(np.float64), rotated.max(axis=1).astype(np.float64)

    def _mode_columns(self, rotation: Float32Array, scale: np.float32) -> Float32Array:
        """Return the modes' part of the Jacobian, (2, n, m)."""
        columns = _turned(self._axes, rotation)
        columns *= scale
        return columns


def _turned(vectors: Float32Array, rotation: Float32Array) -> Float32Array:
    """Return the image axes of rotated vectors, aX + bY + cZ: (3, …) -> (2, …) float32."""
    a, b, c = rotation[:2].T.reshape(3, 2, *[1] * (vectors.ndim - 1))
    x, y, z = vectors
    turned: Float32Array = a * x
    turned += b * y
    turned += c * z
    return turned


def _project(
    shape_3d: Float32Array, rotation: Float32Array, params_global: Float32Array
) -> Float32Array:
    """Project weakly perspectively: (3, n) -> (n, 2) float32."""
    landmarks = np.empty((shape_3d.shape[1], 2), np.float32)
    np.multiply(_turned(shape_3d, rotation).T, params_global[0], out=landmarks)
    landmarks += params_global[4:]
    return landmarks


def _rigid_columns(
    by_axis: Float32Array, shape_3d: Float32Array, rotation: Float32Array, scale: np.float32
) -> None:
    """Fill the rigid part of the Jacobian, (2, n, c) (small-angle turns on the right)."""
    a, b, c = rotation[:2].T[:, :, None]
    x, y, z = shape_3d
    by_axis[:, :, 0] = _turned(shape_3d, rotation)
    by_axis[:, :, 1] = scale * (c * y - b * z)
    by_axis[:, :, 2] = -scale * (c * x - a * z)
    by_axis[:, :, 3] = scale * (b * x - a * y)
    by_axis[:, :, 4:RIGID] = _TRANSLATIONS
