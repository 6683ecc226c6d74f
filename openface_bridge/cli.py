"""The command ``python -m openface_bridge``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openface_bridge.parity.run import Comparison, Models, compare_all
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import TraceError
from pyclnf import ModelFileError
from pyclnf.backends import available_backends

__all__ = ["main"]

PASSED, FAILED, UNUSABLE = 0, 1, 2

_NOTHING_TO_COMPARE = """\
parity: nothing to compare: {missing}.
Give --model MAIN.txt (OpenFace's own), --traces DIR (recorded fits) and --images DIR (pictures)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the process's.

    Returns
    -------
    int
        0 if the run passes, 1 if it does not, 2 if it cannot be done.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return _parity(options)
    except (TraceError, ModelFileError, ValueError, OSError) as error:
        print(f"parity: {error}", file=sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    """Describe the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m openface_bridge",
        description="Compare pyclnf with OpenFace, stage by stage.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parity = commands.add_parser(
        "parity",
        help="compare a backend with recorded fits",
        description="Compare a backend with recorded fits of OpenFace, teacher forced and free "
        "running. Exit status: 0 if the run passes, 1 if not, 2 if it cannot be done.",
    )
    parity.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[SETTING=]MAIN.txt",
        help="manifest of the model, for all settings or one; setting 'wild' finds "
        "main_clnf_wild.txt beside it by itself",
    )
    parity.add_argument("--traces", type=Path, metavar="DIR", help="folder of recorded traces")
    parity.add_argument("--images", type=Path, metavar="DIR", help="folder of their pictures")
    backends = ("auto", *available_backends())
    parity.add_argument("--backend", default="numpy", choices=backends, help="default: numpy")
    parity.add_argument("--json", type=Path, metavar="OUT.json", help="write the results as data")
    parity.add_argument("--html", type=Path, metavar="OUT.html", help="write the results as a page")
    return parser


def _parity(options: argparse.Namespace) -> int:
    """Compare, report, and say whether the run passes."""
    missing = _missing(options)
    if missing:
        print(_NOTHING_TO_COMPARE.format(missing=" and ".join(missing)), file=sys.stderr)
        return UNUSABLE
    if options.html is not None:
        _require_report_packages()
    default, by_setting = _models(options.model)
    models = Models(options.backend, default, by_setting)
    reference = Recorded(options.traces)
    fits, views = [], []
    for comparison in compare_all(reference, models, options.images, _show_progress):
        fits.append(fit_summary(comparison))
        print(_line(comparison))
        if options.html is not None:
            from openface_bridge.report.page import view_fit

            views.append(view_fit(comparison))
    run = run_summary(fits, backend=options.backend, model=default, reference=reference.description)
    _write(options, run, views)
    return PASSED if run["summary"]["passed"] else FAILED


def _missing(options: argparse.Namespace) -> list[str]:
    """Name the inputs that were not given."""
    given = {
        "no model": options.model,
        "no recorded traces": options.traces,
        "no pictures": options.images,
    }
    return [name for name, value in given.items() if not value]


def _models(arguments: Sequence[str]) -> tuple[Path | None, dict[str, Path]]:
    """Split the models given into the default and those of one setting."""
    default: Path | None = None
    by_setting: dict[str, Path] = {}
    for argument in arguments:
        setting, equals, path = argument.partition("=")
        if equals and "/" not in setting and "\\" not in setting:
            by_setting[setting] = Path(path)
        else:
            default = Path(argument)
    return default, by_setting


def _require_report_packages() -> None:
    """Raise a ValueError that says how to get what a page needs, if it is not there."""
    absent = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if absent:
        raise ValueError(
            f"--html needs {' and '.join(absent)}: pip install 'pyclnf[report]' installs what a "
            f"page needs"
        )


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


def _show_progress(done: int, total: int, case: Case) -> None:
    """Show on a terminal which fit is being compared."""
    if sys.stderr.isatty():
        print(f"\r{done + 1}/{total} {case.face} {case.setting} …\033[K\r", end="", file=sys.stderr)
