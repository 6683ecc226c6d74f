"""Whole faces on the page: a row and a section each, figures of both engines, failures first."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.face_records import EMBEDDED, candidate_of, compared

from openface_bridge.parity.faces.candidate import FaceCandidate
from openface_bridge.parity.faces.run import FaceComparison
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.summary import face_summary
from openface_bridge.parity.faults import FACE_FAULTS, planted
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.reference import Case
from openface_bridge.report.page import PageWriter

WHOLE, SEQUENCE = Case("frontal06", "whole"), Case("frontal01", "sequence")
BACKENDS = ("numpy", "numpy-exact")


class Twin(FaceCandidate):
    """A candidate that can be given another name once it has done its work."""

    other_name = ""

    @property
    def name(self) -> str:
        return self.other_name or super().name


@pytest.fixture(scope="module")
def faces() -> list[FaceComparison]:
    """A sound face, and a sequence with a fault."""
    candidate = candidate_of("numpy")
    sound = compared(WHOLE, candidate)
    fault = next(fault for fault in FACE_FAULTS if fault.name == "template shift negated")
    with planted(fault):
        return [sound, compared(SEQUENCE, candidate)]


@pytest.fixture(scope="module")
def text(
    faces: list[FaceComparison], sound: Comparison, tmp_path_factory: pytest.TempPathFactory
) -> str:
    path = tmp_path_factory.mktemp("page") / "page.html"
    with PageWriter(path) as writer:
        writer.add(sound)
        for face in faces:
            writer.add_face(face)
        summaries = [face_summary(face) for face in faces]
        told = {"backend": "numpy", "reference": "made up"}
        writer.finish(run_summary([fit_summary(sound)], summaries, **told))
    return path.read_text("utf-8")


def section(text: str, anchor: str) -> str:
    start = text.index(f'<section class="subject" id="{anchor}"')
    return text[start : text.index("</section>", start)]


def test_links_lead_somewhere(text: str):
    names = re.findall(r' id="([^"]+)"', text)
    own = [name for name in names if name.startswith("frontal0")]
    assert len(own) == len(set(own)) > 0
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(names)
    assert {f"frontal01-sequence--{each}" for each in ("template_shift", "tracking")} <= set(names)


def test_failures_come_first(text: str):
    rows = re.findall(r'<th scope="row"><a href="#([^"]+)">(?:frontal0\d) · (\w+)', text)
    assert rows == [("frontal01-sequence", "sequence"), ("frontal06-whole", "whole")]
    assert text.index('id="frontal01-sequence"') < text.index('id="frontal06-whole"')
    assert "2 whole faces and sequences, 1 failed" in text
    assert "1 of 2 faces has its first bug in the stage template shift" in text


def test_verdicts_are_counted_by_stage(text: str):
    table = text[text.index("Verdicts by stage") :]
    table = table[: table.index("</table>")]
    for stage in FACE_STAGES:
        assert f'<th scope="row">{stage.name}</th>' in table
    marked = re.findall(r'<tr class="marked"><th scope="row">([^<]+)', table)
    assert marked == ["template shift"]


def test_faces_of_several_backends(faces: list[FaceComparison], sound: Comparison, tmp_path: Path):
    """Each has a cell in the table of backends, a row and a section of its own."""
    path = tmp_path / "page.html"
    fits = [replace(sound, run=replace(sound.run, backend=name)) for name in BACKENDS]
    whole = [faces[0], compared(WHOLE, candidate_of("numpy-exact"))]
    run = run_summary(
        [fit_summary(fit) for fit in fits],
        [face_summary(face) for face in whole],
        backend=", ".join(BACKENDS),
        reference="made up",
    )
    with PageWriter(path, several=True) as writer:
        for fit in fits:
            writer.add(fit)
        for face in whole:
            writer.add_face(face)
        writer.finish(run)
    text = path.read_text("utf-8")
    table = text[text.index('<table class="backends">') : text.index("</table>")]
    row = table[table.index(f"{WHOLE.face} · whole") :]
    anchors = [f"{WHOLE.face}-whole-{name}" for name in BACKENDS]
    assert re.findall(r'href="#([^"]+)"', row) == anchors
    for anchor in anchors:
        assert section(text, anchor)
    assert "1 whole face or sequence on 2 backends: 2 comparisons, 0 failed" in text
    counts = text[text.index("Verdicts by stage") :]
    counts = counts[: counts.index("</table>")]
    assert [f'<th scope="col">{name}</th>' in counts for name in BACKENDS] == [True, True]
    assert counts.count("<td>1 ") == 2 * 4  # of a face: its boxes, hypothesis, parts, certainty


def test_faces_alike_are_shown_once(faces: list[FaceComparison], sound: Comparison, tmp_path: Path):
    """Alike in every figure, under the names of both backends."""
    path = tmp_path / "page.html"
    twin = Twin("numpy", EMBEDDED.whole_model, EMBEDDED.face_detector)
    whole = [faces[0], compared(WHOLE, twin)]
    twin.other_name = "abacus"
    fits = [replace(sound, run=replace(sound.run, backend=name)) for name in ("numpy", "abacus")]
    with PageWriter(path, several=True) as writer:
        for fit in fits:
            writer.add(fit)
        for face in whole:
            writer.add_face(face)
        summaries = [face_summary(face) for face in whole]
        told = {"backend": "numpy, abacus", "reference": "made up"}
        writer.finish(run_summary([fit_summary(fit) for fit in fits], summaries, **told))
    text = path.read_text("utf-8")
    assert text.count('<section class="subject"') == 1
    assert f">{WHOLE.face} · whole · numpy, abacus</a></h2>" in text
    table = text[text.index('<table class="backends">') : text.index("</table>")]
    assert table.count(f'href="#{WHOLE.face}-whole-numpy"') == 2


def test_a_face_shows_both_engines(text: str, faces: list[FaceComparison]):
    part = section(text, "frontal06-whole")
    assert "Head poses and their likelihoods" in part
    assert part.count("<b>both</b>") == 1
    assert "left_eye" in part
    assert "Certainty" in part
    assert part.count('class="box-found"') == 7
    assert part.count('class="point-reference"') == 68
    assert part.count('class="point-candidate"') == 68
    assert "leave 16, 16, 16 candidates" in part


def test_a_sequence_with_a_fault_shows_where(text: str):
    part = section(text, "frontal01-sequence")
    assert 'data-passed="no"' in part
    assert "the stage &#39;template shift&#39; fails (shift; frame 1, tx)" in part
    assert '<details class="stages" open>' in part
    frames = part[part.index("Frames") : part.index("</table>")]
    assert frames.count("<tr") == 6
    assert 'class="marked"' in frames


def test_bounds_of_all_stages_are_told(text: str):
    guide = text[text.index("How to read this page") : text.index("<main>")]
    for stage in FACE_STAGES:
        assert stage.function in guide
        for output in stage.outputs:
            assert output.entry in guide


def test_without_faces_there_is_no_table(sound: Comparison, tmp_path: Path):
    path = tmp_path / "page.html"
    with PageWriter(path) as writer:
        writer.add(sound)
        writer.finish(run_summary([fit_summary(sound)], backend="numpy", reference="made up"))
    assert "Verdicts by stage" not in path.read_text("utf-8")
