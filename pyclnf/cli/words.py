"""Numbers of things, in words."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return ``1 fit``, ``2 fits``; `things` is the plural where an s does not make it."""
    several = f"{thing}s" if things is None else things
    return f"{number} {thing if number == 1 else several}"
