"""Which engine does the work that options ask for: model, detector and choices put together."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyclnf.cli.arguments import camera, fit_settings, multi_view
from pyclnf.store.folders import FACE_DETECTOR, face_detector_path, is_name

if TYPE_CHECKING:
    from pyclnf.clnf import CLNF
    from pyclnf.detection import MTCNN
    from pyclnf.pipeline.engine import Choices, Engine, FindBoxes, PictureEngine

__all__ = ["open_detector", "open_picture_engine", "open_sequence_engine"]

Report = Callable[[str], None]


def open_picture_engine(options: argparse.Namespace, report: Report) -> PictureEngine:
    """Load what finds the faces of pictures.

    Parameters
    ----------
    options : Namespace
    report : callable
        Told of each picture whose boxes cannot be read.

    Raises
    ------
    ValueError
        If a setting is out of range.
    RuntimeError
        If there is no model, or nothing that finds faces.
    """
    from pyclnf.pipeline.engine import PictureEngine

    clnf, find_boxes, choices = _opened(options, report)
    return PictureEngine(clnf, find_boxes, choices, threads=options.threads)


def open_sequence_engine(options: argparse.Namespace, report: Report) -> Engine:
    """Load what finds the faces of sequences; parameters and errors as above."""
    from pyclnf.pipeline.tracking import TrackingEngine

    clnf, find_boxes, choices = _opened(options, report)
    return TrackingEngine(
        clnf,
        find_boxes,
        choices,
        template=options.template,
        most=options.faces,
        threads=options.threads,
        report=report,
    )


def open_detector(path: Path | None, model: str | None, backend: str) -> MTCNN:
    """Load a face detector: the one named, the one beside a model, or the installed one.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    from pyclnf.detection import MTCNN

    found = path or _beside(model) or face_detector_path()
    if found is None:
        raise RuntimeError(
            "no face detector is installed: 'pyclnf model install' and 'pyclnf model download' "
            "bring OpenFace's; or give one with --detector, or the faces' boxes with --bbox "
            "X,Y,W,H or --bbox-dir DIR"
        )
    return MTCNN(found, backend=backend)


def _opened(options: argparse.Namespace, report: Report) -> tuple[CLNF, FindBoxes, Choices]:
    """Return the model, what finds faces, and how to fit them."""
    from pyclnf.clnf import CLNF
    from pyclnf.pipeline.engine import Choices

    clnf = CLNF(options.model, backend=options.backend)
    choices = Choices(
        settings=fit_settings(options, clnf.manifest),
        multi_view=multi_view(options),
        parts=options.parts,
        validate=bool(options.validate),
        camera=camera(options),
    )
    return clnf, _find_boxes(options, report), choices


def _beside(model: str | None) -> Path | None:
    """Return the detector that lies beside a model's manifest, as in OpenFace's folder."""
    if model is None or is_name(model):
        return None
    path = Path(model).parent / FACE_DETECTOR
    return path if path.is_file() else None


def _find_boxes(options: argparse.Namespace, report: Callable[[str], None]) -> FindBoxes:
    """Return what tells where faces are."""
    from pyclnf.pipeline.boxes import boxes_of_folder, same_boxes

    if options.bbox:
        return same_boxes(options.bbox)
    if options.bbox_dir is not None:
        if not options.bbox_dir.is_dir():
            raise ValueError(f"--bbox-dir: {options.bbox_dir} is no folder")
        return boxes_of_folder(options.bbox_dir, report)
    detector = open_detector(options.detector, options.model, options.backend)
    return lambda frame: detector.detect(frame.pixels).boxes
