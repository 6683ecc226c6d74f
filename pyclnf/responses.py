"""Response maps of one scale: view, similarity, areas of interest, experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyclnf import similarity
from pyclnf.experts import area_of_interest, views
from pyclnf.experts.patch_experts import AnyPatchExperts
from pyclnf.pdm import PointDistributionModel, PosedShape
from pyclnf.typing import BoolArray, Float32Array

__all__ = ["Responses", "Sampled", "compute_responses", "sample_scale", "spread"]


@dataclass(frozen=True, eq=False)
class Responses:
    """What a scale learns from the picture, once, before its phases.

    Attributes
    ----------
    view : int
    image_to_reference, reference_to_image : (2, 2) float32
        Scaled rotations between the picture and the experts' frame.
    base_landmarks : (n, 2) float32
        The landmarks that the maps were taken around, px.
    areas : (n, s, s) float32
        Areas of interest, grey values; 0 for invisible landmarks.
    maps : (n, w, w) float32
        Response maps, first axis y; 0 for invisible landmarks.
    visible : (n,) bool
    confidences : (n,) float32
        Of the landmarks' experts; 0 for invisible landmarks.
    """

    view: int
    image_to_reference: Float32Array
    reference_to_image: Float32Array
    base_landmarks: Float32Array
    areas: Float32Array
    maps: Float32Array
    visible: BoolArray
    confidences: Float32Array


@dataclass(frozen=True, eq=False)
class Sampled:
    """A scale before its experts have responded: where they look, and what they see.

    Attributes
    ----------
    view, image_to_reference, reference_to_image, base_landmarks, visible, confidences
        As in :class:`Responses`.
    areas : (v, s, s) float32
        Areas of interest of the v visible landmarks.
    """

    view: int
    image_to_reference: Float32Array
    reference_to_image: Float32Array
    base_landmarks: Float32Array
    areas: Float32Array
    visible: BoolArray
    confidences: Float32Array

    def with_maps(self, maps: Float32Array) -> Responses:
        """Add the response maps of the visible landmarks, (v, w, w)."""
        return Responses(
            view=self.view,
            image_to_reference=self.image_to_reference,
            reference_to_image=self.reference_to_image,
            base_landmarks=self.base_landmarks,
            areas=spread(self.areas, self.visible),
            maps=spread(maps, self.visible),
            visible=self.visible,
            confidences=self.confidences,
        )


def compute_responses(
    image: area_of_interest.PaddedImage,
    posed: PosedShape,
    pdm: PointDistributionModel,
    experts: AnyPatchExperts,
    scale: int,
    window_size: int,
) -> Responses:
    """Return the response maps of one scale around a shape.

    Parameters
    ----------
    image : PaddedImage
    posed : PosedShape
    pdm : PointDistributionModel
    experts : PatchExperts
    scale : int
        Index of the scale.
    window_size : int
        Side of the maps, px of the experts' frame.

    Returns
    -------
    Responses
    """
    sampled = sample_scale(image, posed, pdm, experts, scale, window_size)
    return sampled.with_maps(experts.response_maps(sampled.areas, scale, sampled.view))


def sample_scale(
    image: area_of_interest.PaddedImage,
    posed: PosedShape,
    pdm: PointDistributionModel,
    experts: AnyPatchExperts,
    scale: int,
    window_size: int,
) -> Sampled:
    """Return what :func:`compute_responses` gives the experts of one scale to see."""
    at_scale = experts.scales[scale]
    view = views.nearest_view(at_scale.centers, posed.parameters.global_[1:4])
    reference = pdm.reference_shape(posed, at_scale.scale)
    to_reference = similarity.align(posed.landmarks, reference)
    to_image = similarity.inverse(to_reference)
    in_view = experts.view(scale, view)
    size = window_size + in_view.support - 1
    return Sampled(
        view=view,
        image_to_reference=to_reference,
        reference_to_image=to_image,
        base_landmarks=posed.landmarks,
        areas=area_of_interest.sample_areas(
            image, posed.landmarks[in_view.visible], to_image, size
        ),
        visible=in_view.visible,
        confidences=in_view.confidences,
    )


def spread(seen: Float32Array, visible: BoolArray) -> Float32Array:
    """Return (v, …) arrays of visible landmarks as (n, …), zero for the others."""
    if visible.all():
        return seen
    spread = np.zeros((len(visible), *seen.shape[1:]), np.float32)
    spread[visible] = seen
    return spread
