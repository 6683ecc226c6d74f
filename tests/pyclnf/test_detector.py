from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.expert_files import set_early_termination, write_model_of
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


@pytest.mark.parametrize("kind", ["SVR", "CEN"])
def test_models_of_other_experts(kind: str, tmp_path: Path):
    detector = load_detector(write_model_of(kind, tmp_path), RoundedOnce())
    assert detector.experts.kind == kind
    assert detector.experts.patch_scales == (0.25, 0.35)
    assert detector.early_termination is None


def test_of_several_kinds_the_reference_prefers_cen_then_ccnf(tmp_path: Path):
    main = write_small_model(tmp_path)
    assert load_detector(main, RoundedOnce()).experts.kind == "CCNF"
    lines = (tmp_path / "clnf.txt").read_text("utf-8").splitlines()
    write_model_of("SVR", tmp_path / "svr")
    lines.append("PatchesIntensity svr/svr_0.25.txt")
    write_lines(tmp_path / "clnf.txt", lines)
    assert load_detector(main, RoundedOnce()).experts.kind == "CCNF"
    write_model_of("CEN", tmp_path / "cen")
    write_lines(tmp_path / "clnf.txt", [*lines, "PatchesCEN cen/cen_0.35.dat"])
    chosen = load_detector(main, RoundedOnce()).experts
    assert (chosen.kind, chosen.patch_scales) == ("CEN", (0.35,))


def test_early_termination(tmp_path: Path):
    main = write_model_of("CEN", tmp_path)
    set_early_termination(main, (1, 2, 3), (4, 5, 6), (7, 8, 9))
    found = load_detector(main, RoundedOnce()).early_termination
    assert found is not None
    assert found.cutoffs.tolist() == [7, 8, 9]
    (tmp_path / "early.txt").write_text("1 2 3 4 5 6", "utf-8")
    with pytest.raises(ModelFileError, match="cutoff of each of 3 views"):
        load_detector(main, RoundedOnce())


def test_files_must_be_about_the_same_landmarks(tmp_path: Path):
    manifest = write_small_model(tmp_path)
    path = tmp_path / "patch_experts" / "ccnf_0.35.txt"
    path.write_bytes(ccnf_bytes(small_ccnf(0.35, n_landmarks=9)))
    with pytest.raises(ModelFileError, match=r"12 landmarks .*, found 9 landmarks") as caught:
        load_detector(manifest, RoundedOnce())
    assert caught.value.path == path
