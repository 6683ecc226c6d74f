"""What a backend does in :meth:`responses` and, once per model, :meth:`kernels`, part by part.

The interface does not have these parts; the backends of this project are taken apart here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pyclnf import similarity
from pyclnf.backends.base import Backend
from pyclnf.backends.numpy_backend import NumpyBackend
from pyclnf.experts import views
from pyclnf.experts.area_of_interest import PaddedImage, sample_areas
from pyclnf.mean_shift import KernelTable
from pyclnf.pdm import PosedShape
from pyclnf.typing import Float32Array

if TYPE_CHECKING:
    from pyclnf.backends.cython_backend import CythonBackend

__all__ = ["Parts", "Placed", "WholeOnlyError", "parts_of"]

Placed = tuple[int, Float32Array, Float32Array]
"""A view, and the similarity from the picture to the experts' frame and back, (2, 2)."""


class Parts(Protocol):
    """Placing, sampling, and the experts' answers."""

    def place(self, posed: PosedShape, scale: int) -> Placed:
        """Choose a view and align the shape with the experts' frame."""
        ...

    def sample(
        self, image: PaddedImage, landmarks: Float32Array, to_image: Float32Array, size: int
    ) -> Float32Array:
        """Return areas of interest, (v, size, size)."""
        ...

    def respond(self, areas: Float32Array, scale: int, view: int, window_size: int) -> Float32Array:
        """Return response maps, (v, w, w), of areas of interest."""
        ...

    def tabulate(self, window_size: int, sigma: float) -> KernelTable:
        """Make a kernel table, which a backend keeps."""
        ...


class WholeOnlyError(Exception):
    """A backend that nobody has taken apart; its fits can be timed as a whole."""


def parts_of(backend: Backend) -> Parts:
    """Take a backend apart.

    Raises
    ------
    WholeOnlyError
        If nobody has said how.
    """
    if isinstance(backend, NumpyBackend):
        return _NumpyParts(backend)
    if backend.name == "cython":
        from pyclnf.backends.cython_backend import CythonBackend

        assert isinstance(backend, CythonBackend)
        return _CompiledParts(backend)
    raise WholeOnlyError(f"how backend {backend.name} finds response maps is not told in parts")


class _NumpyParts:
    """What :func:`pyclnf.responses.compute_responses` does, in three."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def place(self, posed: PosedShape, scale: int) -> Placed:
        at_scale = self._backend.detector.experts.scales[scale]
        view = views.nearest_view(at_scale.centers, posed.parameters.global_[1:4])
        reference = self._backend.detector.pdm.reference_shape(posed, at_scale.scale)
        to_reference = similarity.align(posed.landmarks, reference)
        return view, to_reference, similarity.inverse(to_reference)

    def sample(
        self, image: PaddedImage, landmarks: Float32Array, to_image: Float32Array, size: int
    ) -> Float32Array:
        return sample_areas(image, landmarks, to_image, size)

    def respond(self, areas: Float32Array, scale: int, view: int, window_size: int) -> Float32Array:
        return self._backend.detector.experts.response_maps(areas, scale, view)

    def tabulate(self, window_size: int, sigma: float) -> KernelTable:
        return KernelTable.build(window_size, sigma)


class _CompiledParts:
    """The calls that the compiled backend makes."""

    def __init__(self, backend: CythonBackend) -> None:
        self._backend = backend

    def place(self, posed: PosedShape, scale: int) -> Placed:
        return self._backend._place(posed, scale)

    def sample(
        self, image: PaddedImage, landmarks: Float32Array, to_image: Float32Array, size: int
    ) -> Float32Array:
        return self._backend.sample(image, landmarks, to_image, size)

    def respond(self, areas: Float32Array, scale: int, view: int, window_size: int) -> Float32Array:
        return self._backend._maps(areas, scale, view, window_size)

    def tabulate(self, window_size: int, sigma: float) -> KernelTable:
        from pyclnf.kernels.phases import kernel_table

        return kernel_table(self._backend._level, window_size, sigma)
