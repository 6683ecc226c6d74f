from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.face_results import made_up_face

from openface_bridge.fixtures import Embedded, Face, embedded
from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame


@pytest.fixture(scope="session")
def fixtures() -> Embedded:
    """The embedded model and pictures."""
    return embedded()


@pytest.fixture(scope="session")
def face(fixtures: Embedded) -> Face:
    """A test face."""
    return next(face for face in fixtures.faces if face.name == "frontal01")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, empty."""
    folder = tmp_path / "models"
    monkeypatch.setenv("PYCLNF_MODELS", str(folder))
    return folder


class StubEngine:
    """Finds the same two faces everywhere."""

    n_landmarks = 3
    n_modes = 2
    about: Mapping[str, Any] = {"backend": "stub"}

    def __init__(self) -> None:
        self.seen: list[Frame] = []

    def image(self, frame: Frame) -> list[FaceResult]:
        self.seen.append(frame)
        return [made_up_face(confidence=0.5), made_up_face(face_id=1, success=False)]

    def sequence(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[FaceResult]]]:
        for frame in frames:
            yield frame, self.image(frame)


@pytest.fixture
def engine(models: Path, monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """A stub that all commands use; so they need no model."""
    stub = StubEngine()
    for command, opened in (("image", "picture"), ("video", "sequence")):
        name = f"pyclnf.cli.{command}.open_{opened}_engine"
        monkeypatch.setattr(name, lambda options, report: stub)
    return stub
