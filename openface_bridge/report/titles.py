"""What parts of the page are called, and which of them several backends share."""

from __future__ import annotations

from dataclasses import dataclass, field

from openface_bridge.reference import Case
from openface_bridge.report.words import anchor_of

__all__ = ["Title", "Titles"]


@dataclass(frozen=True)
class Title:
    """What a part is called.

    Attributes
    ----------
    case : Case
    anchor : str
        Its address on the page.
    backends : list of str
        Of which it tells; empty on a page of one.
    """

    case: Case
    anchor: str
    backends: list[str]

    def __str__(self) -> str:
        """Return it in words."""
        of = [", ".join(self.backends)] if self.backends else []
        return " · ".join((self.case.face, self.case.setting, *of))


@dataclass
class Titles:
    """The parts that there are.

    Attributes
    ----------
    several : bool
        Whether the page is of several backends.
    anchors : dict of (str, str, str) to str
        Where a fit or face is shown, by face, setting and backend.
    """

    several: bool
    anchors: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _shared: dict[tuple[Case, str], Title] = field(default_factory=dict)

    def new(self, case: Case, backend: str, content: str | None) -> Title | None:
        """Return the title of a new part; None if one of another backend has the same content.

        Parameters
        ----------
        case : Case
        backend : str
        content : str or None
            What the part would tell; None if no other can be the same.
        """
        shared = None if content is None else self._shared.get((case, content))
        title = shared or self._title(case, backend)
        self.anchors[case.face, case.setting, backend] = title.anchor
        if shared is not None:
            shared.backends.append(backend)
            return None
        if content is not None and self.several:
            self._shared[case, content] = title
        return title

    def _title(self, case: Case, backend: str) -> Title:
        """Return a title whose address no other part has."""
        backends = [backend] if self.several else []
        wanted = anchor_of(case.face, case.setting, *backends)
        anchor, count = wanted, 1
        while anchor in self._taken:
            count += 1
            anchor = f"{wanted}.{count}"
        self._taken.add(anchor)
        return Title(case, anchor, backends)
