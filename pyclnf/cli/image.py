"""``image``: landmarks of the faces in pictures."""

from __future__ import annotations

import argparse
from typing import Any

from pyclnf.cli.arguments import (
    add_box_arguments,
    add_fit_arguments,
    add_model_arguments,
    add_output_arguments,
)
from pyclnf.cli.engines import open_picture_engine
from pyclnf.cli.inputs import add_picture_arguments, pictures_of, why_skipped
from pyclnf.cli.interrupts import stoppable
from pyclnf.cli.progress import progress
from pyclnf.cli.status import Problems
from pyclnf.cli.words import counted

__all__ = ["add_parser"]

_EXAMPLES = """\
examples:
  pyclnf image face.jpg --csv --draw            # processed/face.csv, processed/face.jpg
  pyclnf image -fdir pictures -out_dir results  # a CSV for each picture of a folder
  pyclnf image face.jpg -2Dfp -pose             # landmarks and head pose only"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "image",
        help="landmarks of the faces in pictures",
        description="Find the landmarks of the faces in pictures, and write a CSV or other files\n"
        "for each picture.",
        usage="%(prog)s [options] FILE ...",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_picture_arguments(parser)
    add_box_arguments(parser)
    add_model_arguments(parser)
    add_fit_arguments(parser)
    add_output_arguments(parser, pts=True)
    parser.set_defaults(run=_image)


def _image(options: argparse.Namespace) -> int:
    """Go through the pictures."""
    from pyclnf.cli.outputs import outputs_of, stem_of
    from pyclnf.pipeline.frame import Frame
    from pyclnf.pipeline.pictures import PictureError, read_picture

    pictures = pictures_of(options)
    stems = [stem_of(options, path.stem) for path in pictures]
    problems, done, n_faces = Problems("image"), 0, 0
    engine = open_picture_engine(options, problems.report)
    outputs = outputs_of(options, engine, sequence=False)
    outputs.refuse_overwriting(stems, pictures)
    with stoppable() as stop, progress(len(pictures), "pictures") as tell:
        for index, path in enumerate(stop.until(pictures)):
            tell(index, path.name)
            try:
                frame = Frame(path.stem, read_picture(path))
            except PictureError as error:
                problems.report(why_skipped(path, error))
                continue
            faces = engine.image(frame)
            if not faces and options.bbox_dir is None:
                problems.remark(f"{path}: no face was found")
            for face in faces:
                if not face.was_fitted:
                    problems.report(f"{path}: face {face.face_id}: {face.failure}; it is skipped")
            outputs.write_picture(stems[index], path, frame, faces)
            done, n_faces = done + 1, n_faces + sum(face.was_fitted for face in faces)
    written = f", written to {outputs.folder}" if done else "; nothing was written"
    print(f"{counted(done, 'picture')}, {counted(n_faces, 'face')}{written}")
    return problems.status(interrupted=stop.requested)
