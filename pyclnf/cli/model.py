"""``model``: models on this machine."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyclnf.cli.progress import progress
from pyclnf.cli.status import DONE, SKIPPED
from pyclnf.cli.words import counted
from pyclnf.store.folders import (
    FACE_DETECTOR,
    SET,
    face_detector_path,
    installed_models,
    model_path,
    models_folder,
)

if TYPE_CHECKING:
    from pyclnf.store.inspection import FileReport, ModelReport

__all__ = ["add_parser"]

_ACCEPT = "--accept-licence"


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Describe the subcommand and its own."""
    parser = commands.add_parser(
        "model",
        help="models on this machine: list, check, install, download",
        description="OpenFace's models belong to OpenFace, are for academic and non-commercial "
        "use only, and are no part of pyclnf; these commands put your copy where pyclnf looks.",
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    listing = actions.add_parser("list", help="which models are installed, and where")
    listing.set_defaults(run=_list)
    _add_check(actions)
    _add_install(actions)
    _add_download(actions)
    _add_convert(actions)


def _add_check(actions: argparse._SubParsersAction[Any]) -> None:
    """Describe ``model check``."""
    check = actions.add_parser("check", help="read every file of models")
    check.add_argument(
        "models", nargs="*", metavar="MAIN.txt", help="or names; default: all installed ones"
    )
    _add_manifest(check)
    check.set_defaults(run=_check)


def _add_install(actions: argparse._SubParsersAction[Any]) -> None:
    """Describe ``model install``."""
    install = actions.add_parser("install", help="copy the models of an OpenFace that you have")
    install.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="OPENFACE_DIR",
        help="its sources, a build, an installation, or its folder 'model'",
    )
    install.add_argument("--replace", action="store_true", help="replace what is installed")
    _add_manifest(install)
    install.set_defaults(run=_install)


def _add_download(actions: argparse._SubParsersAction[Any]) -> None:
    """Describe ``model download``."""
    download = actions.add_parser("download", help="fetch OpenFace's own files")
    download.add_argument(
        *(_ACCEPT, "--accept-license"),
        action="store_true",
        help="you have read OpenFace's licence and accept it; without, you are asked",
    )
    download.add_argument("--replace", action="store_true", help="replace what is installed")
    download.add_argument(
        "--base-url", metavar="URL", help="the top of OpenFace's sources at another address"
    )
    _add_manifest(download)
    download.set_defaults(run=_download)


def _add_convert(actions: argparse._SubParsersAction[Any]) -> None:
    """Describe ``model convert``."""
    convert = actions.add_parser(
        "convert",
        help="make Core ML programs of a model, on any machine, for a Mac",
        description="Makes the programs of all views of a model and its parts. On a Mac, "
        "CLNF(MAIN.txt, backend='coreml', cache=FOLDER) takes them from there. They contain the "
        "model's numbers and are under its licence.",
    )
    convert.add_argument(
        "model", nargs="?", metavar="MAIN.txt", help="or a name; default: the installed 'general'"
    )
    convert.add_argument(
        "--coreml",
        dest="folder",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where they go; a cache folder",
    )
    convert.add_argument(
        "--precision",
        choices=("float16", "float32"),
        default="float16",
        help="float16, the default, for backend coreml; float32 for coreml-float32",
    )
    convert.add_argument(
        "--wild", "-wild", action="store_true", help="for the in-the-wild setting's windows"
    )
    convert.set_defaults(run=_convert)


def _add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add which files are official."""
    parser.add_argument(
        "--manifest",
        type=Path,
        metavar="FILES.json",
        help="another list of official files, in the form of pyclnf/store/openface.json",
    )


def _list(options: argparse.Namespace) -> int:
    """List installed models."""
    for name, path in installed_models().items():
        print(f"{name}: {path}")
    detector = face_detector_path()
    if detector is not None:
        print(f"face detector: {detector}")
    if not installed_models():
        print(
            f"none in {models_folder()}; 'pyclnf model install --from OPENFACE_DIR' copies them, "
            f"'pyclnf model download' fetches them"
        )
    return DONE


def _check(options: argparse.Namespace) -> int:
    """Read every file, and say what each is."""
    from pyclnf.store.inspection import inspect_face_detector, inspect_model
    from pyclnf.store.official import official_files

    official = official_files(options.manifest)
    given = options.models or [*installed_models()] or [None]
    models = [inspect_model(model_path(name), official) for name in given]
    detector: tuple[FileReport, ...] = ()
    if not options.models:
        detector = inspect_face_detector(models_folder() / SET / FACE_DETECTOR.parent, official)
    for model in models:
        _print_model(model)
    _print_files(detector)
    bad = not all(model.usable for model in models) or any(file.problem for file in detector)
    return SKIPPED if bad else DONE


def _install(options: argparse.Namespace) -> int:
    """Copy models."""
    from pyclnf.store.install import install_models
    from pyclnf.store.official import official_files

    official = official_files(options.manifest)
    installed = install_models(options.source, official, replace=options.replace)
    for model in installed.models:
        _print_summary(model.manifest.name, model.files)
    if installed.detector:
        _print_summary(installed.detector[0].path.name, installed.detector)
    for model in installed.left_out:
        print(f"left out: {model.problem}", file=sys.stderr)
    print(f"installed in {installed.folder}; 'pyclnf model check' lists every file")
    expected = {file.path.name for file in official.files}
    missed = any(model.manifest.name in expected for model in installed.left_out)
    return SKIPPED if missed else DONE


def _download(options: argparse.Namespace) -> int:
    """Fetch models."""
    from pyclnf.store.download import download_models
    from pyclnf.store.official import official_files

    official = official_files(options.manifest)
    if options.base_url is not None:
        official = official.at(options.base_url)

    def agree(licence: str) -> bool:
        print(licence)
        print(f"The files of this licence, {official.size / 1e6:.0f} MB: {official.base_url}")
        return options.accept_licence or _says_yes()

    with progress(official.size // 1000, "kB") as tell:
        folder, _ = download_models(
            official,
            agree,
            replace=options.replace,
            progress=lambda name, done: tell(done // 1000, name),
        )
    print(f"installed in {folder}")
    return DONE


def _convert(options: argparse.Namespace) -> int:
    """Make Core ML programs."""
    from pyclnf.coreml.conversion import convert_model
    from pyclnf.coreml.precision import PRECISIONS
    from pyclnf.settings import FitSettings

    manifest = model_path(options.model)
    with progress(None, "programs") as tell:
        packages = convert_model(
            manifest,
            options.folder,
            settings=FitSettings.wild() if options.wild else None,
            precision=PRECISIONS[options.precision],
            progress=lambda done, total: tell(done, f"of {total}"),
        )
    print(f"{len(packages)} programs of {manifest} in {options.folder}")
    return DONE


def _says_yes() -> bool:
    """Ask whether the licence is accepted."""
    if not sys.stdin.isatty():
        print(f"not asked, because nobody is at a terminal; {_ACCEPT} accepts", file=sys.stderr)
        return False
    try:
        answer = input("Do you accept this licence? Type 'yes' to accept: ")
    except EOFError:  # Ctrl-D
        return False
    return answer.strip().lower() == "yes"


def _print_model(model: ModelReport) -> None:
    """Print what is known about a model."""
    print(f"{model.manifest}: {'usable' if model.usable else 'NOT USABLE'}")
    if model.problem:
        print(f"  {model.problem}")
    _print_files(model.files)


def _print_summary(name: str, files: Sequence[FileReport]) -> None:
    """Print how many files of a model are of which kind of soundness."""
    verdicts = Counter(file.verdict for file in files)
    told = "; ".join(f"{counted(n, 'file')}: {verdict}" for verdict, n in verdicts.items())
    print(f"{name}: usable; {told}")


def _print_files(files: Iterable[FileReport]) -> None:
    """Print what is known about files."""
    for file in files:
        sum_shown = file.sha256[:12] or "-"
        print(f"  {file.path.name}: {file.kind}, {file.size} bytes, {sum_shown}, {file.verdict}")
