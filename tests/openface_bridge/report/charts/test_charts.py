"""Charts are SVG to put into a page: small, self-contained, in the page's own colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from support.traces import tiny_entries

from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison
from openface_bridge.report.charts import error_chart, jacobian_chart, pose_chart, update_chart
from openface_bridge.trace import Trace

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = {"ink", "dim", "line", "shade", "reference", "candidate", "floor", "bad"}
TRACES = (Trace(tiny_entries({0: (3, 2), 1: (1, 4)})), Trace(tiny_entries({0: (3, 5), 1: (1, 0)})))
FLOOR = NoiseFloor(np.array([0.001, 0.02, 0.03, 0.0]))


def bars() -> str:
    return error_chart(np.array([0.0, 0.001, 0.5, 3.0]), FLOOR)


@pytest.fixture(scope="module")
def drawings() -> dict[str, str]:
    return {"pose": pose_chart(*TRACES), "update": update_chart(*TRACES), "errors": bars()}


def texts(drawing: str) -> list[str]:
    found = ElementTree.fromstring(drawing).iter(f"{SVG}text")
    return ["".join(each.itertext()).strip() for each in found]


@pytest.mark.parametrize("name", ["pose", "update", "errors"])
def test_one_element(name: str, drawings: dict[str, str]):
    drawing = drawings[name]
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert drawing.startswith("<svg ")
    assert root.get("viewBox")
    # The page decides how large it is, and in which letters.
    assert (root.get("width"), root.get("height"), root.get("role")) == (None, None, "img")
    assert root.get("aria-label")
    assert "font:" not in drawing
    assert "<metadata" not in drawing
    assert set(re.findall(r'https?://[^"\s]*', drawing)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert len(drawing) < 60_000


@pytest.mark.parametrize("name", ["pose", "update", "errors"])
def test_colours_are_the_pages(name: str, drawings: dict[str, str]):
    assert set(re.findall(r"var\(--([a-z]+)\)", drawings[name])) <= COLOURS
    assert not re.search(r"#0102", drawings[name])
    lines = re.findall(r"stroke: (#\w+)", drawings[name])
    assert lines == []


@pytest.mark.parametrize("name", ["pose", "update", "errors"])
def test_names_are_those_referred_to(name: str, drawings: dict[str, str]):
    """Names that several charts of one page share must mean the same: they are hashes of it."""
    drawing = drawings[name]
    names = re.findall(r'\sid="([^"]*)"', drawing)
    assert all(re.fullmatch(r"[mpa-z]\w{8,}", each) for each in names), names
    referred = re.findall(r'(?:url\(#|href="#)([^)"]*)', drawing)
    assert set(referred) <= set(names)


def test_drawn_again_alike(drawings: dict[str, str]):
    assert bars() == drawings["errors"]


def test_scales_are_named(drawings: dict[str, str]):
    assert {"scale", "rx, °", "ry, °", "rz, °", "0", "1"} <= set(texts(drawings["pose"]))
    assert {"shape, px", "modes", "scale", "0", "1"} <= set(texts(drawings["update"]))


def test_regions_of_usual_landmarks_are_named():
    found = texts(error_chart(np.full(68, 0.1), NoiseFloor(None)))
    assert {"jaw", "brows", "nose", "eyes", "mouth"} <= set(found)


@pytest.mark.parametrize(
    "errors",
    [
        np.zeros(3),
        np.array([np.inf, 0.0]),
        np.array([np.nan, 1.0]),
        np.full(68, 1e-12),
        np.array([1e9]),
    ],
    ids=["equal", "infinite", "NaN", "tiny", "huge"],
)
def test_any_errors(errors: npt.NDArray[Any]):
    ElementTree.fromstring(error_chart(errors, NoiseFloor(None)))


def test_parameters_that_are_not_finite():
    entries = tiny_entries()
    for value in (np.nan, np.inf, 1e38):
        lost = {name: array.copy() for name, array in entries.items()}
        for name in lost:
            if "params" in name or name.endswith("shape"):
                lost[name][:] = value
        for draw in (pose_chart, update_chart):
            ElementTree.fromstring(draw(Trace(entries), Trace(lost)))
            ElementTree.fromstring(draw(Trace(lost), Trace(lost)))


def test_jacobians_that_differ(faulty: Callable[[str], Comparison]):
    chart = jacobian_chart(faulty("16").run)
    assert chart is not None
    assert chart.ulps > 1e6 > chart.bound == 8
    assert not chart.equal
    assert chart.place.iteration is not None
    assert ElementTree.fromstring(chart.svg).tag == f"{SVG}svg"
    assert {"bound", "global", "x", "y", "landmark"} <= set(texts(chart.svg))


def test_jacobians_that_are_equal(sound: Comparison):
    run = sound.run
    names = [name for name in run.reference.entries if name.endswith(".jacobian")]
    same = {f"Jacobian/{name}": run.reference[name] for name in names}
    chart = jacobian_chart(replace(run, forced={**run.forced, **same}))
    assert chart is not None
    assert (chart.equal, chart.svg, chart.ulps) == (True, "", 0)


def test_jacobians_that_were_not_recorded(sound: Comparison):
    entries = sound.run.reference.entries
    kept = {name: array for name, array in entries.items() if not name.endswith(".jacobian")}
    assert jacobian_chart(replace(sound.run, reference=Trace(kept))) is None


def test_jacobians_that_are_lost(sound: Comparison):
    forced = {
        name: np.full_like(array, np.nan) if name.endswith("jacobian") else array
        for name, array in sound.run.forced.items()
    }
    chart = jacobian_chart(replace(sound.run, forced=forced))
    assert chart is not None
    assert chart.ulps >= 1e30
