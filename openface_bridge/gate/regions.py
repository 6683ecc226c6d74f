"""Names for parts of a face."""

from __future__ import annotations

__all__ = ["ALL", "REGIONS", "landmarks_named"]

ALL = "all"
"""Every landmark, however many a model has."""

REGIONS = {
    "jaw": range(17),
    "brows": range(17, 27),
    "nose": range(27, 36),
    "eyes": range(36, 48),
    "mouth": range(48, 68),
}
"""Of the 68 landmarks that OpenFace's models have; together they are all of them."""

_N_LANDMARKS = 68


def landmarks_named(name: str, n_landmarks: int | None = None) -> range:
    """Return the landmarks that a name stands for.

    Parameters
    ----------
    name : str
        A region, ``all``, or a landmark's number.
    n_landmarks : int, optional
        How many the model has; 68 if not given.

    Raises
    ------
    ValueError
        If there are none of that name.
    """
    count = _N_LANDMARKS if n_landmarks is None else n_landmarks
    if name == ALL:
        return range(count)
    if name in REGIONS and count == _N_LANDMARKS:
        return REGIONS[name]
    if name.isascii() and name.isdigit() and int(name) < count:
        return range(int(name), int(name) + 1)
    regions = f"{', '.join(REGIONS)}, " if count == _N_LANDMARKS else ""
    raise ValueError(
        f"no landmarks are called {name!r}; there are {regions}{ALL}, and 0 to {count - 1}"
    )
