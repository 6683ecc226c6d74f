"""Auditing a candidate whose stages cannot be called one by one.

The mirror image of teacher forcing: what the candidate told of its own fit is the teacher, and a
sound pyclnf performs every stage on the *candidate's* inputs. Where the candidate's output differs
by more than rounding, that stage of it is wrong. Its start is compared with the reference's box,
and what it hands on from stage to stage with what it had, see :mod:`openface_bridge.parity.flow`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from openface_bridge.parity.candidate import Candidate, record_fit
from openface_bridge.parity.clamping import with_tight_clamp
from openface_bridge.parity.comparison import compare_forced
from openface_bridge.parity.finite import while_finite
from openface_bridge.parity.flow import broken_flow, with_flow
from openface_bridge.parity.forcing import forced
from openface_bridge.parity.models import Models, check_model
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.origin import check_picture
from openface_bridge.parity.run import Comparison, FitRun, judged
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.reference import Case, Reference
from openface_bridge.starts import Start
from openface_bridge.trace import Trace
from pyclnf import FitSettings

__all__ = ["audit", "audit_trace"]


def audit(
    candidate: Candidate,
    reference: Reference,
    case: Case,
    models: Models,
    pictures: Path,
    name: str | None = None,
) -> Comparison:
    """Let a candidate do one of the reference's fits, and judge it.

    Parameters
    ----------
    candidate : Candidate
    reference : Reference
    case : Case
    models : Models
        Of the sound code; must not have been loaded while a fault was planted.
    pictures : Path
        Folder of pictures, named like the faces.
    name : str, optional
        The candidate's; that of its class if not given.

    Returns
    -------
    Comparison
        Its ``forced`` are the sound code's stages on the candidate's inputs.

    Raises
    ------
    CandidateError
        If the candidate tells too little.
    TraceError
        If a trace is unusable, its picture missing, or the model another than the traces'.
    """
    recorded, called = reference.trace(case), name or type(candidate).__name__
    picture = read_picture(find_picture(pictures, case.face))
    settings = FitSettings.named(case.setting)
    told, success = record_fit(candidate, picture, Start.of(recorded), settings, called)
    floor = NoiseFloor.of(recorded["final.landmarks"], reference.rerun_landmarks(case))
    run = _run(called, recorded, told, success, case, models, pictures)
    return audit_trace(run, models, floor)


def _run(
    name: str,
    recorded: Trace,
    told: Trace,
    success: bool,
    case: Case,
    models: Models,
    pictures: Path,
) -> FitRun:
    """Gather a run; its stages are performed when it is audited."""
    return FitRun(
        case=case,
        picture=find_picture(pictures, case.face),
        backend=name,
        manifest=models.manifest(case.setting),
        reference=recorded,
        candidate=told,
        success=success,
        forced={},
    )


def audit_trace(run: FitRun, models: Models, floor: NoiseFloor) -> Comparison:
    """Judge what a candidate told of a fit, see :func:`audit`.

    Parameters
    ----------
    run : FitRun
        Without ``forced``.
    models : Models
        Of the sound code.
    floor : NoiseFloor
    """
    settings, backend = FitSettings.named(run.case.setting), models.backend(run.case.setting)
    for trace in (run.reference, run.candidate):
        check_model(trace, backend.detector)
    check_picture(run.reference, run.picture)
    image = backend.picture(read_picture(run.picture))
    whole = _started_like(run.candidate, run.reference)
    finite = while_finite(whole)
    went_on = finite.steps[-1] if len(finite.steps) < len(whole.steps) else None
    theirs = Teacher(run.reference, image, settings, backend)
    ours = Teacher(finite, image, settings, backend)
    with np.errstate(all="ignore"):  # a candidate's numbers may be anything
        performed = forced(ours)
        stages = with_tight_clamp(compare_forced(performed, ours), performed, ours, told=True)
        stages = with_flow(stages, broken_flow(ours, went_on))
        run = replace(run, forced=performed)
        return judged(run, stages, theirs, ours, floor, given=finite)


def _started_like(candidate: Trace, reference: Trace) -> Trace:
    """Return a trace with the box and the rotation of another one."""
    kept = {name: each for name, each in candidate.entries.items() if name != "rotation"}
    start = {name: reference[name] for name in ("bbox", "rotation") if name in reference}
    return Trace({**kept, **start}, candidate.source)
