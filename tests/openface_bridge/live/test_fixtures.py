"""The embedded recordings come out again, where OpenFace is the one that they were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generator.record import record_faces, record_vectors

from openface_bridge.fixtures import Embedded, embedded
from openface_bridge.live import N_MOVES
from openface_bridge.recorded import Recorded
from openface_bridge.trace import PROVENANCE, read_arrays

MADE_WITH = {"openface": "2.0.2", "opencv": "4.6.0"}


@pytest.fixture(scope="module")
def fixtures(bridge: Any, recorded_kernel: None) -> Embedded:
    system = bridge.system()
    found = {name: system[name] for name in MADE_WITH}
    if found != MADE_WITH:
        pytest.skip(f"the recordings were made with {MADE_WITH}, this is {found}")
    return embedded()


def assert_same_bytes(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].tobytes() == array.tobytes(), name


def test_fits_come_out_bit_for_bit(fixtures: Embedded, tmp_path: Path) -> None:
    record_faces(fixtures, tmp_path)
    stored, made = Recorded(fixtures.recordings), Recorded(tmp_path)
    assert made.cases() == stored.cases()
    for case in stored.cases():
        expected = dict(stored.trace(case).entries)
        found = dict(made.trace(case).entries)
        assert (PROVENANCE in found) == (PROVENANCE in expected)
        del found[PROVENANCE], expected[PROVENANCE]  # It names the version of the recorder.
        assert_same_bytes(found, expected)
        again, before = made.rerun_landmarks(case), stored.rerun_landmarks(case)
        assert again is not None
        assert before is not None
        # Moved boxes; then kernels, of which this processor may be able to run fewer.
        np.testing.assert_array_equal(again[:N_MOVES], before[:N_MOVES])


def test_the_table_of_vectors_comes_out_bit_for_bit(fixtures: Embedded, tmp_path: Path) -> None:
    record_vectors(fixtures, tmp_path / "vectors.npz")
    stored = fixtures.folder / "data" / "vectors.npz"
    assert_same_bytes(read_arrays(tmp_path / "vectors.npz"), read_arrays(stored))
