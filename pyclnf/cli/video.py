"""``video``: landmarks of the faces in a video, a folder of frames, or what a camera sees."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pyclnf.cli.arguments import (
    add_box_arguments,
    add_fit_arguments,
    add_model_arguments,
    add_output_arguments,
    add_tracking_arguments,
)
from pyclnf.cli.engines import open_sequence_engine
from pyclnf.cli.inputs import add_sequence_arguments, sequence_of
from pyclnf.cli.interrupts import stoppable
from pyclnf.cli.progress import progress
from pyclnf.cli.status import Problems
from pyclnf.cli.words import counted

__all__ = ["add_parser"]

_EXAMPLES = """\
examples:
  pyclnf video clip.mp4 --csv --draw   # one face: processed/clip.csv, processed/clip.avi
  pyclnf video clip.mp4 --faces 4      # up to four faces, told apart by face_id
  pyclnf video 0                       # what the first camera sees, until Ctrl-C"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand."""
    parser = commands.add_parser(
        "video",
        help="landmarks of the faces in a video, a folder of frames, or what a camera sees",
        description="Follow a face, or several, through a sequence. Ctrl-C ends it after the\n"
        "frame at hand.",
        usage="%(prog)s [options] FILE|DIR|CAMERA",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_sequence_arguments(parser)
    add_box_arguments(parser)
    add_model_arguments(parser)
    add_fit_arguments(parser)
    add_tracking_arguments(parser)
    add_output_arguments(parser, pts=False)
    parser.set_defaults(run=_video)


def _video(options: argparse.Namespace) -> int:
    """Go through the frames."""
    from pyclnf.cli.outputs import outputs_of, stem_of
    from pyclnf.pipeline.frames import open_frames

    source = sequence_of(options)
    problems, done, with_face = Problems("video"), 0, 0
    frames = open_frames(source, problems.report)
    stem = stem_of(options, frames.name)
    engine = open_sequence_engine(options, problems.report)
    outputs = outputs_of(options, engine, sequence=True)
    outputs.refuse_overwriting([stem], [Path(source)])
    with (
        stoppable() as stop,
        outputs.sequence(stem, source, frames.rate) as files,
        progress(frames.total, "frames") as tell,
    ):
        for frame, faces in engine.sequence(stop.until(frames)):
            files.write(frame, faces)
            done += 1
            with_face += any(face.success for face in faces)
            tell(done, frame.name)
    print(
        f"{counted(done, 'frame')}, {with_face} with a face, written to {outputs.folder / stem}.*"
    )
    return problems.status(interrupted=stop.requested)
