"""A model in memory: its point distribution model and its patch experts."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from pyclnf.arithmetic import Arithmetic
from pyclnf.cache import ArrayCache
from pyclnf.experts.kinds import read_experts
from pyclnf.experts.patch_experts import AnyPatchExperts
from pyclnf.model import (
    EarlyTermination,
    Manifest,
    read_early_termination,
    read_manifest,
    read_pdm,
)
from pyclnf.pdm import PointDistributionModel

__all__ = ["Detector", "load_detector"]


@dataclass(frozen=True, eq=False)
class Detector:
    """A landmark detector as its files describe it.

    Attributes
    ----------
    manifest : Manifest
    pdm : PointDistributionModel
    experts : PatchExperts
        Of the kind that the model has.
    early_termination : EarlyTermination or None
        When a search over several head poses may end, where the model tells.
    """

    manifest: Manifest
    pdm: PointDistributionModel
    experts: AnyPatchExperts
    early_termination: EarlyTermination | None = None


def load_detector(
    manifest_path: str | PathLike[str], arithmetic: Arithmetic, cache: ArrayCache | None = None
) -> Detector:
    """Read the model that a manifest names.

    Parameters
    ----------
    manifest_path : path
        A ``main_*.txt`` file of OpenFace. Parts and validator are not read.
    arithmetic : Arithmetic
        How order-dependent sums are done.
    cache : ArrayCache, optional
        Keeps what preparing the experts costs on disk.

    Raises
    ------
    ModelFileError
        If a file is missing, truncated, corrupt, or holds experts that cannot be evaluated.
    """
    manifest = read_manifest(Path(manifest_path))
    files = manifest.detector
    pdm = PointDistributionModel(read_pdm(files.pdm), arithmetic)
    experts = read_experts(files, pdm.n_landmarks, arithmetic, cache)
    early_termination = None
    if files.early_termination is not None:
        n_views = len(experts.scales[0].centers)
        early_termination = read_early_termination(files.early_termination, n_views)
    return Detector(manifest, pdm, experts, early_termination)
