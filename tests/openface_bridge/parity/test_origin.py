"""A recording that tells what it was made with is compared with nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.cli import main
from openface_bridge.parity.origin import check_model_files, check_picture
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.trace import Trace, TraceError, read_trace, write_trace
from pyclnf.model import read_manifest

Tell = Callable[..., Trace]


@pytest.fixture
def telling(recordings: Recordings) -> Tell:
    """Make a trace that tells something of itself."""
    trace = read_trace(recordings.traces / "trace_anna_default.npz")

    def tell(**told: Any) -> Trace:
        return Trace({**trace.entries, "provenance": np.array(json.dumps(told))}, "recording")

    return tell


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def of_model(manifest: Path) -> dict[str, Any]:
    files = read_manifest(manifest).detector
    return {"sha256": {path.name: sha256(path) for path in (files.pdm, *files.ccnf)}}


def of_picture(path: Path) -> dict[str, Any]:
    pixels = hashlib.sha256(read_picture(path).tobytes()).hexdigest()
    return {"sha256": sha256(path), "pixels_sha256": pixels}


@pytest.fixture
def copied(recordings: Recordings, tmp_path: Path) -> Path:
    """The model under another name elsewhere, whose files may be changed."""
    shutil.copytree(recordings.model.parent, tmp_path / "copy")
    return (tmp_path / "copy" / recordings.model.name).rename(tmp_path / "copy" / "other.txt")


def test_the_same_model_elsewhere(telling: Tell, recordings: Recordings, copied: Path):
    check_model_files(telling(model=of_model(recordings.model)), read_manifest(copied))


@pytest.mark.parametrize("kind", ["pdm", "ccnf"])
def test_another_model_of_the_same_size(
    kind: str, telling: Tell, recordings: Recordings, copied: Path
):
    files = read_manifest(copied).detector
    changed = files.pdm if kind == "pdm" else files.ccnf[-1]
    changed.write_bytes(changed.read_bytes() + b"\n")
    with pytest.raises(TraceError, match=f"recording: was .* another model: .*{changed.name} is"):
        check_model_files(telling(model=of_model(recordings.model)), read_manifest(copied))


def test_another_picture(telling: Tell, recordings: Recordings, tmp_path: Path):
    picture = find_picture(recordings.images, "anna")
    trace = telling(image=of_picture(picture))
    check_picture(trace, picture)
    again = tmp_path / "anna.bmp"
    cv2.imwrite(str(again), read_picture(picture))
    check_picture(trace, again)  # all pixels are the same
    cv2.imwrite(str(again), read_picture(picture) // 2)
    with pytest.raises(TraceError, match=r"anna\.bmp: is not the picture that recording was"):
        check_picture(trace, again)


@pytest.mark.parametrize(
    "told", [{}, {"model": "main.txt", "image": None}, {"model": {"sha256": []}, "image": {}}]
)
def test_recordings_that_do_not_tell(told: dict[str, Any], telling: Tell, recordings: Recordings):
    check_model_files(telling(**told), read_manifest(recordings.model))
    check_picture(telling(**told), find_picture(recordings.images, "anna"))


@pytest.mark.parametrize("command", ["parity", "faults"])
@pytest.mark.parametrize("part", ["model", "image"])
def test_commands(
    command: str,
    part: str,
    telling: Tell,
    recordings: Recordings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    """A model or picture taken for another must not look like a bug."""
    other = {"sha256": {"pdm.txt": "0"}} if part == "model" else {"sha256": "0"}
    write_trace(tmp_path / "trace_anna_default.npz", telling(**{part: other}))
    given = ("--model", recordings.model, "--traces", tmp_path, "--images", recordings.images)
    assert main([command, *map(str, given)]) == 2
    assert f"{command}: " in (said := capsys.readouterr().err)
    assert "recorded with" in said
