"""Results of made-up runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openface_bridge.gate.results import FitKey, FitResult, Results
from openface_bridge.parity.summary import REPORT_VERSION

MakeFit = Callable[..., FitResult]
MakeData = Callable[..., dict[str, Any]]


@pytest.fixture
def make_fit() -> MakeFit:
    """Make a fit of 68 landmarks with a noise floor of 0.1 px, and errors of some of them."""

    def make(
        face: str = "anna", errors: dict[int, float] | None = None, **changes: Any
    ) -> FitResult:
        px = [0.0] * 68
        for landmark, error in (errors or {}).items():
            px[landmark] = error
        changes.setdefault("passed", all(error <= 0.205 for error in px))
        fields: dict[str, Any] = {
            "key": FitKey("numpy", face, "default"), "kind": "rounding",
            "sentence": "Rounding.", "wrong": (), "floors": (0.1,) * 68, "limit_px": 0.205,
        }  # fmt: skip
        return FitResult(errors=tuple(px), **{**fields, **changes})

    return make


@pytest.fixture
def make_results() -> Callable[..., Results]:
    return lambda *fits: Results("numpy", "made up", fits, "results")


@pytest.fixture
def make_data() -> MakeData:
    """Make what ``parity --json`` writes of one fit."""

    def make(**changes: Any) -> dict[str, Any]:
        stage = {"forced": {"passed": True, "first_over": None, "worst": None}, "free": {}}
        fit = {
            "face": "anna", "setting": "default", "picture": "anna.png", "backend": "numpy",
            "passed": True, "free_run": {"errors_px": [0.0] * 67 + [0.01]},
            "verdict": {"kind": "rounding", "sentence": "Rounding.", "stage": "view",
                        "finding": None, "branch": None},
            "floor": {"landmarks_px": [0.1] * 68, "limit_px": 0.205},
            "stages": {"view": stage, "update": stage},
        }  # fmt: skip
        return {
            "report_version": REPORT_VERSION, "backend": "numpy", "reference": "made up",
            "fits": [{**fit, **changes}],
        }  # fmt: skip

    return make
