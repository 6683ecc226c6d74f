"""Numbers as a reader sees them."""

from __future__ import annotations

import math

import pytest

from openface_bridge.report.words import anchor_of, multiple, number, percent, px, signed


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"), (1.0, "1.00"), (-0.25, "−0.250"), (1234.4, "1234"), (8.44e7, "8.44×10⁷"),
        (-2e-7, "−2.00×10⁻⁷"), (None, "∞"), (math.nan, "∞"), (math.inf, "∞"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, said: str):
    assert number(value) == said


def test_digits():
    assert number(1.226391, 6) == "1.22639"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (1e-9, "<0.0001"), (0.12345, "0.1235"), (26.481, "26.48"), (None, "∞"),
     (math.inf, "∞")],
)  # fmt: skip
def test_pixels(value: float | None, said: str):
    assert px(value) == said


def test_signs():
    assert (signed(0.5), signed(-0.5), signed(0.0), signed(math.nan)) == (
        "+0.500",
        "−0.500",
        "0",
        "∞",
    )


def test_multiples():
    assert (multiple(None), multiple(0.5), multiple(1483.2)) == ("–", "0.50×", "1483×")
    assert multiple(1e8) == "1.0×10⁸×"


def test_percent():
    assert (percent(None), percent(math.inf), percent(0.7553)) == ("–", "–", "75.53 %")
    assert percent(691.32) == "691.3×"


@pytest.mark.parametrize("name", ["a b", "</script>", 'x"y', "ü", "", "a/b"])
def test_anchors(name: str):
    found = anchor_of(name, "default")
    assert found.isascii()
    assert not set(found) & set(" <>\"'/&%#")
    assert found.endswith("-default")
