"""A decision as annotations: lines that GitHub's workflows show beside a change."""

from __future__ import annotations

from collections.abc import Iterator

from openface_bridge.gate.decision import Decision

__all__ = ["github_annotations"]


def github_annotations(decision: Decision) -> Iterator[str]:
    """Yield an error for each failure, a warning for what is known or needs attention."""
    for decided in decision.fits:
        title = f"parity: {decided.fit.key}"
        if decided.failures:
            sentences = (each.sentence for each in decided.failures)
            yield _annotation("error", title, "\n".join(sentences))
        for failure, known in decided.known:
            message = f"{failure.sentence} Known until {known.expires}: {known.reason}"
            yield _annotation("warning", title, message)
    for problem in decision.problems:
        yield _annotation("error" if problem.fatal else "warning", problem.title, problem.sentence)


def _annotation(level: str, title: str, message: str) -> str:
    """Return a workflow command."""
    return f"::{level} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a command's text; the per cent sign first, for it escapes the others."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a command's property, which colons and commas end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
