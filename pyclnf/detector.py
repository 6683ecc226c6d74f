"""A model in memory: its point distribution model and its patch experts."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from pyclnf.arithmetic import Arithmetic
from pyclnf.experts.patch_experts import AnyPatchExperts, CCNFExperts
from pyclnf.model import Manifest, ModelFileError, read_ccnf, read_manifest, read_pdm
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
    """

    manifest: Manifest
    pdm: PointDistributionModel
    experts: AnyPatchExperts


def load_detector(manifest_path: str | PathLike[str], arithmetic: Arithmetic) -> Detector:
    """Read the model that a manifest names.

    Parameters
    ----------
    manifest_path : path
        A ``main_*.txt`` file of OpenFace. Parts and validator are not read.
    arithmetic : Arithmetic
        How order-dependent sums are done.

    Raises
    ------
    ModelFileError
        If a file is missing, truncated, corrupt or of a kind this version cannot evaluate.
    """
    manifest = read_manifest(Path(manifest_path))
    files = manifest.detector
    if not files.ccnf:
        raise ModelFileError(
            manifest.path,
            "CCNF patch experts (PatchesCCNF lines in the file it names)",
            "none",
            advice="SVR and CEN experts are not evaluated yet; use a CLNF model",
        )
    pdm = PointDistributionModel(read_pdm(files.pdm), arithmetic)
    scales = [read_ccnf(path) for path in files.ccnf]
    experts = CCNFExperts(scales, files.ccnf, pdm.n_landmarks, arithmetic)
    return Detector(manifest, pdm, experts)
