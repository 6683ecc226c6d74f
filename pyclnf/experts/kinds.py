"""Which of the three kinds of patch experts a model is evaluated with."""

from __future__ import annotations

from pyclnf.arithmetic import Arithmetic
from pyclnf.cache import ArrayCache
from pyclnf.experts.ccnf_experts import CCNFExperts
from pyclnf.experts.cen_experts import CENExperts
from pyclnf.experts.patch_experts import AnyPatchExperts
from pyclnf.experts.svr_experts import SVRExperts
from pyclnf.model import DetectorFiles, read_ccnf, read_cen, read_svr

__all__ = ["read_experts"]


def read_experts(
    files: DetectorFiles,
    n_landmarks: int,
    arithmetic: Arithmetic,
    cache: ArrayCache | None = None,
) -> AnyPatchExperts:
    """Read the patch experts of a detector; of several kinds CEN, else CCNF, as the reference does.

    Raises
    ------
    ModelFileError
        If a file cannot be read, or its experts not be evaluated.
    """
    if files.cen:
        return CENExperts([*map(read_cen, files.cen)], files.cen, n_landmarks, arithmetic)
    if files.ccnf:
        scales = [*map(read_ccnf, files.ccnf)]
        return CCNFExperts(scales, files.ccnf, n_landmarks, arithmetic, cache)
    regressions = [*map(read_svr, files.intensity)]
    return SVRExperts(regressions, files.intensity, n_landmarks, arithmetic)
