"""Stages of the start of a fit and of each scale, on the reference's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from openface_bridge.parity.decisions import sample_ties, view_ties
from openface_bridge.parity.place import Moment
from openface_bridge.parity.stages import sizes
from openface_bridge.parity.stages.stage import EPS, Array, Output, Stage
from openface_bridge.parity.teacher import Teacher
from openface_bridge.starts import Start
from pyclnf import similarity
from pyclnf.experts import area_of_interest, views

__all__ = ["STAGES"]

Outputs = Mapping[str, Array]


def _initialisation(teacher: Teacher, moment: Moment) -> Outputs:
    given = Start.of(teacher.trace)
    start = teacher.pdm.parameters_from_box(given.box, given.angles)
    return {"init.params_global": start.global_}


def _view(teacher: Teacher, moment: Moment) -> Outputs:
    assert moment.scale is not None
    euler = teacher.start(moment.scale).global_[1:4]
    centers = teacher.experts.scales[moment.scale].centers
    return {"view": np.array(views.nearest_view(centers, euler))}


def _similarity(teacher: Teacher, moment: Moment) -> Outputs:
    assert moment.scale is not None
    posed = teacher.pdm.pose(teacher.start(moment.scale))
    recorded = replace(posed, landmarks=teacher.recorded(moment, "base_shape"))
    patch_scale = teacher.experts.scales[moment.scale].scale
    reference = teacher.pdm.reference_shape(recorded, patch_scale)
    return {
        "base_shape": posed.landmarks,
        "similarity_image_to_reference": similarity.align(recorded.landmarks, reference),
        "similarity_reference_to_image": similarity.inverse(
            teacher.recorded(moment, "similarity_image_to_reference")
        ),
    }


def _area_of_interest(teacher: Teacher, moment: Moment) -> Outputs:
    assert moment.scale is not None
    view = teacher.view(moment.scale)
    sampled = area_of_interest.sample_areas(
        teacher.image,
        teacher.recorded(moment, "base_shape")[view.visible],
        teacher.recorded(moment, "similarity_reference_to_image"),
        teacher.window_size(moment.scale) + view.support - 1,
    )
    return {"areas_of_interest": _spread(sampled, view.visible)}


def _response_map(teacher: Teacher, moment: Moment) -> Outputs:
    scale = moment.scale
    assert scale is not None
    if moment.name("areas_of_interest") in teacher.trace:
        areas = teacher.recorded(moment, "areas_of_interest")
    else:
        areas = _area_of_interest(teacher, moment)["areas_of_interest"]
    view = teacher.view(scale)
    index = int(teacher.recorded(moment, "view"))
    maps = teacher.experts.response_maps(areas[view.visible], scale, index)
    return {"response_maps": _spread(maps, view.visible)}


def _promised_maps(teacher: Teacher) -> float:
    return teacher.maps_within / EPS


def _spread(seen: Array, visible: Array) -> Array:
    """Return (v, …) arrays of visible landmarks as (n, …), zero for the others."""
    spread = np.zeros((len(visible), *seen.shape[1:]), np.float32)
    spread[visible] = seen
    return spread


STAGES = (
    Stage(
        "initialisation", "pyclnf.pdm.PointDistributionModel.parameters_from_box", "start",
        ("bbox", "rotation"),
        (
            Output(
                "init.params_global", 2, "each parameter; of translations at least the box",
                "two quotients and their mean; translations from float64",
                sizes.start, "parameters",
            ),
        ),
        _initialisation,
    ),
    Stage(
        "view", "pyclnf.experts.views.nearest_view", "scale",
        ("params_global",),
        (Output("view", 0, "the view", "a choice", sizes.nothing, excuse=view_ties),),
        _view,
        branches=("view",),
    ),
    Stage(
        "similarity", "pyclnf.similarity.align", "scale",
        ("params_global", "params_local", "base_shape"),
        (
            Output(
                "base_shape", 8, "the largest coordinate",
                "five roundings of the projection, and the sum over modes, which is smaller",
                sizes.largest("base_shape"), "landmarks",
            ),
            Output(
                "similarity_image_to_reference", 1, "the largest element",
                "sums in float64, rounded once each",
                sizes.largest("similarity_image_to_reference"),
            ),
            Output(
                "similarity_reference_to_image", 1, "the largest element",
                "a determinant, its reciprocal and a product",
                sizes.largest("similarity_reference_to_image"),
            ),
        ),
        _similarity,
    ),
    Stage(
        "area of interest", "pyclnf.experts.area_of_interest.sample_areas", "scale",
        ("picture", "base_shape", "similarity_reference_to_image"),
        (
            Output(
                "areas_of_interest", 0, "grey values",
                "exact: weights and 8-bit greys have few bits",
                sizes.nothing, "landmarks", excuse=sample_ties,
            ),
        ),
        _area_of_interest,
        branches=("sample position",),
    ),
    Stage(
        "response map", "pyclnf.experts.patch_experts.PatchExperts.response_maps", "scale",
        ("areas_of_interest", "view"),
        (
            Output(
                "response_maps", 80, "the map's maximum",
                "sums of 122 and of 121 products, 4√n·u each (Higham and Mary 2019); more only "
                "where a backend says that its precision takes more",
                sizes.map_maximum, "landmarks", promise=_promised_maps,
            ),
        ),
        _response_map,
        schedule=("window_size",),
    ),
)  # fmt: skip
"""In the order of execution."""
