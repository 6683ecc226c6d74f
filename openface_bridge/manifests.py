"""Which model file a setting is fitted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from openface_bridge.trace import TraceError
from pyclnf.settings import FitSettings

__all__ = ["Manifests", "split_models"]


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


def split_models(arguments: Sequence[str]) -> tuple[Path | None, dict[str, Path]]:
    """Split the models given into the default and those of one setting.

    Raises
    ------
    ValueError
        If one names no setting that there is, or two serve the same.
    """
    found: dict[str | None, Path] = {}
    for argument in arguments:
        setting, path = _setting_and_model(argument)
        if setting in found:
            served = "every setting" if setting is None else f"setting {setting!r}"
            raise ValueError(f"--model: {found[setting]} and {path} are both for {served}")
        found[setting] = path
    return found.pop(None, None), {name: path for name, path in found.items() if name is not None}


def _setting_and_model(argument: str) -> tuple[str | None, Path]:
    """Split SETTING=MAIN.txt; a path with an equals sign in a folder's name is a path."""
    setting, equals, path = argument.partition("=")
    if not equals or "/" in setting or "\\" in setting:
        return None, Path(argument)
    try:
        FitSettings.named(setting)
    except ValueError as error:
        raise ValueError(
            f"--model {argument}: {error}; a file of that name is ./{argument}"
        ) from error
    return setting, Path(path)
