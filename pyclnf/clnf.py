"""What a user holds: a landmark detector loaded from OpenFace's model files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike

from pyclnf import fitting
from pyclnf.backends import create_backend
from pyclnf.batches import fit_batch
from pyclnf.hypotheses import ROTATIONS, Hypotheses, Rotation
from pyclnf.image import check_box
from pyclnf.observe import Observer
from pyclnf.settings import FitSettings
from pyclnf.threads import in_threads
from pyclnf.typing import AnyArray

__all__ = ["CLNF"]


class CLNF:
    """Constrained local model landmark detector: CLNF, CE-CLM or CLM, as the model's files are.

    Parameters
    ----------
    manifest : path
        OpenFace's ``main_*.txt`` file of the model.
    backend : str
        Where the work is done, see :func:`pyclnf.backends.create_backend`.

    Attributes
    ----------
    backend : str
        The backend in use; what ``"auto"`` chose.
    experts : str
        The kind of the model's patch experts: ``CCNF`` (CLNF models), ``CEN`` (CE-CLM) or ``SVR``
        (CLM).
    response_backend : str
        The backend that makes response maps. It is `backend`, except that ``cython`` has kernels
        for CCNF experts only and leaves others to ``numpy-exact``, with the products of networks
        compiled.
    n_landmarks, n_modes : int
        Of the point distribution model.

    Raises
    ------
    ModelFileError
        If a model file is missing, truncated or corrupt.
    ValueError
        If there is no backend of that name.

    Notes
    -----
    Fits with one detector may run in several threads. Preparations (a view's Sigma matrices, a
    window size's kernels) are made when first needed and kept.

    References
    ----------
    Baltrušaitis, Robinson and Morency, Constrained Local Neural Fields for robust facial landmark
    detection in the wild, ICCVW 2013; Zadeh, Lim, Baltrušaitis and Morency, Convolutional Experts
    Constrained Local Model for 3D facial landmark detection, ICCVW 2017; Saragih, Lucey and Cohn,
    Deformable model fitting by regularized landmark mean-shift, IJCV 2011.
    """

    def __init__(self, manifest: str | PathLike[str], *, backend: str = "auto") -> None:
        self._backend = create_backend(backend, manifest)
        self.backend = self._backend.name
        self.experts = self._backend.detector.experts.kind
        self.response_backend = self._backend.response_backend
        self.n_landmarks = self._backend.detector.pdm.n_landmarks
        self.n_modes = self._backend.detector.pdm.n_modes

    def fit(
        self,
        image: AnyArray,
        bbox: Sequence[float] | AnyArray,
        settings: FitSettings | None = None,
        observer: Observer | None = None,
        rotation: Rotation = (0.0, 0.0, 0.0),
    ) -> fitting.FitResult:
        """Find the landmarks of the face in a box.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) array
            Grey or blue, green, red; uint8, uint16 or floating point, see
            :func:`pyclnf.image.to_grey`.
        bbox : sequence of four numbers
            x, y, width, height of the face in px. It may stick out of the picture.
        settings : FitSettings, optional
            OpenFace's defaults for still pictures if not given.
        observer : Observer, optional
            Told what happens at each stage.
        rotation : tuple of three floats
            The head pose to start from: Euler angles, radians, from -π to π.

        Returns
        -------
        FitResult
            Unsuccessful fits are results too: see its ``success`` and ``failure``.

        Raises
        ------
        ValueError
            Naming the argument, if the picture is empty or of another rank or dtype, the box not
            finite, not positive or wholly outside the picture, the rotation not three angles, or
            the settings have no window for any scale of the model.
        """
        picture = self._backend.picture(image)
        box = check_box(bbox, (picture.height, picture.width))
        angles = _checked_rotation(rotation)
        start = self._backend.detector.pdm.parameters_from_box(box, angles)
        chosen = _checked_settings(settings)
        return fitting.fit(picture, box, start, chosen, self._backend, observer)

    def fit_hypotheses(
        self,
        image: AnyArray,
        bbox: Sequence[float] | AnyArray,
        settings: FitSettings | None = None,
        *,
        rotations: Sequence[Rotation] = ROTATIONS,
        threads: int | None = 1,
    ) -> Hypotheses:
        """Find the landmarks of a face that may be turned: fit from several head poses.

        Parameters
        ----------
        image, bbox, settings
            As :meth:`fit` takes them.
        rotations : sequence of rotations
            The reference's eleven if not given.
        threads : int or None
            The most to use; one per processor for None. The results do not depend on it.

        Returns
        -------
        Hypotheses
            ``best`` is the fit with the best likelihood.

        Raises
        ------
        ValueError
            As :meth:`fit` does; or if there is no rotation, or `threads` is not positive.
        """
        picture = self._backend.picture(image)
        box = check_box(bbox, (picture.height, picture.width))
        angles = [_checked_rotation(rotation) for rotation in rotations]
        if not angles:
            raise ValueError("rotations: there are none")
        chosen = _checked_settings(settings)
        pdm = self._backend.detector.pdm

        def fit_from(rotation: Rotation) -> fitting.FitResult:
            start = pdm.parameters_from_box(box, rotation)
            return fitting.fit(picture, box, start, chosen, self._backend)

        return Hypotheses(angles, in_threads(fit_from, angles, threads))

    def fit_many(
        self,
        images: AnyArray | Sequence[AnyArray],
        boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
        settings: FitSettings | None = None,
        *,
        threads: int | None = None,
    ) -> list[fitting.FitResult]:
        """Find the landmarks of many faces, in several threads.

        Parameters
        ----------
        images : (H, W) or (H, W, 3) array, or sequence of such
            One picture as an array, of all faces; or a list with a picture for each box.
        boxes : sequence of boxes
            As :meth:`fit` takes them.
        settings : FitSettings, optional
        threads : int, optional
            One per processor if not given. The results do not depend on it.

        Returns
        -------
        list of FitResult
            In the order of the boxes, each the same in every bit as :meth:`fit` finds it. A face
            whose box or picture :meth:`fit` would refuse has NaN landmarks, ``success`` False, and
            the reason in ``failure``; the others are not affected.

        Raises
        ------
        ValueError
            Naming the argument, if boxes and pictures are not equally many, a single picture
            cannot be used, or `threads` is not positive.
        """
        chosen = _checked_settings(settings)
        return fit_batch(images, boxes, chosen, self._backend, threads)


def _checked_rotation(rotation: Sequence[float]) -> Rotation:
    """Return three angles of at most half a turn."""
    try:
        rx, ry, rz = (float(angle) for angle in rotation)
    except (TypeError, ValueError) as error:
        raise ValueError(f"rotation: expected three angles in radians, got {rotation!r}") from error
    if not all(abs(angle) <= math.pi for angle in (rx, ry, rz)):
        raise ValueError(f"rotation: angles must be from -π to π radians, got {rotation!r}")
    return rx, ry, rz


def _checked_settings(settings: FitSettings | None) -> FitSettings:
    """Return the settings, the defaults for None."""
    if settings is None:
        return FitSettings()
    if not isinstance(settings, FitSettings):
        raise ValueError(
            f"settings: expected FitSettings, got {settings!r}; FitSettings.named() knows "
            f"settings by name"
        )
    return settings
