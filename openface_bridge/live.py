"""OpenFace itself as the reference: every trace is fitted when it is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from openface_bridge.manifests import Manifests
from openface_bridge.native import native
from openface_bridge.openface import native_settings
from openface_bridge.pictures import read_picture
from openface_bridge.recording.kernels import KernelFits, check_kernels
from openface_bridge.recording.provenance import Provenance
from openface_bridge.reference import Case
from openface_bridge.starts import Start
from openface_bridge.stepping import Kept, stepped_fit
from openface_bridge.trace import PROVENANCE, Trace, TraceError
from pyclnf import FitSettings
from pyclnf.image import check_box

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["N_MOVES", "Live"]

Array = npt.NDArray[Any]

N_MOVES = 16
"""How many one-ulp moves of its box measure a fit's noise floor."""


class Live:
    """Fits by the OpenFace that the bridge was compiled against.

    Parameters
    ----------
    manifests : Manifests
    pictures : mapping of str to Path
        By face, the stem of the file's name.
    starts : mapping of str to Start
        Boxes and head poses, by face.
    settings : sequence of str
        Names that :meth:`pyclnf.FitSettings.named` knows.
    hessians : bool
        Keep the left-hand sides of each iteration's normal equations.
    kernels : sequence of str
        BLAS kernels to rerun a fit with for its noise floor.

    Attributes
    ----------
    pictures, starts : dict

    Raises
    ------
    BridgeUnavailableError
        If the bridge was not compiled.
    TraceError
        If a face has no picture.
    ValueError
        If there is no setting, or no kernel, of some name.
    """

    def __init__(
        self,
        manifests: Manifests,
        pictures: Mapping[str, Path],
        starts: Mapping[str, Start],
        settings: Sequence[str] = ("default",),
        *,
        hessians: bool = False,
        kernels: Sequence[str] = (),
    ) -> None:
        check_kernels(kernels)
        self._native = native()
        for face in starts:
            if face not in pictures:
                raise TraceError(f"face {face!r} has a box but no picture")
        self._manifests = manifests
        self.pictures = dict(pictures)
        self.starts = dict(starts)
        self._settings = {name: FitSettings.named(name) for name in settings}
        self._hessians = hessians
        self._kernels = tuple(kernels)
        self._models: dict[Path, _native.Model] = {}
        self._provenance = Provenance(self._native.system())

    @property
    def description(self) -> str:
        """Versions of what computes."""
        system = self._native.system()
        return (
            f"OpenFace {system['openface']} live, OpenCV {system['opencv']}, "
            f"OpenBLAS kernel {system['blas_kernel']}"
        )

    def cases(self) -> Sequence[Case]:
        """Return the fits there can be, by face and setting."""
        return sorted(Case(face, setting) for face in self.starts for setting in self._settings)

    def trace(self, case: Case, *, lean: bool = False) -> Trace:
        """Fit a face stepwise and plainly; see :func:`openface_bridge.stepping.stepped_fit`.

        Parameters
        ----------
        case : Case
        lean : bool
            Leave out the largest arrays, see :class:`openface_bridge.stepping.Kept`.
        """
        settings, image = self._settings[case.setting], self._image(case)
        trace = stepped_fit(
            self._model(case),
            image,
            self.starts[case.face],
            settings,
            keep=Kept(lean=lean, hessians=self._hessians),
            source=f"live fit of {case.face}, setting {case.setting}",
        )
        told = self._provenance.of(
            case, settings, self._manifest(case), self.pictures[case.face], image
        )
        entries = {**trace.entries, PROVENANCE: np.array(json.dumps(told, sort_keys=True))}
        return Trace(entries, trace.source)

    def rerun_landmarks(self, case: Case) -> Array | None:
        """Fit again with the box moved by one ulp, and with other BLAS kernels: (k, n, 2) px."""
        by_kernel = self.kernel_landmarks([case])
        others = [landmarks[case] for landmarks in by_kernel.values() if case in landmarks]
        return np.concatenate([self.moved_landmarks(case), *(each[None] for each in others)])

    def moved_landmarks(self, case: Case) -> Array:
        """Return landmarks of plain fits from boxes one unit in the last place away.

        Returns
        -------
        (16, n, 2) float32
            The same moves every time, drawn from the names of face and setting.
        """
        image, model = self._image(case), self._model(case)
        settings = native_settings(self._settings[case.setting])
        start = self.starts[case.face]
        boxes = moved_boxes(check_box(start.box, image.shape), case)
        fits = [model.fit(image, box, settings, start.rotation) for box in boxes]
        return np.stack([fit["landmarks"] for fit in fits])

    def kernel_landmarks(self, cases: Sequence[Case]) -> dict[str, dict[Case, Array]]:
        """Return landmarks (n, 2) of plain fits by kernel; kernels that cannot run are left out."""
        fits = KernelFits(
            [
                (case, self._manifest(case), self.pictures[case.face], self.starts[case.face])
                for case in cases
            ]
        )
        found = {kernel: fits.run(kernel) for kernel in self._kernels}
        return {kernel: landmarks for kernel, landmarks in found.items() if landmarks is not None}

    def _manifest(self, case: Case) -> Path:
        """Return the model file of a case."""
        return self._manifests.of(case.setting)

    def _model(self, case: Case) -> _native.Model:
        """Return the model of a case, loaded when first needed."""
        manifest = self._manifest(case)
        if manifest not in self._models:
            self._models[manifest] = self._native.Model(str(manifest))
        return self._models[manifest]

    def _image(self, case: Case) -> Array:
        """Read the picture of a case."""
        return read_picture(self.pictures[case.face])


def moved_boxes(box: Array, case: Case) -> list[Array]:
    """Return boxes of which each coordinate is at most one ulp away, and at least one is."""
    digest = hashlib.sha256(f"{case.face}.{case.setting}".encode()).digest()
    random = np.random.default_rng(list(digest))
    boxes: list[Array] = []
    while len(boxes) < N_MOVES:
        steps = random.integers(-1, 2, 4)
        if steps.any():
            towards = np.where(steps > 0, np.inf, -np.inf).astype(np.float32)
            boxes.append(np.where(steps == 0, box, np.nextafter(box, towards)))
    return boxes
