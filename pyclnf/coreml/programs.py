"""Response maps by programs, each loaded when first needed."""

from __future__ import annotations

import threading

import numpy as np

from pyclnf.coreml.converter import Converter
from pyclnf.coreml.prediction import Load, Predict
from pyclnf.typing import Float32Array

__all__ = ["Programs"]


class Programs:
    """Response maps of CCNF experts by their programs; safe to share between threads.

    Parameters
    ----------
    converter : Converter
    load : callable
        Makes a saved program ready, as :func:`pyclnf.coreml.prediction.load_program` does.
    """

    def __init__(self, converter: Converter, load: Load) -> None:
        self._converter = converter
        self._load = load
        self._loaded: dict[tuple[int, int, int], Predict] = {}
        self._lock = threading.Lock()

    def response_maps(self, areas: Float32Array, scale: int, view: int) -> Float32Array:
        """Return the response maps of a view's visible landmarks, (v, w, w), of (v, s, s) areas."""
        in_view = self._converter.experts.view(scale, view)
        window_size = areas.shape[-1] - in_view.support + 1
        if not in_view.weights.size:
            return np.zeros((len(areas), window_size, window_size), np.float32)
        return self._program(scale, view, window_size)(areas)

    def prepare(self, scale: int, view: int, window_size: int) -> None:
        """Make and load the program of a view and window size, if it has landmarks."""
        if self._converter.experts.view(scale, view).weights.size:
            self._program(scale, view, window_size)

    def _program(self, scale: int, view: int, window_size: int) -> Predict:
        """Return a loaded program, kept from then on."""
        key = (scale, view, window_size)
        program = self._loaded.get(key)
        if program is None:
            with self._lock:
                program = self._loaded.get(key) or self._load(self._converter.package(*key))
                self._loaded[key] = program
        return program
