"""Whether a certainty that differs is right for the candidate's own landmarks.

A validator's classes are chaotic at their borders: landmarks that differ by less than the noise
floor may be judged otherwise. The definition tells whether they are: as long as it comes to what
the reference says of its own landmarks, what it says of the candidate's is what that would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openface_bridge.faces.record import Array, FaceRecord
from openface_bridge.parity.faces.check import Tie
from openface_bridge.parity.faces.subject import Subject
from pyclnf.face_fitter import FaceFit
from pyclnf.tracking import Tracked
from pyclnf.validation import Validator
from pyclnf.validation.validator import certainty

__all__ = ["BOUNDARY", "tie_of_certainty", "tie_of_success"]

BOUNDARY = float(np.float32(0.725))
"""A face is one if that is more certain."""


class _Face(NamedTuple):
    """What a validator is asked about: (n, 2) landmarks, px, and (3,) Euler angles."""

    landmarks: Array
    rotation: Array

    @classmethod
    def recorded(cls, record: FaceRecord, prefix: str) -> _Face:
        """Return the reference's face of some name."""
        return cls(record[f"{prefix}.landmarks"], record[f"{prefix}.params_global"][1:4])

    @classmethod
    def found(cls, fit: FaceFit) -> _Face:
        """Return the candidate's."""
        return cls(fit.landmarks, fit.params_global[1:4])


def tie_of_certainty(subject: Subject, fit: FaceFit) -> Tie | None:
    """Return how near the class that was found is to the reference's, and how far it has moved.

    Parameters
    ----------
    subject : Subject
        Of a picture.
    fit : FaceFit
        The candidate's own; its landmarks are within their limit.

    Returns
    -------
    Tie or None
        None where the definition comes to another certainty for either engine's landmarks.
    """
    record, validator = subject.record, subject.definition.candidate.validator
    if validator is None:
        return None
    faces = (_Face.recorded(record, "whole"), _Face.found(fit))
    theirs, ours = (validator.scores(subject.image.grey, *each) for each in faces)
    if theirs is None or ours is None:
        return None
    if certainty(theirs) != float(record["certainty"]) or certainty(ours) != fit.certainty:
        return None
    best, found = int(np.argmax(theirs)), int(np.argmax(ours))
    margin = float(theirs[best]) - float(theirs[found])
    return Tie("class", margin, margin + float(ours[found]) - float(ours[best]), "score")


def tie_of_success(subject: Subject, frame: int, tracked: Tracked[FaceFit]) -> Tie | None:
    """Return how near a frame's certainty is to deciding otherwise, and how far it has moved.

    Parameters
    ----------
    subject : Subject
        Of a sequence.
    frame : int
    tracked : Tracked
        The candidate's; its landmarks are within their limit.

    Returns
    -------
    Tie or None
        None where the definition decides otherwise for either engine's landmarks, comes to another
        certainty than the candidate, or to another than the reference in any of its successes.

    Notes
    -----
    Of a frame without success, the certainty that is recorded may be that of a face detected anew,
    which was not kept.
    """
    validator = subject.definition.candidate.validator
    if validator is None or not _comes_to_what_is_recorded(subject, validator):
        return None
    record, fit = subject.record, tracked.fit
    theirs = _certainty(subject, validator, frame, _Face.recorded(record, f"frame{frame}"))
    ours = _certainty(subject, validator, frame, _Face.found(fit))
    decided = (bool(record[f"frame{frame}.success"]), tracked.success)
    if ours != fit.certainty or (theirs > BOUNDARY, ours > BOUNDARY) != decided:
        return None
    return Tie("success boundary", abs(theirs - BOUNDARY), abs(ours - theirs), "certainty")


def _comes_to_what_is_recorded(subject: Subject, validator: Validator) -> bool:
    """Tell whether a validator says of every success what the reference does; there must be one."""
    record = subject.record
    successes = [k for k in range(record.frames) if int(record[f"frame{k}.success"])]
    return bool(successes) and all(
        _certainty(subject, validator, frame, _Face.recorded(record, f"frame{frame}"))
        == float(record[f"frame{frame}.certainty"])
        for frame in successes
    )


def _certainty(subject: Subject, validator: Validator, frame: int, face: _Face) -> float:
    """Return how certain a validator is of a face in a frame."""
    return validator.check(subject.candidate.backend.picture(subject.frames[frame]), *face)
