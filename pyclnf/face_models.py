"""What a model has beside the face's own: its parts' models and its validator."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from pyclnf import fitting
from pyclnf.arguments import flag
from pyclnf.backends.base import Backend
from pyclnf.face_fitter import FaceFitter
from pyclnf.hypotheses import ROTATIONS
from pyclnf.model import ModelFileError
from pyclnf.observe import FaceObserver, checked_observer
from pyclnf.part_models import PartModel, load_parts
from pyclnf.rotation import Rotation, checked_rotations
from pyclnf.validation import Validator

__all__ = ["FaceModels"]


class FaceModels:
    """A face's model with those that belong to it, which are read when first needed.

    Parameters
    ----------
    backend : Backend
        Holds the face's own model.
    cache : Path, optional
        As for :func:`pyclnf.backends.create_backend`.
    """

    def __init__(self, backend: Backend, cache: Path | None = None) -> None:
        self._backend, self._cache = backend, cache

    def fitter(
        self,
        rotations: Iterable[Rotation] = ROTATIONS,
        *,
        parts: bool,
        validate: bool,
        threads: int | None = 1,
        observer: FaceObserver | None = None,
    ) -> FaceFitter:
        """Return what fits faces with all that belongs to them.

        Parameters and errors are those of :meth:`pyclnf.CLNF.detect`.
        """
        angles, looker = checked_rotations(rotations), checked_observer(observer, FaceObserver)
        models = self._parts if flag("parts", parts) else ()
        validator = self._validator if flag("validate", validate) else None
        return FaceFitter(self._backend, models, validator, angles, threads, looker)

    def prepare(self, *, parts: bool, validate: bool) -> None:
        """Read and prepare what is wanted of parts and validator; raises as :meth:`fitter` does."""
        with_parts, with_validator = flag("parts", parts), flag("validate", validate)
        for part in self._parts if with_parts else ():
            fitting.prepare(part.settings, part.backend)
        if with_validator:
            _ = self._validator

    @cached_property
    def _parts(self) -> tuple[PartModel, ...]:
        """The parts' models."""
        return load_parts(self._backend, self._cache)

    @cached_property
    def _validator(self) -> Validator | None:
        """The model's validator; None if it has none."""
        detector = self._backend.detector
        path, n_landmarks = detector.manifest.validator, detector.pdm.n_landmarks
        if path is None:
            return None
        validator = Validator.load(path, backend=self._backend.name)
        if validator.n_landmarks != n_landmarks:
            expected = f"a validator of the model's {n_landmarks} landmarks"
            raise ModelFileError(path, expected, str(validator.n_landmarks))
        return validator
