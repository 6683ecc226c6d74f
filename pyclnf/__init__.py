"""Constrained local neural fields: OpenFace's facial landmark detector in Python.

>>> from pyclnf import CLNF, FitSettings                            # doctest: +SKIP
>>> clnf = CLNF()  # the installed model, or a path                 # doctest: +SKIP
>>> clnf.fit(image, bbox=(x, y, width, height)).landmarks           # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "CLNF": "pyclnf.clnf",
    "CacheWarning": "pyclnf.cache",
    "FaceFit": "pyclnf.face_fitter",
    "FitResult": "pyclnf.fitting",
    "FitSettings": "pyclnf.settings",
    "Hypotheses": "pyclnf.hypotheses",
    "ModelFileError": "pyclnf.model.errors",
    "ModelNotFoundError": "pyclnf.store.errors",
    "Observer": "pyclnf.observe",
    "PartFit": "pyclnf.parts",
    "TraceRecorder": "pyclnf.observe",
}
"""Modules of the names above, imported when first asked for: so commands can begin at once."""


if not TYPE_CHECKING:  # which would believe in any name

    def __getattr__(name: str) -> Any:
        """Return a public name's value."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    """Return the names there are, imported or not."""
    return sorted({*globals(), *_HOMES})
