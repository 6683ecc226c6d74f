"""Options that commands share; OpenFace's own names are taken beside ours."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyclnf.backends import AUTO, backend_names
from pyclnf.pose import CameraIntrinsics
from pyclnf.settings import FitSettings

__all__ = [
    "add_backend_argument",
    "add_box_arguments",
    "add_fit_arguments",
    "add_folder_argument",
    "add_model_arguments",
    "add_output_arguments",
    "add_tracking_arguments",
    "camera",
    "fit_settings",
    "join_numbers",
    "multi_view",
]

_NOT_COMPUTED = {
    "-gaze": (0, "gaze"),
    "-aus": (0, "action units"),
    "-au_static": (0, "action units"),
    "-simalign": (0, "aligned faces"),
    "-simscale": (1, "aligned faces"),
    "-simsize": (1, "aligned faces"),
    "-nomask": (0, "aligned faces"),
    "-nobadaligned": (0, "aligned faces"),
    "-g": (0, "aligned faces"),
    "-hogalign": (0, "HOG features"),
    "-fdloc": (1, "Haar face detectors"),
    "-root": (1, "roots of paths"),
    "-inroot": (1, "roots of paths"),
    "-cam_width": (1, "choice of a camera's resolution"),
    "-cam_height": (1, "choice of a camera's resolution"),
    "-verbose": (0, "windows"),
}
"""OpenFace's options for what there is not here: their arguments, and what that is."""


_CAMERA = {
    "fx": "focal length of the camera; default: estimated from the picture's size",
    "fy": "the same, along y; default: fx",
    "cx": "where the camera's axis meets the picture; needed with --fx",
    "cy": "the same, along y",
}


_NEGATIVE_FIRST = re.compile(r"-[\d.][^,]*,")
"""How numbers with commas between them begin, if the first one is negative."""


class _Refuse(argparse.Action):
    """Says that what an option of OpenFace's asks for is not there."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Refuse."""
        parser.error(f"{option_string}: pyclnf has no {self.const}; leave the option out")


def join_numbers(arguments: Sequence[str], *options: str) -> list[str]:
    """Return a command's arguments with numbers joined to their option: ``--bbox=-5,1,99,99``.

    Where they stand apart, argparse takes ``-5,1,99,99`` for an option itself.
    """
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in options and _NEGATIVE_FIRST.match(argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to work with."""
    parser.add_argument(
        *("--model", "-mloc"),
        metavar="MAIN.txt",
        help="manifest of a model, or the name of an installed one; default: general",
    )
    add_backend_argument(parser)
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="the most to use; default: one per processor"
    )


def add_backend_argument(parser: argparse.ArgumentParser) -> None:
    """Add where the work is done."""
    backends = (AUTO, *backend_names())
    parser.add_argument("--backend", default=AUTO, choices=backends, help="default: auto")


def add_folder_argument(parser: argparse._ActionsContainer) -> None:
    """Add where files are written."""
    parser.add_argument(
        *("--out-dir", "-out_dir"),
        type=Path,
        default=Path("processed"),
        metavar="DIR",
        help="default: processed",
    )


def add_box_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where faces are."""
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument(
        "--detector",
        type=Path,
        metavar="MTCNN_detector.txt",
        help="finds the faces; default: the one beside the model, or the installed one",
    )
    boxes.add_argument(
        "--bbox",
        type=_box,
        action="append",
        metavar="X,Y,W,H",
        help="box of a face in px, of every picture; once for each face",
    )
    boxes.add_argument(
        *("--bbox-dir", "-bboxdir"),
        type=Path,
        metavar="DIR",
        help="folder of files STEM.txt with a line 'min_x min_y max_x max_y' for each face",
    )


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how to fit; the defaults are OpenFace's for still pictures."""
    fits = parser.add_argument_group("fitting")
    fits.add_argument(
        "--wild",
        "-wild",
        action="store_true",
        help="OpenFace's in-the-wild setting: larger windows, more iterations",
    )
    fits.add_argument(
        *("--multi-view", "-multi_view"),
        type=int,
        choices=(0, 1),
        help="start from eleven head poses, the likeliest fit wins; default: 0, 1 with --wild",
    )
    fits.add_argument(
        "--sigma", "-sigma", type=float, metavar="S", help="width of the mean shift's kernel"
    )
    fits.add_argument("--reg", "-reg", type=float, metavar="R", help="weight of the shape prior")
    fits.add_argument("--w-reg", "-w_reg", type=float, metavar="W", help="weight of confidences")
    fits.add_argument("--n-iter", "-n_iter", type=int, metavar="N", help="iterations of a phase")
    fits.add_argument(
        "--no-parts",
        dest="parts",
        action="store_false",
        help="do not refine faces by models of the inner face and the eyes",
    )
    fits.add_argument(
        *("--validate", "-validate_detections"),
        type=int,
        choices=(0, 1),
        default=1,
        help="ask the model's validator whether that is a face; default: 1",
    )
    for name, what in _CAMERA.items():
        fits.add_argument(f"--{name}", f"-{name}", type=float, metavar="PX", help=what)
    for option, (n_values, what) in _NOT_COMPUTED.items():
        parser.add_argument(
            option, action=_Refuse, nargs=n_values, const=what, help=argparse.SUPPRESS
        )
    # OpenFace's word for no windows, of which there are none here.
    parser.add_argument("-q", action="store_true", help=argparse.SUPPRESS)


def add_tracking_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how to follow faces."""
    tracking = parser.add_argument_group("tracking")
    tracking.add_argument(
        "--faces", type=_positive, default=1, metavar="N", help="the most to follow; default: 1"
    )
    tracking.add_argument(
        "--template",
        action="store_true",
        help="look for a face's last picture before each fit: for large motions",
    )


def add_output_arguments(parser: argparse.ArgumentParser, *, pts: bool) -> None:
    """Add what to write and where."""
    outputs = parser.add_argument_group("output")
    add_folder_argument(outputs)
    outputs.add_argument(
        *("--out-name", "-of"),
        type=_file_name,
        metavar="NAME",
        help="of the files written, without ending; default: as the input is called",
    )
    outputs.add_argument(
        "--csv", action="store_true", help="a table in OpenFace's columns; the default"
    )
    if pts:
        outputs.add_argument(
            "--pts", action="store_true", help="a file of landmarks for each face, counted from 1"
        )
    outputs.add_argument("--json", action="store_true", help="all that is known of each face")
    outputs.add_argument(
        "--draw", "-tracked", action="store_true", help="faces drawn: .jpg, of a sequence .avi"
    )
    outputs.add_argument(
        "--precision", type=int, metavar="N", help="decimals; default: OpenFace's, 1 to 3"
    )
    _add_column_arguments(parser)


def _add_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which columns a CSV has."""
    columns = parser.add_argument_group("columns of the CSV; without any of these, all of them")
    blocks = {
        "-2Dfp": ("landmarks_2d", "landmarks in the picture, px: x_0 to y_67"),
        "-3Dfp": ("landmarks_3d", "landmarks in the camera's space, mm: X_0 to Z_67"),
        "-pdmparams": ("params", "parameters of the shape: p_scale to p_33"),
        "-pose": ("pose", "head pose, mm and radians: pose_Tx to pose_Rz"),
    }
    for option, (block, what) in blocks.items():
        columns.add_argument(option, action="append_const", const=block, dest="blocks", help=what)


def fit_settings(options: argparse.Namespace, manifest: Path) -> FitSettings:
    """Return the settings asked for, as OpenFace's programs change them for a model.

    Raises
    ------
    ValueError
        Naming the setting, if one is out of range.
    """
    settings = FitSettings.wild() if options.wild else FitSettings()
    given = {
        "sigma": options.sigma,
        "reg_factor": options.reg,
        "weight_factor": options.w_reg,
        "max_iterations": options.n_iter,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return replace(settings, **chosen).for_model(manifest)


def camera(options: argparse.Namespace) -> CameraIntrinsics | None:
    """Return the camera, or None if it is to be estimated from each picture's size.

    Raises
    ------
    ValueError
        If only a part of it is given, or a number cannot be.
    """
    given = {name: getattr(options, name) for name in _CAMERA}
    if all(value is None for value in given.values()):
        return None
    missing = [name for name in ("fx", "cx", "cy") if given[name] is None]
    if missing:
        raise ValueError(f"--{missing[0]}: needed where another number of the camera is given")
    fy = given["fx"] if given["fy"] is None else given["fy"]
    return CameraIntrinsics(given["fx"], fy, given["cx"], given["cy"])


def multi_view(options: argparse.Namespace) -> bool:
    """Tell whether to start from several head poses: as asked, or as the setting has it."""
    return bool(options.wild if options.multi_view is None else options.multi_view)


def _positive(text: str) -> int:
    """Return a positive whole number; argparse tells what is wrong with it."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return int(text)


def _file_name(text: str) -> str:
    """Return a name that files can have; argparse tells what is wrong with it."""
    if Path(text).stem in ("", ".."):
        raise argparse.ArgumentTypeError(f"expected a file's name, got {text!r}")
    return text


def _box(text: str) -> tuple[float, ...]:
    """Return a box; argparse tells what is wrong with it."""
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected X,Y,W,H, four numbers, got {text!r}") from error
    return x, y, width, height
