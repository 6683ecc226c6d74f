"""The table of faults: complete, planted one at a time, gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from support.recordings import Recordings

from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faults import FACE_FAULTS, FAULTS, OWN_FAULTS, Fault, planted
from openface_bridge.parity.mixed import Part
from openface_bridge.parity.stages import STAGES
from pyclnf.backends import create_backend
from pyclnf.hypotheses import Hypotheses
from pyclnf.mean_shift import KernelTable
from pyclnf.pdm import PointDistributionModel
from pyclnf.tracking import Tracker
from pyclnf.validation import Validator


def snapshot() -> dict[str, Any]:
    """Return everything that the packages' modules and the classes with stages in them know."""
    modules = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in ("pyclnf", "openface_bridge")
    }
    known = {
        f"{name}.{key}": id(value)
        for name, module in modules.items()
        for key, value in vars(module).items()
    }
    for owner in (PointDistributionModel, KernelTable, Hypotheses, Validator, Tracker):
        known |= {f"{owner.__name__}.{key}": id(value) for key, value in vars(owner).items()}
    return known


def test_every_fault_is_there():
    assert len(FAULTS) == 29
    assert len({fault.number for fault in FAULTS}) == len({fault.name for fault in FAULTS}) == 29
    assert {int(fault.number.rstrip("ab")) for fault in FAULTS} == set(range(1, 29))


def test_every_fault_is_expected_at_a_stage():
    names = {stage.name for stage in STAGES}
    for fault in (*FAULTS, *OWN_FAULTS):
        assert fault.stages, fault
        assert set(fault.stages) <= names, fault


def test_faults_beyond_a_fit_follow():
    numbers = [int(fault.number) for fault in FACE_FAULTS]
    assert numbers == list(range(29, 29 + len(FACE_FAULTS)))
    assert len({fault.name for fault in (*FAULTS, *FACE_FAULTS)}) == 29 + len(FACE_FAULTS)
    names = {stage.name for stage in FACE_STAGES}
    assert {stage for fault in FACE_FAULTS for stage in fault.stages} == names


def test_our_own_come_last():
    numbers = [int(fault.number) for fault in (*FACE_FAULTS, *OWN_FAULTS)]
    assert numbers == list(range(29, 45))
    every = [*FAULTS, *FACE_FAULTS, *OWN_FAULTS]
    assert len({fault.name for fault in every}) == len(every)


def test_which_faults_need_a_model_loaded_anew():
    found = [fault.number for fault in (*FAULTS, *OWN_FAULTS) if fault.in_preparation]
    assert found == ["3", "15", "28", "41"]


@pytest.mark.parametrize(
    ("part", "numbers"),
    [
        (Part.MAPS, "4 5 6 7 8"),
        (Part.RESPONSES, "14 19 22 24 25 26"),
        (Part.PHASES, "12 13 15 16 17 18 20 21 23 27"),
        (Part.SUPPRESSION, "39"),
        (None, "1 2 3 9 10 11a 11b 28 29 30 31 32 33 34 35 36 37 38 40 41 42 43 44"),
    ],
)
def test_what_backends_leave_to_the_definition(part: Part | None, numbers: str):
    faults = [fault for fault in (*FAULTS, *FACE_FAULTS, *OWN_FAULTS) if fault.part is part]
    assert [fault.number for fault in faults] == numbers.split()
    assert {fault.part_left_by("cython") for fault in faults} == {part}
    for name in ("numpy", "numpy-exact"):
        assert {fault.part_left_by(name) for fault in faults} == {None}


@pytest.mark.parametrize("fault", [*FAULTS, *FACE_FAULTS, *OWN_FAULTS], ids=str)
def test_every_fault_substitutes_something_and_takes_it_back(fault: Fault, recordings: Recordings):
    create_backend("numpy", recordings.model)  # imports what is imported late
    import_module("pyclnf.detection.networks")
    before = snapshot()
    with planted(fault) as told:
        assert told is fault
        assert snapshot() != before
    assert snapshot() == before


def test_pyclnf_does_not_know_of_faults():
    code = "import sys, pyclnf, pyclnf.backends.numpy_backend; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "openface_bridge" not in found.stdout
