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
from pyclnf.cli.inputs import add_picture_arguments, pictures_of
from pyclnf.cli.interrupts import stoppable
from pyclnf.cli.progress import progress
from pyclnf.cli.status import Problems
from pyclnf.cli.words import counted

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "image",
        help="landmarks of the faces in pictures",
        description="Find the landmarks of the faces in pictures, and write a CSV or other files "
        "for each picture.",
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
                problems.report(f"{error}; it is skipped")
                continue
            faces = engine.image(frame)
            for face in faces:
                if not face.was_fitted:
                    problems.report(f"{path}: face {face.face_id}: {face.failure}; it is skipped")
            outputs.write_picture(stems[index], path, frame, faces)
            done, n_faces = done + 1, n_faces + sum(face.was_fitted for face in faces)
    print(f"{counted(done, 'picture')}, {counted(n_faces, 'face')}: {outputs.folder}")
    return problems.status(interrupted=stop.requested)
