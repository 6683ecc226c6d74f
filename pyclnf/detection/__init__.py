"""Where the faces are."""

from pyclnf.detection.detections import Detections
from pyclnf.detection.settings import CascadeSettings

__all__ = ["CascadeSettings", "Detections"]
