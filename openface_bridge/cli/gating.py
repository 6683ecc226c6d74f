"""What ``parity`` and ``gate`` share: the gate's files and outputs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openface_bridge.cli.stages import StageCounts
from openface_bridge.cli.status import FAILED, PASSED
from openface_bridge.cli.summary import print_summary
from openface_bridge.gate.annotations import github_annotations
from openface_bridge.gate.decision import Decision, decide
from openface_bridge.gate.divergences import Divergence, read_divergences
from openface_bridge.gate.junit import junit_xml
from openface_bridge.gate.outputs import Write, write_outputs
from openface_bridge.gate.results import Results
from openface_bridge.gate.thresholds import Thresholds, read_thresholds

__all__ = ["GateFiles", "add_gate_arguments", "conclude"]


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how results are judged, and where the judgement goes."""
    gate = parser.add_argument_group("gate")
    gate.add_argument(
        "--thresholds",
        type=Path,
        metavar="F.toml",
        help="how far landmarks may be off, besides what the noise floor allows",
    )
    gate.add_argument("--known", type=Path, metavar="F.toml", help="known divergences")
    gate.add_argument("--junit", type=Path, metavar="OUT.xml", help="write a test case per fit")
    gate.add_argument(
        "--annotations",
        choices=("github", "none"),
        default="github" if os.environ.get("GITHUB_ACTIONS") == "true" else "none",
        help="print what fails for GitHub to show; default: github where GITHUB_ACTIONS is true",
    )


@dataclass(frozen=True)
class GateFiles:
    """What results are judged by.

    Attributes
    ----------
    thresholds : Thresholds or None
    divergences : tuple of Divergence
    """

    thresholds: Thresholds | None
    divergences: tuple[Divergence, ...]

    @classmethod
    def named(cls, options: argparse.Namespace) -> GateFiles:
        """Read the files that options name; a GateFileError says what is wrong with one."""
        return cls(
            None if options.thresholds is None else read_thresholds(options.thresholds),
            () if options.known is None else read_divergences(options.known),
        )


def conclude(
    options: argparse.Namespace,
    results: Results,
    files: GateFiles,
    outputs: Mapping[str, tuple[Path | None, Write]],
    face_stages: Mapping[str, StageCounts] | None = None,
) -> int:
    """Decide, write everything that was asked for, say so, and return the exit status.

    Parameters
    ----------
    options : argparse.Namespace
        With what :func:`add_gate_arguments` adds.
    results : Results
    files : GateFiles
    outputs : mapping of str to (Path or None, callable)
        What else to write, by what it is called.
    face_stages : mapping of str to StageCounts, optional
        By backend, how often each stage of whole faces came to each verdict.
    """
    decision = decide(results, files.thresholds, files.divergences)
    wanted = {**outputs, "junit": (options.junit, lambda path: _write_junit(path, decision))}
    given = {what: (path, write) for what, (path, write) in wanted.items() if path is not None}
    write_outputs(dict(given.values()))
    print_summary(decision, face_stages or {})
    for what, (path, _) in given.items():
        print(f"{what}: {path}")
    if options.annotations == "github":
        for line in github_annotations(decision):
            print(line)
    return PASSED if decision.passed else FAILED


def _write_junit(path: Path, decision: Decision) -> None:
    path.write_text(junit_xml(decision), "utf-8")
