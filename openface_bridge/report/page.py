"""The page of a parity run: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, TypeVar

import numpy as np

from openface_bridge.parity.faces.check import Check, FaceFinding
from openface_bridge.parity.faces.run import FaceComparison
from openface_bridge.parity.faces.stages import FACE_STAGES
from openface_bridge.parity.faces.summary import face_summary
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Place
from openface_bridge.parity.refused import ERROR
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.stages import STAGES, Stage
from openface_bridge.report import words
from openface_bridge.report.backends import rows_of
from openface_bridge.report.faces import FaceEntry, entry_of, view_face
from openface_bridge.report.fit import FitView, region_of, view_fit
from openface_bridge.report.picture import MAGNIFICATIONS
from openface_bridge.report.provenance import candidate_versions, reference_versions
from openface_bridge.report.titles import Title, Titles
from pyclnf.cli.words import counted

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PageWriter"]


@dataclass(frozen=True)
class _Entry:
    """What is kept of a fit until the page is finished: its row, and where its part is."""

    title: Title
    passed: bool
    kind: str
    stage: str | None
    place: Place | None
    max_px: float
    limit_px: float
    floor_multiple: float | None
    marks: list[tuple[str, str, str]]
    first: int
    size: int


@dataclass(frozen=True)
class _Face:
    """What is kept of a face until the page is finished."""

    entry: FaceEntry
    first: int
    size: int


_Kept = TypeVar("_Kept", _Entry, _Face)


class PageWriter:
    """Writes a page fit by fit; memory does not grow with their number.

    Parts wait in a temporary file until :meth:`finish` puts them in order, failures first::

        with PageWriter(path) as writer:
            for comparison in comparisons:
                writer.add(comparison)
            writer.finish(run_summary(...))

    Parameters
    ----------
    path : Path
        The page; replaced only when all is written, and its folder made then.
    several : bool
        Whether there will be fits of several backends: they get a table with a column for each,
        and what several make alike is shown once.
    """

    def __init__(self, path: Path, *, several: bool = False) -> None:
        self._path = path
        self._titles = Titles(several)
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._entries: list[_Entry] = []
        self._faces: list[_Face] = []
        self._reference_versions: set[tuple[str, str]] = set()
        self._models: set[str] = set()

    def __enter__(self) -> PageWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the temporary file."""
        self._spool.close()

    def add(self, comparison: Comparison) -> None:
        """Render one fit's part, unless it is that of another backend: equal in every bit."""
        kind = comparison.verdict.kind
        content = kind if kind == "equal" else None
        title = self._titles.new(comparison.case, comparison.run.backend, content)
        if title is None:
            return
        view = view_fit(comparison, title.anchor)
        first, size = self._spooled("fit.html", view=view, fit=comparison)
        self._entries.append(_entry(comparison, view, title, first, size))
        self._reference_versions.update(reference_versions(comparison.run.reference))
        self._models.add(comparison.run.manifest.name)

    def add_face(self, comparison: FaceComparison) -> None:
        """Render the part of a face or sequence, unless another backend's tells the same."""
        told = json.dumps({**face_summary(comparison), "backend": None})
        content = hashlib.sha256(told.encode("utf-8")).hexdigest()
        candidate = comparison.subject.candidate
        title = self._titles.new(comparison.case, candidate.name, content)
        if title is None:
            return
        view = view_face(comparison, title.anchor)
        first, size = self._spooled("face.html", view=view)
        self._faces.append(_Face(entry_of(view, title), first, size))
        self._models.add(candidate.manifest.name)

    def _spooled(self, template: str, **given: Any) -> tuple[int, int]:
        """Write a rendered part aside; return where it begins, and how long it is."""
        encoded = self._environment.get_template(template).render(**given).encode("utf-8")
        first = self._spool.tell()
        self._spool.write(encoded)
        return first, len(encoded)

    def finish(self, run: dict[str, Any], path: Path | None = None) -> None:
        """Write the page.

        Parameters
        ----------
        run : dict
            See :func:`openface_bridge.parity.summary.run_summary`.
        path : Path, optional
            Where to, instead of where the page belongs.
        """
        target = path or self._path
        ordered = sorted(self._entries, key=_severity)
        faces = sorted(self._faces, key=_severity_of_face)
        stream = self._environment.get_template("page.html").stream(
            run=run,
            refused=_refused(run),
            entries=ordered,
            several=self._titles.several,
            rows=rows_of(run["fits"], run, self._titles.anchors),
            face_rows=rows_of(run["faces"] or (), run, self._titles.anchors),
            parts=self._parts(ordered),
            stages=STAGES,
            faces=[face.entry for face in faces],
            face_parts=self._parts(faces),
            face_stages=FACE_STAGES,
            failing=_failing(ordered),
            failing_faces=_failing([face.entry for face in faces]),
            models=sorted(self._models),
            candidate_versions=candidate_versions(),
            reference_versions=sorted(self._reference_versions),
            style=_text("page.css"),
            script=_text("page.js"),
            colours=_colour_tables(),
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".part")
        try:
            with unfinished.open("wb") as file:
                stream.dump(file, encoding="utf-8")
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _parts(self, entries: Sequence[_Kept]) -> Iterator[tuple[_Kept, str]]:
        """Yield what is kept of each part, and the rendered part, one at a time."""
        for entry in entries:
            self._spool.seek(entry.first)
            yield entry, self._spool.read(entry.size).decode("utf-8")

    @cached_property
    def _environment(self) -> Environment:
        import jinja2

        environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(lambda name: _text(f"templates/{name}")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            number=words.number, px=words.px, signed=words.signed, multiple=words.multiple,
            percent=words.percent,
        )  # fmt: skip
        environment.globals.update(
            region_of=region_of,
            magnifications=MAGNIFICATIONS,
            sentence=verdict_sentence,
            where=_where,
            worst_of=_worst_of,
            counted=counted,
        )
        return environment


def _entry(comparison: Comparison, view: FitView, title: Title, first: int, size: int) -> _Entry:
    """Keep what the page's table shows of a fit."""
    error, floor = comparison.free_run.max_px, comparison.floor
    return _Entry(
        title=title,
        passed=comparison.passed,
        kind=comparison.verdict.kind,
        stage=comparison.verdict.blamed,
        place=comparison.verdict.place,
        max_px=error,
        limit_px=floor.limit_px,
        floor_multiple=floor.multiple(error),
        marks=[(row.name, row.anchor, row.mark) for row in view.stages],
        first=first,
        size=size,
    )


def _where(finding: Finding, stage: Stage) -> str:
    """Say where a stage's finding is."""
    last = stage.per == "end" and finding.place == Place()
    return "end of the fit" if last else str(finding.place)


def _severity(entry: _Entry) -> tuple[bool, bool, float]:
    """Return a sorting key: failures first, bugs before others, the worst of them first."""
    return entry.passed, entry.kind != "bug", -entry.max_px / entry.limit_px


def _severity_of_face(face: _Face) -> tuple[bool, bool]:
    """Return a sorting key: failures first; else as they came."""
    return face.entry.passed, face.entry.kind != "bug"


def _worst_of(checks: Sequence[Check]) -> FaceFinding | None:
    """Return the difference that is nearest to its bound, or farthest beyond it."""
    return max((each.worst for each in checks), key=lambda found: found.ratio, default=None)


def _failing(entries: Sequence[_Entry | FaceEntry]) -> list[tuple[str, int]]:
    """Return the stages that bugs were found in, with how often, most frequent first."""
    found = Counter(entry.stage for entry in entries if entry.kind == "bug" and entry.stage)
    return found.most_common()


def _refused(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what could not be compared, and why; of several backends in one if they agree."""
    found: dict[tuple[str, ...], list[str]] = {}
    for each in (*run["fits"], *(run["faces"] or ())):
        if each["verdict"]["kind"] == ERROR:
            told = (each["face"], each["setting"], each["verdict"]["sentence"])
            found.setdefault(told, []).append(each["backend"])
    return [
        (" · ".join((face, setting, ", ".join(backends))), why)
        for (face, setting, why), backends in found.items()
    ]


def _text(name: str) -> str:
    """Return one of the files that lie beside this one."""
    return resources.files("openface_bridge.report").joinpath(name).read_text("utf-8")


def _colour_tables() -> dict[str, str]:
    """Return 256 colours for values and for differences, as base64 of RGB bytes."""
    import matplotlib

    tables = {"values": "viridis", "differences": "RdBu_r"}
    return {
        name: base64.b64encode(_bytes(matplotlib.colormaps[colours])).decode("ascii")
        for name, colours in tables.items()
    }


def _bytes(colours: Any) -> bytes:
    rgb: bytes = np.rint(colours(np.arange(256))[:, :3] * 255).astype(np.uint8).tobytes()
    return rgb
