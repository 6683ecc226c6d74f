"""How certain it is that landmarks lie on a face."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.model.validator_file import ValidatorData, ValidatorViewData, read_validator
from pyclnf.typing import ByteArray, Float32Array
from pyclnf.validation.convolutions import Prepare, convolutions
from pyclnf.validation.network import Network
from pyclnf.validation.normalisation import normalised
from pyclnf.validation.warp import PiecewiseAffineWarp

__all__ = ["SUCCESS_BOUNDARY", "Seen", "Validator", "certainty", "crop"]

SUCCESS_BOUNDARY = float(np.float32(0.725))
"""The reference takes a fit for a success if its certainty is above this."""

_MARGIN = np.float32(3)
"""Room around the landmarks, px."""
_FARTHEST = np.float32(1 << 30)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a validator looks at.

    Attributes
    ----------
    view : int
    warped : (h, w) float32
        The face's grey values in the view's shape; 0 beyond it.
    picture : (h, w) float32
        The same, normalised: what the view's network is given.
    """

    view: int
    warped: Float32Array
    picture: Float32Array


class Validator:
    """Judges whether landmarks lie on a face, by one network for each of some views.

    Parameters
    ----------
    data : ValidatorData
    backend : str
        Which sums convolutions take: ``cython`` or ``numpy-exact`` the reference's own, ``numpy``
        sums in float64, rounded once; ``auto`` is the first of ``cython`` and ``numpy`` there is.

    Attributes
    ----------
    backend : str
        The one in use; what ``auto`` chose, or does this for a backend that cannot.
    n_landmarks : int
    view_centers : (v, 3) float64
        The Euler angles of each view, radians.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendUnavailableError
        If this installation does not have it.

    Notes
    -----
    Holds nothing but what was read: checks may run in several threads.

    References
    ----------
    Baltrušaitis, Robinson and Morency, OpenFace: an open source facial behavior analysis toolkit,
    WACV 2016.
    """

    def __init__(self, data: ValidatorData, *, backend: str = "auto") -> None:
        self.backend, prepare = convolutions(backend)
        self.n_landmarks = data.n_landmarks
        self.view_centers = data.orientations * (np.pi / 180.0)
        self._views = [_View.of(view, prepare) for view in data.views]

    @classmethod
    def load(cls, path: str | PathLike[str], *, backend: str = "auto") -> Validator:
        """Read a validator's file, ``detection_validation/validator_cnn.txt`` of a model.

        Raises
        ------
        ModelFileError
            If it is missing, truncated or corrupt.
        """
        return cls(read_validator(Path(path)), backend=backend)

    def check(
        self, grey: ByteArray | PaddedImage, landmarks: npt.ArrayLike, rotation: npt.ArrayLike
    ) -> float:
        """Return how certain it is that landmarks lie on a face.

        Parameters
        ----------
        grey : (H, W) uint8, or PaddedImage
            The picture, see :func:`pyclnf.image.to_grey`.
        landmarks : (n, 2)
            px; (0, 0) is the centre of the top left pixel.
        rotation : (3,)
            Euler angles of the head, radians; they choose the view.

        Returns
        -------
        float
            0 (certainly not) to 1, the middle of one of equal steps (a thirtieth in OpenFace's
            model). 0 where less than two rows or columns of the face are in the picture, or where
            landmarks or angles are not finite.

        Raises
        ------
        ValueError
            Naming the argument, if an array has another shape, or the picture is not uint8.
        """
        pixels = _pixels(grey)
        points, angles = self._checked(landmarks, rotation)
        if not (np.isfinite(points).all() and np.isfinite(angles).all()):
            return 0.0
        scores = self.scores(pixels, points, angles)
        return 0.0 if scores is None else certainty(scores)

    def scores(
        self, pixels: ByteArray, landmarks: Float32Array, rotation: Float32Array
    ) -> Float32Array | None:
        """Return the scores of the classes, likeliest faces first; None without enough face.

        Parameters
        ----------
        pixels : (H, W) uint8
            The picture.
        landmarks : (n, 2) float32
            px, finite.
        rotation : (3,) float32
            Radians, finite.

        Returns
        -------
        (classes,) float32, or None
        """
        seen = self.seen(pixels, landmarks, rotation)
        return None if seen is None else self.network(seen.view)(seen.picture)

    def seen(
        self, pixels: ByteArray, landmarks: Float32Array, rotation: Float32Array
    ) -> Seen | None:
        """Return what is looked at; None without enough face. Takes what :meth:`scores` does."""
        around = crop(pixels, landmarks)
        if around is None:
            return None
        face, corner = around
        view = self.view(rotation)
        return self._views[view].seen(view, PaddedImage.of(face), landmarks - corner)

    def network(self, view: int) -> Network:
        """Return the network of a view."""
        return self._views[view].network

    def view(self, rotation: Float32Array) -> int:
        """Return which view is nearest to a head's (3,) Euler angles; the first one of equals."""
        apart = rotation.astype(np.float64) - self.view_centers
        return int(np.argmin(np.sqrt((apart * apart).cumsum(axis=1)[:, -1])))

    def _checked(
        self, landmarks: npt.ArrayLike, rotation: npt.ArrayLike
    ) -> tuple[Float32Array, Float32Array]:
        """Return landmarks and angles in float32."""
        with np.errstate(over="ignore"):
            points, angles = np.asarray(landmarks, np.float32), np.asarray(rotation, np.float32)
        if points.shape != (self.n_landmarks, 2):
            raise ValueError(
                f"landmarks: expected shape ({self.n_landmarks}, 2), got {points.shape}"
            )
        if angles.shape != (3,):
            raise ValueError(f"rotation: expected three angles in radians, got {angles.shape}")
        return points, angles


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What one view needs."""

    warp: PiecewiseAffineWarp
    mean: Float32Array
    deviation: Float32Array
    network: Network

    @classmethod
    def of(cls, data: ValidatorViewData, prepare: Prepare) -> _View:
        warp = PiecewiseAffineWarp(data.warp)
        return cls(warp, data.mean, data.deviation, Network(data.layers, prepare))

    def seen(self, view: int, image: PaddedImage, landmarks: Float32Array) -> Seen:
        """Warp and normalise a face."""
        values = self.warp(image, landmarks)
        known = normalised(values, self.mean, self.deviation)
        return Seen(view, self._picture(values), self._picture(known))

    def _picture(self, values: Float32Array) -> Float32Array:
        """Put the (p,) pixels of the face into an (h, w) picture."""
        picture = np.zeros(self.warp.mask.shape, np.float32)
        picture[self.warp.mask] = values
        return np.ascontiguousarray(picture.T)


def certainty(scores: Float32Array) -> float:
    """Return the certainty that the best of k classes stands for, (k - its number - 1/2) / k.

    The classes cut -1 … 1 evenly, in float64; the first one of equals counts. Scores that are not
    numbers stand for none.
    """
    if np.isnan(scores).any():
        return 0.0
    step = 2.0 / scores.size
    value = -1.0 + step / 2.0 + int(np.argmax(scores)) * step
    return float(np.float32(0.5 * (1.0 - value)))


def _pixels(grey: ByteArray | PaddedImage) -> ByteArray:
    """Return the pixels of a picture, without a border."""
    if isinstance(grey, PaddedImage):
        return grey.grey
    pixels = np.asarray(grey)
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise ValueError(
            f"grey: expected shape (H, W) and uint8, got {pixels.shape} and {pixels.dtype}; "
            f"pyclnf.image.to_grey converts pictures"
        )
    return pixels


def crop(pixels: ByteArray, landmarks: Float32Array) -> tuple[ByteArray, Float32Array] | None:
    """Return the picture around landmarks and its (x, y) there; None if less than 2 px are in it.

    *Quirk:* a face that reaches the picture's right or lower edge lacks its last column or row.
    """
    bound = np.clip(landmarks, -_FARTHEST, _FARTHEST)
    first = np.trunc(bound.min(axis=0) - _MARGIN).astype(np.int64).clip(min=0)
    last = np.trunc(bound.max(axis=0) + _MARGIN).astype(np.int64)
    last = np.minimum(last, np.array(pixels.shape[::-1]) - 1)
    if (last - first <= 1).any():
        return None
    (left, top), (right, bottom) = first.tolist(), last.tolist()
    return pixels[top:bottom, left:right], first.astype(np.float32)
