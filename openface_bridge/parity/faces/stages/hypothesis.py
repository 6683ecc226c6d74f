"""Which head pose is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from openface_bridge.faces.record import Array, FaceRecord
from openface_bridge.parity.faces.branches import tie_of_fit
from openface_bridge.parity.faces.check import EPS, Check, Tie, same
from openface_bridge.parity.faces.place import FacePlace
from openface_bridge.parity.faces.stages.stage import FaceOutput, FaceStage
from openface_bridge.parity.faces.subject import Subject
from pyclnf import hypotheses
from pyclnf.fitting import FitResult

__all__ = ["STAGE"]

_LIKELIHOOD_ULPS = 64
_START_ULPS = 2


def _force(subject: Subject) -> Iterator[Check]:
    """Yield poses, starts and the choice."""
    record = subject.record
    if "hypotheses.likelihoods" not in record:
        return
    rotations = record["hypotheses.rotations"]
    ours = np.array(hypotheses.ROTATIONS, np.float32)
    yield Check("rotations", FacePlace(), ours, rotations, 0.0)
    if "hypotheses.starts" in record:
        yield from _starts(subject, rotations)
    fits = _fits(record)
    chosen = hypotheses.Hypotheses(rotations.tolist(), fits, range(len(fits))).chosen
    wanted = int(record["hypotheses.chosen"])
    yield same("chosen", FacePlace(hypothesis=wanted), chosen, wanted, _tie(record, chosen, 0.0))


def _starts(subject: Subject, rotations: Array) -> Iterator[Check]:
    """Yield where each fit starts."""
    box, pdm = subject.record["bbox"], subject.candidate.backend.detector.pdm
    for index, (rotation, wanted) in enumerate(
        zip(rotations, subject.record["hypotheses.starts"], strict=True)
    ):
        rx, ry, rz = (float(angle) for angle in rotation)
        start = pdm.parameters_from_box(box, (rx, ry, rz))
        sizes = np.abs(wanted).astype(np.float64)
        sizes[1:4] = 1.0
        sizes[4:] = np.maximum(sizes[4:], np.abs(box).max())
        place = FacePlace(hypothesis=index)
        limit = _START_ULPS * EPS * sizes
        yield Check("starts", place, start.global_, wanted, limit, axis="parameters")


def _fits(record: FaceRecord) -> list[FitResult]:
    """Return fits of which only the likelihood is known."""
    nothing = np.zeros((0, 2), np.float32)
    return [
        FitResult(nothing, np.zeros(6, np.float32), nothing[:, 0], likelihood, True, 0)
        for likelihood in record["hypotheses.likelihoods"].tolist()
    ]


def _tie(record: FaceRecord, chosen: int, moved: float) -> Tie:
    """Return how near the two choices are: by rounding, and by what likelihoods have moved."""
    likelihoods = record["hypotheses.likelihoods"].astype(np.float64)
    margin = abs(float(likelihoods[int(record["hypotheses.chosen"])] - likelihoods[chosen]))
    slack = _LIKELIHOOD_ULPS * EPS * max(1.0, float(np.abs(likelihoods).max())) + moved
    return Tie("likelihoods", margin, slack, "log likelihood")


def _free(subject: Subject) -> Iterator[Check]:
    """Yield the likelihoods of the candidate's own fits, and its choice."""
    record = subject.record
    if "hypotheses.likelihoods" not in record:
        return
    tried = subject.free_face.told.tried
    assert tried is not None
    wanted = record["hypotheses.likelihoods"]
    found = np.array([fit.likelihood for fit in tried.fits], np.float32)
    likelihoods = list(_likelihoods(subject, found, wanted))
    yield from likelihoods
    chosen, best = tried.chosen, int(record["hypotheses.chosen"])
    moved = 0.0
    if found.shape == wanted.shape:
        moved = sum(_moved(likelihoods[index]) for index in {chosen, best})
    tie = _tie(record, chosen, moved)
    yield same("chosen", FacePlace(hypothesis=best), chosen, best, tie, leads=True)


def _likelihoods(subject: Subject, found: Array, wanted: Array) -> Iterator[Check]:
    """Yield each fit's likelihood; one that is beyond its limit may come of a branch."""
    if found.shape != wanted.shape:
        yield Check("likelihoods", FacePlace(), found, wanted, 0.0)
        return
    for index, limit in enumerate(_limits(subject.record).tolist()):
        place = FacePlace(hypothesis=index)
        check = Check("likelihoods", place, found[index], wanted[index], limit)
        yield replace(check, tie=tie_of_fit(subject, index, limit)) if check.over else check


def _moved(likelihood: Check) -> float:
    """Return how far rounding has moved a likelihood: beyond its limit if a branch excuses that."""
    worst = likelihood.worst
    return worst.apart if likelihood.excused else min(worst.apart, worst.limit)


def _limits(record: FaceRecord) -> Array:
    """Return how far rounding moves each likelihood: twice its scatter, and its own."""
    sizes = np.maximum(np.abs(record["hypotheses.likelihoods"].astype(np.float64)), 1.0)
    floors = record["hypotheses.floors"] if "hypotheses.floors" in record else np.zeros(len(sizes))
    return np.asarray(2 * floors + _LIKELIHOOD_ULPS * EPS * sizes)


STAGE = FaceStage(
    "hypothesis",
    "pyclnf.hypotheses.Hypotheses.chosen",
    "the box; the likelihoods of all fits",
    (
        FaceOutput("rotations", "none", "head poses are given numbers"),
        FaceOutput("starts", "2 ulp", "as a fit's initialisation"),
        FaceOutput("chosen", "none", "a choice"),
        FaceOutput(
            "likelihoods",
            "twice their scatter, 64 ulp",
            "running freely: what one ulp in the box makes of them, and their own rounding",
        ),
    ),
    _force,
    _free,
    branches=("likelihoods", "any of the fit's own"),
)
