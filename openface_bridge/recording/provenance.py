"""Where a recording comes from: what was fitted, with what, by what."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy.typing as npt

from openface_bridge.model_files import files_of_model
from openface_bridge.reference import Case
from openface_bridge.trace import SCHEMA_VERSION
from pyclnf import FitSettings

__all__ = ["Provenance", "sha256_of"]


class Provenance:
    """Makes the provenance of fits in this process; no dates, so equal fits have equal ones.

    Parameters
    ----------
    system : mapping
        What ``_native.system()`` returns.
    """

    def __init__(self, system: Mapping[str, Any]) -> None:
        self._system = system
        self._models: dict[Path, dict[str, str]] = {}

    def of(
        self,
        case: Case,
        settings: FitSettings,
        manifest: Path,
        picture: Path,
        pixels: npt.NDArray[Any],
    ) -> dict[str, Any]:
        """Return the provenance of one fit, as data for JSON."""
        return {
            "schema_version": SCHEMA_VERSION,
            "recorder": f"pyclnf {_own_version()}",
            "face": case.face,
            "setting": case.setting,
            "settings": asdict(settings),
            "image": {
                "name": picture.name,
                "sha256": sha256_of(picture),
                # Decoders of JPEG differ in last bits; this is what was fitted.
                "pixels_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
            },
            "model": {"manifest": manifest.name, "sha256": self._files(manifest)},
            "openface": self._system["openface"],
            "opencv": self._system["opencv"],
            "blas": self._system["blas"],
            "blas_kernel": self._system["blas_kernel"],
            "blas_threads": self._system["blas_threads"],
        }

    def _files(self, manifest: Path) -> dict[str, str]:
        """Return the checksums of a model's files by their names relative to its manifest."""
        if manifest not in self._models:
            folder = manifest.parent
            self._models[manifest] = {
                path.relative_to(folder).as_posix(): sha256_of(path)
                for path in files_of_model(manifest)
            }
        return self._models[manifest]


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _own_version() -> str:
    """Return the installed version."""
    try:
        return version("pyclnf")
    except PackageNotFoundError:
        return "(not installed)"
