"""Where in a face, a sequence or a detection something happens."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["FacePlace"]


@dataclass(frozen=True)
class FacePlace:
    """A place: what does not apply is None.

    Attributes
    ----------
    frame, hypothesis : int or None
    part : str or None
    layer : int or None
        Of the validator's network.
    network : str or None
        Of the detector.
    box, landmark : int or None
    parameter : str or None
        ``scale``, ``rx``, ``ry``, ``rz``, ``tx``, ``ty``, or ``mode K``.
    """

    frame: int | None = None
    hypothesis: int | None = None
    part: str | None = None
    layer: int | None = None
    network: str | None = None
    box: int | None = None
    landmark: int | None = None
    parameter: str | None = None

    def at(
        self, *, box: int | None = None, landmark: int | None = None, parameter: str | None = None
    ) -> FacePlace:
        """Return this place, narrowed down."""
        return replace(self, box=box, landmark=landmark, parameter=parameter)

    def __str__(self) -> str:
        """Return it in words."""
        parts = [
            None if self.frame is None else f"frame {self.frame}",
            None if self.hypothesis is None else f"hypothesis {self.hypothesis}",
            None if self.part is None else f"part {self.part}",
            None if self.layer is None else f"layer {self.layer}",
            None if self.network is None else f"{self.network} network",
            None if self.box is None else f"box {self.box}",
            None if self.landmark is None else f"landmark {self.landmark}",
            self.parameter,
        ]
        return ", ".join(part for part in parts if part) or "the face"
