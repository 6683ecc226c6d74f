"""Scales go from coarse to fine, rigid phases first; a trace is sorted, whatever a fit did."""

from __future__ import annotations

import pytest
from support.comparing import without
from support.recordings import Recordings

from openface_bridge.parity.audit import audit
from openface_bridge.parity.faults.planting import planting
from openface_bridge.parity.flow import ORDER, broken_flow
from openface_bridge.parity.run import Models, compare_fit
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import CLNF, scale_plan

CASE = Case("anna", "default")


def reversed_scales(make_verdict) -> Verdict:
    """Judge a fit from fine to coarse."""
    original = scale_plan.plan_scales
    with planting() as substitutions:
        substitutions.function(original, lambda *given: original(*given)[::-1])
        verdict: Verdict = make_verdict()
    return verdict


def assert_out_of_order(verdict: Verdict) -> None:
    assert (verdict.kind, verdict.stage) == ("bug", "stopping")
    assert verdict.finding is not None
    assert verdict.finding.entry == ORDER
    assert verdict_sentence(verdict) == (
        "Scales or phases are executed in another order, first one before its turn (scale 1, "
        "rigid phase, iteration 0)."
    )


def test_fits_from_fine_to_coarse(
    recordings: Recordings, reference: Recorded, exact_models: Models
):
    def judged() -> Verdict:
        return compare_fit(reference, CASE, exact_models, recordings.images).verdict

    assert_out_of_order(reversed_scales(judged))
    assert judged().kind == "equal"


def test_ports_that_fit_from_fine_to_coarse(
    recordings: Recordings, reference: Recorded, models: Models
):
    port = CLNF(recordings.model, backend="numpy")

    def judged() -> Verdict:
        return audit(port, reference, CASE, models, recordings.images).verdict

    assert_out_of_order(reversed_scales(judged))


def exchanged(trace: Trace, one: str, other: str) -> Trace:
    """Return a trace that says of one phase what another one did, and the other way round."""
    names = {one: other, other: one}
    moved = {}
    for name, array in without(trace, lambda name: name.endswith(".jacobian")).entries.items():
        prefix = next((each for each in names if name.startswith(f"{each}.")), None)
        moved[name if prefix is None else names[prefix] + name[len(prefix) :]] = array
    return Trace(moved)


def test_phases_in_another_order(make_teacher, reference: Recorded):
    trace = exchanged(reference.trace(CASE), "scale1.rigid", "scale1.nonrigid")
    stage, order, finding = broken_flow(make_teacher(trace, CASE))[0]
    last = trace.phase(0, nonrigid=True)[-1]
    assert (stage, finding.entry) == ("stopping", f"{last.prefix}.{ORDER}")
    assert str(finding.place) == "scale 1, nonrigid phase, iteration 0"
    assert order[:3] == (0, 2, last.index)


@pytest.mark.parametrize("moved", ["scale0.rigid", "scale0.nonrigid", "scale1.nonrigid"])
def test_where_parameters_tell_no_order(moved: str, make_teacher, reference: Recorded):
    """What starts with nobody's parameters is not handed on, in whatever order."""
    original = reference.trace(CASE)
    name = f"{moved}.0.params_global"
    trace = Trace({**original.entries, name: original[name] + 1})
    found = broken_flow(make_teacher(trace, CASE))
    assert [finding.entry.rpartition(".")[2] for _, _, finding in found] == ["handed_on"]
