"""Arguments that describe a live reference, for every subcommand that takes one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from openface_bridge.live import Live
from openface_bridge.manifests import Manifests, split_models
from openface_bridge.pictures import find_pictures
from openface_bridge.recording.boxes import detect_starts, read_starts
from openface_bridge.recording.kernels import KERNELS
from openface_bridge.trace import TraceError

__all__ = [
    "BESIDE_MODEL",
    "add_model_argument",
    "add_start_arguments",
    "live_reference",
    "refuse_live_arguments",
]

BESIDE_MODEL = Path("mtcnn_detector", "MTCNN_detector.txt")
"""Where OpenFace has its face detector, from the model's folder."""


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[SETTING=]MAIN.txt",
        help="manifest of the model, for all settings or one; setting 'wild' finds "
        "main_clnf_wild.txt beside it by itself",
    )


def add_start_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says where live fits start, and how."""
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE",
        help='JSON: {"FACE": [x, y, width, height], …} in px, FACE being the stem of the '
        'picture\'s name; or {"FACE": {"box": […], "rotation": [rx, ry, rz]}, …} for fits '
        "that start from a head pose, Euler angles in radians",
    )
    boxes.add_argument(
        "--detect",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="DETECTOR.txt",
        help="find the faces with OpenFace's MTCNN detector, with whole faces compared as well; "
        "by default the one in mtcnn_detector/ beside the model",
    )
    parser.add_argument(
        "--settings",
        metavar="NAME,NAME,…",
        help="of default, weighted, wild, ceclm, ceclm-wild; default: default",
    )
    parser.add_argument(
        "--kernels",
        metavar="NAME,NAME,…",
        help="BLAS kernels that the noise floor takes in; those that this processor cannot run "
        f"are left out; default: {','.join(KERNELS)}",
    )


def live_reference(
    options: argparse.Namespace, places: Sequence[Path], *, hessians: bool = False
) -> Live:
    """Make the reference that options describe, with all pictures in some places.

    Raises
    ------
    TraceError
        If there are no pictures or no boxes.
    ValueError
        If there is no setting, or no kernel, of some name.
    """
    pictures = find_pictures(places)
    if not pictures:
        raise TraceError(f"no pictures in {', '.join(map(str, places)) or 'nothing'}")
    default, by_setting = split_models(options.model)
    if options.boxes is not None:
        starts = read_starts(options.boxes)
    elif options.detect is not None:
        starts = detect_starts(_detector(options.detect, default), pictures)
    else:
        raise TraceError("where are the faces? --boxes FILE or --detect")
    if not starts:
        raise TraceError("no face has a box")
    return Live(
        Manifests(default, by_setting),
        pictures,
        starts,
        ("default",) if options.settings is None else _names(options.settings),
        hessians=hessians,
        kernels=KERNELS if options.kernels is None else _names(options.kernels),
    )


def refuse_live_arguments(options: argparse.Namespace) -> None:
    """Raise a ValueError if options say where fits start though none is live: recorded ones know.

    Left alone they would mislead: whoever names a setting expects no fit of another one.
    """
    for name in ("boxes", "detect", "settings", "kernels"):
        if getattr(options, name) is not None:
            raise ValueError(
                f"--{name} is for --reference live; recorded fits have their own boxes and settings"
            )


def _detector(given: Path, model: Path | None) -> Path:
    """Return the detector's manifest."""
    if given != Path():
        return given
    if model is None:
        raise TraceError("--detect needs a file, or a --model to find it beside")
    return model.parent / BESIDE_MODEL


def _names(joined: str) -> list[str]:
    """Split a list of names."""
    return [name.strip() for name in joined.split(",") if name.strip()]
