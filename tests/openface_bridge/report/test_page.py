"""Pages are one file, valid and escaped; failures come first; each says what went wrong."""

from __future__ import annotations

import gc
import json
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openface_bridge.parity.free_run import FreeRun
from openface_bridge.parity.noise_floor import NoiseFloor
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.summary import run_summary
from openface_bridge.report import charts
from openface_bridge.report import page as page_module
from openface_bridge.report.page import PageWriter
from openface_bridge.trace import Trace

Write = Callable[..., str]
Named = Callable[[Comparison, str], Comparison]
Faulty = Callable[[str], Comparison]
VOID = {"meta", "link", "br", "input", "col", "image", "circle", "line", "path", "rect", "use"}
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


class Page(HTMLParser):
    """A page's elements; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts.append(data)
        elif data.strip() and "style" not in self.open:
            self.words.append(" ".join(data.split()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def anchors(self) -> list[str | None]:
        return [attributes["id"] for attributes in self.all("article")]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def moved(comparison: Comparison, px: float) -> Comparison:
    """A comparison whose candidate ends with a landmark off."""
    trace = comparison.run.reference
    landmarks = trace["final.landmarks"].copy()
    landmarks[3, 0] += px
    return ended_at(comparison, landmarks)


def ended_at(comparison: Comparison, landmarks: Any) -> Comparison:
    """A comparison whose candidate ends at given landmarks."""
    run = comparison.run
    candidate = Trace({**run.candidate.entries, "final.landmarks": landmarks})
    return replace(
        comparison,
        run=replace(run, candidate=candidate),
        free_run=FreeRun(run.reference, candidate, success=True),
    )


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the time that drawing takes, where charts do not matter."""
    for name in ("pose_chart", "update_chart", "error_chart"):
        monkeypatch.setattr(charts, name, lambda *_: "<svg></svg>")
    monkeypatch.setattr(charts, "jacobian_chart", lambda *_: None)


@pytest.fixture(scope="module")
def text(
    sound: Comparison, faulty: Faulty, write: Write, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """A page of a sound fit and two failing ones."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    return write(path, [sound, faulty("1"), faulty("6")])


def test_one_file(text: str):
    """Nothing is fetched, whatever a reader does but print."""
    assert set(re.findall(r'https?://[^"\s<>]*', text)) <= NAMESPACES
    found = Page(text)
    assert not any("src" in attributes for _, attributes in found.elements)
    assert all(link["href"] == "data:," for link in found.all("link"))
    for tag in ("image", "img", "a", "use", "iframe", "object", "source"):
        for attributes in found.all(tag):
            for name in ("href", "xlink:href", "data"):
                assert (attributes.get(name) or "#").startswith(("#", "data:image/"))
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_sound_html(text: str):
    assert text.lstrip().startswith("<!doctype html>")
    found = Page(text)
    assert found.elements[0] == ("html", {"lang": "en"})
    assert "{{" not in text
    assert "{%" not in text
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    shared = {each for each in ids if ids.count(each) > 1}
    # Shapes of charts are named by what they are: equal ones may share a name.
    assert all(re.fullmatch(r"[mp][0-9a-f]{10}", each or "") for each in shared)


def test_links_lead_somewhere(text: str):
    found = Page(text)
    ids = {attributes.get("id") for _, attributes in found.elements}
    links = {(attributes["href"] or "")[1:] for attributes in found.all("a")}
    assert links <= ids
    for anchor in found.anchors:
        assert {anchor, f"{anchor}--response_map", f"{anchor}--initialisation"} <= links


def test_everything_is_labelled(text: str):
    found = Page(text)
    for tag, attributes in found.elements:
        if attributes.get("role") in ("img", "region") or tag in ("article", "section"):
            assert attributes.get("aria-label") or attributes.get("aria-labelledby")


def test_says_how_the_run_went(text: str):
    found = Page(text)
    assert "Failed" in found.text
    assert "3 fits compared, 2 failed. 1 of 3 has" in " ".join(found.text.split())
    assert "1 of 3 has its first bug in the initialisation" in found.text
    assert "1 of 3 has its first bug in the response map" in found.text
    assert "backend numpy, main.txt" in found.text
    assert "made up" in found.text
    assert "Candidate: pyclnf 0.1.0, Python" in found.text
    for stage in STAGES:
        assert stage.name in found.text
        assert stage.function in found.text


def test_failures_come_first(text: str):
    passed = [attributes["data-passed"] for attributes in Page(text).all("article")]
    assert passed == ["no", "no", "yes"]


def test_fault_1_can_be_read(text: str):
    """The box's width over 200 as initial scale."""
    said = Page(text).text
    assert "the initialisation is wrong (scale)" in said
    assert "What differs: initialisation" in said
    assert "Given, in px: a box of x" in said
    assert re.search(r"0\.00500 \(1/200\) in the candidate", said)


def test_fault_6_can_be_read(text: str):
    """Maps brought to [0, 1]."""
    said = Page(text).text
    assert "What differs: response map" in said
    assert re.search(r"a map's largest value lies between [\d.]+ and [\d.]+ in the ref", said)
    assert re.search(r"a map's largest .*? in the candidate, it is always 1\.", said)
    assert re.search(r"Map of landmark \d+: the candidate's is [\d.]+ times the reference's", said)


def test_script_is_given_valid_data(text: str):
    found = Page(text)
    given = [json.loads(each) for each in found.scripts if each.startswith("{")]
    assert len(given) == 1 + 3
    for fit in given[:3]:
        assert fit["landmarks"] == 12
        assert len(fit["scales"]) == 2
        assert fit["moments"][-1] == "end of the fit"


@pytest.mark.usefixtures("no_charts")
def test_the_worst_failures_come_first(
    sound: Comparison, named: Named, write: Write, tmp_path: Path
):
    assert sound.passed
    faces = {"sound": 0.0, "off": 1.0, "lost": np.nan, "far off": 30.0}
    pages = [named(moved(sound, px), face) for face, px in faces.items()]
    found = Page(write(tmp_path / "page.html", pages))
    assert found.anchors == ["lost-default", "far_off-default", "off-default", "sound-default"]
    stages = [each for each in found.all("details") if each.get("class") == "stages"]
    assert ["open" in each for each in stages] == [True, True, True, False]
    assert "∞" in found.text
    assert "1 landmark is not finite." in found.text


@pytest.mark.parametrize(
    "face", ["a<b>&amp", 'x" onload="alert(1)', "</script><script>alert(1)</script>"]
)
@pytest.mark.usefixtures("no_charts")
def test_names_are_escaped(
    sound: Comparison, named: Named, write: Write, tmp_path: Path, face: str
):
    text = write(tmp_path / "page.html", [named(sound, face)], backend="<i>", reference="a&b<i>")
    assert face not in text
    found = Page(text)
    assert f"{face} · default" in found.text
    assert len(found.all("script")) == 4
    assert found.all("i") == Page(text.replace(face, "")).all("i")
    assert "a&b<i>" in found.text
    assert not any("onload" in attributes for _, attributes in found.elements)
    assert all(re.fullmatch(r"[\w.-]+", anchor or "") for anchor in found.anchors)


@pytest.mark.usefixtures("no_charts")
def test_anchors_are_unlike(sound: Comparison, named: Named, write: Write, tmp_path: Path):
    faces = ["a b", "a/b", "a_b", "a_b-default.2"]
    found = Page(write(tmp_path / "page.html", [named(sound, face) for face in faces]))
    assert len(set(found.anchors)) == 4


@pytest.mark.parametrize("lost", [np.nan, np.inf])
def test_lost_landmarks(sound: Comparison, write: Write, tmp_path: Path, lost: float):
    landmarks = np.full_like(sound.run.reference["final.landmarks"], lost)
    assert "∞" in Page(write(tmp_path / "page.html", [ended_at(sound, landmarks)])).text


@pytest.mark.usefixtures("no_charts")
def test_unknown_floor(sound: Comparison, write: Write, tmp_path: Path):
    unknown = replace(sound, floor=NoiseFloor(None))
    assert "scatter is unknown" in Page(write(tmp_path / "page.html", [unknown])).text


def test_nothing_compared(write: Write, tmp_path: Path):
    found = Page(write(tmp_path / "page.html", []))
    assert found.anchors == []
    assert "0 fits compared" in found.text


@pytest.mark.usefixtures("no_charts")
def test_the_same_again(sound: Comparison, write: Write, tmp_path: Path):
    path = tmp_path / "new" / "folder" / "page.html"
    assert write(path, [sound]) == write(path, [sound])
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]


@pytest.mark.usefixtures("no_charts")
def test_a_failing_page_leaves_the_old_one(
    sound: Comparison, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "page.html"
    text = write(path, [sound])

    def fail(_: PageWriter, entries: Any) -> Any:
        yield entries[0], "begun"
        raise RuntimeError("no place")

    monkeypatch.setattr(page_module.PageWriter, "_parts", fail)
    with pytest.raises(RuntimeError):
        write(path, [sound, sound])
    assert path.read_text("utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.usefixtures("no_charts")
def test_memory_does_not_grow_with_fits(sound: Comparison, tmp_path: Path):
    path, run = tmp_path / "page.html", run_summary([], backend="numpy", reference="made up")
    kept, peaks, sizes = [], [], []
    with PageWriter(path) as writer:
        writer.add(sound)
        # Templates are compiled, and modules imported.
        writer.finish(run)
        tracemalloc.start()
        for _ in range(3):
            for _ in range(10):
                writer.add(sound)
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.reset_peak()
            writer.finish(run)
            peaks.append(tracemalloc.get_traced_memory()[1] - kept[-1])
            sizes.append(path.stat().st_size)
        tracemalloc.stop()
    ten_fits = sizes[1] - sizes[0]
    assert ten_fits > 400_000
    assert kept[2] - kept[1] < ten_fits / 10
    assert peaks[2] - peaks[0] < ten_fits / 10
