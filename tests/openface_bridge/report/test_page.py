"""The page of a run: one file, sound HTML, failures first."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.place import Place
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.summary import run_summary
from openface_bridge.parity.verdicts import Verdict
from openface_bridge.reference import Case
from openface_bridge.report import page as page_module
from openface_bridge.report.page import FitView, render_page, view_fit
from openface_bridge.trace import Trace

VOID = {"meta", "link", "br", "img", "hr", "input", "col", "wbr", "source", "area", "base"}
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


class Page(HTMLParser):
    """A page's elements; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.words.append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def render(path: Path, views: list[FitView], backend: str = "numpy") -> str:
    summaries = [view.summary for view in views]
    run = run_summary(summaries, backend=backend, reference="made up")
    render_page(path, run, views)
    return path.read_text("utf-8")


def spoiled(comparison: Comparison, face: str, px: float, stage: str | None = None) -> Comparison:
    """A comparison with a landmark off, and a stage failing."""
    reference = comparison.free_run.reference
    landmarks = reference["final.landmarks"].copy()
    landmarks[3, 0] += px
    candidate = Trace({**reference.entries, "final.landmarks": landmarks})
    verdict = comparison.verdict
    if stage is not None:
        place = Place(1, "rigid", 2, 7)
        finding = Finding("scale1.rigid.2.mean_shift", place, 123.4, 123.4, 28.0)
        verdict = Verdict("bug", stage, place, finding)
    return replace(
        comparison,
        run=replace(comparison.run, case=Case(face, comparison.case.setting)),
        free_run=FreeRun(reference, candidate, success=True),
        verdict=verdict,
    )


@pytest.fixture
def plain_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the time that drawing takes, where figures do not matter."""
    for name in ("scale_chart", "error_bars"):
        monkeypatch.setattr(page_module, name, lambda *_: "<svg></svg>")


@pytest.fixture(scope="module")
def sound(comparisons: dict[Case, Comparison]) -> Comparison:
    return comparisons[Case("anna", "default")]


@pytest.fixture(scope="module")
def views(comparisons: dict[Case, Comparison]) -> list[FitView]:
    return [view_fit(comparison) for comparison in list(comparisons.values())[:2]]


def test_self_contained(views: list[FitView], tmp_path: Path):
    text = render(tmp_path / "page.html", views)
    assert set(re.findall(r'https?://[^"\s<>]*', text)) <= NAMESPACES
    found = Page(text)
    assert found.all("script") == []
    assert all(link["href"] == "data:," for link in found.all("link"))
    for tag in ("image", "img", "a", "use", "iframe", "object", "source"):
        for attributes in found.all(tag):
            for name in ("href", "xlink:href", "src", "data"):
                assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_sound_html(views: list[FitView], tmp_path: Path):
    text = render(tmp_path / "page.html", views)
    assert text.startswith("<!doctype html>")
    found = Page(text)
    assert found.elements[0][0] == "html"
    assert len(found.all("article")) == 2
    anchors = [attributes["id"] for attributes in found.all("article")]
    assert sorted(filter(None, anchors)) == ["anna-default", "anna-weighted"]
    links = [attributes["href"] for attributes in found.all("a")]
    assert links == [f"#{anchor}" for anchor in anchors]
    assert "{{" not in text
    assert "{%" not in text


def test_small(views: list[FitView], tmp_path: Path):
    assert len(render(tmp_path / "page.html", views)) < 250_000


def test_says_how_the_run_went(views: list[FitView], tmp_path: Path):
    text = Page(render(tmp_path / "page.html", views, "numpy-exact")).text
    assert "Passed." in text
    assert "2 fits compared, 0 failed" in text
    assert "backend numpy-exact" in text
    assert "Reference: made up." in text
    for stage in STAGES:
        assert stage.name in text


def test_pictures_are_shown_with_both_shapes(views: list[FitView], tmp_path: Path):
    found = Page(render(tmp_path / "page.html", views[:1]))
    shown = found.all("image")[0]
    encoded = (shown["href"] or "").removeprefix("data:image/jpeg;base64,")
    jpeg = np.frombuffer(base64.b64decode(encoded, validate=True), np.uint8)
    pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert pixels is not None
    size = (pixels.shape[1], pixels.shape[0])
    assert views[0].box == (0, 0, *size)
    assert (shown["width"], shown["height"]) == tuple(map(str, size))
    assert len(found.all("circle")) == 12


def test_landmarks_are_placed_in_the_crop(sound: Comparison, views: list[FitView]):
    reference = sound.free_run.reference["final.landmarks"]
    placed = np.array(views[0].reference)
    assert placed.min() > 0
    assert np.all(placed.max(axis=0) < views[0].box[2:])
    # As far apart as in the picture, which was not made smaller.
    np.testing.assert_allclose(np.ptp(placed, axis=0), np.ptp(reference, axis=0), atol=0.011)
    np.testing.assert_allclose((placed - reference) % 1, 0.5, atol=0.011)


@pytest.mark.usefixtures("plain_figures")
def test_large_pictures_are_made_smaller(sound: Comparison, tmp_path: Path):
    pixels = cv2.imread(str(sound.run.picture))
    assert pixels is not None
    large = tmp_path / "large.png"
    assert cv2.imwrite(str(large), cv2.resize(pixels, None, fx=6, fy=6))
    entries = dict(sound.free_run.reference.entries)
    entries["final.landmarks"] = entries["final.landmarks"] * np.float32(6)
    trace = Trace(entries)
    run = replace(sound.run, picture=large)
    view = view_fit(replace(sound, run=run, free_run=FreeRun(trace, trace, success=True)))
    assert max(view.box) == 720
    assert len(view.picture) < 120_000
    assert 0 < np.min(view.reference) < np.max(view.reference) < 720


@pytest.mark.usefixtures("plain_figures")
def test_failures_come_first_and_the_worst_of_them(sound: Comparison, tmp_path: Path):
    assert sound.passed
    views = [
        view_fit(each)
        for each in (
            spoiled(sound, "sound", 0.0),
            spoiled(sound, "off", 1.0),
            spoiled(sound, "stage", 0.0, "mean shift"),
            spoiled(sound, "far off", 30.0),
            spoiled(sound, "lost", np.nan),
        )
    ]
    found = Page(render(tmp_path / "page.html", views))
    anchors = [attributes["id"] for attributes in found.all("article")]
    names = ["lost", "far off", "off", "stage", "sound"]
    assert anchors == [f"{name}-default" for name in names]
    opened = ["open" in attributes for attributes in found.all("details")]
    assert opened == [True] * 4 + [False]
    assert "Failed." in found.text
    assert "5 fits compared, 4 failed" in found.text
    assert "∞" in found.text


@pytest.mark.parametrize("face", ["a<b>&amp", 'x" onload="alert(1)', "<script>alert(1)</script>"])
@pytest.mark.usefixtures("plain_figures")
def test_names_are_escaped(sound: Comparison, tmp_path: Path, face: str):
    text = render(tmp_path / "page.html", [view_fit(spoiled(sound, face, 0.0))])
    assert face not in text
    found = Page(text)
    assert f"{face} · default" in found.text
    assert found.all("article")[0]["id"] == f"{face}-default"
    assert found.all("b") == []
    assert found.all("script") == []
    assert not any("onload" in attributes for _, attributes in found.elements)


def test_other_names_are_escaped(views: list[FitView], tmp_path: Path):
    run = run_summary([view.summary for view in views], backend="<i>", reference="<i>")
    render_page(tmp_path / "page.html", run, views)
    found = Page((tmp_path / "page.html").read_text("utf-8"))
    assert found.all("i") == []
    assert "backend <i>" in found.text


@pytest.mark.usefixtures("plain_figures")
@pytest.mark.parametrize("lost", [np.nan, np.inf])
@pytest.mark.parametrize("of_reference", [False, True])
def test_lost_landmarks(sound: Comparison, tmp_path: Path, lost: float, of_reference: bool):
    trace = sound.free_run.reference
    entries = {**trace.entries, "final.landmarks": np.full_like(trace["final.landmarks"], lost)}
    pair = (Trace(entries), trace) if of_reference else (trace, Trace(entries))
    view = view_fit(replace(sound, free_run=FreeRun(*pair, success=False)))
    assert view.summary["free_run"]["max_px"] is None
    assert "∞" in Page(render(tmp_path / "page.html", [view])).text


@pytest.mark.usefixtures("plain_figures")
def test_faces_outside_their_picture(sound: Comparison, tmp_path: Path):
    trace = sound.free_run.reference
    for shift in (-1000, 1000):
        entries = {**trace.entries, "final.landmarks": trace["final.landmarks"] + np.float32(shift)}
        moved = FreeRun(Trace(entries), Trace(entries), success=True)
        view = view_fit(replace(sound, free_run=moved))
        assert min(view.box[2:]) > 0


def test_nothing_compared(tmp_path: Path):
    found = Page(render(tmp_path / "page.html", []))
    assert found.all("article") == []
    assert "0 fits compared" in found.text


@pytest.mark.usefixtures("plain_figures")
def test_stages_with_nothing_to_compare(sound: Comparison, tmp_path: Path):
    assert sound.forced[10].compared == 0
    found = Page(render(tmp_path / "page.html", [view_fit(sound)]))
    assert "nothing to compare in this fit" in found.text


@pytest.mark.usefixtures("plain_figures")
def test_sentences(sound: Comparison):
    assert "Every stage agrees" in view_fit(sound).sentence
    equal = replace(sound, verdict=Verdict("equal"))
    assert view_fit(equal).sentence.startswith("Equal in every bit of every stage. ")
    failing = view_fit(spoiled(sound, "anna", 2.0, "mean shift")).sentence
    assert "the mean shift is wrong (scale 1, rigid phase, iteration 2, landmark 7)" in failing
    assert "the worst landmark is 2.0000 px off, beyond what" in failing
    unknown = replace(spoiled(sound, "anna", 0.001), floor=NoiseFloor(None))
    assert "within what" in view_fit(unknown).sentence
    assert "no noise floor is known" in view_fit(unknown).sentence


def test_folder_is_made_and_old_page_replaced(views: list[FitView], tmp_path: Path):
    path = tmp_path / "new" / "folder" / "page.html"
    assert render(path, views) == render(path, views)
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]


def test_a_failing_page_leaves_the_old_one(
    views: list[FitView], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "page.html"
    text = render(path, views)

    def fail(**_: Any) -> str:
        raise RuntimeError("no place")

    monkeypatch.setattr(page_module, "Place", fail)
    with pytest.raises(RuntimeError):
        render(path, [replace(views[0], summary={**views[0].summary, "passed": False})])
    assert path.read_text("utf-8") == text
