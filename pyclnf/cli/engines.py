"""Which engine does the work that options ask for.

This is the one place that knows what there is: detectors, parts, validation, pose and tracking
are put together here.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pyclnf.cli.arguments import fit_settings, multi_view
from pyclnf.pipeline.engine import Engine, FindBoxes
from pyclnf.store.folders import face_detector_path

__all__ = ["open_detector", "open_engine"]


def open_engine(options: argparse.Namespace, report: Callable[[str], None]) -> Engine:
    """Load the model and what finds faces.

    Parameters
    ----------
    options : argparse.Namespace
    report : callable
        Told of boxes that cannot be read, as the engine comes to them.

    Raises
    ------
    ValueError
        If a setting is out of range.
    RuntimeError
        If there is no model, or nothing that finds faces.
    """
    from pyclnf.clnf import CLNF
    from pyclnf.pipeline.engine import PictureEngine

    settings = fit_settings(options)
    find_boxes = _find_boxes(options, report)
    clnf = CLNF(options.model, backend=options.backend)
    return PictureEngine(
        clnf, find_boxes, settings, multi_view=multi_view(options), threads=options.threads
    )


def open_detector(path: Path | None, backend: str) -> Any:
    """Load a face detector: an object whose ``detect(picture)`` returns ``boxes`` and more.

    Raises
    ------
    RuntimeError
        If this version has none, or its files are not installed.
    """
    if find_spec("pyclnf.detection") is None:
        raise RuntimeError(
            "this version of pyclnf has no face detector; give the faces' boxes, with --bbox "
            "X,Y,W,H or --bbox-dir DIR"
        )
    found = face_detector_path() if path is None else path
    if found is None:
        raise RuntimeError(
            "no face detector is installed: 'pyclnf model install' and 'pyclnf model download' "
            "bring OpenFace's; or give the faces' boxes, with --bbox X,Y,W,H or --bbox-dir DIR"
        )
    return importlib.import_module("pyclnf.detection").MTCNN(found, backend=backend)


def _find_boxes(options: argparse.Namespace, report: Callable[[str], None]) -> FindBoxes:
    """Return what tells where faces are."""
    from pyclnf.pipeline.boxes import boxes_of_folder, same_boxes

    if options.bbox:
        return same_boxes(options.bbox)
    if options.bbox_dir is not None:
        if not options.bbox_dir.is_dir():
            raise ValueError(f"--bbox-dir: {options.bbox_dir} is no folder")
        return boxes_of_folder(options.bbox_dir, report)
    detector = open_detector(None, options.backend)
    return lambda frame: detector.detect(frame.pixels).boxes
