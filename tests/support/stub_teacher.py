"""A teacher of made-up numbers, for what looks at a few entries and the model's data only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from support.traces import N_LANDMARKS, N_MODES, tiny_entries

from openface_bridge.parity.place import Moment
from openface_bridge.parity.teacher import Teacher
from openface_bridge.trace import Step, Trace
from pyclnf import FitSettings

ITERATIONS = {0: (3, 2), 1: (2, 1)}
AT_SCALE = Moment("scale", 0)
AT_STEP = Moment("iteration", 0, Step(0, False, 1))
AT_NONRIGID = Moment("iteration", 0, Step(0, True, 0))
LIMIT = 6.0
"""Of the one mode."""


class StubTeacher(Teacher):
    """The smallest trace, two landmarks and one mode, with some entries of a test's own.

    Parameters
    ----------
    changes : mapping of str to ndarray
    centers : (v, 3)
        Of the views, radians.
    visible : (2,) bool
    support : int
    settings : FitSettings
    """

    def __init__(
        self,
        changes: dict[str, Any] | None = None,
        *,
        centers: Any = ((0.0, 0.0, 0.0),),
        visible: Any = (True,) * N_LANDMARKS,
        support: int = 3,
        settings: FitSettings | None = None,
        iterations: dict[int, tuple[int, int]] | None = None,
    ) -> None:
        entries = tiny_entries(ITERATIONS if iterations is None else iterations, optional=True)
        arrays = {name: np.asarray(value) for name, value in (changes or {}).items()}
        self.trace = Trace({**entries, **arrays})
        self.settings = FitSettings(max_iterations=3) if settings is None else settings
        view = SimpleNamespace(
            visible=np.array(visible), support=support, confidences=np.ones(len(visible))
        )
        at_scale = SimpleNamespace(centers=np.array(centers, np.float64))
        self.experts = SimpleNamespace(  # type: ignore[assignment]
            view=lambda scale, index: view, scales=[at_scale, at_scale], patch_scales=(0.25, 0.35)
        )
        self.pdm = SimpleNamespace(  # type: ignore[assignment]
            eigenvalues=np.full(N_MODES, (LIMIT / 3) ** 2, np.float32), n_modes=N_MODES
        )
        self._hessians = {}
