"""What competes: OpenFace, and pyclnf's backends, with the same tasks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from measuring.contest import OPENFACE, OPENFACE_TWICE
from measuring.workload import DEFINITION, Face, check_landmarks, largest_distance
from openface_bridge.native import is_available as has_bridge
from openface_bridge.native import native
from openface_bridge.starts import Start
from openface_bridge.stepping import stepped_fit
from pyclnf import CLNF, FitSettings
from pyclnf.backends import available_backends

if TYPE_CHECKING:
    from openface_bridge import _native

__all__ = ["Engine", "engines_on"]


class Engine(Protocol):
    """Whoever fits faces. Pictures are grey unless a task says otherwise."""

    @property
    def about(self) -> dict[str, Any]:
        """Versions, kernels, threads."""
        ...

    def verify(self, face: Face) -> float:
        """Raise an AssertionError unless fits of a face are right; else px from its recording."""
        ...

    def fit(self, faces: Sequence[Face]) -> object:
        """Fit one face after another."""
        ...

    def fit_in_colour(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, pictures as they lie on disk."""
        ...

    def fit_hypotheses(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, from eleven head poses each."""
        ...

    def fit_batch(self, faces: Sequence[Face]) -> object:
        """Fit faces that are there all at once, in the fastest way."""
        ...


def engines_on(manifest: Path, cores: int) -> dict[str, Engine]:
    """Load a model into every engine that there is, OpenFace first."""
    engines: dict[str, Engine] = {}
    if has_bridge():
        engines[OPENFACE] = OpenFace(manifest)
        if cores > 1:
            engines[OPENFACE_TWICE] = OpenFaceTwice(manifest)
    for backend in available_backends():
        if backend != DEFINITION:
            engines[backend] = PyCLNF(manifest, backend, cores)
    return engines


class OpenFace:
    """OpenFace as its own program for still pictures runs it, in as many threads as it likes."""

    def __init__(self, manifest: Path) -> None:
        bridge = native()
        self._model: _native.Model = bridge.Model(str(manifest))
        self._settings = bridge.Settings(), bridge.Settings(multi_view=True)
        self._single: _native.ImageFitter = bridge.ImageFitter(str(manifest), self._settings[0])
        self._eleven: _native.ImageFitter = bridge.ImageFitter(str(manifest), self._settings[1])
        self.about: dict[str, Any] = dict(bridge.system())

    def verify(self, face: Face) -> float:
        """Compare with stepped fits, which prove themselves, and with the recording."""
        stepped = stepped_fit(self._model, face.grey, Start(face.box), FitSettings())
        found = self._single.fit(face.grey, face.box)["landmarks"]
        assert found.tobytes() == stepped["final.landmarks"].tobytes(), f"{face.name}: not stepped"
        best = self._model.fit_in_image(face.grey, face.box, self._settings[1])["landmarks"]
        assert self._eleven.fit(face.grey, face.box)["landmarks"].tobytes() == best.tobytes()
        return largest_distance(found, face.landmarks)

    def fit(self, faces: Sequence[Face]) -> object:
        """Fit one face after another."""
        return [self._single.fit(face.grey, face.box) for face in faces]

    def fit_in_colour(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, pictures as they lie on disk."""
        return [self._single.fit(face.picture, face.box) for face in faces]

    def fit_hypotheses(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, from eleven head poses each."""
        return [self._eleven.fit(face.grey, face.box) for face in faces]

    def fit_batch(self, faces: Sequence[Face]) -> object:
        """Fit one face after another: OpenFace's threads divide a scale's landmarks, not faces."""
        return self.fit(faces)


class OpenFaceTwice(OpenFace):
    """What OpenFace's library allows, though its programs do not do it: a model per thread."""

    def __init__(self, manifest: Path) -> None:
        super().__init__(manifest)
        other: _native.ImageFitter = native().ImageFitter(str(manifest), self._settings[0])
        self._fitters = self._single, other
        self._pool = ThreadPoolExecutor(len(self._fitters))

    def fit_batch(self, faces: Sequence[Face]) -> object:
        """Fit every second face in each thread."""
        return list(self._pool.map(self._fit_share, range(len(self._fitters)), [faces] * 2))

    def _fit_share(self, which: int, faces: Sequence[Face]) -> object:
        """Fit a fitter's share of faces."""
        share = faces[which :: len(self._fitters)]
        return [self._fitters[which].fit(face.grey, face.box) for face in share]


class PyCLNF:
    """A backend of pyclnf's."""

    def __init__(self, manifest: Path, backend: str, cores: int) -> None:
        self._clnf = CLNF(manifest, backend=backend)
        self._cores = cores
        self.about: dict[str, Any] = {"backend": backend}

    def verify(self, face: Face) -> float:
        """Compare with the recordings: every bit, or within the noise floor."""
        backend, floor = self._clnf.backend, face.noise_floor
        found = self._clnf.fit(face.grey, face.box, threads=self._cores).landmarks
        check_landmarks(backend, found, face.landmarks, floor)
        (batched,) = self._clnf.fit_many([face.grey], [face.box])
        assert batched.landmarks.tobytes() == found.tobytes(), f"{face.name}: batched differs"
        best = self._clnf.fit_hypotheses(face.grey, face.box, threads=self._cores).best
        if face.likeliest is not None:
            check_landmarks(backend, best.landmarks, face.likeliest, floor)
        return largest_distance(found, face.landmarks)

    def fit(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, each in a thread per core."""
        return [self._clnf.fit(face.grey, face.box, threads=self._cores) for face in faces]

    def fit_in_colour(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, pictures as they lie on disk."""
        fit, threads = self._clnf.fit, self._cores
        return [fit(face.picture, face.box, threads=threads) for face in faces]

    def fit_hypotheses(self, faces: Sequence[Face]) -> object:
        """Fit one face after another, from eleven head poses each, in a thread per core."""
        fit, threads = self._clnf.fit_hypotheses, self._cores
        return [fit(face.grey, face.box, threads=threads).best for face in faces]

    def fit_batch(self, faces: Sequence[Face]) -> object:
        """Fit all faces at once, in a thread per core."""
        boxes = [face.box for face in faces]
        return self._clnf.fit_many([face.grey for face in faces], boxes, threads=self._cores)
