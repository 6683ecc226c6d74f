"""Which backend fits many faces at once: what ``auto`` does where there is a GPU."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from pyclnf.backends import AUTO, choose_backend, create_backend, is_available, is_exact
from pyclnf.backends.base import Backend, FitsFaces
from pyclnf.batches import fit_batch, is_single_picture
from pyclnf.experts.patch_experts import CCNFExperts
from pyclnf.fitting import FitResult
from pyclnf.image import is_on_device
from pyclnf.settings import FitSettings
from pyclnf.typing import AnyArray

__all__ = ["BatchChoice"]

_ON_DEVICE = "cuda"
"""What pictures in a GPU's memory go to, however few they are."""


@dataclass(frozen=True, eq=False)
class _Batch:
    """What :meth:`pyclnf.CLNF.fit_many` is given."""

    images: Any
    boxes: Any
    settings: FitSettings
    threads: int | None

    @property
    def lies_on_device(self) -> bool:
        """Whether the picture, or the first of several, lies on a device."""
        if is_single_picture(self.images):
            return is_on_device(self.images)
        return is_on_device(next(iter(self.images), None))

    def only(self, index: int) -> _Batch:
        """Return one of its faces."""
        image = self.images if is_single_picture(self.images) else self.images[index]
        return replace(self, images=[image], boxes=[self.boxes[index]])

    def on_host(self, backend: Backend) -> _Batch:
        """Return it with all pictures on the host; the backend knows how to bring them there."""
        if not isinstance(backend, FitsFaces):
            return self
        if is_single_picture(self.images):
            return replace(self, images=backend.on_host(self.images))
        return replace(self, images=[backend.on_host(image) for image in self.images])

    def fit(self, backend: Backend) -> list[FitResult]:
        """Fit it on a backend."""
        return fit_batch(self.images, self.boxes, self.settings, backend, self.threads)


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

    def fit(
        self,
        images: AnyArray | Sequence[AnyArray],
        boxes: Sequence[Sequence[float] | AnyArray] | AnyArray,
        settings: FitSettings,
        threads: int | None,
    ) -> list[FitResult]:
        """Fit many faces on the backend that is chosen; see :meth:`pyclnf.CLNF.fit_many`."""
        batch = _Batch(images, list(boxes), settings, threads)
        name = self.name(len(batch.boxes), on_device=batch.lies_on_device)
        if name == self._backend.name:
            return batch.fit(self._backend)
        other = self._other(name)
        if other is None:
            return batch.fit(self._backend)
        found = self._fit_on(other, batch)
        return batch.on_host(other).fit(self._backend) if found is None else found

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

    def _fit_on(self, other: Backend, batch: _Batch) -> list[FitResult] | None:
        """Fit on another backend; None, and never again, where that fails or differs."""
        try:
            found = batch.fit(other)
        except (RuntimeError, MemoryError, OSError) as error:  # driver, compiler, lack of room
            self._give_up(f"backend {other.name!r} failed: {error}")
            return None
        if other.name in self._checked or self._agrees(batch, other, found):
            return found
        self._give_up(
            f"backend {other.name!r} does not give the bits of {self._backend.name!r} on this "
            f"machine; please report it"
        )
        return None

    def _agrees(self, batch: _Batch, other: Backend, found: Sequence[FitResult]) -> bool:
        """Compare the first face that was found with what serves single faces."""
        for index, result in enumerate(found):
            if result.success:
                (expected,) = batch.only(index).on_host(other).fit(self._backend)
                self._checked.add(other.name)
                return _same_bits(result, expected)
        return True

    def _give_up(self, why: str) -> None:
        """Leave batches to what serves single faces from now on."""
        self._may = False
        kept = self._backend.name
        warnings.warn(f"{why}. Batches stay with {kept!r}", RuntimeWarning, stacklevel=5)


def _same_bits(one: FitResult, other: FitResult) -> bool:
    """Tell whether two results are equal in every bit."""
    names = ("landmarks", "params_global", "params_local")
    arrays = all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)
    return arrays and (one.likelihood, one.view) == (other.likelihood, other.view)
