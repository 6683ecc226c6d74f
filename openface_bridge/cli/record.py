"""``record``: keep live fits as trace files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from openface_bridge.cli.faces import live_faces
from openface_bridge.cli.live import add_model_argument, add_start_arguments, live_reference
from openface_bridge.cli.status import FAILED, PASSED, UNUSABLE, show_progress
from openface_bridge.faces.live import LiveFaces
from openface_bridge.faces.recorded import file_name
from openface_bridge.gate.outputs import check_folders
from openface_bridge.live import Live
from openface_bridge.parity.refused import REASONS
from openface_bridge.recording.boxes import read_starts, write_starts
from openface_bridge.recording.record import record
from openface_bridge.reference import Case
from openface_bridge.trace import write_arrays
from pyclnf.cli.words import counted
from pyclnf.reasons import said_of

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "record",
        help="record fits of OpenFace",
        description="Fit faces with the OpenFace that the bridge was compiled against, one "
        "iteration at a time, and write a trace of each fit, noise_floor.npz and boxes.json. "
        "OPENBLAS_CORETYPE=Haswell makes them what backend numpy-exact reproduces. Exit status: "
        "0 if all fits were recorded, 1 if some were not, 2 if nothing can be done.",
    )
    add_model_argument(parser)
    parser.add_argument(
        "--images",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="pictures, and folders of pictures",
    )
    add_start_arguments(parser)
    parser.add_argument(
        "--normal-equations",
        action="store_true",
        help="keep the left-hand sides of each iteration's normal equations as well",
    )
    parser.add_argument(
        "--lean",
        action="store_true",
        help="leave out areas of interest, and Jacobians but for the first one of each phase: "
        "a third of the size",
    )
    parser.add_argument(
        "--faces",
        action="store_true",
        help="record whole faces and sequences as well: head poses, parts, certainty, templates, "
        "detections",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.set_defaults(run=_record)


def _record(options: argparse.Namespace) -> int:
    """Record, and say what was recorded."""
    check_folders({"--out": options.out})
    boxes = options.out / "boxes.json"
    others = read_starts(boxes) if boxes.exists() else {}
    live = live_reference(options, options.images, hessians=options.normal_equations)
    print(live.description)
    lean = live.cases() if options.lean else ()
    recording = record(live, options.out, show_progress, lean=lean)
    for case, reason in recording.refused.items():
        print(f"not recorded: {case.face} {case.setting}: {reason}", file=sys.stderr)
    if not recording.cases:
        print("record: no fit could be recorded; nothing was written", file=sys.stderr)
        return UNUSABLE
    write_starts(boxes, {**others, **live.starts})
    refused = len(recording.refused) + (_record_faces(options, live) if options.faces else 0)
    faceless = [face for face in live.pictures if face not in live.starts]
    if faceless:
        print(f"no box: {', '.join(faceless)}", file=sys.stderr)
    print(
        f"{counted(len(recording.cases), 'fit')} recorded in {options.out}; noise floors from box "
        f"moves and the kernels {', '.join(recording.kernels) or 'of none'}"
    )
    return FAILED if refused else PASSED


def _record_faces(options: argparse.Namespace, live: Live) -> int:
    """Record whole faces and sequences, and return how many could not be."""
    faces = live_faces(options, live)
    if faces is None:
        return 0
    return sum(not _is_recorded(faces, case, options.out) for case in faces.cases())


def _is_recorded(faces: LiveFaces, case: Case, folder: Path) -> bool:
    """Record a face or sequence; if it cannot be, say so."""
    try:
        found = faces.record(case)
    except REASONS as error:
        print(f"not recorded: {case.face} {case.setting}: {said_of(error)}", file=sys.stderr)
        return False
    write_arrays(folder / file_name(case), dict(found.entries))
    return True
