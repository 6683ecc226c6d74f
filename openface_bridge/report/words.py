"""Numbers and places as a reader sees them."""

from __future__ import annotations

import math
import re

__all__ = ["anchor_of", "multiple", "number", "percent", "px", "signed"]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_MINUS = "−"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many digits; None and what is not finite as infinite."""
    if value is None or not math.isfinite(value):
        return "∞"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        power = str(int(exponent)).translate(_SUPERSCRIPTS)
        return f"{mantissa}×10{power}".replace("-", _MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}".replace("-", _MINUS)


def signed(value: float) -> str:
    """Return a difference with its sign."""
    if not math.isfinite(value):
        return "∞"
    return f"+{number(value)}" if value > 0 else number(value)


def px(value: float | None) -> str:
    """Return an error in pixels, without the unit; None as infinite."""
    if value is None or not math.isfinite(value):
        return "∞"
    if value == 0:
        return "0"
    return "<0.0001" if value < 0.00005 else f"{value:.4f}" if value < 1 else f"{value:.2f}"


def multiple(value: float | None) -> str:
    """Return how many times something is; a dash where that is unknown."""
    if value is None:
        return "–"
    return f"{value:.0f}×" if 100 <= value < 1e7 else f"{number(value, 2)}×"


def percent(value: float | None) -> str:
    """Return a ratio in percent, a large one as a factor; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{number(value, 4)}×" if abs(value) >= 10 else f"{number(100 * value, 4)} %"


def anchor_of(*names: str) -> str:
    """Return a name that may stand in an address, of letters, digits, dots and dashes."""
    joined = "-".join(names)
    return re.sub(r"[^A-Za-z0-9._-]+", "_", joined) or "_"
