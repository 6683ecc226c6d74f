"""Whether the stages of a fit were given what the fit told, and their outputs were gone on with.

Teacher forcing calls stages one by one. What connects them it does not see: offsets from another
shape than the maps were taken around, a phase with another scale's kernels. So each stage is
performed once more on the inputs that the fit itself told, and must give what the fit told of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from openface_bridge.parity.comparison import compare_forced
from openface_bridge.parity.flow import GIVEN_OTHERS, Broken
from openface_bridge.parity.forcing import Forced
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.teacher import Teacher

__all__ = ["broken_wiring"]

_CLAMPED = ("update/", ".params_local_out")
"""In a fit's own trace these are what the clamp left of them: that stage does both."""


def broken_wiring(teacher: Teacher, done_again: Forced) -> Iterator[Broken]:
    """Yield each stage that does not follow from what a fit told, and where it does so first.

    Parameters
    ----------
    teacher : Teacher
        Of the fit that is looked at; finite.
    done_again : mapping of str to ndarray
        What the same engine's stages give on the fit's own inputs, see
        :func:`openface_bridge.parity.forcing.forced`.
    """
    first, last = _CLAMPED
    performed = {
        name: array
        for name, array in done_again.items()
        if not (name.startswith(first) and name.endswith(last))
    }
    for each in compare_forced(performed, teacher):
        if each.over is not None:
            order, finding = each.over
            yield each.stage.name, order, _renamed(finding)


def _renamed(finding: Finding) -> Finding:
    """Return a finding that says what it is about, not which entry shows it."""
    prefix, dot, _ = finding.entry.rpartition(".")
    return replace(finding, entry=f"{prefix}{dot}{GIVEN_OTHERS}")
