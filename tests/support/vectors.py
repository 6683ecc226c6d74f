"""Parameter vectors for hypothesis: any pose a face may have, shapes to ±3σ, degenerate ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from pyclnf.rotation import euler_to_matrix

QUARTER = float(np.float32(np.pi / 2))


def float32(low: float, high: float) -> st.SearchStrategy[float]:
    """Float32 numbers of a range."""
    return st.floats(float(np.float32(low)), float(np.float32(high)), width=32)


ANGLES = st.one_of(float32(-QUARTER, QUARTER), st.sampled_from([0.0, QUARTER, -QUARTER]))
ROTATIONS = st.tuples(ANGLES, ANGLES, ANGLES).map(lambda each: np.array(each, np.float32))
BOXES = st.tuples(float32(-200, 600), float32(-200, 600), float32(1, 800), float32(1, 800)).map(
    lambda each: np.array(each, np.float32)
)


def is_no_half_turn(rotation: npt.NDArray[np.float32]) -> bool:
    """Tell whether a rotation's axis can be told from its matrix; no view is near a half turn."""
    return float(np.trace(euler_to_matrix(rotation))) > -0.99


@st.composite
def global_parameters(draw: st.DrawFn) -> npt.NDArray[np.float32]:
    """Scale 0.01 to 10, rotations to ±90°, any place in or near a picture."""
    scale = draw(float32(0.01, 10))
    return np.array(
        [
            scale,
            *draw(ROTATIONS.filter(is_no_half_turn)),
            draw(float32(-100, 700)),
            draw(float32(-100, 700)),
        ],
        np.float32,
    )


def local_parameters(eigenvalues: Any) -> st.SearchStrategy[npt.NDArray[np.float32]]:
    """Shapes to ±3σ; among them the mean and corners of the box that they are clamped to."""
    modes = len(eigenvalues)
    one = st.one_of(float32(-3, 3), st.sampled_from([0.0, 3.0, -3.0]))
    free = st.lists(one, min_size=modes, max_size=modes)
    same = st.sampled_from([[0.0] * modes, [3.0] * modes, [-3.0] * modes])
    return st.one_of(free, same).map(
        lambda sigmas: (np.array(sigmas) * np.sqrt(eigenvalues)).astype(np.float32)
    )


def changes(modes: int) -> st.SearchStrategy[npt.NDArray[np.float32]]:
    """Updates of all parameters, of the size that iterations make."""
    size = 6 + modes
    return st.lists(float32(-0.5, 0.5), min_size=size, max_size=size).map(
        lambda each: np.array(each, np.float32)
    )
