"""Figures are SVG to put into a page: small, self-contained, readable on dark pages."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from support.traces import tiny_entries

from openface_bridge.report.figures import error_bars, scale_chart
from openface_bridge.trace import Trace

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def chart() -> str:
    reference = Trace(tiny_entries({0: (3, 2), 1: (1, 4)}))
    return scale_chart(reference, Trace(tiny_entries({0: (3, 5), 1: (1, 0)})))


@pytest.fixture(scope="module")
def bars() -> str:
    return error_bars(np.array([0.0, 0.001, 0.5, 3.0]), 0.1)


def texts(drawing: str) -> list[str]:
    """What a drawing says; a comment holds what its glyphs spell, if it has no text itself."""
    found = ElementTree.fromstring(drawing).iter(f"{SVG}text")
    return ["".join(each.itertext()).strip() for each in found]


@pytest.mark.parametrize("name", ["chart", "bars"])
def test_one_element(name: str, request: pytest.FixtureRequest):
    drawing = request.getfixturevalue(name)
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert drawing.startswith("<svg ")
    assert root.get("viewBox")
    # The page decides how large it is.
    assert (root.get("width"), root.get("height"), root.get("role")) == (None, None, "img")
    assert "<metadata" not in drawing
    assert set(re.findall(r'https?://[^"\s]*', drawing)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert len(drawing) < 60_000


@pytest.mark.parametrize("name", ["chart", "bars"])
def test_names_are_those_referred_to(name: str, request: pytest.FixtureRequest):
    """Names that several figures of one page share must mean the same: they are hashes of it."""
    drawing = request.getfixturevalue(name)
    names = re.findall(r'\sid="([^"]*)"', drawing)
    assert all(re.fullmatch(r"[mpa-z]\w{8,}", each) for each in names), names
    referred = re.findall(r'(?:url\(#|href="#)([^)"]*)', drawing)
    assert set(referred) <= set(names)


def test_drawn_again_alike(bars: str):
    assert error_bars(np.array([0.0, 0.001, 0.5, 3.0]), 0.1) == bars


def test_chart_names_both_engines_and_all_phases(chart: str):
    found = texts(chart)
    assert {"reference", "candidate", "scale"} <= set(found)
    assert {"0 rigid", "0 non-rigid", "1 rigid", "1 non-rigid"} <= set(found)


def test_bars_show_what_is_beyond_the_limit(bars: str):
    assert "landmark" in texts(bars)
    assert bars.count("#d1495b") == 3  # Two landmarks and the limit itself.
    assert bars.count("#1b6ca8") == 2


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
def test_bars_of_anything(errors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]):
    ElementTree.fromstring(error_bars(errors, 0.005))


def test_chart_of_what_is_not_finite():
    entries = tiny_entries()
    lost = {name: array.copy() for name, array in entries.items()}
    for name in lost:
        if name.endswith("params_global"):
            lost[name][:] = np.nan
    ElementTree.fromstring(scale_chart(Trace(entries), Trace(lost)))
    ElementTree.fromstring(scale_chart(Trace(lost), Trace(lost)))
