"""``parity``: compare backends with the reference."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openface_bridge.cli.comparing import Candidates
from openface_bridge.cli.faces import FaceSources, add_face_argument
from openface_bridge.cli.gating import GateFiles, add_gate_arguments, conclude
from openface_bridge.cli.sources import add_source_arguments, sources_of_several
from openface_bridge.cli.stages import StageCounts
from openface_bridge.gate.outputs import Write, check_folders, check_outputs
from openface_bridge.gate.results import results_of
from openface_bridge.parity.faces.summary import face_summary
from openface_bridge.parity.models import Models
from openface_bridge.parity.reduce import reduce_bug
from openface_bridge.parity.refused import Refused, refused_summary
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.summary import fit_summary, run_summary

if TYPE_CHECKING:
    from openface_bridge.report.page import PageWriter

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "parity",
        help="compare backends with OpenFace's fits",
        description="Compare backends with fits of OpenFace, recorded or live, teacher forced "
        "and free running. Without arguments, in a clone: with the embedded fits. Exit "
        "status: 0 if the run passes, 1 if not, 2 if it cannot be done.",
    )
    add_source_arguments(parser, several=True)
    add_face_argument(parser)
    parser.add_argument(
        "--run",
        dest="stored",
        type=Path,
        metavar="DIR",
        help="compare what the subcommand run left there, fits only, instead of running --backend",
    )
    parser.add_argument(
        "--reduce",
        type=Path,
        metavar="DIR",
        help="write each bug of a fit as the one call that is wrong, and a test that reproduces it",
    )
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the results as data")
    parser.add_argument("--html", type=Path, metavar="OUT.html", help="write the results as a page")
    add_gate_arguments(parser)
    parser.set_defaults(run=_parity)


def _parity(options: argparse.Namespace) -> int:
    """Compare, report, and say whether the run passes."""
    check_outputs({"--json": options.json, "--html": options.html, "--junit": options.junit})
    check_folders({"--reduce": options.reduce})
    if options.html is not None:
        _require_report_packages()
    files = GateFiles.named(options)
    (reference, candidates, pictures), faces = sources_of_several(options)
    fits: list[dict[str, Any]] = []
    refused: list[Refused] = []
    several = len(candidates) > 1
    if several and options.stored is not None:
        raise ValueError("--run holds the fits of one backend; leave --backend out")
    with ExitStack() as stack:
        page = None if options.html is None else stack.enter_context(_page(options.html, several))
        compared = Candidates(candidates, pictures, options.stored).comparisons(reference)
        for comparison, models in compared:
            if isinstance(comparison, Refused):
                refused.append(comparison)
                fits.append(refused_summary(comparison))
                continue
            fits.append(fit_summary(comparison))
            _reduce(comparison, models, options.reduce, several)
            if page is not None:
                page.add(comparison)
        if refused and len(refused) == len(fits):
            raise ValueError(refused[0].reason)
        whole: list[dict[str, Any]] | None = None
        if options.faces and options.stored is None:
            compared_by = (_compared_faces(faces, models.name, page) for models in candidates)
            whole = [summary for summaries in compared_by for summary in summaries]
        backends = dict.fromkeys(fit["backend"] for fit in fits)
        backend = ", ".join(backends or (models.name for models in candidates))
        run = run_summary(fits, whole, backend=backend, reference=reference.description)
        outputs = _outputs(options, run, page)
        return conclude(options, results_of(run), files, outputs, _face_stages(run))


def _compared_faces(
    faces: FaceSources | None, backend: str, page: PageWriter | None
) -> list[dict[str, Any]]:
    """Compare whole faces, if there are any."""
    found = []
    for comparison in () if faces is None else faces.comparisons(backend):
        if isinstance(comparison, Refused):
            found.append(refused_summary(comparison))
            continue
        found.append(face_summary(comparison))
        if page is not None:
            page.add_face(comparison)
    return found


def _face_stages(run: dict[str, Any]) -> dict[str, StageCounts]:
    """Return how often each backend's stages of whole faces came to each verdict."""
    return {name: its["face_stages"] for name, its in run["backends"].items()}


def _outputs(
    options: argparse.Namespace, run: dict[str, Any], page: PageWriter | None
) -> dict[str, tuple[Path | None, Write]]:
    """Return what is written besides the gate's own."""
    outputs: dict[str, tuple[Path | None, Write]] = {
        "data": (options.json, lambda path: _write_data(path, run))
    }
    if page is not None:
        outputs["page"] = (options.html, lambda path: page.finish(run, path))
    return outputs


def _reduce(comparison: Comparison, models: Models, folder: Path | None, several: bool) -> None:
    """Reduce a bug, if asked to, and say where the case is.

    Of several backends each has a folder of its own: cases are named by face, setting and stage.
    """
    if folder is None:
        return
    own = folder / models.name if several else folder
    test = reduce_bug(comparison, models.backend(comparison.case.setting), own)
    if test is not None:
        print(f"      reduced to {test}")


def _page(path: Path, several: bool) -> PageWriter:
    """Begin a page; what only pages need is imported here."""
    from openface_bridge.report.page import PageWriter

    return PageWriter(path, several=several)


def _require_report_packages() -> None:
    """Raise a ValueError that says how to get what a page needs, if it is not there."""
    absent = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if absent:
        raise ValueError(f"--html needs {' and '.join(absent)}: pip install {' '.join(absent)}")


def _write_data(path: Path, run: dict[str, Any]) -> None:
    """Write the results as data."""
    path.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
