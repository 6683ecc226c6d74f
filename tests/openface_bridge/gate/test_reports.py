"""Decisions as JUnit XML and as annotations."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

from openface_bridge.gate.annotations import github_annotations
from openface_bridge.gate.decision import Decision, decide
from openface_bridge.gate.divergences import Divergence
from openface_bridge.gate.junit import junit_xml
from openface_bridge.gate.results import FitKey
from openface_bridge.gate.thresholds import Limit

TODAY = date(2030, 6, 15)
EYES = Divergence(
    FitKey("numpy", "ben", "default"), frozenset(range(36, 48)), None, 1.0, "50 % ours\nreally",
    TODAY, "ben: eyes",
)  # fmt: skip
NASTY = 'x<&"\x00\x1b]]>'


def decision(make_fit: Any, make_results: Any) -> Decision:
    """A fit that fails, one that is known to, one that passes, and a problem and a remark."""
    fits = make_fit(NASTY, {50: 0.3}), make_fit("ben", {40: 0.5}), make_fit("carl")
    limits = {FitKey("numpy", face, "default"): {"all": Limit(9.0)} for face in ("ben", "lost")}
    return decide(make_results(*fits), limits, [EYES], TODAY)


def test_junit(make_fit: Any, make_results: Any):
    text = junit_xml(decision(make_fit, make_results))
    root = ElementTree.fromstring(text.encode())
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    failing, known, passing, problem = suite
    assert (failing.get("name"), failing.get("classname")) == (
        'x<&"\ufffd\ufffd]]>',
        "parity.numpy.default",
    )
    failure = failing.find("failure")
    assert failure is not None
    assert failure.get("type") == "limit"
    assert failure.get("message") == failure.text
    assert "Landmark 50 is 0.3 px off" in str(failure.text)
    assert [child.tag for child in failing] == ["properties", "failure"]
    assert problem.find("failure") is not None
    assert known.find("failure") is passing.find("failure") is None


def test_properties(make_fit: Any, make_results: Any):
    root = ElementTree.fromstring(junit_xml(decision(make_fit, make_results)).encode())
    found = {each.get("name"): each.get("value") for each in root[0][1].iter("property")}
    assert found == {
        "verdict": "rounding", "sentence": "Rounding.", "max_px": "0.5", "limit_px": "0.205",
        "floors": "5", "known_divergence": "ben: eyes: 50 % ours\nreally",
    }  # fmt: skip


def test_annotations(make_fit: Any, make_results: Any):
    lines = list(github_annotations(decision(make_fit, make_results)))
    assert [line.partition(" ")[0] for line in lines] == [
        "::error", "::warning", "::error", "::warning", "::warning",
    ]  # fmt: skip
    assert "::Landmark 50 is 0.3 px off" in lines[0]
    assert lines[1].startswith("::warning title=parity%3A ben%2C default%2C numpy::")
    assert lines[1].endswith("Known until 2030-06-15: 50 %25 ours%0Areally")
    assert "lost" in lines[2]
    assert not any("\n" in line for line in lines)
