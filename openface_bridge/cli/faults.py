"""``faults``: proof that the comparison catches what ports have got wrong."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openface_bridge.cli.faces import FaceSources, add_face_argument
from openface_bridge.cli.sources import add_source_arguments, sources_with_faces
from openface_bridge.cli.status import FAILED, PASSED
from openface_bridge.gate.outputs import check_outputs, write_outputs
from openface_bridge.manifests import split_models
from openface_bridge.parity.faults import FACE_FAULTS, FAULTS, OWN_FAULTS, Fault
from openface_bridge.parity.faults.trial import (
    FaceTrials,
    Trial,
    face_trials,
    parts_left,
    sound_faces,
    sound_trial,
    trials,
)
from openface_bridge.parity.kept import Kept
from openface_bridge.parity.models import DEFINITION, Models
from openface_bridge.trace import TraceError
from pyclnf.cli.words import counted

__all__ = ["add_parser"]

_HEAD = (
    f"{'':4}  {'fault':32}{'bug in':>9}  {'named':32}{'expected':34}"
    f"{'first at':46}{'final error':>12}"
)
_MIXED = """\
Faults are planted into NumPy code, some of which backend {name} does in code of its own. There the
last column tells what is left to {definition}; all else is still done by {name}.
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "faults",
        help="plant known faults into pyclnf and see whether each is caught",
        description="Plant each fault that ports of the detector have had into pyclnf, one at a "
        "time and in this process only, compare, and say whether it is reported as a bug at its "
        "stage. Faults are planted into NumPy code: what a backend does in code of its own is left "
        f"to {DEFINITION} where the fault is in it, all else is still the backend's, and the same "
        "mixture without a fault must have no bug either. Without arguments, in a clone: on the "
        "embedded fits. Exit status: 0 if each is and the sound code has no bug, 1 if not, 2 if it "
        "cannot be done.",
    )
    add_source_arguments(parser)
    add_face_argument(parser)
    parser.add_argument(
        "--only", metavar="NUMBER,NUMBER,…", help="of the faults; default: all of them"
    )
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the results as data")
    parser.set_defaults(run=_faults)


def _faults(options: argparse.Namespace) -> int:
    """Plant, compare and say what was caught."""
    check_outputs({"--json": options.json})
    (reference, models, pictures), sources = sources_with_faces(options)
    known = (*FAULTS, *(() if sources is None else FACE_FAULTS), *OWN_FAULTS)
    chosen = _chosen(options.only, known)
    kept = Kept(reference, models, pictures)
    faces = None if sources is None else _kept_faces(sources, models.name)

    def make_models() -> Models:
        return Models(options.backend, *split_models(options.model))

    done = []
    if parts_left(chosen, models.name):
        print(_MIXED.format(name=models.name, definition=DEFINITION))
    print(_HEAD)
    for trial in _all_trials(chosen, kept, models, make_models, pictures, faces):
        print(_line(trial), flush=True)
        done.append(trial)
    if options.json is not None:
        _write(options.json, done, models.name, reference.description)
    missed = [trial for trial in done if not trial.passed]
    beside = "" if faces is None else f" and {counted(len(faces.records), 'face')}"
    print(
        f"{'FAILED' if missed else 'passed'}: {len(done) - len(missed)} of "
        f"{counted(len(done), 'trial')} as expected, on {counted(len(kept.cases()), 'fit')}"
        f"{beside} of backend {models.name}"
    )
    return FAILED if missed else PASSED


def _all_trials(
    faults: tuple[Fault, ...],
    kept: Kept,
    models: Models,
    make_models: Any,
    pictures: Path,
    faces: FaceTrials | None,
) -> Iterator[Trial]:
    """Try sound candidates, then each fault: on fits, or on whole faces if it is beyond them."""
    of_fits = tuple(fault for fault in faults if fault not in FACE_FAULTS)
    of_faces = tuple(fault for fault in faults if fault in FACE_FAULTS)
    for left in (None, *parts_left(of_fits, models.name)):
        yield sound_trial(kept, models, pictures, left)
    if faces is not None:
        for left in (None, *parts_left(of_faces, models.name)):
            yield sound_faces(faces, left)
    yield from trials(of_fits, kept, models, make_models, pictures)
    if faces is not None:
        yield from face_trials(of_faces, faces)


def _kept_faces(sources: FaceSources, backend: str) -> FaceTrials:
    """Return whole faces whose records are kept in memory."""
    records = {case: sources.reference.record(case) for case in sources.reference.cases()}
    return FaceTrials(records, sources.candidate(backend), sources.pictures)


def _chosen(only: str | None, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults of some numbers."""
    if only is None:
        return faults
    numbers = {number.strip() for number in only.split(",")}
    unknown = numbers - {fault.number for fault in faults} - {_plain(fault) for fault in faults}
    if unknown:
        known = ", ".join(fault.number for fault in faults)
        raise TraceError(f"no fault has the number {', '.join(sorted(unknown))}; there are {known}")
    return tuple(fault for fault in faults if {fault.number, _plain(fault)} & numbers)


def _plain(fault: Fault) -> str:
    """Return a fault's number without the letter of its variant."""
    return fault.number.rstrip("ab")


def _line(trial: Trial) -> str:
    """Return a trial's line of the table."""
    first = trial.first
    place = "" if first is None else str(first.verdict.place)
    expected = "no bug" if trial.fault is None else " or ".join(trial.fault.stages)
    name = "none: the sound code" if trial.fault is None else str(trial.fault)
    return (
        f"{'pass' if trial.passed else 'FAIL'}  {name:32}"
        f"{len(trial.bugs):3} of {len(trial.fits):2}  {', '.join(trial.stages) or '–':32}"
        f"{expected:34}{place:46}{trial.max_px:9.3f} px"
        f"{'' if trial.left is None else f'  {trial.left.value}'}"
    )


def _write(path: Path, done: list[Trial], backend: str, reference: str) -> None:
    """Write all trials as data."""
    data = {
        "backend": backend,
        "reference": reference,
        "passed": all(trial.passed for trial in done),
        "faults": [_data(trial) for trial in done],
    }
    text = json.dumps(data, indent=1) + "\n"
    write_outputs({path: lambda partial: _write_text(partial, text)})
    print(f"data: {path}")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _data(trial: Trial) -> dict[str, Any]:
    """Return a trial as plain data."""
    return {
        "number": None if trial.fault is None else trial.fault.number,
        "name": None if trial.fault is None else trial.fault.name,
        "expected": [] if trial.fault is None else list(trial.fault.stages),
        "left_to_definition": None if trial.left is None else trial.left.value,
        "detected": bool(trial.bugs),
        "named": list(trial.stages),
        "passed": trial.passed,
        "fits": [
            {
                "face": fit.case.face,
                "setting": fit.case.setting,
                "verdict": fit.verdict.kind,
                "stage": fit.verdict.stage,
                "place": None if fit.verdict.place is None else vars(fit.verdict.place),
                "sentence": fit.sentence,
                "max_px": fit.max_px if math.isfinite(fit.max_px) else None,
            }
            for fit in trial.fits
        ],
    }
