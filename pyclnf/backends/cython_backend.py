"""Compiled kernels with every sum in the reference's own order: equal to it in every bit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.reference_order import ReferenceOrder
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage, sample_areas
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.image import check_picture, to_grey
from pyclnf.kernels import _kernels
from pyclnf.kernels.levels import choose_level
from pyclnf.kernels.model import CompiledModel
from pyclnf.kernels.phases import CompiledPhases, kernel_table, log_likelihood
from pyclnf.kernels.prepared import Workspace, prepare_experts
from pyclnf.kernels.teams import MOST_MEMBERS, team_of
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import Parameters, PosedShape
from pyclnf.responses import Responses, Sampled
from pyclnf.typing import AnyArray, BoolArray, ByteArray, Float32Array

__all__ = ["CythonBackend"]

_LARGEST_PICTURE = 2**31
"""Pixels, border included: the kernels count them in 32 bits."""


class _Place(NamedTuple):
    """A scale's view, and the similarity from the picture to the experts' frame and back."""

    view: int
    to_reference: Float32Array
    to_image: Float32Array


class CythonBackend:
    """Fits in compiled kernels, see :class:`pyclnf.backends.base.Backend`.

    Parameters
    ----------
    detector : Detector
        Must have been built with :class:`ReferenceOrder`, or, to be fast with CEN experts,
        :class:`~pyclnf.kernels.arithmetic.CompiledOrder`.
    level : str, optional
        Of instructions, see :func:`pyclnf.kernels.levels.choose_level`. It decides no bit.
    """

    name = "cython"

    def __init__(self, detector: Detector, level: str | None = None) -> None:
        self.arithmetic: Arithmetic = ReferenceOrder()
        self._level = choose_level(level)
        self._phases = CompiledPhases(detector.pdm, self._level)
        model = CompiledModel(detector.pdm, self.arithmetic, self._phases)
        self.detector = replace(detector, pdm=model)
        self._prepared: dict[tuple[int, int, int], _kernels.Experts] = {}
        self._lock = threading.Lock()
        self._workspace = Workspace()
        self._threads = 1

    def using(self, threads: int) -> CythonBackend:
        """Return this backend, of which each fit uses so many threads, or as many as help it."""
        useful = min(threads, MOST_MEMBERS)
        if useful == self._threads:
            return self
        other = copy(self)  # what is prepared is the same for both
        other._threads = useful
        return other

    @property
    def response_backend(self) -> str:
        """The backend that makes response maps: kernels know CCNF experts only."""
        return self.name if isinstance(self.detector.experts, CCNFExperts) else "numpy-exact"

    def picture(self, image: AnyArray) -> PaddedImage:
        """Return a picture in grey."""
        pixels = check_picture(image)
        if pixels.dtype != np.uint8 or (pixels.ndim == 3 and pixels.strides[2] == 0):
            pixels = to_grey(pixels)
        height, width = pixels.shape[:2]
        grey = np.empty(PaddedImage.padded_shape(height, width), np.uint8)
        _kernels.grey(self._level, pixels, grey)
        return PaddedImage(grey, height, width)

    def responses(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Responses:
        """Return view, similarity, areas of interest and response maps of one scale."""
        place = self._place(posed, scale)
        landmarks = self._visible(posed, scale, place.view)
        areas, maps = self._areas_and_maps(
            image, landmarks, place.to_image, scale, place.view, window_size
        )
        return self._sampled(posed, scale, place, areas).with_maps(maps)

    def sampled(
        self, image: PaddedImage, posed: PosedShape, scale: int, window_size: int
    ) -> Sampled:
        """Return view, similarity and areas of interest of one scale."""
        place = self._place(posed, scale)
        landmarks = self._visible(posed, scale, place.view)
        size = window_size + self.detector.experts.view(scale, place.view).support - 1
        areas = self.sample(image, landmarks, place.to_image, size)
        return self._sampled(posed, scale, place, areas)

    def _visible(self, posed: PosedShape, scale: int, view: int) -> Float32Array:
        """Return the landmarks that a view has experts for, (v, 2)."""
        visible = self.detector.experts.view(scale, view).visible
        return posed.landmarks if visible.all() else posed.landmarks[visible]

    def _sampled(
        self, posed: PosedShape, scale: int, place: _Place, areas: Float32Array
    ) -> Sampled:
        """Return a scale before there are maps."""
        in_view = self.detector.experts.view(scale, place.view)
        return Sampled(
            view=place.view,
            image_to_reference=place.to_reference,
            reference_to_image=place.to_image,
            base_landmarks=posed.landmarks,
            areas=areas,
            visible=in_view.visible,
            confidences=in_view.confidences,
        )

    def _areas_and_maps(
        self,
        image: PaddedImage,
        landmarks: Float32Array,
        to_image: Float32Array,
        scale: int,
        view: int,
        window_size: int,
    ) -> tuple[Float32Array, Float32Array]:
        """Return a view's areas of interest and response maps.

        Of CCNF experts by kernels, of other kinds as NumPy makes them.
        """
        experts = self.detector.experts
        size = window_size + experts.view(scale, view).support - 1
        if not isinstance(experts, CCNFExperts) or image.pixels.size >= _LARGEST_PICTURE:
            areas = self.sample(image, landmarks, to_image, size)
            return areas, self._maps(areas, scale, view, window_size)
        areas = np.empty((len(landmarks), size, size), np.float32)
        maps = np.zeros((len(landmarks), window_size, window_size), np.float32)
        if experts.view(scale, view).weights.size:
            prepared = self._experts(experts, scale, view, window_size)
            points, a, b = np.ascontiguousarray(landmarks), to_image[0, 0], -to_image[0, 1]
            self._sample_and_respond(prepared, image.pixels, points, a, b, areas, maps)
        return areas, maps

    def _sample_and_respond(
        self,
        experts: _kernels.Experts,
        pixels: ByteArray,
        landmarks: Float32Array,
        a: float,
        b: float,
        areas: Float32Array,
        maps: Float32Array,
    ) -> None:
        """Fill areas of interest and response maps, in as many threads as may be used."""
        memory, floats = self._workspace, experts.workspace_floats
        integers = _kernels.sample_integers(areas.shape[1])
        given = (experts, pixels, landmarks, a, b, areas, maps)
        if self._threads == 1:
            _kernels.sample_and_respond(*given, memory.floats(floats), memory.integers(integers))
            return
        rows = memory.rows_of_floats(self._threads, floats)
        whole = memory.rows_of_integers(self._threads, integers)
        _kernels.sample_and_respond_together(team_of(self._threads), *given, rows, whole)

    def _maps(self, areas: Float32Array, scale: int, view: int, window_size: int) -> Float32Array:
        """Return response maps: of CCNF experts by kernels, of other kinds as NumPy makes them."""
        experts = self.detector.experts
        if not isinstance(experts, CCNFExperts):
            return experts.response_maps(areas, scale, view)
        maps = np.zeros((len(areas), window_size, window_size), np.float32)
        if experts.view(scale, view).weights.size:
            prepared = self._experts(experts, scale, view, window_size)
            workspace = self._workspace.floats(prepared.workspace_floats)
            _kernels.respond(prepared, areas, maps, workspace)
        return maps

    def _place(self, posed: PosedShape, scale: int) -> _Place:
        """Return the view, and the similarity from the picture to the experts' frame and back."""
        at_scale = self.detector.experts.scales[scale]
        to_reference, to_image = np.empty((2, 2), np.float32), np.empty((2, 2), np.float32)
        view = _kernels.place(
            self._level,
            at_scale.centers,
            posed.parameters.global_[1:4],
            posed.landmarks,
            posed.shape_3d,
            at_scale.scale,
            to_reference,
            to_image,
            self._workspace.floats(8 * len(posed.landmarks)),
        )
        return _Place(view, to_reference, to_image)

    def sample(
        self,
        image: PaddedImage,
        landmarks: Float32Array,
        reference_to_image: Float32Array,
        size: int,
    ) -> Float32Array:
        """Return grey values as :func:`pyclnf.experts.area_of_interest.sample_areas` does."""
        if image.pixels.size >= _LARGEST_PICTURE:
            return sample_areas(image, landmarks, reference_to_image, size)
        areas = np.empty((len(landmarks), size, size), np.float32)
        a, b = reference_to_image[0, 0], -reference_to_image[0, 1]
        workspace = self._workspace.integers(_kernels.sample_integers(size))
        landmarks = np.ascontiguousarray(landmarks)
        _kernels.sample(self._level, image.pixels, landmarks, a, b, areas, workspace)
        return areas

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Prepare a view's experts for a window size; kept for later fits."""
        experts = self.detector.experts
        if not isinstance(experts, CCNFExperts):
            experts.prepare(scale, view, window_size)
        elif experts.view(scale, view).weights.size:
            self._experts(experts, scale, view, window_size)

    def kernels(self, window_size: int, sigma: float) -> KernelTable:
        """Return the mean shift's kernels of a window size; kept for later fits."""
        build = partial(kernel_table, self._level)
        return self.detector.experts.kernels(window_size, sigma, build)

    def phase(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Run one rigid or non-rigid phase."""
        return self._phases.run(posed, phase, on_iteration)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Return the parameters whose landmarks are nearest to the given ones."""
        return self._phases.parameters_from_landmarks(landmarks)

    def likelihood(
        self, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
    ) -> float:
        """Return what :func:`pyclnf.likelihood.log_likelihood` does."""
        return log_likelihood(self._level, response_maps, offsets, sigma, visible)

    def _experts(
        self, experts: CCNFExperts, scale: int, view: int, window_size: int
    ) -> _kernels.Experts:
        """Return the prepared experts of a scale, view and window size, kept from then on."""
        key = (scale, view, window_size)
        prepared = self._prepared.get(key)
        if prepared is None:
            sigmas = experts.build_sigmas(scale, view, window_size)
            in_view = experts.view(scale, view)
            prepared = prepare_experts(self._level, in_view, sigmas, window_size)
            with self._lock:
                prepared = self._prepared.setdefault(key, prepared)
        return prepared
