"""Whether a fit from a head pose branched, and rounding can have made it.

Of such a fit only the reference's likelihood is recorded. The definition, whose bits are the
reference's, stands in for it: as long as it comes to the recorded likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openface_bridge.parity.branches import first_branch
from openface_bridge.parity.comparison import compare_forced
from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.check import Tie
from openface_bridge.parity.faces.subject import Subject
from openface_bridge.parity.flow import broken_flow, with_flow
from openface_bridge.parity.forcing import forced
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.place import Moment
from openface_bridge.parity.stages import stage_named
from openface_bridge.parity.stages.iteration import likelihood_scale
from openface_bridge.parity.teacher import Teacher
from openface_bridge.parity.verdicts import judge
from openface_bridge.trace import Trace
from pyclnf import FitSettings, TraceRecorder
from pyclnf.backends.base import Backend
from pyclnf.fitting import fit
from pyclnf.likelihood import UNEVALUATED, log_likelihood

__all__ = ["tie_of_fit"]

_DRIFT = NoiseFloor(None).limit_px
"""How far shapes may have drifted apart before they branch, px.

Where the reference's landmarks of a head pose are not recorded, neither is their scatter, and the
face's own noise floor may be that of another head pose. So there is no floor to allow for: what
is left is what a fit is allowed whose floor is 0.
"""


def tie_of_fit(subject: Subject, hypothesis: int, limit: float) -> Tie | None:
    """Return the first decision that the fits of both engines took differently.

    Parameters
    ----------
    subject : Subject
    hypothesis : int
    limit : float
        How far a likelihood may be off on the same inputs.

    Returns
    -------
    Tie or None
        None where nothing can be excused: a fit is not the one that was compared, a stage of the
        candidate's is wrong on its own inputs, its likelihood is not that of where it ended,
        nothing was decided otherwise, or the shapes had drifted apart before.
    """
    definition, candidate = subject.definition.candidate, subject.candidate
    theirs, ours = (_traced(subject, each, hypothesis) for each in (definition, candidate))
    if not (_is(theirs, _recorded(subject, hypothesis)) and _is(ours, _told(subject, hypothesis))):
        return None
    fits = _Fits(subject, theirs, ours)
    if not abs(fits.likelihood_of_end - float(ours["final.likelihood"][0])) <= limit:
        return None
    return fits.tie


def _traced(subject: Subject, candidate: FaceCandidate, hypothesis: int) -> Trace:
    """Return a candidate's fit from a head pose in the reference's box."""
    recorder = TraceRecorder(areas_of_interest=True, normal_equations=True)
    backend, box = candidate.backend, subject.record["bbox"].astype(np.float32)
    rx, ry, rz = (float(angle) for angle in subject.record["hypotheses.rotations"][hypothesis])
    start = backend.detector.pdm.parameters_from_box(box, (rx, ry, rz))
    fit(subject.image, box, start, FitSettings(), backend, recorder)
    return Trace(recorder.trace, candidate.name)


def _recorded(subject: Subject, hypothesis: int) -> float:
    """Return the reference's likelihood."""
    return float(subject.record["hypotheses.likelihoods"][hypothesis])


def _told(subject: Subject, hypothesis: int) -> float:
    """Return the likelihood of the candidate's own run."""
    tried = subject.free_face.told.tried
    assert tried is not None
    return tried.fits[hypothesis].likelihood


def _is(trace: Trace, likelihood: float) -> bool:
    """Tell whether a fit's likelihood is some number, to the last bit."""
    return bool(trace["final.likelihood"][0] == np.float32(likelihood))


@dataclass(frozen=True, eq=False)
class _Fits:
    """One face fitted by the definition, which stands for the reference, and by the candidate."""

    subject: Subject
    theirs: Trace
    ours: Trace

    @property
    def tie(self) -> Tie | None:
        """The first branch, if the candidate's fit has no bug but that may be."""
        definition, candidate = self._definition, self.subject.candidate.backend
        performed = forced(self._teacher(self.ours, definition))
        # Compared with the candidate as the teacher, for the bounds are what it promises.
        ours, theirs = self._teacher(self.ours, candidate), self._teacher(self.theirs, definition)
        stages = with_flow(compare_forced(performed, ours), broken_flow(ours))
        verdict = judge(stages, (), first_branch(theirs, ours), _DRIFT)
        branch = verdict.branch
        if branch is None or branch.drift_px > _DRIFT:
            return None
        return Tie(f"{branch.decision} of {branch.place}", branch.margin, branch.moved, branch.unit)

    @property
    def likelihood_of_end(self) -> float:
        """What the definition says of where the candidate's fit ended, by maps of its own."""
        teacher = self._teacher(self.ours, self._definition)
        scale = likelihood_scale(teacher)
        if scale is None:
            return UNEVALUATED
        performed = stage_named("response map").perform(teacher, Moment("scale", scale))
        return log_likelihood(
            performed["response_maps"],
            teacher.offsets(self.ours.phase(scale, nonrigid=True)[-1]),
            float(teacher.plans[scale].sigma),
            teacher.view(scale).visible,
        )

    @property
    def _definition(self) -> Backend:
        return self.subject.definition.candidate.backend

    def _teacher(self, trace: Trace, backend: Backend) -> Teacher:
        return Teacher(trace, self.subject.image, FitSettings(), backend)
