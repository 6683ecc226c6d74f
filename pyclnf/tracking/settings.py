"""What a user may choose about tracking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyclnf.arguments import flag, instance, number, whole_number, whole_numbers
from pyclnf.settings import FitSettings

__all__ = ["TrackerSettings", "checked_tracker_settings"]


@dataclass(frozen=True)
class TrackerSettings:
    """Settings of a tracker; the defaults are OpenFace's.

    Parameters
    ----------
    fit : FitSettings
        Of a face that has just been detected or was lost.
    windows : tuple of int
        The window sizes, instead of `fit`'s, where the frame before was fitted with success.
    template : bool
        Whether the face's last picture is looked for before each fit: for large motions.
    template_scale : float
        The face scale at which pictures are compared, at most 4: faces of OpenFace's models are
        then up to about 600 px wide, and the comparison takes pictures of at most 2**20 px.
    redetect_every : int
        After how many frames without success the face is detected anew; 0: never.
    forget_after : int
        After more than so many frames without success, the face is given up.

    Raises
    ------
    ValueError
        Naming the field, if a value is out of range.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    windows: tuple[int, ...] = (0, 9, 7, 0)
    template: bool = False
    template_scale: float = 0.3
    redetect_every: int = 2
    forget_after: int = 100

    def __post_init__(self) -> None:
        instance("fit", self.fit, FitSettings)
        object.__setattr__(self, "windows", whole_numbers("windows", self.windows))
        object.__setattr__(self, "template", flag("template", self.template))
        for name in ("redetect_every", "forget_after"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), 0))
        replace(self.fit, window_sizes=self.windows)  # raises if they cannot be used
        number("template_scale", self.template_scale, 0.01, 4)

    @property
    def tracking(self) -> FitSettings:
        """The settings where the frame before was fitted with success."""
        return replace(self.fit, window_sizes=self.windows)


def checked_tracker_settings(settings: TrackerSettings | None) -> TrackerSettings:
    """Return the settings, the defaults for None; a ValueError if they are anything else."""
    if settings is None:
        return TrackerSettings()
    return instance("settings", settings, TrackerSettings)
