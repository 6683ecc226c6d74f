"""What a user may choose about tracking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyclnf.settings import FitSettings

__all__ = ["TrackerSettings"]


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
        The face scale at which pictures are compared.
    redetect_every : int
        After how many frames without success the face is detected anew; 0: never.
    forget_after : int
        After how many frames without success the face is given up.

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
        replace(self.fit, window_sizes=self.windows)  # raises if they cannot be used
        if not 0.01 <= self.template_scale <= 100:
            raise ValueError(
                f"template_scale: must be from 0.01 to 100, got {self.template_scale!r}"
            )
        if self.redetect_every < 0:
            raise ValueError(f"redetect_every: must not be negative, got {self.redetect_every}")
        if self.forget_after < 0:
            raise ValueError(f"forget_after: must not be negative, got {self.forget_after}")

    @property
    def tracking(self) -> FitSettings:
        """The settings where the frame before was fitted with success."""
        return replace(self.fit, window_sizes=self.windows)
