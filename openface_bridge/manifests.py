"""Which model file a setting is fitted with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openface_bridge.trace import TraceError

__all__ = ["Manifests"]


class Manifests:
    """Model files by setting.

    Parameters
    ----------
    default : Path or None
        The manifest of every setting that has none of its own.
    by_setting : mapping of str to Path
    """

    def __init__(self, default: Path | None, by_setting: Mapping[str, Path] | None = None) -> None:
        self._default = default
        self._by_setting = dict(by_setting or {})

    def of(self, setting: str) -> Path:
        """Return the manifest that a setting is fitted with.

        The in-the-wild setting has a model of its own: beside ``main_…_general.txt`` it is
        ``main_…_wild.txt``, where that exists.

        Raises
        ------
        TraceError
            If there is none.
        """
        if setting in self._by_setting:
            return self._by_setting[setting]
        if self._default is None:
            raise TraceError(f"there are fits of setting {setting!r}, but no model for it")
        sibling = self._default.with_name(self._default.name.replace("general", "wild"))
        return sibling if setting == "wild" and sibling.is_file() else self._default
