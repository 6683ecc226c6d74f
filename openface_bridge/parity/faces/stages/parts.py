"""What parts find, and what becomes of the face with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openface_bridge.faces.record import Array
from openface_bridge.parity.faces.check import EPS, Check, Tie, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.noise_floor import landmark_errors
from pyclnf import parts
from pyclnf.fitting import FitResult
from pyclnf.part_models import PartModel
from pyclnf.pdm import Parameters, PointDistributionModel

__all__ = ["ALLOWANCE_PX", "STAGE", "landmark_limit"]

ALLOWANCE_PX = 0.005
"""Beyond the noise floor, as for a fit."""
_SEARCH_ULPS = 64
_LEAST_OF_PATCH_SCALE = 0.9
"""Smaller faces have no parts; of a part's first patch scale."""


def landmark_limit(floor: float) -> float:
    """Return how far a fit's landmarks may be off, px, given its noise floor."""
    return 2 * floor + ALLOWANCE_PX


def _force(subject: Subject) -> Iterator[Check]:
    """Yield each part's start, whether it is fitted, its fit; then the face."""
    record = subject.record
    if "face.landmarks" not in record:
        return
    for name in record.parts:
        part = subject.candidate.part(name)
        yield _fitted(subject, part)
        if f"parts.{name}.start_global" in record:
            yield from _start(subject, part)
            if int(record[f"parts.{name}.fitted"]):
                yield from _fit(subject, part)
    if any(int(record[f"parts.{name}.fitted"]) for name in record.parts):
        yield from _whole(subject)


def _start(subject: Subject, part: PartModel) -> Iterator[Check]:
    """Yield the parameters that a part starts from."""
    record, prefix = subject.record, f"parts.{part.name}.start"
    found = parts.start_of(part, record["face.landmarks"])
    wanted, pdm = subject.parameters(prefix), part.backend.detector.pdm
    yield _parameters(
        "start", FacePlace(part=part.name), found, wanted, record.get(f"{prefix}_scatter"), pdm,
        _search_allowance(record["face.landmarks"]),
    )  # fmt: skip


def _search_allowance(landmarks: Array) -> float:
    """Return what the last step of a search rounds, px."""
    return _SEARCH_ULPS * EPS * float(np.abs(landmarks).max())


def _parameters(
    entry: str,
    place: FacePlace,
    found: Parameters,
    wanted: Parameters,
    scatter: Array | None,
    pdm: PointDistributionModel,
    allowance_px: float,
) -> Check:
    """Compare parameters: each may be off by twice its scatter and what moves landmarks little."""
    ours, theirs = (np.concatenate((each.global_, each.local)) for each in (found, wanted))
    jacobian = pdm.jacobian(pdm.pose(wanted), rigid=False).reshape(2, -1, len(theirs))
    farthest = np.hypot(*jacobian.astype(np.float64)).max(axis=0)
    limit = allowance_px / np.maximum(farthest, EPS)
    if scatter is not None:
        limit = limit + 2 * scatter
    return Check(entry, place, ours, theirs, limit, axis="parameters")


def _fitted(subject: Subject, part: PartModel) -> Check:
    """Compare whether a part is fitted."""
    record, scale = subject.record, _scale(subject)
    tie = _size_tie(part, scale)
    wanted = int(record[f"parts.{part.name}.fitted"])
    found = parts.is_large_enough(part, scale)
    return same("fitted", FacePlace(part=part.name), found, wanted, tie)


def _scale(subject: Subject) -> float:
    """Return the scale of the reference's face."""
    return float(subject.record["face.params_global"][0])


def _least(part: PartModel) -> float:
    """Return the scale that a face must exceed to have a part."""
    return _LEAST_OF_PATCH_SCALE * part.backend.detector.experts.patch_scales[0]


def _size_tie(part: PartModel, scale: float, moved: float = 0.0) -> Tie:
    """Return how near a face's scale is to the least one: by rounding, and by what it has moved."""
    least = _least(part)
    return Tie("part size", abs(scale - least), 4 * EPS * least + moved, "scale")


def _fit(subject: Subject, part: PartModel) -> Iterator[Check]:
    """Yield where a part's fit ends, from the reference's start."""
    record, prefix = subject.record, f"parts.{part.name}"
    start, shared = subject.parameters(f"{prefix}.start"), record["face.landmarks"][part.in_face]
    found = parts.fit_part(subject.image, part, start, shared)
    place, pdm = FacePlace(part=part.name), part.backend.detector.pdm
    limit = landmark_limit(record.px(f"{prefix}.floor"))
    wanted = record[f"{prefix}.landmarks"]
    yield Check("landmarks", place, found.landmarks, wanted, limit, axis="landmarks")
    ours = Parameters(found.params_global, found.params_local)
    theirs, scatter = subject.parameters(f"{prefix}.params"), record.get(f"{prefix}.scatter")
    yield _parameters("parameters", place, ours, theirs, scatter, pdm, ALLOWANCE_PX)


def _whole(subject: Subject) -> Iterator[Check]:
    """Yield the face that explains its own landmarks and the parts'."""
    record, backend = subject.record, subject.candidate.backend
    models = [subject.candidate.part(name) for name in record.parts]
    own = {name: record[f"parts.{name}.landmarks"] for name in record.parts}
    together = parts.put_back(record["face.landmarks"], models, own)
    before = subject.parameters("face.params")
    face = FitResult(record["face.landmarks"], before.global_, before.local, 0.0, True, 0)
    found = parts.explained(face, backend, together)
    wanted, allowance = record["whole.landmarks"], _search_allowance(together)
    limit = 2 * record.px("whole.floor") + allowance
    yield Check("face landmarks", FacePlace(), found.landmarks, wanted, limit, axis="landmarks")
    yield _parameters(
        "face parameters", FacePlace(), Parameters(found.params_global, found.params_local),
        subject.parameters("whole.params"), record.get("whole.scatter"), backend.detector.pdm,
        allowance,
    )  # fmt: skip


def _free(subject: Subject) -> Iterator[Check]:
    """Yield what the candidate's own run fitted, and the landmarks that it ends with."""
    record = subject.record
    if "landmarks" not in record:
        return
    fit, limit = subject.free_face.fit, landmark_limit(record.px("floor"))
    for name in record.parts:
        wanted, found = int(record[f"parts.{name}.fitted"]), fit.parts[name].fitted
        tie = _free_size_tie(subject, subject.candidate.part(name), fitted=found)
        check = same("fitted", FacePlace(part=name), found, wanted, tie, leads=True)
        yield check
        if check.excused:
            return
    yield Check(
        "face landmarks", FacePlace(), fit.landmarks, record["landmarks"], limit, axis="landmarks"
    )


def _free_size_tie(subject: Subject, part: PartModel, *, fitted: bool) -> Tie | None:
    """Return how near the reference's face is to having no part, and how far its scale has moved.

    None where that excuses nothing: the candidate decides wrongly by its own face's scale, or its
    landmarks, before any part, are not within their limit.
    """
    record, tried = subject.record, subject.free_face.told.tried
    if "face.landmarks" not in record or tried is None:
        return None
    scale = float(tried.best.params_global[0])
    apart = landmark_errors(tried.best.landmarks, record["face.landmarks"])
    if fitted != (scale > _least(part)) or not apart.max() <= landmark_limit(record.px("floor")):
        return None
    return _size_tie(part, _scale(subject), abs(scale - _scale(subject)))


_SCATTER = "twice what one ulp in the landmarks makes of it, and 64 ulp of the largest coordinate"

STAGE = FaceStage(
    "part parameters",
    "pyclnf.parts.refine",
    "the face's landmarks and scale; each part's start, each part's landmarks",
    (
        FaceOutput("start", _SCATTER, "a search that stops when it gains little"),
        FaceOutput("fitted", "none", "a choice by the face's scale"),
        FaceOutput(
            "landmarks", "twice the noise floor, 0.005 px",
            "a whole fit: what one ulp in its start makes of it",
        ),
        FaceOutput(
            "parameters", "twice their scatter, and what moves no landmark by 0.005 px",
            "as the landmarks",
        ),
        FaceOutput("face landmarks", _SCATTER, "as a part's start"),
        FaceOutput("face parameters", _SCATTER, "as a part's start"),
    ),
    _force,
    _free,
    branches=("part size",),
)  # fmt: skip
