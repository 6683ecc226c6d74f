"""The columns of OpenFace's CSV files: which, in what order, with how many decimals.

OpenFace's blocks of gaze, eye landmarks and action units are left out: nothing here computes them.
OpenFace 2.0.2 writes a blank after each comma, later versions do not; neither do we.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from pyclnf.pipeline.face import FaceResult
from pyclnf.pipeline.frame import Frame

__all__ = ["BLOCKS", "CsvLayout"]

_GLOBAL = ("p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty")
_POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")
_MOST_DECIMALS = 17

Numbers = Iterable[tuple[float, int]]
"""Values and the decimals that OpenFace gives them."""


@dataclass(frozen=True)
class _Block:
    """Columns that are written together or not at all."""

    names: Callable[[int, int], list[str]]
    values: Callable[[FaceResult], Numbers]


@dataclass(frozen=True)
class CsvLayout:
    """What the rows of a file hold.

    Parameters
    ----------
    n_landmarks, n_modes : int
        Of the model.
    blocks : collection of str
        Of :data:`BLOCKS`, in any order.
    sequence : bool
        Whether rows are of frames of a sequence, which have other leading columns.
    precision : int, optional
        Decimals of every number instead of OpenFace's.

    Raises
    ------
    ValueError
        If there is no such block, or the precision is not from 0 to 17.
    """

    n_landmarks: int
    n_modes: int
    blocks: frozenset[str]
    sequence: bool
    precision: int | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.blocks) - set(BLOCKS))
        if unknown:
            raise ValueError(f"blocks: there is no {unknown[0]!r}; there are {', '.join(BLOCKS)}")
        if self.precision is not None and not 0 <= self.precision <= _MOST_DECIMALS:
            raise ValueError(
                f"precision: must be from 0 to {_MOST_DECIMALS} decimals, got {self.precision}"
            )

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        leading = ["face", "confidence"]
        if self.sequence:
            leading = ["frame", "face_id", "timestamp", "confidence", "success"]
        names = (block.names(self.n_landmarks, self.n_modes) for block in self._chosen())
        return [*leading, *chain.from_iterable(names)]

    def row(self, frame: Frame, face: FaceResult) -> list[str]:
        """Return the fields of one face."""
        confidence = float("nan") if face.confidence is None else face.confidence
        if self.sequence:
            leading = [
                str(frame.number),
                str(face.face_id),
                self._text(frame.timestamp, 3),
                self._text(confidence, 2),
                str(int(face.success)),
            ]
        else:
            leading = [str(face.face_id), self._text(confidence, 3)]
        numbers = chain.from_iterable(block.values(face) for block in self._chosen())
        return [*leading, *(self._text(*number) for number in numbers)]

    def _chosen(self) -> list[_Block]:
        """Return the blocks that are written, in OpenFace's order."""
        return [block for name, block in _BLOCKS.items() if name in self.blocks]

    def _text(self, value: float, decimals: int) -> str:
        """Return a number as OpenFace prints it, or with the decimals asked for."""
        return f"{value:.{decimals if self.precision is None else self.precision}f}"


def _pose(face: FaceResult) -> Numbers:
    """Return a head pose; NaN where it is not known."""
    values = [float("nan")] * 6 if face.pose is None else map(float, face.pose)
    return zip(values, (1, 1, 1, 3, 3, 3), strict=True)


def _landmarks(face: FaceResult) -> Numbers:
    """Return x of all landmarks, then y."""
    return ((float(value), 1) for value in face.landmarks.T.ravel())


def _landmarks_3d(face: FaceResult) -> Numbers:
    """Return X of all landmarks, then Y, then Z; NaN where they are not known."""
    if face.landmarks_3d is None:
        return ((float("nan"), 1) for _ in range(3 * len(face.landmarks)))
    return ((float(value), 1) for value in face.landmarks_3d.T.ravel())


def _params(face: FaceResult) -> Numbers:
    """Return global, then local parameters."""
    return ((float(value), 3) for value in chain(face.params_global, face.params_local))


def _numbered(*axes: str) -> Callable[[int, int], list[str]]:
    """Return names ``AXIS_0 … AXIS_n`` of each axis."""
    return lambda n, _: [f"{axis}_{index}" for axis in axes for index in range(n)]


_BLOCKS = {
    "pose": _Block(lambda n, m: list(_POSE), _pose),
    "landmarks_2d": _Block(_numbered("x", "y"), _landmarks),
    "landmarks_3d": _Block(_numbered("X", "Y", "Z"), _landmarks_3d),
    "params": _Block(lambda n, m: [*_GLOBAL, *(f"p_{k}" for k in range(m))], _params),
}

BLOCKS = tuple(_BLOCKS)
"""The blocks there are, in the order in which they are written."""
