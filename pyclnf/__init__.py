"""Constrained local neural fields: OpenFace's facial landmark detector in Python.

>>> from pyclnf import CLNF, FitSettings                            # doctest: +SKIP
>>> clnf = CLNF()  # the installed model, or a path                 # doctest: +SKIP
>>> clnf.fit(image, bbox=(x, y, width, height)).landmarks           # doctest: +SKIP
"""

from pyclnf.cache import CacheWarning
from pyclnf.clnf import CLNF
from pyclnf.face_fitter import FaceFit
from pyclnf.fitting import FitResult
from pyclnf.hypotheses import Hypotheses
from pyclnf.model.errors import ModelFileError
from pyclnf.observe import Observer, TraceRecorder
from pyclnf.parts import PartFit
from pyclnf.settings import FitSettings
from pyclnf.store.errors import ModelNotFoundError

__version__ = "0.1.0"

__all__ = [
    "CLNF",
    "CacheWarning",
    "FaceFit",
    "FitResult",
    "FitSettings",
    "Hypotheses",
    "ModelFileError",
    "ModelNotFoundError",
    "Observer",
    "PartFit",
    "TraceRecorder",
    "__version__",
]
