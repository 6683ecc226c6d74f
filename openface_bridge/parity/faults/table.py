"""The faults that a comparison must catch, each alone."""

from __future__ import annotations

from openface_bridge.parity.faults import (
    faces,
    iterations,
    outcome,
    preparation,
    responses,
    schedule,
    updates,
)
from openface_bridge.parity.faults.fault import Fault

__all__ = ["FACE_FAULTS", "FAULTS", "OWN_FAULTS"]

_INITIALISATION, _EQUATIONS = ("initialisation",), ("normal equations",)
_STOPPING = ("stopping",)
_VIEW, _AREA, _MAP, _SHIFT = ("view",), ("area of interest",), ("response map",), ("mean shift",)

FAULTS = (
    Fault("1", "width / 200 as scale", _INITIALISATION, preparation.scale_from_width),
    Fault("2", "translation at the corner", _INITIALISATION, preparation.translation_at_corner),
    Fault(
        "3", "interleaved shape", ("initialisation", "Jacobian"), preparation.interleaved_shape,
        in_preparation=True,
    ),
    Fault("4", "plain products", _MAP, responses.plain_products),
    Fault("5", "no Sigma", _MAP, responses.no_sigma),
    Fault("6", "maps within [0, 1]", _MAP, responses.normalised_maps),
    Fault("7", "transposed maps", _MAP, responses.transposed_maps),
    Fault("8", "negative values clipped", _MAP, responses.clipped_maps),
    Fault("9", "sigma of the first scale", _SHIFT, schedule.constant_sigma, in_all_backends=True),
    Fault(
        "10", "r of the first scale", _EQUATIONS, schedule.constant_reg_factor,
        in_all_backends=True,
    ),
    Fault("11a", "no weights", _EQUATIONS, schedule.no_weights, in_all_backends=True),
    Fault("11b", "weight 5", _EQUATIONS, schedule.weight_of_five, in_all_backends=True),
    Fault("12", "no pull of the prior", _EQUATIONS, iterations.no_prior),
    Fault("13", "mean shift not turned back", _EQUATIONS, iterations.unturned_shifts),
    Fault("14", "areas upright and unscaled", _AREA, responses.upright_areas),
    Fault(
        "15", "kernel off by half a pixel", _SHIFT, iterations.kernel_off_by_half,
        in_preparation=True,
    ),
    Fault("16", "rotation column negated", ("Jacobian",), iterations.negated_column),
    Fault("17", "angles added", ("update",), updates.added_angles),
    Fault("18", "no clamp", ("clamp",), updates.no_clamp),
    Fault("19", "next view", _VIEW, responses.next_view),
    Fault("20", "stop at 0.1", ("stopping",), updates.early_stop),
    Fault("21", "maps of every iteration", ("offsets", "mean shift"), iterations.centred_offsets),
    Fault("22", "transposed similarity", ("similarity",), responses.transposed_similarity),
    Fault("23", "invisible landmarks kept", _EQUATIONS, iterations.invisible_kept),
    Fault("24", "mean of the channels", _AREA, responses.channel_mean),
    Fault("25", "first view", _VIEW, responses.first_view),
    Fault("26", "mean shape as reference shape", ("similarity",), responses.mean_reference_shape),
    Fault("27", "kernel at the exact offset", _SHIFT, iterations.exact_kernel),
    Fault(
        "28", "records of the unseen skipped", _MAP, preparation.shifted_records,
        in_preparation=True, in_all_backends=True,
    ),
)  # fmt: skip
"""In the order of their list; 11 comes in two kinds."""

_HYPOTHESIS, _PARTS = ("hypothesis", "tracking"), ("part parameters", "tracking")
_CERTAINTY, _TEMPLATE = ("certainty",), ("template shift",)
_BOXES = ("detector boxes", "tracking")
"""Of a sequence it is only known how each frame ends: there they show in the tracking."""

FACE_FAULTS = (
    Fault("29", "worst likelihood chosen", _HYPOTHESIS, faces.least_likely),
    Fault("30", "last hypothesis kept", _HYPOTHESIS, faces.last_hypothesis),
    Fault("31", "eyes exchanged", _PARTS, faces.exchanged_eyes),
    Fault("32", "parts of small faces fitted", _PARTS, faces.parts_of_small_faces),
    Fault("33", "face not explained anew", _PARTS, faces.unexplained_face),
    Fault("34", "certainty of another view", _CERTAINTY, faces.another_view),
    Fault("35", "certainty without normalising", _CERTAINTY, faces.unnormalised_face),
    Fault("36", "template not shrunk", _TEMPLATE, faces.template_not_shrunk),
    Fault("37", "template shift negated", _TEMPLATE, faces.opposite_shift),
    Fault("38", "boxes not corrected", _BOXES, faces.uncorrected_boxes, in_all_backends=True),
    Fault("39", "overlaps of the union", _BOXES, faces.overlap_of_union),
    Fault("40", "template of the first frame", ("tracking",), faces.first_template),
)
"""Beyond a single fit; our own, after those of the list."""

OWN_FAULTS = (
    Fault(
        "41", "confidences of the first view", _EQUATIONS, preparation.confidences_of_first_view,
        in_preparation=True, in_all_backends=True,
    ),
    Fault("42", "fits end below 0.35", _STOPPING, outcome.early_end, in_all_backends=True),
    Fault("43", "first view returned", _VIEW, outcome.view_of_front, in_all_backends=True),
    Fault("44", "success always", _STOPPING, outcome.always_successful, in_all_backends=True),
)  # fmt: skip
"""Of a single fit, our own as well: few fits show them, turned ones and small faces."""
