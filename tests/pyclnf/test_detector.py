from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.model_files import (
    ccnf_bytes,
    small_ccnf,
    small_pdm,
    write_lines,
    write_small_model,
)

from pyclnf import ModelFileError
from pyclnf.arithmetic import Arithmetic
from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.detector import load_detector


def test_a_detector_is_what_its_files_describe(small_model: Path, arithmetic: Arithmetic):
    detector = load_detector(small_model, arithmetic)
    assert detector.manifest.path == small_model
    np.testing.assert_array_equal(detector.pdm.mean_shape, small_pdm().mean_shape)
    assert detector.experts.patch_scales == (0.25, 0.35)
    np.testing.assert_array_equal(
        detector.experts.scales[1].data.visibility, small_ccnf(0.35).visibility
    )


def test_a_path_may_be_text(small_model: Path):
    assert load_detector(str(small_model), RoundedOnce()).pdm.n_landmarks == 12


@pytest.mark.parametrize("keyword", ["PatchesIntensity", "PatchesCEN"])
def test_models_of_other_experts_are_refused(tmp_path: Path, keyword: str):
    manifest = write_small_model(tmp_path)
    lines = ["PDM pdms/pdm.txt", f"{keyword} patch_experts/ccnf_0.25.txt"]
    write_lines(tmp_path / "clnf.txt", lines)
    with pytest.raises(ModelFileError, match=r"CCNF patch experts .* use a CLNF model"):
        load_detector(manifest, RoundedOnce())


def test_files_must_be_about_the_same_landmarks(tmp_path: Path):
    manifest = write_small_model(tmp_path)
    path = tmp_path / "patch_experts" / "ccnf_0.35.txt"
    path.write_bytes(ccnf_bytes(small_ccnf(0.35, n_landmarks=9)))
    with pytest.raises(ModelFileError, match=r"12 landmarks .*, found 9 landmarks") as caught:
        load_detector(manifest, RoundedOnce())
    assert caught.value.path == path
