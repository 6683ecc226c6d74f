"""A document's tables, taken from what was measured, so that the two cannot drift apart.

A table stands between two lines, and what is between them is replaced::

    <!-- measured: NAME -->
    <!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["DocumentError", "filled"]

_BLOCK = re.compile(r"(<!-- measured: (?P<name>[\w ]+) -->\n)(?P<old>.*?)(<!-- end -->)", re.DOTALL)
_MARK = "<!-- measured:"


class DocumentError(ValueError):
    """A document that asks for what there is not, or whose marks do not match."""


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Return a document with its tables replaced.

    Parameters
    ----------
    text : str
    tables : mapping of str to str
        Markdown by name.

    Raises
    ------
    DocumentError
        Naming the table that the document asks for and the run has not, if a mark has no end, or
        there are no marks.
    """
    found = list(_BLOCK.finditer(text))
    if not found or len(found) != text.count(_MARK):
        raise DocumentError("expected '<!-- measured: NAME -->', each with its '<!-- end -->'")
    for match in found:
        if match["name"] not in tables:
            raise DocumentError(
                f"the document has a table {match['name']!r}, and this run has only "
                f"{', '.join(tables)}: was it run without OpenFace, or only in part?"
            )
    return _BLOCK.sub(lambda match: f"{match[1]}\n{tables[match['name']]}\n\n{match[4]}", text)
