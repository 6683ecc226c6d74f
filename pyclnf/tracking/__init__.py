"""Faces from frame to frame: fitted from where they were, detected anew where they are lost."""

from pyclnf.tracking.faces import FaceTracker
from pyclnf.tracking.settings import TrackerSettings
from pyclnf.tracking.tracker import Tracked, Tracker

__all__ = ["FaceTracker", "Tracked", "Tracker", "TrackerSettings"]
