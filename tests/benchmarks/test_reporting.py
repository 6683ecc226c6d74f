"""From the JSON of a run to tables, a figure and a document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from measuring.__main__ import main
from measuring.document import DocumentError, filled
from measuring.results import Results
from measuring.table import MISSING, Table, milliseconds
from measuring.tables import tables

REPOSITORY = Path(__file__).resolve().parents[2]
OPENFACE = {
    "openface": "2.0.2",
    "opencv": "4.6.0",
    "blas": "OpenBLAS 0.3.21 NO_LAPACKE Haswell",
    "blas_kernel": "Haswell",
}


def timed(what: str, backend: str, ms: float, faces: int = 1, **more: Any) -> dict[str, Any]:
    told = {"what": what, "backend": backend, "faces": faces, **more}
    return {"extra_info": told, "stats": {"median": ms * 1e-3 * faces}}


def run(openface: dict[str, Any] | None = OPENFACE, others: float | None = 0.0) -> dict[str, Any]:
    """The JSON of a run with one stage: OpenFace takes 8 ms, cython 2, numpy 16."""
    seconds = {"cython": [0.002] * 8, "numpy": [0.016] * 8}
    if openface:
        seconds = {"OpenFace": [0.008] * 8, **seconds}
    contest = {
        "cores": 1,
        "kernel": None,
        "openface": openface,
        "scenarios": {"one face": seconds, "batch of 64": seconds},
    }
    machine = {
        **{"processor": "a processor", "cores": 2, "simd": "avx2", "python": "3.12.0"},
        **{"system": "Linux x86_64", "versions": {"numpy": "2.0.0"}},
    }
    stages = {
        "grey conversion": {"operations": 7e6, "bytes": 4e6},
        "likelihood": {"operations": 4e6, "bytes": 1e6},
    }
    return {
        "benchmarks": [
            timed("grey conversion", "cython", 0.5),
            timed("likelihood", "cython", 0.8, faces=4),
            timed("whole fit", "cython", 2.0, faces=4),
            timed("batch of 8", "cython", 1.0, faces=8, threads=2),
        ],
        "pyclnf": {
            **{"machine": machine, "others": [others, 0.01], "workload": "some faces"},
            **{"contests": [contest, {**contest, "cores": 2}], "counts": stages},
            "peaks": {"operations": 100e9, "cache_bytes": 50e9, "memory_bytes": 10e9},
            "memory": {"cython": {"model loaded": 50.25}},
        },
    }


def rows(name: str, content: dict[str, Any]) -> list[tuple[str, ...]]:
    return [row for table in tables(Results(content)) if table.name == name for row in table.rows]


def test_ratios_and_aims() -> None:
    alone, _, both, batch = rows("ratios", run())
    compared = ("8.000", "2.000", "4.00", "4.00 – 4.00")
    assert alone == ("one face", "1", "Haswell", *compared, "≥ 4: reached", MISSING, "16.0")
    assert both == ("one face", "2", "Haswell", *compared, "≥ 4: reached", MISSING, "16.0")
    assert batch == ("batch of 64", "2", "Haswell", *compared, "≥ 6: missed", MISSING, "16.0")


def test_a_backend_that_no_scenario_names_has_a_column() -> None:
    content = run()
    scenarios = content["pyclnf"]["contests"][0]["scenarios"]
    scenarios["one face"] = {**scenarios["one face"], "abacus": [0.5] * 8}
    [table] = [each for each in tables(Results(content)) if each.name == "ratios"]
    assert table.header[-2:] == ("`numpy`", "`abacus`")
    assert [row[-1] for row in table.rows] == ["500", MISSING] * 2


def test_aims_are_judged_by_the_interval_and_in_quiet_only() -> None:
    content = run()
    seconds = content["pyclnf"]["contests"][0]["scenarios"]["one face"]
    seconds["OpenFace"] = [0.006, 0.012] * 4
    assert rows("ratios", content)[0][5:8] == ("4.50", "3.00 – 6.00", "≥ 4: open")
    assert rows("ratios", run(others=0.2))[0][7] == "≥ 4: measure again"


def test_without_openface_there_is_no_ratio() -> None:
    first = rows("ratios", run(openface=None))[0]
    assert first[2:] == (MISSING, MISSING, "2.000", *(MISSING,) * 4, "16.0")


def test_a_profile_adds_up() -> None:
    grey, likelihood, rest, whole = rows("profile", run())
    assert grey == ("grey conversion", "0.500 (25 %)")
    assert likelihood == ("likelihood", "0.800 (40 %)")
    assert rest[1] == "0.700 (35 %)"
    assert whole == ("whole fit", "2.000")


def test_bounds() -> None:
    _, row = rows("roofline", run())
    assert row == ("likelihood", "4.00", "1.00", "4.0", "operations", "40.0", "800.0", "5 %")
    content = run()
    content["pyclnf"]["peaks"]["cache_bytes"] = 1e9
    assert rows("roofline", content)[1][4:6] == ("bytes", "1000.0")


def test_others() -> None:
    assert ("batch of 8, 2 threads", "1.000") in rows("fits", run())
    assert rows("memory", run()) == [("model loaded", "50.2")]
    assert ("others took", "1% of the cores' time") in rows("machine", run())
    assert ("others took", "**20% of the cores' time: measure again**") in rows(
        "machine", run(others=0.2)
    )
    with pytest.raises(ValueError, match="'pyclnf' is missing"):
        Results({"benchmarks": []})


def test_tables_are_aligned() -> None:
    table = Table("name", "title", ("what", "ms"), (("a", "1.5"), ("longer", "12")))
    assert str(table).splitlines() == [
        "| what   |  ms |",
        "|:-------|----:|",
        "| a      | 1.5 |",
        "| longer |  12 |",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0012345, "1.234"), (0.012345, "12.3"), (0.12345, "123"), (-0.012, "-12.0"), (None, "–")],
)
def test_milliseconds(seconds: float | None, text: str) -> None:
    assert milliseconds(seconds) == text


MARKED = "before\n<!-- measured: one -->\nold\n<!-- end -->\nafter\n"


def test_tables_of_a_document_are_replaced() -> None:
    once = filled(MARKED, {"one": "| new \\1 |", "two": ""})
    assert once == "before\n<!-- measured: one -->\n\n| new \\1 |\n\n<!-- end -->\nafter\n"
    assert filled(once, {"one": "x"}) == filled(MARKED, {"one": "x"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no marks", "expected '<!-- measured: NAME -->'"),
        (MARKED.replace("<!-- end -->", ""), "expected '<!-- measured: NAME -->'"),
        (MARKED + "<!-- measured: two -->\n", "expected '<!-- measured: NAME -->'"),
        (MARKED.replace("one", "three"), "has a table 'three', and this run has only one, two"),
    ],
)
def test_documents_that_cannot_be_filled(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        filled(text, {"one": "1", "two": "2"})


def test_the_document_asks_for_tables_that_there_are() -> None:
    text = (REPOSITORY / "docs" / "performance.md").read_text("utf-8")
    asked = re.findall(r"<!-- measured: (.*?) -->", text)
    made = {table.name: str(table) for table in tables(Results(run()))}
    assert sorted(asked) == sorted(made)
    assert filled(filled(text, made), made) == filled(text, made)


def test_everything_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, figure, document = (tmp_path / name for name in ("r.json", "f.png", "d.md"))
    results.write_text(json.dumps(run()), "utf-8")
    document.write_text(MARKED.replace("one", "memory"), "utf-8")
    main([str(results), "--figure", str(figure), "--document", str(document)])
    assert "| one face" in capsys.readouterr().out
    assert "| model loaded |" in document.read_text("utf-8")
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert document.with_suffix(".png").read_bytes() == figure.read_bytes()
