"""How certain it is that landmarks lie on a face."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from openface_bridge.faces.record import Array
from openface_bridge.parity.faces.certainties import BOUNDARY, tie_of_certainty
from openface_bridge.parity.faces.check import EPS, Check, Tie, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.parts import landmark_limit
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.noise_floor import landmark_errors
from openface_bridge.trace import TraceError
from pyclnf.face_fitter import FaceFit
from pyclnf.model import ValidatorData, read_validator
from pyclnf.model.layers import Connection, Convolution
from pyclnf.model.validator_network import Activation, Kind, Layer
from pyclnf.validation import Validator, convolution
from pyclnf.validation.network import step_of

__all__ = ["STAGE"]

_PIXEL_ULPS = 16
_TINY = float(np.finfo(np.float32).tiny) / EPS
"""The smallest normal number is the ulp of this; the reference's exponential goes no lower."""


def _force(subject: Subject) -> Iterator[Check]:
    """Yield view, warp, normalised picture, layers and certainty."""
    record, validator = subject.record, subject.candidate.validator
    if validator is None:
        return
    yield from _of_frames(subject, validator)
    if "certainty.value" not in record:
        return
    path = subject.candidate.backend.detector.manifest.validator
    assert path is not None
    data = read_validator(path)
    rotation, landmarks = record["whole.params_global"][1:4], record["whole.landmarks"]
    if "certainty.view" in record:
        view, tie = int(record["certainty.view"]), _view_tie(data, rotation)
        yield same("view", FacePlace(), validator.view(rotation), view, tie)
    if "certainty.warp" in record:
        yield from _looked_at(subject, validator, data, view)
        for layer in range(record.layers):
            yield _layer(subject, validator, data.views[view].layers, layer)
    value = validator.check(subject.image, landmarks, rotation)
    found = np.array(np.float32(value))
    yield Check(
        "certainty", FacePlace(), found, record["certainty.value"], 0.0, _tie(subject, data)
    )


def _of_frames(subject: Subject, validator: Validator) -> Iterator[Check]:
    """Yield how certain it is of each frame's face; of a success, it is the last thing asked."""
    record = subject.record
    for frame in range(record.frames):
        prefix = f"frame{frame}"
        if int(record[f"{prefix}.success"]):
            grey = subject.candidate.backend.picture(subject.frames[frame])
            rotation = record[f"{prefix}.params_global"][1:4]
            value = validator.check(grey, record[f"{prefix}.landmarks"], rotation)
            wanted = record[f"{prefix}.certainty"]
            yield Check("certainty", FacePlace(frame=frame), np.array(np.float32(value)), wanted, 0)


def _view_tie(data: ValidatorData, rotation: Array) -> Tie:
    """Return how near a head is to lying between two views."""
    apart = rotation.astype(np.float64) - np.radians(data.orientations)
    nearest = np.sort(np.sqrt((apart * apart).sum(axis=1)))
    margin = float(nearest[1] - nearest[0]) if len(nearest) > 1 else math.inf
    return Tie("validator's view", margin, 4 * EPS * float(nearest[-1]), "radians")


def _looked_at(
    subject: Subject, validator: Validator, data: ValidatorData, view: int
) -> Iterator[Check]:
    """Yield the warped face, and what the network is given."""
    record = subject.record
    seen = validator.seen(
        subject.image.grey, record["whole.landmarks"], record["whole.params_global"][1:4]
    )
    mask = data.views[view].warp.mask
    if record["certainty.input"].shape != mask.shape:
        raise TraceError(f"{record.source}: 'certainty.input' is no picture of view {view}")
    nothing = np.zeros((0, 0), np.float32)
    warped, picture = (nothing, nothing) if seen is None else (seen.warped, seen.picture)
    yield _pixels("warp", warped, record["certainty.warp"], mask, 255.0)
    wanted = record["certainty.input"]
    yield _pixels("picture", picture, wanted, mask, float(np.abs(wanted).max()))


def _pixels(entry: str, found: Array, wanted: Array, mask: Array, largest: float) -> Check:
    """Compare pictures where they show the face."""
    if found.shape == wanted.shape == mask.shape:
        found, wanted = np.where(mask, found, 0), np.where(mask, wanted, 0)
    return Check(entry, FacePlace(), found, wanted, _PIXEL_ULPS * EPS * largest)


def _layer(subject: Subject, validator: Validator, layers: Sequence[Layer], index: int) -> Check:
    """Compare one layer, on what the reference's layer before gives."""
    record = subject.record
    before = f"certainty.output{index - 1}"
    given = record[before] if index else record["certainty.input"][None]
    if any(isinstance(layer, Connection) for layer in layers[:index]):
        given = given.ravel()  # numbers, no maps
    found = validator.network(int(record["certainty.view"])).layer(index, given)
    wanted, limit = record[f"certainty.output{index}"], _limit(layers[index], given, found)
    return Check("layer", FacePlace(layer=index), found.ravel(), wanted.ravel(), limit.ravel())


def _limit(layer: Layer, given: Array, found: Array) -> Array:
    """Return how far rounding brings a layer's outputs apart."""
    if isinstance(layer, Convolution | Connection):
        sizes = _sizes(layer)
        with np.errstate(over="ignore"):
            total = step_of(sizes, convolution.rounded_once)(np.abs(given))
        return np.asarray(_ulps_of(layer) * EPS * total.astype(np.float64))
    if layer == Activation(Kind.SIGMOID):
        magnitudes = np.maximum(np.abs(found), _TINY)
        return np.asarray(2 * EPS * max(1.0, float(np.abs(given).max())) * magnitudes)
    return np.zeros(found.shape)


def _ulps_of(layer: Layer) -> float:
    """Return how many ulp of the sum of its terms' sizes a layer's sums may be off: 4√n·u."""
    if not isinstance(layer, Convolution | Connection):
        return 0.0
    terms = layer.kernels[0].size if isinstance(layer, Convolution) else len(layer.weights)
    return 2 * math.sqrt(terms + 1)


def _sizes(layer: Convolution | Connection) -> Convolution | Connection:
    """Return a layer that adds up the sizes of its terms."""
    if isinstance(layer, Convolution):
        return replace(layer, kernels=np.abs(layer.kernels), biases=np.abs(layer.biases))
    return replace(layer, weights=np.abs(layer.weights), biases=np.abs(layer.biases))


def _tie(subject: Subject, data: ValidatorData) -> Tie | None:
    """Return how near the two best classes are; rounding of all layers moves them."""
    record = subject.record
    if not record.layers:
        return None
    scores = np.sort(record[f"certainty.output{record.layers - 1}"].ravel().astype(np.float64))
    ulps = sum(map(_ulps_of, data.views[int(record["certainty.view"])].layers))
    slack = ulps * EPS * float(np.abs(scores).max())
    return Tie("class", float(scores[-1] - scores[-2]), slack, "score")


def _free(subject: Subject) -> Iterator[Check]:
    """Yield the certainty of the candidate's own run, and whether it is a success."""
    record = subject.record
    if "certainty" not in record:
        return
    fit = subject.free_face.fit
    found, wanted = np.array(np.float32(fit.certainty)), record["certainty"]
    check = Check("certainty", FacePlace(), found, wanted, 0.0)
    tie = _free_tie(subject, fit) if check.over else None
    yield replace(check, tie=tie)
    # Another certainty may be excused, and never a success that it does not mean.
    means = fit.success == (fit.certainty > BOUNDARY)
    at = Tie("success boundary", abs(float(wanted) - BOUNDARY), 4 * EPS, "certainty")
    excuse = (tie or at) if means else None
    yield same("success", FacePlace(), fit.success, int(record["success"]), excuse)


def _free_tie(subject: Subject, fit: FaceFit) -> Tie:
    """Return what may excuse another certainty: the reference's reruns, or its landmarks."""
    scattered = _scattered(subject, fit.certainty)
    limit = landmark_limit(subject.record.px("floor"))
    apart = landmark_errors(fit.landmarks, subject.record["landmarks"])
    if scattered.excuses or not apart.max() <= limit:
        return scattered
    return tie_of_certainty(subject, fit) or scattered


def _scattered(subject: Subject, found: float) -> Tie:
    """Return whether the reference's own reruns come to what was found."""
    record = subject.record
    known = record["certainty.free"] if "certainty.free" in record else np.zeros(0)
    nearest = float(np.abs(known - np.float32(found)).min(initial=np.inf))
    return Tie("class", nearest, 0.0, "certainty")


STAGE = FaceStage(
    "certainty",
    "pyclnf.validation.Validator.check",
    "the face's landmarks and rotation; each layer's input",
    (
        FaceOutput("view", "none", "a choice"),
        FaceOutput("warp", "16 ulp of 255", "four weighted pixels are added in float32"),
        FaceOutput("picture", "16 ulp of its maximum", "four operations on each pixel"),
        FaceOutput(
            "layer", "4√n·u of the sum of sizes; exponentials 2 ulp",
            "a sum of n products in float32 (Higham and Mary 2019)",
        ),
        FaceOutput("certainty", "none", "the middle of the best class"),
        FaceOutput("success", "none", "running freely: a choice"),
    ),
    _force,
    _free,
    branches=("validator's view", "class", "success boundary"),
)  # fmt: skip
