"""Mixed backends: which part is whose, and that nothing else changes hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.recordings import Recordings

from openface_bridge.parity.mixed import MixedBackend, MixedModels, Part
from openface_bridge.parity.models import Models
from openface_bridge.pictures import find_picture, read_picture
from openface_bridge.recorded import Recorded
from openface_bridge.reference import Case
from pyclnf.backends import available_backends, create_backend
from pyclnf.backends.base import Backend
from pyclnf.fitting import fit
from pyclnf.settings import FitSettings

CASE = Case("anna", "default")
CALLS = ("picture", "responses", "kernels", "phase", "likelihood")


class Overheard:
    """A backend that keeps which of its methods were called."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in CALLS:
            self.called.add(name)
        return getattr(self._backend, name)


@pytest.fixture(scope="module")
def host(recordings: Recordings) -> Backend:
    name = "cython" if "cython" in available_backends() else "numpy"
    return create_backend(name, recordings.model)


@pytest.fixture(scope="module")
def definition(exact_models: Models) -> Backend:
    return exact_models.backend("default")


@pytest.fixture(scope="module")
def fitted(recordings: Recordings, reference: Recorded) -> Callable[[Any], Any]:
    """Fit a recorded face with a backend."""
    picture = read_picture(find_picture(recordings.images, CASE.face))
    box = reference.trace(CASE)["bbox"]

    def fitted(backend: Any) -> Any:
        start = backend.detector.pdm.parameters_from_box(box)
        settings = FitSettings.named(CASE.setting)
        return fit(backend.picture(picture), box, start, settings, backend)

    return fitted


@pytest.mark.parametrize(
    ("part", "left"),
    [
        (Part.MAPS, set()),
        (Part.RESPONSES, {"picture", "responses"}),
        (Part.PHASES, {"kernels", "phase"}),
    ],
)
def test_which_part_is_whose(
    part: Part, left: set[str], host: Backend, definition: Backend, fitted: Callable[[Any], Any]
):
    ours, theirs = Overheard(host), Overheard(definition)
    fitted(MixedBackend(ours, theirs, part))
    assert theirs.called == left
    assert ours.called == set(CALLS) - left


def test_maps_are_of_the_hosts_areas(host: Backend, definition: Backend, recordings: Recordings):
    """Also where a view does not see every landmark."""
    mixed = MixedBackend(host, definition, Part.MAPS)
    image = host.picture(read_picture(find_picture(recordings.images, "ben_2")))
    seen = set()
    for turn in (-0.6, 0.0, 0.6):
        box = np.array((60, 40, 150, 150), np.float32)
        posed = host.detector.pdm.pose(host.detector.pdm.parameters_from_box(box, (0, turn, 0)))
        found, whole = (each.responses(image, posed, 0, 11) for each in (mixed, definition))
        np.testing.assert_array_equal(found.areas, host.responses(image, posed, 0, 11).areas)
        np.testing.assert_array_equal(found.visible, whole.visible)
        if host.name == "cython":
            np.testing.assert_array_equal(found.maps, whole.maps)
        seen.add(bool(found.visible.all()))
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("part", "name"), [(Part.MAPS, "numpy-exact"), (Part.RESPONSES, "numpy-exact")]
)
def test_what_it_says_of_itself(part: Part, name: str, host: Backend, definition: Backend):
    mixed = MixedBackend(host, definition, part)
    assert (mixed.name, mixed.response_backend) == (host.name, name)
    assert mixed.detector is host.detector
    assert (mixed.using(2).definition, mixed.using(2).part) == (definition, part)


def test_definitions_are_loaded_once(recordings: Recordings):
    models = Models("numpy", recordings.model, {})
    first, second = (
        MixedModels(models, part).backend("default") for part in (Part.MAPS, Part.PHASES)
    )
    assert isinstance(first, MixedBackend)
    assert isinstance(second, MixedBackend)
    assert first.definition is second.definition
    assert first.definition.name == "numpy-exact"
    assert first.detector is models.backend("default").detector
