"""What made a page: versions, and what is known of the reference."""

from __future__ import annotations

import platform

import numpy as np

from openface_bridge.trace import Trace
from pyclnf import __version__

__all__ = ["candidate_versions", "reference_versions"]


def candidate_versions() -> list[tuple[str, str]]:
    """Return names and versions of what the candidate ran with; nothing of the machine."""
    import cv2

    return [
        ("pyclnf", __version__),
        ("Python", platform.python_version()),
        ("NumPy", np.__version__),
        ("OpenCV", cv2.__version__),
    ]


def reference_versions(trace: Trace) -> list[tuple[str, str]]:
    """Return what a recording says of the reference; nothing if it does not."""
    told = trace.provenance or {}
    named = (
        ("OpenFace", "openface"), ("OpenCV", "opencv"), ("BLAS", "blas"),
        ("BLAS kernel", "blas_kernel"), ("BLAS threads", "blas_threads"),
    )  # fmt: skip
    return [(name, str(told[key])) for name, key in named if key in told]
