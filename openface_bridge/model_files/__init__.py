"""Model files, checked before OpenFace reads them.

OpenFace prints a line and goes on where a file is missing, and reads beyond its memory where one is
damaged. The compiled bridge calls :func:`check_model` and :func:`check_detector` first, always.
"""

from openface_bridge.model_files.detector import check_detector
from openface_bridge.model_files.landmarks import check_model, files_of_model

__all__ = ["check_detector", "check_model", "files_of_model"]
