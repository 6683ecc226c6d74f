"""Sizes of the terms, against the normal equations that a fit recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.model_files import write_small_model
from support.recordings import Recordings, record

from openface_bridge.experiments.magnitudes import magnitudes
from openface_bridge.parity.run import Models
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace, TraceError
from pyclnf.backends import create_backend
from pyclnf.backends.base import Backend
from pyclnf.detector import Detector
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey


@pytest.fixture(scope="module", params=["default", "weighted"])
def trace(
    request: pytest.FixtureRequest, backend: Backend, recordings: Recordings, reference: Recorded
) -> Trace:
    """A fit with its normal equations; in its second scale, landmarks are hidden."""
    image = PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "ben_2"))))
    box = reference.trace(Case("ben_2", "default"))["bbox"]
    return record(image, box, request.param, backend, normal_equations=True)


@pytest.fixture(scope="module")
def detector(exact_models: Models) -> Detector:
    return exact_models.backend("default").detector


def test_all_iterations_in_order(trace: Trace, detector: Detector):
    assert [row.step for row in magnitudes(trace, detector)] == trace.steps


def test_data_and_prior_make_up_the_right_hand_side(trace: Trace, detector: Detector):
    for row in magnitudes(trace, detector):
        right = trace[f"{row.step.prefix}.right_hand_side"].astype(np.float64)
        assert row.data_global == pytest.approx(np.linalg.norm(right[:6]), rel=1e-5, abs=1e-4)
        assert row.scale_pull == pytest.approx(right[0], rel=1e-4, abs=1e-4)
        factor = float(trace[f"scale{row.step.scale}.reg_factor"])
        local = trace[f"{row.step.prefix}.params_local"].astype(np.float64)
        prior = factor / detector.pdm.eigenvalues * local
        if row.step.nonrigid:
            assert row.prior == pytest.approx(np.linalg.norm(prior), rel=1e-5)
            assert row.data_local == pytest.approx(
                np.linalg.norm(right[6:] + prior), rel=1e-4, abs=1e-4
            )
        else:
            assert row.prior == row.data_local == row.update_local == 0


def test_the_prior_counts(trace: Trace, detector: Detector):
    later = [row.prior for row in magnitudes(trace, detector) if row.step.scale == 1]
    assert max(later) > 0


def test_updates_are_the_recorded_ones(trace: Trace, detector: Detector):
    for row in magnitudes(trace, detector):
        change = trace[f"{row.step.prefix}.change"].astype(np.float64)
        assert row.update_global == pytest.approx(np.linalg.norm(change[:6]))
        assert row.update_local == pytest.approx(np.linalg.norm(change[6:]))
        assert row.scale_update == pytest.approx(change[0])


def test_the_scale_column_is_that_of_landmarks_that_count(trace: Trace, detector: Detector):
    hidden = 0
    for row in magnitudes(trace, detector):
        view = detector.experts.view(row.step.scale, int(trace[f"scale{row.step.scale}.view"]))
        hidden += int(np.count_nonzero(~view.visible))
        column = trace[f"{row.step.prefix}.jacobian"][np.tile(view.visible, 2), 0]
        assert row.scale_column == pytest.approx(np.linalg.norm(column), rel=1e-6)
    assert hidden > 0


@pytest.mark.parametrize("missing", [("change",), ("jacobian",), ("jacobian", "change")])
def test_what_a_trace_lacks_is_computed(missing: tuple[str, ...], trace: Trace, detector: Detector):
    lean = Trace(trace.entries)
    for name in list(lean.entries):
        if name.rpartition(".")[2] in missing:
            del lean.entries[name]
    pairs = zip(magnitudes(lean, detector), magnitudes(trace, detector), strict=True)
    for found, expected in pairs:
        for name, value in vars(expected).items():
            if name != "step":
                assert vars(found)[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


def test_equations_without_a_solution(trace: Trace, detector: Detector):
    """A fit does nothing then."""
    flat = {name: array for name, array in trace.entries.items() if not name.endswith(".change")}
    name = "scale0.rigid.0.jacobian"
    flat[name] = np.zeros_like(flat[name])
    row = magnitudes(Trace(flat), detector)[0]
    assert (row.update_global, row.scale_column, row.scale_pull) == (0, 0, 0)


def test_traces_of_other_models(trace: Trace, detector: Detector, tmp_path: Any):
    other = create_backend("numpy", write_small_model(tmp_path, n_landmarks=9)).detector
    with pytest.raises(TraceError, match=r"has 12 landmarks, 4 modes and 2 sc.* has 9, 4 and 2"):
        magnitudes(trace, other)
    turned = Trace({**trace.entries, "scale1.view": np.array(7, np.int32)})
    with pytest.raises(TraceError, match=r"'scale1\.view' is 7; .* has 2 views"):
        magnitudes(turned, detector)
