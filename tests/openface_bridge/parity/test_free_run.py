"""Two fits side by side, and where they part."""

from __future__ import annotations

import numpy as np
import pytest
from openface_bridge.parity.difference import Place
from support.recordings import Recordings
from support.traces import Entries, tiny_entries

from openface_bridge.parity.free_run import FreeRun, first_difference, run_free
from openface_bridge.parity.run import Models
from openface_bridge.parity.stages import STAGES
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from openface_bridge.trace import Trace
from pyclnf import FitSettings
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

ITERATIONS = {0: (2, 2), 1: (3, 1)}


@pytest.fixture
def entries() -> Entries:
    return tiny_entries(ITERATIONS, optional=True)


def changed(entries: Entries, *names: str, by: float = 0.5) -> Entries:
    copies = {name: entries[name].copy() for name in names}
    for copy in copies.values():
        copy.flat[-1] += by
    return {**entries, **copies}


def without(entries: Entries, *parts: str) -> Entries:
    return {n: a for n, a in entries.items() if not any(part in n for part in parts)}


def test_identical(entries: Entries):
    entries["final.likelihood"][:] = np.nan
    assert first_difference(Trace(entries), Trace(changed(entries))) is None


@pytest.mark.parametrize(
    ("name", "stage", "place"),
    [
        ("bbox", "schedule", Place()),
        ("rotation", "schedule", Place()),
        ("init.params_global", "initialisation", Place()),
        ("scale0.sigma", "schedule", Place(0)),
        ("scale1.reg_factor", "schedule", Place(1)),
        ("scale0.similarity_image_to_reference", "similarity", Place(0)),
        ("scale1.similarity_reference_to_image", "similarity", Place(1)),
        ("scale0.base_shape", "similarity", Place(0)),
        ("scale0.areas_of_interest", "area of interest", Place(0)),
        ("scale1.response_maps", "response map", Place(1)),
        ("scale0.rigid.1.offset_x", "offsets", Place(0, "rigid", 1)),
        ("scale1.rigid.2.offset_y", "offsets", Place(1, "rigid", 2)),
        ("scale0.nonrigid.0.mean_shift", "mean shift", Place(0, "nonrigid", 0)),
        ("scale0.nonrigid.0.shape", "Jacobian", Place(0, "nonrigid", 0)),
        ("scale0.nonrigid.1.jacobian", "Jacobian", Place(0, "nonrigid", 1)),
        ("scale0.rigid.0.hessian", "normal equations", Place(0, "rigid", 0)),
        ("scale0.rigid.0.right_hand_side", "normal equations", Place(0, "rigid", 0)),
        ("scale0.rigid.0.change", "normal equations", Place(0, "rigid", 0)),
        ("scale1.nonrigid.0.params_global_out", "update", Place(1, "nonrigid", 0)),
        ("scale1.nonrigid.0.params_local_out", "update", Place(1, "nonrigid", 0)),
        ("final.params_global", "outcome", Place()),
        ("final.landmarks", "outcome", Place()),
        ("final.likelihood", "likelihood", Place()),
    ],
)
def test_one_entry_differs(entries: Entries, name: str, stage: str, place: Place):
    found = first_difference(Trace(entries), Trace(changed(entries, name)))
    assert found is not None
    assert (found.entry, found.stage, found.place) == (name, stage, place)
    assert found.error == pytest.approx(0.5)


def test_another_view(entries: Entries):
    other = {**entries, "scale1.view": entries["scale1.view"] + 2}
    found = first_difference(Trace(entries), Trace(other))
    assert found is not None
    assert (found.entry, found.stage, found.error) == ("scale1.view", "view", 2.0)


EXECUTED = [
    "bbox", "rotation", "init.params_global",
    *(f"scale0.{name}" for name in ("sigma", "similarity_image_to_reference", "response_maps")),
    *(f"scale0.rigid.0.{name}" for name in ("offset_x", "mean_shift", "change")),
    "scale0.rigid.0.params_global_out", "scale0.rigid.1.offset_x",
    "scale0.nonrigid.0.mean_shift", "scale0.nonrigid.0.jacobian", "scale0.nonrigid.1.offset_x",
    "scale1.base_shape", "scale1.areas_of_interest", "scale1.rigid.0.params_local_out",
    "scale1.rigid.2.mean_shift", "scale1.nonrigid.0.hessian", "final.landmarks",
    "final.likelihood",
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(EXECUTED)), ids=lambda first: EXECUTED[first])
def test_the_first_of_many(entries: Entries, first: int):
    """Everything after the first difference differs as well, as it does when two engines part."""
    other = changed(dict(reversed(entries.items())), *EXECUTED[first:])
    found = first_difference(Trace(entries), Trace(other))
    assert found is not None
    assert found.entry == EXECUTED[first]


def test_iterations_count_as_numbers():
    entries = tiny_entries({0: (11, 1), 10: (1, 1), 2: (1, 1)})
    names = ["scale10.rigid.0.shape", "scale2.rigid.0.shape", "scale0.rigid.10.mean_shift"]
    for count in (3, 2, 1):
        found = first_difference(Trace(entries), Trace(changed(entries, *names[:count])))
        assert found is not None
        assert found.entry == names[count - 1]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("last", "place"),
    [("scale0.rigid.1.", Place(0, "rigid", 1)), ("scale1.nonrigid.0.", Place(1, "nonrigid", 0))],
)
def test_one_stops_earlier(entries: Entries, last: str, place: Place, swapped: bool):
    pair = Trace(entries), Trace(without(entries, last))
    found = first_difference(*(reversed(pair) if swapped else pair))
    assert found is not None
    assert found.entry.startswith(last)
    assert (found.place, found.error) == (place, np.inf)


def test_one_fails_early(entries: Entries):
    found = first_difference(Trace(entries), Trace(without(entries, "scale1.")))
    assert found is not None
    assert found.entry.startswith("scale1.")
    assert (found.place, found.error) == (Place(1), np.inf)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    "left_out",
    [
        ".areas_of_interest",
        ".hessian",
        ".right_hand_side",
        ".change",
        ".jacobian",
        "rotation",
        "1.jacobian",
    ],
)
def test_what_one_did_not_record_does_not_count(entries: Entries, left_out: str, swapped: bool):
    pair = Trace(entries), Trace(without(entries, left_out))
    assert first_difference(*(reversed(pair) if swapped else pair)) is None


def test_what_both_recorded_of_an_optional_entry_counts(entries: Entries):
    lean = Trace(without(entries, "1.jacobian"))
    found = first_difference(lean, Trace(changed(entries, "scale1.rigid.0.jacobian")))
    assert found is not None
    assert found.entry == "scale1.rigid.0.jacobian"


def test_foreign_entries_do_not_count(entries: Entries):
    notes = {"about": np.array("a note"), "scale0.mood": np.array(1.0)}
    assert first_difference(Trace({**entries, **notes}), Trace(entries)) is None


@pytest.mark.parametrize("name", ["final.likelihood", "scale0.rigid.0.mean_shift"])
def test_not_a_number_in_one(entries: Entries, name: str):
    other = changed(entries, name, by=np.nan)
    for pair in ((entries, other), (other, entries)):
        found = first_difference(*(Trace(each) for each in pair))
        assert found is not None
        assert (found.entry, found.error) == (name, np.inf)


def test_other_shapes(entries: Entries):
    other = tiny_entries(ITERATIONS, optional=True)
    for scale in ITERATIONS:
        other[f"scale{scale}.areas_of_interest"] = np.zeros((2, 7, 7), np.float32)
    found = first_difference(Trace(entries), Trace(other))
    assert found is not None
    assert (found.entry, found.error) == ("scale0.areas_of_interest", np.inf)


def test_errors_of_landmarks(entries: Entries):
    moved = {**entries, "final.landmarks": entries["final.landmarks"].copy()}
    moved["final.landmarks"][0] += (3, 4)
    run = FreeRun(Trace(entries), Trace(moved), success=True)
    assert run.errors.tolist() == [5.0, 0.0]
    assert (run.max_px, run.mean_px) == (5.0, 2.5)
    assert run.first_difference is not None


def test_lost_landmarks(entries: Entries):
    lost = changed(entries, "final.landmarks", by=np.nan)
    run = FreeRun(Trace(entries), Trace(lost), success=False)
    assert (run.max_px, run.mean_px) == (np.inf, np.inf)


# ---- Running ----


@pytest.fixture
def image(recordings: Recordings) -> PaddedImage:
    return PaddedImage.of(to_grey(read_picture(find_picture(recordings.images, "anna"))))


def test_starts_from_the_references_box(
    image: PaddedImage, reference: Recorded, exact_models: Models
):
    trace = reference.trace(Case("anna", "default"))
    found = run_free(trace, image, FitSettings(), exact_models.backend("default"))
    assert found.success
    assert found.reference is trace
    assert found.first_difference is None
    kinds = {name.rpartition(".")[2] for name in found.candidate.entries.keys() ^ trace.entries}
    assert kinds == {"hessian", "right_hand_side", "change"}


def test_other_settings_part_at_the_schedule(
    image: PaddedImage, reference: Recorded, exact_models: Models
):
    trace = reference.trace(Case("anna", "default"))
    settings = FitSettings(sigma=1.75)
    found = run_free(trace, image, settings, exact_models.backend("default"))
    assert found.first_difference is not None
    assert (found.first_difference.entry, found.first_difference.stage) == (
        "scale0.sigma", "schedule",
    )  # fmt: skip
    assert found.first_difference.error == pytest.approx(0.25)


def test_fewer_iterations(image: PaddedImage, reference: Recorded, exact_models: Models):
    trace = reference.trace(Case("anna", "default"))
    settings = FitSettings(max_iterations=2)
    found = run_free(trace, image, settings, exact_models.backend("default"))
    assert found.first_difference is not None
    assert found.first_difference.place == Place(0, "rigid", 2)
    assert found.first_difference.error == np.inf


def test_entries_of_stages_are_looked_up_by_their_whole_name():
    """An outcome's entry must not be taken for an iteration's."""
    entries = [entry for stage in STAGES for entry in stage.entries]
    assert all(entry.startswith(("init.", "final.")) for entry in entries if "." in entry)
