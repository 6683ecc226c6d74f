"""The kernels' source as one text, which a GPU's compiler takes without looking for headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["FOLDER", "OPTIONS", "device_source"]

FOLDER = Path(__file__).with_name("kernels")
"""Where the kernels' files are; ``program.cu`` includes the others."""

OPTIONS = (
    "--std=c++17",
    "--fmad=false",  # only what asks for it is fused: no product and sum of ours
    "--ftz=false",
    "--prec-div=true",
    "--prec-sqrt=true",
    "--device-as-default-execution-space",  # headers are shared with the compiled backend
    "-diag-suppress=177,20044",  # which have functions that only that needs, and its tables
    "-DPYCLNF_LEVEL=gpu",
    "-DPYCLNF_LANES=1",
)
"""Options of NVIDIA's runtime compiler, without which bits would differ."""

_NAMES = ("standard.cuh", "program.cu")
_PACKAGE = FOLDER.resolve().parents[2]
_INCLUDE = re.compile(r'#include\s+(?:"(?P<ours>[^"]+)"|<[^>]+>)')


@cache
def device_source() -> str:
    """Return ``program.cu`` with all it includes, what there is of a standard library first.

    One text, which the compiler takes as it is, and by which compiled kernels are known again.
    """
    joined = _Joined()
    return "\n".join(line for name in _NAMES for line in joined.lines(FOLDER / name))


class _Joined:
    """Files whose includes are put in their places; system headers are left out."""

    def __init__(self) -> None:
        self._done: set[Path] = set()
        self._including: list[Path] = []
        self._conditions = 0

    def lines(self, path: Path) -> Iterator[str]:
        """Yield a file's lines, unless they are there already or are just being yielded."""
        path = path.resolve()
        if path in self._done or path in self._including:
            return
        if not self._conditions:  # else another branch may need the file again
            self._done.add(path)
        self._including.append(path)
        guard = re.sub(r"\W", "_", path.relative_to(_PACKAGE).as_posix()).upper()
        yield from (f"#ifndef PYCLNF_HAS_{guard}", f"#define PYCLNF_HAS_{guard}")
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from self._line(line, path.parent)
        yield "#endif"
        self._including.pop()

    def _line(self, line: str, folder: Path) -> Iterator[str]:
        """Yield a line, or those of the file that it includes."""
        stripped = line.strip()
        include = _INCLUDE.match(stripped)
        if include is not None:
            if include["ours"]:
                yield from self.lines(folder / include["ours"])
        elif stripped != "#pragma once":
            self._conditions += stripped.startswith("#if") - stripped.startswith("#endif")
            yield line
