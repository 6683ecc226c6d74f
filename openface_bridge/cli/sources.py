"""Arguments that say what is compared with what, for every subcommand that compares."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from openface_bridge.cli.faces import FaceSources, embedded_faces, face_sources
from openface_bridge.cli.live import (
    add_model_argument,
    add_start_arguments,
    live_reference,
    refuse_live_arguments,
)
from openface_bridge.fixtures import Embedded, FixtureError, embedded
from openface_bridge.manifests import split_models
from openface_bridge.parity.models import Models
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Reference
from openface_bridge.trace import TraceError
from pyclnf.backends import AUTO, available_backends, backend_names, choose_backend

__all__ = [
    "ALL",
    "Sources",
    "add_source_arguments",
    "sources",
    "sources_of_several",
    "sources_with_faces",
]

ALL = "all"
"""Stands for every available backend."""

_NOTHING_TO_COMPARE = """\
nothing to compare: {missing}.
Give --model MAIN.txt (OpenFace's own), --traces DIR (recorded fits) and --images DIR (pictures)."""


def add_source_arguments(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the reference's and the candidate's arguments; of several candidates if they may be."""
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
    backends = (AUTO, *backend_names())
    if several:
        parser.add_argument(
            "--backend",
            action="append",
            choices=(*backends, ALL),
            help="once for each to compare, or all for every available one; default: numpy",
        )
    else:
        parser.add_argument("--backend", default="numpy", choices=backends, help="default: numpy")


Sources = tuple[Reference, Models, Path]
"""The reference, the candidate's models and the folder of pictures."""

SourcesOfSeveral = tuple[Reference, list[Models], Path]
"""The same with the models of every candidate."""


def sources(options: argparse.Namespace) -> Sources:
    """Return what is compared with what.

    Where nothing is given, in a clone, those are the embedded ones.

    Raises
    ------
    TraceError
        If something is missing.
    """
    _take_embedded(options)
    return _of_one(_sources(options, [options.backend]))


def sources_with_faces(options: argparse.Namespace) -> tuple[Sources, FaceSources | None]:
    """Return what is compared with what, and whole faces, if there are any and they are wanted."""
    found, faces = _with_faces(options, [options.backend])
    return _of_one(found), faces


def sources_of_several(
    options: argparse.Namespace,
) -> tuple[SourcesOfSeveral, FaceSources | None]:
    """Return the same with the models of every candidate, in the order of their names."""
    named = options.backend or ["numpy"]
    chosen = [choose_backend(name) for name in named if name != ALL]
    return _with_faces(options, dict.fromkeys(available_backends() if ALL in named else chosen))


def _with_faces(
    options: argparse.Namespace, backends: Iterable[str]
) -> tuple[SourcesOfSeveral, FaceSources | None]:
    """Return what options name, and whole faces."""
    fixtures = _take_embedded(options)
    found = _sources(options, backends)
    if not options.faces:
        return found, None
    if fixtures is not None:
        return found, embedded_faces(fixtures)
    return found, face_sources(options, found[0])


def _of_one(found: SourcesOfSeveral) -> Sources:
    """Return the sources of a single candidate."""
    reference, [models], pictures = found
    return reference, models, pictures


def _sources(options: argparse.Namespace, backends: Iterable[str]) -> SourcesOfSeveral:
    """Return what options name."""
    missing = _missing(options)
    if missing:
        raise TraceError(_NOTHING_TO_COMPARE.format(missing=" and ".join(missing)))
    models = [Models(name, *split_models(options.model)) for name in backends]
    return _reference(options), models, options.images


def _take_embedded(options: argparse.Namespace) -> Embedded | None:
    """Where nothing is given, compare with what is embedded in a clone, if this is one."""
    if options.reference == "live" or options.model or options.traces or options.images:
        return None
    try:
        fixtures = embedded()
    except FixtureError:
        return None
    options.model = [str(fixtures.model)]
    options.traces, options.images = fixtures.recordings, fixtures.pictures
    return fixtures


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
    refuse_live_arguments(options)
    return Recorded(options.traces)
