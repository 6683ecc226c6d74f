"""OpenFace itself as the reference for whole faces: every record is made when it is asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openface_bridge.faces.asking.certainty import ask_certainty
from openface_bridge.faces.asking.detector import Detector, ask_detector
from openface_bridge.faces.asking.hypotheses import ask_hypotheses
from openface_bridge.faces.asking.moves import farthest, moved
from openface_bridge.faces.asking.parts import ask_parts
from openface_bridge.faces.asking.tracking import ask_sequence
from openface_bridge.faces.frames import LIGHTS
from openface_bridge.faces.record import RECORD_VERSION, Array, FaceRecord
from openface_bridge.faces.reference import SEQUENCE, WHOLE
from openface_bridge.native import native
from openface_bridge.pictures import read_picture
from openface_bridge.recording.provenance import sha256_of
from openface_bridge.reference import Case
from openface_bridge.trace import PROVENANCE
from pyclnf.image import check_box
from pyclnf.model import read_manifest

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["LiveFaces"]


@dataclass(frozen=True)
class _Files:
    """Of a model and of a face detector; the latter may be missing."""

    model: Path
    detector: Path | None


class LiveFaces:
    """Faces and sequences by the OpenFace that the bridge was compiled against.

    Parameters
    ----------
    manifest : Path
        Of the model; without an early end of the search over head poses.
    detector : Path or None
        ``MTCNN_detector.txt``; without one there are neither detections nor sequences.
    pictures : mapping of str to Path
        By face.
    boxes : mapping of str to (4,) float32
        By face.
    sequences : sequence of str
        Faces of whose pictures sequences are made.
    changing : collection of str
        Those of them in whose sequences the light changes.

    Raises
    ------
    BridgeUnavailableError
        If the bridge was not compiled.
    """

    def __init__(
        self,
        manifest: Path,
        detector: Path | None,
        pictures: Mapping[str, Path],
        boxes: Mapping[str, Array],
        sequences: Sequence[str] = (),
        changing: Collection[str] = (),
    ) -> None:
        self._native = native()
        self._files = _Files(manifest, detector)
        self._pictures, self._boxes = dict(pictures), dict(boxes)
        self._sequences = tuple(sequences) if detector is not None else ()
        self._changing = frozenset(changing)
        self._parts = read_manifest(manifest).parts
        self._validator = read_manifest(manifest).validator
        self._model: _native.Model = self._native.Model(str(manifest))
        self._detector = None if detector is None else Detector(detector)

    @property
    def description(self) -> str:
        """What computes."""
        return f"OpenFace {self._native.system()['openface']} live"

    def cases(self) -> Sequence[Case]:
        """Return the faces, then the sequences."""
        whole = [Case(face, WHOLE) for face in sorted(self._boxes)]
        return [*whole, *(Case(face, SEQUENCE) for face in sorted(self._sequences))]

    def record(self, case: Case) -> FaceRecord:
        """Ask OpenFace about a face.

        Raises
        ------
        ValueError
            If its box cannot be fitted.
        SteppingError
            If what it was asked step by step does not end where its own fit does.
        """
        image = read_picture(self._pictures[case.face])
        box = check_box(self._boxes[case.face], image.shape)
        entries = (self._whole if case.setting == WHOLE else self._sequence)(image, box, case.face)
        entries[PROVENANCE] = np.array(json.dumps(self._provenance(case, image), sort_keys=True))
        return FaceRecord(entries, f"live {case.setting} of {case.face}")

    def _whole(self, image: Array, box: Array, name: str) -> dict[str, Array]:
        """Ask about a face in a picture."""
        entries = ask_hypotheses(self._model, image, box, name)
        rotation = entries["hypotheses.rotations"][int(entries["hypotheses.chosen"])]
        settings = self._settings()
        entries |= ask_parts(
            self._model, self._parts, image, (box, rotation), entries["face.landmarks"], name
        )
        if self._validator is not None:
            at = (entries["whole.params_global"][1:4].copy(), entries["whole.landmarks"])
            entries |= ask_certainty(self._model, self._validator, image, *at, name)
        if self._detector is not None:
            entries |= ask_detector(self._detector, image, name)
        found = self._model.fit_in_image(image, box, settings)
        entries["success"] = np.array(found["success"], np.int32)
        entries["certainty"] = np.array(found["certainty"], np.float32)
        reruns = [self._model.fit_in_image(image, each, settings) for each in moved(box, name)]
        shapes = [each["landmarks"] for each in reruns]
        entries["floor"] = farthest(shapes, found["landmarks"])
        entries["landmarks"] = found["landmarks"]
        entries["certainty.free"] = np.array([each["certainty"] for each in reruns], np.float32)
        return entries

    def _sequence(self, image: Array, box: Array, name: str) -> dict[str, Array]:
        """Ask about a face in frames."""
        assert self._files.detector is not None
        files = (self._files.model, self._files.detector)
        lights = np.array(LIGHTS, np.int32) if name in self._changing else None
        return ask_sequence(self._model, files, self._settings(), image, box, name, lights)

    def _settings(self) -> _native.Settings:
        """Return what whole faces are fitted with."""
        settings: _native.Settings = self._native.Settings(
            multi_view=True,
            refine_parts=bool(self._parts),
            validate=self._validator is not None,
            use_face_template=True,
        )
        return settings

    def _provenance(self, case: Case, image: Array) -> dict[str, Any]:
        """Return where a record comes from, as data for JSON."""
        path, system = self._pictures[case.face], self._native.system()
        names = ("openface", "opencv", "blas", "blas_kernel", "blas_threads")
        return {
            "record_version": RECORD_VERSION,
            "face": case.face,
            "setting": case.setting,
            "image": {
                "name": path.name,
                "sha256": sha256_of(path),
                "pixels_sha256": hashlib.sha256(image.tobytes()).hexdigest(),
            },
            "model": {"manifest": self._files.model.name, "sha256": self._checksums()},
            **{name: system[name] for name in names},
        }

    def _checksums(self) -> dict[str, str]:
        """Return the checksums of all files that were read, by name."""
        from openface_bridge.model_files import files_of_model
        from pyclnf.model.face_detector_file import face_detector_files

        files = files_of_model(self._files.model)
        if self._files.detector is not None:
            files += face_detector_files(self._files.detector)
        folder = self._files.model.parent
        return {os.path.relpath(path, folder): sha256_of(path) for path in files}
