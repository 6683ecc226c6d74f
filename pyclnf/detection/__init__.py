"""Where the faces are: OpenFace's detector, any detector of yours, or boxes from a file."""

from pyclnf.detection.box_files import (
    BoxFileError,
    read_box_lines,
    read_box_table,
    read_boxes,
)
from pyclnf.detection.detections import Detections
from pyclnf.detection.face_detector import FaceDetector, find_boxes
from pyclnf.detection.mtcnn import MTCNN
from pyclnf.detection.settings import CascadeSettings

__all__ = [
    "MTCNN",
    "BoxFileError",
    "CascadeSettings",
    "Detections",
    "FaceDetector",
    "find_boxes",
    "read_box_lines",
    "read_box_table",
    "read_boxes",
]
