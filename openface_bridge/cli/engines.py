"""Arguments that name the engines of an experiment: a model, a backend, and OpenFace or not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from openface_bridge.experiments.engines import Candidate
from openface_bridge.native import is_available, native
from openface_bridge.openface import OpenFace
from openface_bridge.stepwise import Engine
from pyclnf.backends import AUTO, backend_names
from pyclnf.backends.base import Backend
from pyclnf.settings import FitSettings

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["add_engine_arguments", "engines", "openface_model"]


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``, ``--image``, ``--backend`` and ``--reference``."""
    parser.add_argument("--model", type=Path, required=True, metavar="MAIN.txt")
    parser.add_argument("--image", type=Path, required=True, metavar="FILE", help="a picture")
    backends = (AUTO, *backend_names())
    parser.add_argument("--backend", default="numpy", choices=backends, help="default: numpy")
    parser.add_argument(
        "--reference",
        choices=("live", "none"),
        help="the OpenFace that the bridge was compiled against, or pyclnf alone; default: live "
        "where there is a bridge",
    )


def openface_model(options: argparse.Namespace) -> _native.Model | None:
    """Load the model into OpenFace, if that is wanted.

    Raises
    ------
    BridgeUnavailableError
        If it is asked for by name and the bridge was not compiled.
    """
    if options.reference == "none":
        return None
    if options.reference is None and not is_available():
        print("no bridge to OpenFace here: pyclnf alone (cpp/README.md)", file=sys.stderr)
        return None
    model: _native.Model = native().Model(str(options.model))
    return model


def engines(
    backend: Backend,
    model: _native.Model | None,
    image: npt.NDArray[Any],
    settings: FitSettings,
) -> dict[str, Engine]:
    """Return the engines by role: the reference, if there is one, then the candidate."""
    found: dict[str, Engine] = {}
    if model is not None:
        found["reference"] = OpenFace(model, image, settings)
    found["candidate"] = Candidate(backend, image, settings)
    return found
