"""The backends: whether they can be had, and fits by them, Core ML being interpreted."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from support.expert_files import write_model_of
from support.faces import draw_face, largest_distance
from support.model_files import add_part, write_small_model
from support.networks import write_face_detector
from support.validators import small_validator

from pyclnf import CLNF, TraceRecorder
from pyclnf.backends import (
    BackendUnavailableError,
    auto_order,
    available_backends,
    choose_networks,
    create_backend,
)
from pyclnf.backends.coreml_entry import COREML
from pyclnf.coreml import converter
from pyclnf.detection import MTCNN
from pyclnf.validation import Validator

NAMES = ("coreml", "coreml-float32")
FACE = draw_face(1)

names = pytest.mark.parametrize("name", NAMES)


def forbid_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let converting fail from now on."""

    def fail(*arguments: object) -> None:
        raise AssertionError("a program is made")

    monkeypatch.setattr(converter, "write_program", fail)


# ---- Having them ----


@names
@pytest.mark.skipif(sys.platform == "darwin", reason="for machines without Core ML")
def test_elsewhere_they_say_where_they_are(small_model: Path, name: str):
    assert name not in available_backends()
    message = rf"'{name}' needs Core ML, .* macOS on Apple silicon only\. .*'pyclnf model convert'"
    with pytest.raises(BackendUnavailableError, match=message):
        create_backend(name, small_model)
    with pytest.raises(BackendUnavailableError, match="macOS"):
        choose_networks(name)


def test_a_mac_without_coremltools(monkeypatch: pytest.MonkeyPatch):
    machine = os.uname_result(("Darwin", "mac", "24", "Darwin Kernel", "arm64"))
    monkeypatch.setattr(os, "uname", lambda: machine)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not COREML.state().available
    assert "pip install coremltools" in COREML.state().remedy
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert COREML.state().available


@names
def test_they_are_chosen_by_name_only(as_on_a_mac: None, name: str):
    assert name in available_backends()
    assert name not in auto_order(10**6)
    assert choose_networks(name) == choose_networks("auto")


@names
def test_nothing_is_converted_before_it_is_needed(
    as_on_a_mac: None, small_model: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    forbid_conversion(monkeypatch)
    clnf = CLNF(small_model, backend=name)
    assert (clnf.backend, clnf.response_backend, clnf.experts) == (name, name, "CCNF")


@names
def test_faces_and_validation_are_left_to_the_host(as_on_a_mac: None, name: str, tmp_path: Path):
    host = choose_networks("auto")
    assert Validator(small_validator(), backend=name).backend == host
    assert MTCNN(write_face_detector(tmp_path), backend=name).backend == host


@names
@pytest.mark.parametrize("kind", ["SVR", "CEN"])
def test_other_experts_are_left_to_the_host(
    as_on_a_mac: None, name: str, kind: str, tmp_path: Path
):
    main = write_model_of(kind, tmp_path)
    clnf, host = CLNF(main, backend=name), CLNF(main, backend="auto")
    assert (clnf.backend, clnf.response_backend) == (name, host.response_backend)
    clnf.prepare()
    found, expected = (each.fit(FACE.picture, FACE.box) for each in (clnf, host))
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()


# ---- Fits ----


@names
def test_fits_are_those_of_the_definition(
    interpreted: None, small_model: Path, name: str, programs_folder: Path
):
    clnf = CLNF(small_model, backend=name, cache=programs_folder)
    definition = CLNF(small_model, backend="numpy")
    recorder = TraceRecorder()
    found = clnf.fit(FACE.picture, FACE.box, observer=recorder)
    expected = definition.fit(FACE.picture, FACE.box)
    assert found.success
    assert largest_distance(found.landmarks, expected.landmarks) < 0.05
    assert found.likelihood == pytest.approx(expected.likelihood, abs=0.01)
    maps = recorder.trace["scale0.response_maps"]
    assert maps.dtype == np.float32
    assert maps.flags.c_contiguous


def test_precisions_differ(interpreted: None, small_model: Path, programs_folder: Path):
    traces = [TraceRecorder(), TraceRecorder()]
    for name, recorder in zip(NAMES, traces, strict=True):
        clnf = CLNF(small_model, backend=name, cache=programs_folder)
        clnf.fit(FACE.picture, FACE.box, observer=recorder)
    half, single = (each.trace["scale0.response_maps"] for each in traces)
    assert 0 < np.abs(half - single).max() <= 2e-3 * single.max()


def test_in_several_threads(interpreted: None, small_model: Path, programs_folder: Path):
    faces = [draw_face(seed) for seed in range(6)]
    pictures, boxes = [face.picture for face in faces], [face.box for face in faces]
    found = CLNF(small_model, backend="coreml").fit_many(pictures, boxes, threads=3)
    alone = CLNF(small_model, backend="coreml", cache=programs_folder)
    for result, face in zip(found, faces, strict=True):
        expected = alone.fit(face.picture, face.box)
        assert result.landmarks.tobytes() == expected.landmarks.tobytes()


def test_parts_have_programs_too(interpreted: None, tmp_path: Path):
    main = write_small_model(tmp_path)
    add_part(main, "brow", range(5))
    found, expected = (
        CLNF(main, backend=name, cache=tmp_path / name).detect(FACE.picture, FACE.box)
        for name in ("coreml", "numpy")
    )
    assert [*found.parts] == [*expected.parts] == ["brow"]
    assert largest_distance(found.landmarks, expected.landmarks) < 0.1
    assert len(list((tmp_path / "coreml").glob("*.coreml"))) > 2  # the face's scales


def test_prepared_views_are_not_converted_again(
    interpreted: None, small_model: Path, monkeypatch: pytest.MonkeyPatch
):
    clnf = CLNF(small_model, backend="coreml")
    clnf.prepare()
    forbid_conversion(monkeypatch)
    for turn in (0.0, 0.6, -0.6):
        clnf.fit(FACE.picture, FACE.box, rotation=(0.0, turn, 0.0))


def test_programs_are_kept_in_the_cache(
    interpreted: None, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    expected = CLNF(small_model, backend="coreml", cache=tmp_path).fit(FACE.picture, FACE.box)
    assert list(tmp_path.glob("*.coreml/program.mlpackage"))
    forbid_conversion(monkeypatch)
    again = CLNF(small_model, backend="coreml", cache=tmp_path).fit(FACE.picture, FACE.box)
    assert again.landmarks.tobytes() == expected.landmarks.tobytes()
    with pytest.raises(AssertionError, match="a program is made"):
        CLNF(small_model, backend="coreml-float32", cache=tmp_path).fit(FACE.picture, FACE.box)
