"""Verdicts in words: whoever reads one knows where to look."""

from __future__ import annotations

import numpy as np
import pytest

from openface_bridge.parity.branches import Branch
from openface_bridge.parity.measure import Finding
from openface_bridge.parity.place import Place
from openface_bridge.parity.sentences import branch_sentence, verdict_sentence
from openface_bridge.parity.stages import STAGES
from openface_bridge.parity.verdicts import Verdict

PLACE = Place(1, "rigid", 2, landmark=7)
BRANCH = Branch("kernel cell", "mean shift", Place(1, "rigid", 2), 2.5e-7, 4e-7, 1e-3, "map px", 1)


def bug(stage: str, finding: Finding) -> str:
    return verdict_sentence(Verdict("bug", stage, finding.place, finding))


def test_equal():
    assert verdict_sentence(Verdict("equal")) == "Equal in every bit of every stage."


def test_rounding():
    finding = Finding("scale1.rigid.2.mean_shift", PLACE, 1e-7, 1.0, 28.0)
    assert verdict_sentence(Verdict("rounding", "mean shift", PLACE, finding)) == (
        "Every stage agrees, given the same inputs; rounding is first seen in the mean shift "
        "(scale 1, rigid phase, iteration 2, landmark 7)."
    )


def test_branches():
    assert verdict_sentence(Verdict("branch", "mean shift", PLACE, branch=BRANCH)) == (
        "Every stage agrees, given the same inputs; the free runs branch at the kernel cell "
        "(scale 1, rigid phase, iteration 2): one decision fell otherwise, 2.5e-07 map px from "
        "doing so alike, by inputs 4e-07 map px apart."
    )
    several = Branch("stop", "stopping", PLACE, 1, 2, 0, "px", 3)
    assert "3 decisions fell otherwise" in branch_sentence(several)


def test_ties():
    finding = Finding("scale1.view", Place(1), 1.0, 1.0, 0.0)
    assert verdict_sentence(Verdict("branch", "view", Place(1), finding)) == (
        "Every stage agrees, given the same inputs, but for the view (scale 1), whose input lies "
        "on a discontinuity."
    )


def test_stages_that_are_wrong():
    finding = Finding("scale1.rigid.2.mean_shift", PLACE, 0.0125, 9532.0, 28.0)
    assert bug("mean shift", finding) == (
        "Given the reference's own inputs, the mean shift is wrong (scale 1, rigid phase, "
        "iteration 2, landmark 7): it differs by 0.0125; rounding explains 3.7e-05."
    )


@pytest.mark.parametrize("apart", [np.inf, np.nan])
def test_stages_that_give_nothing_finite(apart: float):
    sentence = bug("offsets", Finding("scale0.rigid.0.offset_x", PLACE, apart, apart, 1.0))
    assert sentence.endswith("landmark 7): it is not finite, or has another shape.")


def test_the_ends_of_a_fit():
    finding = Finding("final.likelihood", Place(), 1.0, 99.0, 64.0)
    assert "the likelihood is wrong (end of the fit): " in bug("likelihood", finding)
    finding = Finding("init.params_global", Place(), 1.0, 99.0, 2.0)
    assert "the initialisation is wrong (start of the fit): " in bug("initialisation", finding)


def test_what_must_be_the_same():
    sentence = bug("view", Finding("scale1.view", Place(1), 2.0, 2.0, 0.0))
    assert sentence.endswith("(scale 1): it differs by 2, and should not at all.")


@pytest.mark.parametrize(
    ("entry", "word"),
    [("window_size", "window"), ("sigma", "σ"), ("reg_factor", "regularisation factor"),
     ("weight_factor", "weight factor")],
)  # fmt: skip
def test_other_settings(entry: str, word: str):
    finding = Finding(f"scale0.{entry}", Place(0), 0.25, 0.25, 0.0)
    assert bug("mean shift", finding) == (
        f"The mean shift uses another {word} than the reference (scale 0), 0.25 off."
    )


def test_every_setting_has_a_word():
    for stage in STAGES:
        for entry in stage.schedule:
            finding = Finding(f"scale0.{entry}", Place(0), 1.0, 1.0, 0.0)
            verb = "use" if stage.name == "normal equations" else "uses"
            assert f"The {stage.name} {verb} another" in bug(stage.name, finding)


def test_stages_called_by_a_plural():
    finding = Finding("scale1.rigid.2.change", PLACE, 0.0125, 9532.0, 28.0)
    assert "inputs, the normal equations are wrong (scale 1" in bug("normal equations", finding)
    verdict = Verdict("bug", "normal equations", PLACE, finding, instead="Jacobian")
    assert verdict_sentence(verdict) == (
        "The normal equations are wrong, or the Jacobian, which was not recorded "
        "(scale 1, rigid phase, iteration 2, landmark 7): it differs by 0.0125; rounding explains "
        "3.7e-05."
    )


def test_decisions_that_nothing_excuses():
    verdict = Verdict("bug", "mean shift", BRANCH.place, branch=BRANCH)
    assert verdict_sentence(verdict) == (
        "The mean shift decides otherwise than the reference (scale 1, rigid phase, iteration 2): "
        "by 2.5e-07 map px, where inputs are only 4e-07 map px apart."
    )
