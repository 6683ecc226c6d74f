"""From fits to what formats write."""

from __future__ import annotations

import numpy as np

from pyclnf.clnf import CLNF
from pyclnf.face_fitter import FaceFit
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame
from pyclnf.pose import CameraIntrinsics
from pyclnf.typing import Float32Array

__all__ = ["Describe", "unfound_face"]


class Describe:
    """Tells all that is known of a fitted face.

    Parameters
    ----------
    clnf : CLNF
        That has fitted it.
    camera : CameraIntrinsics, optional
        What OpenFace assumes of a frame's size if not given.
    """

    def __init__(self, clnf: CLNF, camera: CameraIntrinsics | None = None) -> None:
        self._clnf, self._camera = clnf, camera

    def __call__(
        self, frame: Frame, face_id: int, box: Float32Array, fit: FaceFit, *, success: bool
    ) -> FaceResult:
        """Return what is known of one face."""
        height, width = frame.pixels.shape[:2]
        camera = self._camera or CameraIntrinsics.estimated(width, height)
        pose = self._clnf.head_pose(fit, camera)
        return FaceResult(
            face_id=face_id,
            box=box,
            success=success,
            landmarks=fit.landmarks,
            params_global=fit.params_global,
            params_local=fit.params_local,
            likelihood=fit.likelihood,
            view=fit.view,
            failure=fit.failure,
            confidence=fit.certainty,
            landmarks_3d=self._clnf.landmarks_3d(fit, camera),
            pose=np.concatenate((pose.translation, pose.rotation)),
            parts={name: part.landmarks for name, part in fit.parts.items() if part.fitted},
        )


def unfound_face(clnf: CLNF, face_id: int, box: Float32Array | None, failure: str) -> FaceResult:
    """Return a face of which nothing is known: NaN, and why."""
    nowhere = np.full(4, np.nan, np.float32)
    return FaceResult(
        face_id=face_id,
        box=nowhere if box is None else box,
        success=False,
        landmarks=np.full((clnf.n_landmarks, 2), np.nan, np.float32),
        params_global=np.full(6, np.nan, np.float32),
        params_local=np.full(clnf.n_modes, np.nan, np.float32),
        likelihood=float("nan"),
        view=0,
        failure=failure,
        confidence=0.0,
    )
