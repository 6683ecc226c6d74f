"""What a user holds: a face detector loaded from OpenFace's files."""

from __future__ import annotations

from functools import partial
from os import PathLike

from pyclnf.arguments import file_path, instance
from pyclnf.backends import choose_networks
from pyclnf.detection.cascade import find_faces
from pyclnf.detection.detections import Detections
from pyclnf.detection.networks import Networks
from pyclnf.detection.pictures import to_planes
from pyclnf.detection.settings import CascadeSettings
from pyclnf.image import to_eight_bit
from pyclnf.model.face_detector_file import FaceDetectorData, read_face_detector
from pyclnf.observe import DetectionObserver, checked_observer
from pyclnf.store.folders import installed_face_detector
from pyclnf.typing import AnyArray, Float32Array

__all__ = ["MTCNN"]


class MTCNN:
    """Multi-task cascaded convolutional networks: OpenFace's face detector.

    Parameters
    ----------
    path : path, optional
        ``MTCNN_detector.txt`` of OpenFace's models; by default the installed one.
    backend : str
        Where the work is done: ``"cython"``, ``"numpy"``, ``"numpy-exact"`` or ``"auto"``, as for
        landmarks, see :func:`pyclnf.backends.create_backend`; of other names that are taken there,
        the backend that does all but response maps.
    settings : CascadeSettings, optional

    Attributes
    ----------
    backend : str
        The one in use; what ``"auto"`` chose, or does this for a backend that cannot.
    settings : CascadeSettings

    Raises
    ------
    ModelNotFoundError
        If no path is given and no detector installed; says how to get one.
    ModelFileError
        If a file is missing, truncated or corrupt.
    ValueError
        Naming the argument, if there is no backend of that name, or one is no such thing.
    BackendUnavailableError
        If this installation does not have it.

    Notes
    -----
    One detector may be used in several threads. Pickled, it is its arguments, as
    :class:`pyclnf.CLNF` is.

    References
    ----------
    Zhang, Zhang, Li, Qiao, *Joint Face Detection and Alignment using Multi-task Cascaded
    Convolutional Networks*, IEEE Signal Processing Letters 2016.
    """

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        backend: str = "auto",
        settings: CascadeSettings | None = None,
    ) -> None:
        given = CascadeSettings() if settings is None else settings
        self.settings = instance("settings", given, CascadeSettings)
        manifest = installed_face_detector() if path is None else file_path("path", path)
        self._given = partial(type(self), manifest.absolute(), backend, self.settings)
        self._networks = _create_networks(choose_networks(backend), read_face_detector(manifest))

    def __reduce__(self) -> tuple[partial[MTCNN], tuple[()]]:
        """Pickle and copy as what was given, not what was made of it: files are read anew."""
        return self._given, ()

    @property
    def backend(self) -> str:
        """The name of the backend in use."""
        return self._networks.name

    @property
    def networks(self) -> Networks:
        """What the work is done by, for whoever takes the steps of the cascade one by one."""
        return self._networks

    def detect(self, image: AnyArray, observer: DetectionObserver | None = None) -> Detections:
        """Find the faces in a picture.

        Parameters
        ----------
        image : (H, W) or (H, W, 3) array
            As :func:`pyclnf.image.to_grey` takes it.
        observer : DetectionObserver, optional
            Told what each network leaves.

        Returns
        -------
        Detections
            No faces in a picture whose shorter side is below that of the smallest face.

        Raises
        ------
        ValueError
            Naming the argument, if one is no such thing.
        """
        looker = checked_observer(observer, DetectionObserver)
        planes = to_planes(to_eight_bit(image))
        return find_faces(self._networks, planes, self.settings, looker)

    def __call__(self, image: AnyArray) -> Float32Array:
        """Return the boxes of faces, as a :class:`pyclnf.detection.FaceDetector` does."""
        return self.detect(image).boxes


def _create_networks(backend: str, data: FaceDetectorData) -> Networks:
    """Create the networks of a backend."""
    if backend == "cython":
        from pyclnf.detection.compiled import CompiledNetworks

        return CompiledNetworks(data)
    from pyclnf.detection.networks import NumpyNetworks
    from pyclnf.detection.products import ReferenceOrder, RoundedOnce

    products = ReferenceOrder() if backend == "numpy-exact" else RoundedOnce()
    return NumpyNetworks(backend, data, products)
