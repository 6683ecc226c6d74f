"""Backend cuda against the recordings of OpenFace that come with the clone, stage by stage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.fixture_faces import FIXTURES

from openface_bridge.cli import main


@pytest.mark.usefixtures("cuda_somewhere")
def test_every_embedded_fit_is_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    written = tmp_path / "parity.json"
    gate = ["--thresholds", str(FIXTURES / "thresholds.toml")]
    assert main(["parity", "--backend", "cuda", "--json", str(written), *gate]) == 0
    capsys.readouterr()
    summary = json.loads(written.read_text("utf-8"))["summary"]
    recorded = len([*(FIXTURES / "data" / "recordings").glob("trace_*.npz")])
    assert (summary["fits"], summary["verdicts"]["equal"]) == (recorded, recorded)
