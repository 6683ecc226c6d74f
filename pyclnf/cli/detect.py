"""``detect``: boxes of the faces in pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pyclnf.cli.arguments import add_backend_argument, add_folder_argument
from pyclnf.cli.engines import open_detector
from pyclnf.cli.inputs import add_picture_arguments, pictures_of, why_skipped
from pyclnf.cli.interrupts import stoppable
from pyclnf.cli.progress import progress
from pyclnf.cli.status import Problems

__all__ = ["add_parser"]

_EXAMPLES = """\
example:
  pyclnf detect face.jpg    # prints X,Y,W,H of each face, as --bbox takes it; processed/face.txt"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "detect",
        help="boxes of the faces in pictures",
        description="Find faces with OpenFace's MTCNN detector, and write a box file for each\n"
        "picture, as --bbox-dir of the other commands reads them.",
        usage="%(prog)s [options] FILE ...",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_picture_arguments(parser)
    parser.add_argument(
        "--detector", type=Path, metavar="MTCNN_detector.txt", help="default: the installed one"
    )
    add_backend_argument(parser)
    add_folder_argument(parser)
    parser.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> int:
    """Go through the pictures."""
    from pyclnf.cli.outputs import make_folder, refuse_clashes
    from pyclnf.formats.boxes import write_boxes
    from pyclnf.pipeline.pictures import PictureError, read_picture

    pictures = pictures_of(options)
    refuse_clashes([path.stem for path in pictures], pictures, options.out_dir)
    detector = open_detector(options.detector, None, options.backend)
    make_folder(options.out_dir)
    problems = Problems("detect")
    with stoppable() as stop, progress(len(pictures), "pictures") as tell:
        for index, path in enumerate(stop.until(pictures)):
            tell(index, path.name)
            try:
                found = detector.detect(read_picture(path))
            except PictureError as error:
                problems.report(why_skipped(path, error))
                continue
            if not len(found.boxes):
                problems.remark(f"{path}: no face was found")
            write_boxes(options.out_dir / f"{path.stem}.txt", found.boxes)
            for box, confidence in zip(found.boxes, found.confidences, strict=True):
                shown = ",".join(f"{value:.3f}" for value in box)
                print(f"{path}: {shown} confidence {confidence:.3f}")
    return problems.status(interrupted=stop.requested)
