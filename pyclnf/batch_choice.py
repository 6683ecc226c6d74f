"""Which backend fits many faces at once: what ``auto`` does where there is a GPU."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from pyclnf.backends import AUTO, choose_backend, create_backend, is_available, is_exact
from pyclnf.backends.base import Backend, FitsFaces
from pyclnf.batches import fit_batch
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.fitting import FitResult
from pyclnf.given_faces import GivenFaces
from pyclnf.settings import FitSettings

__all__ = ["BatchChoice"]

_ON_DEVICE = "cuda"
"""What pictures in a GPU's memory go to, however few they are."""


class BatchChoice:
    """Chooses a backend for batches; safe to share between threads.

    A batch goes to another backend than single faces do if ``auto`` was asked for, and takes that
    one for so many faces (or the pictures lie on a GPU), both promise the same bits, and the
    experts are CCNF. The first face of the first such batch is fitted by both. Should a bit
    differ, or the other one fail, a warning says so, and nothing goes there any more.

    Parameters
    ----------
    asked : str
        The backend's name as the user gave it.
    backend : Backend
        What serves single faces.
    manifest_path : path
    cache : Path, optional
        As for :func:`pyclnf.backends.create_backend`.
    """

    def __init__(
        self,
        asked: str,
        backend: Backend,
        manifest_path: str | PathLike[str],
        cache: Path | None,
    ) -> None:
        self._backend, self._manifest_path, self._cache = backend, manifest_path, cache
        is_ccnf = isinstance(backend.detector.experts, CCNFExperts)
        self._may = asked == AUTO and is_exact(backend.name) and is_ccnf
        self._others: dict[str, Backend] = {}
        self._checked: set[str] = set()
        self._lock = threading.Lock()

    def name(self, count: int, *, on_device: bool = False) -> str:
        """Return the name of the backend for so many faces, on pictures of the device or not."""
        if not self._may:
            return self._backend.name
        if on_device and is_available(_ON_DEVICE):
            return _ON_DEVICE
        chosen = choose_backend(AUTO, count)
        return chosen if is_exact(chosen) else self._backend.name

    def fit(self, faces: GivenFaces, settings: FitSettings, threads: int | None) -> list[FitResult]:
        """Fit many faces on the backend that is chosen; see :meth:`pyclnf.CLNF.fit_many`."""
        name = self.name(len(faces.boxes), on_device=faces.are_on_device)
        other = None if name == self._backend.name else self._other(name)
        if other is None:
            return fit_batch(faces, settings, self._backend, threads)
        found = self._fit_on(other, faces, settings, threads)
        if found is None:
            return fit_batch(_on_host(faces, other), settings, self._backend, threads)
        return found

    def _other(self, name: str) -> Backend | None:
        """Return another backend, made when first needed; None, and never again, if that fails."""
        try:
            with self._lock:
                if name not in self._others:
                    self._others[name] = create_backend(name, self._manifest_path, self._cache)
                return self._others[name]
        except (RuntimeError, MemoryError, OSError, ValueError) as error:  # files may be gone
            self._give_up(f"backend {name!r} cannot be made: {error}")
            return None

    def _fit_on(
        self, other: Backend, faces: GivenFaces, settings: FitSettings, threads: int | None
    ) -> list[FitResult] | None:
        """Fit on another backend; None, and never again, where that fails or differs."""
        try:
            found = fit_batch(faces, settings, other, threads)
        except (RuntimeError, MemoryError, OSError) as error:  # driver, compiler, lack of room
            self._give_up(f"backend {other.name!r} failed: {error}")
            return None
        if other.name in self._checked or self._agrees(faces, settings, other, found):
            return found
        self._give_up(
            f"backend {other.name!r} does not give the bits of {self._backend.name!r} on this "
            f"machine; please report it"
        )
        return None

    def _agrees(
        self, faces: GivenFaces, settings: FitSettings, other: Backend, found: Sequence[FitResult]
    ) -> bool:
        """Compare the first face that was found with what serves single faces."""
        for index, result in enumerate(found):
            if result.success:
                alone = _on_host(faces.only(index), other)
                (expected,) = fit_batch(alone, settings, self._backend, threads=1)
                self._checked.add(other.name)
                return _same_bits(result, expected)
        return True

    def _give_up(self, why: str) -> None:
        """Leave batches to what serves single faces from now on."""
        self._may = False
        kept = self._backend.name
        warnings.warn(f"{why}. Batches stay with {kept!r}", RuntimeWarning, stacklevel=5)


def _on_host(faces: GivenFaces, backend: Backend) -> GivenFaces:
    """Return faces with all pictures on the host, whatever device a backend has."""
    return faces.on_host(backend) if isinstance(backend, FitsFaces) else faces


def _same_bits(one: FitResult, other: FitResult) -> bool:
    """Tell whether two results are equal in every bit."""
    names = ("landmarks", "params_global", "params_local")
    arrays = all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)
    return arrays and (one.likelihood, one.view) == (other.likelihood, other.view)
