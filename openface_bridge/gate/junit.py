"""A decision as JUnit XML: one test case per fit."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from openface_bridge.gate.decision import Decision, FitDecision, Problem

__all__ = ["junit_xml"]

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(decision: Decision) -> str:
    """Return the text of an XML file as continuous integration services read it."""
    root = ElementTree.Element("testsuites")
    fatal = [problem for problem in decision.problems if problem.fatal]
    errors = sum(not each.fit.compared for each in decision.fits)
    failed = sum(each.status == "FAIL" for each in decision.fits) - errors + len(fatal)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_clean(f"parity {decision.backend}"),
        tests=str(len(decision.fits) + len(fatal)),
        failures=str(failed),
        errors=str(errors),
        skipped="0",
    )
    for each in decision.fits:
        _fit(suite, each)
    for problem in fatal:
        _problem(suite, problem)
    ElementTree.indent(root, " ")
    return f"{_DECLARATION}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _fit(suite: ElementTree.Element, decided: FitDecision) -> None:
    """Add a fit's test case."""
    fit = decided.fit
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_clean(f"parity.{fit.key.backend}.{fit.key.setting}"),
        name=_clean(fit.key.face),
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in _properties(decided):
        ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
    if decided.failures:
        first = decided.failures[0]
        failure = ElementTree.SubElement(
            case,
            "failure" if decided.fit.compared else "error",
            type=first.kind,
            message=_clean(first.sentence),
        )
        failure.text = _clean("\n".join(each.sentence for each in decided.failures))


def _properties(decided: FitDecision) -> list[tuple[str, str]]:
    """Return what to know of a fit."""
    fit = decided.fit
    told = [("verdict", fit.kind), ("sentence", fit.sentence)]
    if not fit.compared:
        return told
    floor = max(fit.floors) if fit.floors else 0.0
    return [
        *told,
        ("max_px", f"{fit.max_px:.6g}"),
        ("limit_px", f"{fit.limit_px:.6g}"),
        *([("floors", f"{fit.max_px / floor:.3g}")] if floor > 0 else []),
        *(("known_divergence", f"{known.name}: {known.reason}") for _, known in decided.known),
    ]


def _problem(suite: ElementTree.Element, problem: Problem) -> None:
    """Add a test case for what is wrong with the gate's own files."""
    case = ElementTree.SubElement(
        suite, "testcase", classname="parity.gate", name=_clean(problem.title)
    )
    failure = ElementTree.SubElement(case, "failure", type="gate", message=_clean(problem.sentence))
    failure.text = _clean(problem.sentence)


def _clean(text: str) -> str:
    """Replace characters that XML has no way to write."""
    return _NOT_XML.sub("\ufffd", text)
