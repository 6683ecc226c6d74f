"""Pages of several backends: a row for each fit, a column for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from openface_bridge.parity.refused import Refused, refused_summary
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.summary import fit_summary, run_summary
from openface_bridge.reference import Case
from openface_bridge.report import charts
from openface_bridge.report.backends import Cell, Row, rows_of
from openface_bridge.report.page import PageWriter

Write = Callable[..., str]
Kind = Literal["equal", "bug"]


@pytest.fixture(autouse=True)
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the time that drawing takes."""
    for name in ("pose_chart", "update_chart", "error_chart"):
        monkeypatch.setattr(charts, name, lambda *_: "<svg></svg>")
    monkeypatch.setattr(charts, "jacobian_chart", lambda *_: None)


def by(comparison: Comparison, backend: str, kind: Kind | None = None) -> Comparison:
    """A comparison of another backend, with another verdict."""
    verdict = comparison.verdict if kind is None else replace(comparison.verdict, kind=kind)
    return replace(comparison, run=replace(comparison.run, backend=backend), verdict=verdict)


def test_rows():
    def fit(face: str, backend: str, kind: str, px: float | None) -> dict[str, object]:
        return {
            "face": face,
            "setting": "wild",
            "backend": backend,
            "passed": kind != "bug",
            "verdict": {"kind": kind},
            "free_run": {"max_px": px},
        }

    fits = [
        fit("anna", "loom", "equal", 0.0),
        fit("anna", "abacus", "bug", None),
        fit("ben", "abacus", "rounding", 0.5),
    ]
    anchors = {("anna", "wild", "loom"): "a", ("anna", "wild", "abacus"): "b"}
    anchors["ben", "wild", "abacus"] = "c"
    assert rows_of(fits, {"backends": {"abacus": {}, "loom": {}}}, anchors) == [
        Row("anna · wild", (Cell(False, "bug", None, "b"), Cell(True, "equal", 0.0, "a"))),
        Row("ben · wild", (Cell(True, "rounding", 0.5, "c"), None)),
    ]


def test_a_page_of_several(sound: Comparison, write: Write, tmp_path: Path):
    path = tmp_path / "page.html"
    backends = [by(sound, "abacus"), by(sound, "loom", "equal"), by(sound, "quill", "equal")]
    text = write(path, backends, several=True)
    table = text[text.index('<table class="backends">') : text.index("</table>")]
    for name in ("abacus", "loom", "quill"):
        assert f'<th scope="col">{name}</th>' in table
    assert table.count("<tr>") == 1 + 1 + 4
    assert table.count("0 of 1") == 1
    assert table.count("1 of 1") == 2
    assert text.count("<article ") == 2  # what is equal in every bit, once
    assert table.count('href="#anna-default-loom"') == 2
    assert 'id="anna-default-abacus"' in text
    assert ">anna · default · abacus</a></h2>" in text
    assert ">anna · default · loom, quill</a></h2>" in text
    assert "1 fit on 3 backends: 3 comparisons, 0 failed" in " ".join(text.split())


def test_a_failure_among_several(sound: Comparison, write: Write, tmp_path: Path):
    broken = by(sound, "loom", "bug")
    broken = replace(broken, verdict=replace(broken.verdict, stage="view"))
    text = write(tmp_path / "page.html", [by(sound, "abacus"), broken], several=True)
    table = text[text.index('<table class="backends">') : text.index("</table>")]
    assert "1 failed" in table
    assert table.count("badge good") == 1


def test_a_page_of_one(sound: Comparison, write: Write, tmp_path: Path):
    text = write(tmp_path / "page.html", [sound])
    assert 'id="backends"' not in text
    assert "anna · default</a>" in text


def test_what_could_not_be_compared(sound: Comparison, tmp_path: Path):
    """Named once, with the reason; its cells lead there."""
    backends = ("abacus", "loom")
    fits = [fit_summary(by(sound, name)) for name in backends]
    fits += [refused_summary(Refused(Case("ben", "wild"), name, "no <box>")) for name in backends]
    path = tmp_path / "page.html"
    with PageWriter(path, several=True) as writer:
        for name in backends:
            writer.add(by(sound, name))
        writer.finish(run_summary(fits, backend="abacus, loom", reference="made up"))
    text = path.read_text("utf-8")
    assert text.count("<li><b>ben · wild · abacus, loom</b>: no &lt;box&gt;</li>") == 1
    assert text.count('href="#refused"') == 2
    assert "2 fits on 2 backends: 4 comparisons, 2 failed" in " ".join(text.split())
    assert "No stage is wrong" not in text
