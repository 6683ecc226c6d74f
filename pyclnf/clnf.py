"""What a user holds: a landmark detector loaded from OpenFace's model files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike

from pyclnf import fitting
from pyclnf.arguments import flag, instance, whole_number
from pyclnf.backends import create_backend
from pyclnf.batch_choice import BatchChoice
from pyclnf.batches import fit_each
from pyclnf.cache import cache_folder
from pyclnf.detection import FaceDetector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.face_fitter import FaceFit
from pyclnf.face_models import FaceModels
from pyclnf.given_faces import GivenFaces
from pyclnf.hypotheses import ROTATIONS, Hypotheses, fit_hypotheses
from pyclnf.image import check_box
from pyclnf.observe import (
    FaceObserver,
    FacesObserver,
    Observer,
    TrackingObserver,
    checked_observer,
)
from pyclnf.pose import CameraIntrinsics, HeadPose, RelativeTo, head_pose, landmarks_3d
from pyclnf.rotation import Rotation, checked_rotation, checked_rotations
from pyclnf.settings import FitSettings, checked_settings
from pyclnf.store.folders import model_path
from pyclnf.threads import thread_count
from pyclnf.tracking import FaceTracker, Tracker, TrackerSettings
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["CLNF"]


class CLNF:
    """Constrained local model landmark detector: CLNF, CE-CLM or CLM, as the model's files are.

    Parameters
    ----------
    manifest : path or str, optional
        OpenFace's ``main_*.txt`` file of the model; or the name of an installed model, such as
        ``"wild"``. Installed model ``"general"`` if not given.
    backend : str
        Where the work is done, see :func:`pyclnf.backends.create_backend`.
    cache : bool or path, optional
        A folder that keeps prepared Sigma matrices, and Core ML programs, between processes, see
        :func:`pyclnf.cache.cache_folder`; none by default. It changes no bit of a result, may be
        deleted at any time, and is as trusted as the model.

    Attributes
    ----------
    backend : str
        The backend in use; what ``"auto"`` chose for one face at a time.
    manifest : Path
        The file that the model was loaded by.
    experts : str
        The kind of the model's patch experts: ``CCNF`` (CLNF models), ``CEN`` (CE-CLM) or ``SVR``
        (CLM).
    response_backend : str
        The backend that makes response maps. It is `backend`, except that ``cython`` has kernels
        for CCNF experts only and leaves others to ``numpy-exact``, with the products of networks
        compiled; ``coreml`` leaves them to the backend that does the rest of a fit.
    n_landmarks, n_modes : int
        Of the point distribution model.
    part_names : tuple of str
        Of the parts that have models of their own, see :meth:`detect`.

    Raises
    ------
    ModelFileError
        If a model file is missing, truncated or corrupt.
    ModelNotFoundError
        If no such model is installed; tells how to get one.
    ValueError
        If there is no backend of that name, or `cache` names no folder.

    Notes
    -----
    Fits with one detector may run in several threads. Preparations (a view's Sigma matrices, a
    window size's kernels) are made when first needed, or by :meth:`prepare`, and kept. Pickled, for
    another process, a detector is its arguments: there the model is read, and `backend` chosen,
    anew.

    References
    ----------
    Baltrušaitis, Robinson and Morency, Constrained Local Neural Fields for robust facial landmark
    detection in the wild, ICCVW 2013; Zadeh, Lim, Baltrušaitis and Morency, Convolutional Experts
    Constrained Local Model for 3D facial landmark detection, ICCVW 2017; Saragih, Lucey and Cohn,
    Deformable model fitting by regularized landmark mean-shift, IJCV 2011.
    """

    def __init__(
        self,
        manifest: str | PathLike[str] | None = None,
        *,
        backend: str = "auto",
        cache: bool | str | PathLike[str] | None = None,
    ) -> None:
        folder, path = cache_folder(cache), model_path(manifest)
        self._given = partial(type(self), path, backend=backend, cache=folder)
        self._backend = create_backend(backend, path, folder)
        self._models = FaceModels(self._backend, folder)
        self._batches = BatchChoice(backend, self._backend, path, folder)
        self.backend = self._backend.name
        self.manifest = self._backend.detector.manifest.path
        self.experts = self._backend.detector.experts.kind
        self.response_backend = self._backend.response_backend
        self.n_landmarks = self._backend.detector.pdm.n_landmarks
        self.n_modes = self._backend.detector.pdm.n_modes
        self.part_names = tuple(part.name for part in self._backend.detector.manifest.parts)

    def __reduce__(self) -> tuple[partial[CLNF], tuple[()]]:
        """Pickle and copy as what was given, not what was made of it: models are loaded anew."""
        return self._given, ()

    def fit(
        self,
        image: AnyArray,
        bbox: Sequence[float] | AnyArray,
        settings: FitSettings | None = None,
        observer: Observer | None = None,
        rotation: Rotation = (0.0, 0.0, 0.0),
        *,
        threads: int | None = 1,
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
        threads : int or None
            The most to use; one per processor for None. More than one help backend ``cython``
            where the processors have nothing else to do. The result does not depend on it.

        Returns
        -------
        FitResult
            Unsuccessful fits are results too: see its ``success`` and ``failure``.

        Raises
        ------
        ValueError
            Naming the argument, if the picture is empty or of another rank or dtype, the box not
            finite, not positive or wholly outside the picture, the rotation not three angles, the
            settings have no window for any scale of the model, `threads` is not positive, or
            anything else is no such thing.
        """
        looker = checked_observer(observer, Observer)
        picture = self._backend.picture(image)
        box = check_box(bbox, (picture.height, picture.width))
        angles = checked_rotation(rotation)
        start = self._backend.detector.pdm.parameters_from_box(box, angles)
        chosen = checked_settings(settings)
        backend = self._backend.using(thread_count(threads))
        return fitting.fit(picture, box, start, chosen, backend, looker)

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

        Where the model tells when that may end early, the fits are begun one after the other at the
        coarsest scale, until one is good enough; it alone is completed, or the three best, if none
        is. See :meth:`pyclnf.early_search.EarlySearch.run`.

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
            ``best`` is the completed fit with the best likelihood.

        Raises
        ------
        ValueError
            As :meth:`fit` does; or if there is no rotation, or `threads` is not positive.
        """
        picture = self._backend.picture(image)
        box = check_box(bbox, (picture.height, picture.width))
        angles = checked_rotations(rotations)
        chosen = checked_settings(settings)
        return fit_hypotheses(picture, box, angles, chosen, self._backend, threads)

    def detect(
        self,
        image: AnyArray,
        bbox: Sequence[float] | AnyArray,
        settings: FitSettings | None = None,
        *,
        rotations: Sequence[Rotation] = ROTATIONS,
        parts: bool = True,
        validate: bool = True,
        threads: int | None = 1,
        observer: FaceObserver | None = None,
    ) -> FaceFit:
        """Find the landmarks of a face and of its parts, and tell how certain they are.

        Parameters
        ----------
        image, bbox, settings
            As :meth:`fit` takes them; the settings are the face's, parts have their own.
        rotations : sequence of rotations
            The head poses to start from: the reference's eleven if not given. The likeliest fit is
            taken.
        parts : bool
            Whether to fit the inner face and the eyes too, where the model has them and the face is
            large enough, and to put them back into it.
        validate : bool
            Whether to ask the model's validator, if it has one, whether that is a face.
        threads : int or None
            The most to use; one per processor for None. The result does not depend on it.
        observer : FaceObserver, optional
            Told of head poses, parts and certainty.

        Returns
        -------
        FaceFit

        Raises
        ------
        ValueError
            As :meth:`fit` does; or if there is no rotation, or `threads` is not positive.
        ModelFileError
            If the model of a part, or the validator, read when first needed, cannot be used.
        """
        fitter = self._models.fitter(
            rotations, parts=parts, validate=validate, threads=threads, observer=observer
        )
        picture = fitter.picture(image)
        box = check_box(bbox, (picture.height, picture.width))
        return fitter.fit_box(picture, box, checked_settings(settings))

    def tracker(
        self,
        find_faces: FaceDetector | None = None,
        settings: TrackerSettings | None = None,
        *,
        parts: bool = True,
        validate: bool = True,
        threads: int | None = 1,
        observer: TrackingObserver | None = None,
    ) -> Tracker[FaceFit]:
        """Return what follows one face through the frames of a sequence.

        Parameters
        ----------
        find_faces : callable, optional
            Finds the boxes of faces in a picture, as :class:`pyclnf.detection.MTCNN` does. Without
            it, boxes must be given to :meth:`pyclnf.tracking.Tracker.update`.
        settings : TrackerSettings, optional
        parts, validate, threads
            As for :meth:`detect`.
        observer : TrackingObserver, optional
            Told of every frame.

        Raises
        ------
        ValueError
            Naming the argument, if `threads` is not positive, or one is no such thing.
        ModelFileError
            If the model of a part, or the validator, cannot be used.
        """
        fitter = self._models.fitter(
            parts=parts, validate=validate, threads=threads, observer=observer
        )
        return Tracker(fitter, find_faces, settings, observer)

    def face_tracker(
        self,
        find_faces: FaceDetector,
        settings: TrackerSettings | None = None,
        *,
        most: int = 4,
        parts: bool = True,
        validate: bool = True,
        threads: int | None = 1,
        observer: FacesObserver | None = None,
    ) -> FaceTracker[FaceFit]:
        """Return what follows several faces of a sequence.

        Parameters
        ----------
        find_faces, settings, parts, validate
            As :meth:`tracker` takes them.
        most : int
            No more faces are followed than these.
        threads : int or None
            The most to use; one per processor for None. The faces of a frame share them. The
            results do not depend on it.
        observer : FacesObserver, optional
            Told of every face; it says who is to look at what becomes of it. The faces of a frame
            are then fitted one after the other.

        Raises
        ------
        ValueError, ModelFileError
            As :meth:`tracker` does; or naming ``most``, if it is not positive.
        """
        fitter = self._models.fitter(parts=parts, validate=validate)
        return FaceTracker(
            fitter, find_faces, settings, most=most, threads=threads, observer=observer
        )

    def head_pose(
        self,
        result: fitting.FitResult,
        camera: CameraIntrinsics,
        *,
        relative_to: RelativeTo = "world",
    ) -> HeadPose:
        """Return where a fit's head is, and how it is turned; see :func:`pyclnf.pose.head_pose`."""
        found = instance("result", result, fitting.FitResult)
        arrays = (found.params_global, found.params_local, found.landmarks)
        pdm = self._backend.detector.pdm
        return head_pose(*arrays, pdm, camera, relative_to=relative_to)

    def landmarks_3d(self, result: fitting.FitResult, camera: CameraIntrinsics) -> Float32Array:
        """Return landmarks in the camera's space, see :func:`pyclnf.pose.landmarks_3d`."""
        found = instance("result", result, fitting.FitResult)
        arrays = (found.params_global, found.params_local, found.landmarks)
        return landmarks_3d(*arrays, self._backend.detector.pdm, camera)

    def fit_many(
        self,
        images: AnyArray | Sequence[AnyArray],
        boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
        settings: FitSettings | None = None,
        *,
        threads: int | None = None,
    ) -> list[fitting.FitResult]:
        """Find the landmarks of many faces, in several threads or on a GPU.

        Parameters
        ----------
        images : (H, W) or (H, W, 3) array, or sequence of such
            One picture as an array, of all faces; or a list with a picture for each box. With
            backend ``cuda``, they may lie in the GPU's memory (``__cuda_array_interface__``).
        boxes : sequence of boxes
            As :meth:`fit` takes them.
        settings : FitSettings, optional
        threads : int, optional
            One per processor if not given. The results do not depend on it. A GPU needs none.

        Returns
        -------
        list of FitResult
            In the order of the boxes, each the same in every bit as :meth:`fit` finds it on the
            same backend; ``"auto"`` may choose another one for many faces than for one, see
            :func:`pyclnf.backends.choose_backend`. A face whose box or picture :meth:`fit` would
            refuse has NaN landmarks, ``success`` False, and the reason in ``failure``; the others
            are not affected.

        Raises
        ------
        ValueError
            Naming the argument, if boxes and pictures are not equally many or not in a sequence,
            a single picture cannot be used, or `threads` is not positive.
        MemoryError
            If a GPU has too little memory for a single face; larger batches are split.
        """
        chosen = checked_settings(settings)
        return self._batches.fit(GivenFaces.of(images, boxes), chosen, threads)

    def batch_backend(self, faces: int, *, on_device: bool = False) -> str:
        """Return the name of the backend that :meth:`fit_many` takes.

        Parameters
        ----------
        faces : int
            How many there are.
        on_device : bool
            Whether the pictures lie in a GPU's memory.

        Returns
        -------
        str
            :attr:`backend`; or ``cuda``, if this detector was made with ``auto`` and a GPU gains,
            see :class:`pyclnf.batch_choice.BatchChoice`.

        Raises
        ------
        ValueError
            Naming the argument, if one is no such thing.
        """
        count = whole_number("faces", faces, 0)
        return self._batches.name(count, on_device=flag("on_device", on_device))

    def detect_many(
        self,
        images: AnyArray | Sequence[AnyArray],
        boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
        settings: FitSettings | None = None,
        *,
        rotations: Sequence[Rotation] = ROTATIONS,
        parts: bool = True,
        validate: bool = True,
        threads: int | None = None,
    ) -> list[FaceFit]:
        """Find many faces with their parts, in several threads; all of a picture share it in grey.

        Parameters
        ----------
        images, boxes, threads
            As :meth:`fit_many` takes them. Of a single face, several head poses share the threads.
        settings, rotations, parts, validate
            As :meth:`detect` takes them.

        Returns
        -------
        list of FaceFit
            In the order of the boxes, each the same in every bit as :meth:`detect` finds it, or,
            without parts, as :meth:`fit_many` tells of a face that cannot be fitted.

        Raises
        ------
        ValueError, ModelFileError
            As :meth:`fit_many` and :meth:`detect` do.
        """
        chosen, given = checked_settings(settings), GivenFaces.of(images, boxes)
        of_face = threads if len(given.boxes) == 1 else 1
        fitter = self._models.fitter(rotations, parts=parts, validate=validate, threads=of_face)

        def fit(picture: PaddedImage, box: Float32Array) -> FaceFit:
            return fitter.fit_box(picture, box, chosen)

        return fit_each(given, fit, FaceFit, self._backend, threads)

    def prepare(
        self,
        settings: FitSettings | None = None,
        *,
        parts: bool = False,
        validate: bool = False,
    ) -> None:
        """Prepare all views for fits with these settings, so that none is slow for being the first.

        For servers: before the first request, or before worker processes are forked, which then
        share the memory. Without it, fits prepare the views they come to.

        Parameters
        ----------
        settings : FitSettings, optional
            OpenFace's defaults for still pictures if not given.
        parts, validate : bool
            Whether to read and prepare the models of parts, and the validator, too: what
            :meth:`detect` and the trackers need beside.

        Raises
        ------
        ValueError
            Naming the argument, if the settings have no window for any scale of the model, or one
            is no such thing.
        ModelFileError
            If the model of a part, or the validator, cannot be used.
        """
        chosen = checked_settings(settings)
        self._models.prepare(parts=parts, validate=validate)
        fitting.prepare(chosen, self._backend)
