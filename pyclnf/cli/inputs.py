"""Which pictures or sequence options name."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = [
    "add_picture_arguments",
    "add_sequence_arguments",
    "pictures_of",
    "sequence_of",
    "why_skipped",
]


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add pictures."""
    parser.add_argument("pictures", nargs="*", type=Path, metavar="FILE", help="a picture")
    parser.add_argument("-f", action="append", type=Path, metavar="FILE", help="a picture as well")
    parser.add_argument("-fdir", type=Path, metavar="DIR", help="all pictures of a folder")


def pictures_of(options: argparse.Namespace) -> list[Path]:
    """Return the pictures, in the order in which they were named.

    Raises
    ------
    ValueError
        If there is none.
    """
    from pyclnf.pipeline.pictures import find_pictures

    pictures = [*options.pictures, *(options.f or ())]
    if options.fdir is not None:
        pictures += find_pictures(options.fdir)
    if not pictures:
        raise ValueError("no picture was given: name FILEs, or a folder with -fdir")
    return pictures


def why_skipped(path: Path, error: Exception) -> str:
    """Return what to tell of a picture that cannot be read."""
    if path.is_dir():
        return f"{path}: is a folder, and is skipped; -fdir {path} takes the pictures in it"
    return f"{error}; it is skipped"


def add_sequence_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a sequence."""
    parser.add_argument(
        "source",
        nargs="?",
        metavar="FILE|DIR|CAMERA",
        help="a video, a folder of pictures, or the number of a camera",
    )
    parser.add_argument("-f", metavar="FILE", help="a video")
    parser.add_argument("-fdir", metavar="DIR", help="a folder of pictures")
    parser.add_argument("-device", metavar="N", help="a camera")


def sequence_of(options: argparse.Namespace) -> str:
    """Return the sequence that was named.

    Raises
    ------
    ValueError
        Unless it is exactly one.
    """
    named = [options.source, options.f, options.fdir, options.device]
    given = [str(each) for each in named if each is not None]
    if len(given) != 1:
        raise ValueError(
            f"expected one video, folder or camera, got {' and '.join(given) or 'none'}"
        )
    return given[0]
