"""``parity``: compare a backend with the reference."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openface_bridge.cli.live import (
    add_model_argument,
    add_start_arguments,
    live_reference,
    split_models,
)
from openface_bridge.cli.status import FAILED, PASSED, UNUSABLE, show_progress
from openface_bridge.fixtures import FixtureError, embedded
from openface_bridge.parity.run import Comparison, Models, compare_all
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Reference
from pyclnf.backends import available_backends

__all__ = ["add_parser"]

_NOTHING_TO_COMPARE = """\
parity: nothing to compare: {missing}.
Give --model MAIN.txt (OpenFace's own), --traces DIR (recorded fits) and --images DIR (pictures)."""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "parity",
        help="compare a backend with OpenFace's fits",
        description="Compare a backend with fits of OpenFace, recorded or live, teacher forced "
        "and free running. Without arguments, in a clone: with the embedded fits. Exit "
        "status: 0 if the run passes, 1 if not, 2 if it cannot be done.",
    )
    parser.add_argument(
        "--reference",
        choices=("recorded", "live"),
        default="recorded",
        help="traces on disk, or the OpenFace that the bridge was compiled against; "
        "default: recorded",
    )
    add_model_argument(parser)
    parser.add_argument("--traces", type=Path, metavar="DIR", help="folder of recorded traces")
    parser.add_argument("--images", type=Path, metavar="DIR", help="folder of their pictures")
    add_start_arguments(parser)
    backends = ("auto", *available_backends())
    parser.add_argument("--backend", default="numpy", choices=backends, help="default: numpy")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the results as data")
    parser.add_argument("--html", type=Path, metavar="OUT.html", help="write the results as a page")
    parser.set_defaults(run=_parity)


def _parity(options: argparse.Namespace) -> int:
    """Compare, report, and say whether the run passes."""
    _take_embedded(options)
    missing = _missing(options)
    if missing:
        print(_NOTHING_TO_COMPARE.format(missing=" and ".join(missing)), file=sys.stderr)
        return UNUSABLE
    if options.html is not None:
        _require_report_packages()
    default, by_setting = split_models(options.model)
    models = Models(options.backend, default, by_setting)
    reference = _reference(options)
    fits, views = [], []
    for comparison in compare_all(reference, models, options.images, show_progress):
        fits.append(fit_summary(comparison))
        print(_line(comparison))
        if options.html is not None:
            from openface_bridge.report.page import view_fit

            views.append(view_fit(comparison))
    run = run_summary(fits, backend=options.backend, model=default, reference=reference.description)
    _write(options, run, views)
    return PASSED if run["summary"]["passed"] else FAILED


def _take_embedded(options: argparse.Namespace) -> None:
    """Where nothing is given, compare with the fits embedded in a clone, if this is one."""
    if options.reference == "live" or options.model or options.traces or options.images:
        return
    try:
        fixtures = embedded()
    except FixtureError:
        return
    options.model = [str(fixtures.model)]
    options.traces, options.images = fixtures.recordings, fixtures.pictures


def _missing(options: argparse.Namespace) -> list[str]:
    """Name the inputs that were not given."""
    given = {
        "no model": options.model,
        "no recorded traces": options.traces or options.reference == "live",
        "no pictures": options.images,
    }
    return [name for name, value in given.items() if not value]


def _reference(options: argparse.Namespace) -> Reference:
    """Return the reference that was asked for."""
    if options.reference == "live":
        return live_reference(options, [options.images])
    return Recorded(options.traces)


def _require_report_packages() -> None:
    """Raise a ValueError that says how to get what a page needs, if it is not there."""
    absent = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if absent:
        raise ValueError(f"--html needs {' and '.join(absent)}: pip install {' '.join(absent)}")


def _write(options: argparse.Namespace, run: dict[str, Any], views: list[Any]) -> None:
    """Write what was asked for and say where it is."""
    summary = run["summary"]
    verdict = "passed" if summary["passed"] else "FAILED"
    print(
        f"{verdict}: {summary['fits']} fits, {summary['failed']} failed, "
        f"{summary['equal_in_every_bit']} equal in every bit; worst landmark "
        f"{_px(summary['median_max_px'])} px in the median fit"
    )
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(run, indent=1) + "\n", "utf-8")
        print(f"data: {options.json}")
    if options.html is not None:
        from openface_bridge.report.page import render_page

        render_page(options.html, run, views)
        print(f"page: {options.html}")


def _px(error: float | None) -> str:
    """Return an error as text; None is one that is not finite."""
    return "inf" if error is None else f"{error:.4f}"


def _line(comparison: Comparison) -> str:
    """Return one fit's line of the terminal's table."""
    free_run, floor = comparison.free_run, comparison.floor
    own = "     –" if floor.px is None else f"{floor.px:6.3f}"
    failed = comparison.failed_stages
    remark = (
        f"  {failed[0].stage.name}: {failed[0].error:.2g} {failed[0].stage.unit}" if failed else ""
    )
    return (
        f"{'pass' if comparison.passed else 'FAIL'}  {comparison.case.face:16} "
        f"{comparison.case.setting:9} worst {free_run.max_px:8.4f} px  floor {own} px{remark}"
    )
