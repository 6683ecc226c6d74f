"""A bug reduced to one call: the failing stage's inputs, both outputs, and a test that fails.

A case holds what the stage read of the reference's trace and nothing else. Where a stage works
landmark by landmark, only the failing one is kept, and of the picture only what lies around it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from openface_bridge.parity.excerpt import Excerpt, Noting
from openface_bridge.parity.flow import FLOW
from openface_bridge.parity.place import Moment
from openface_bridge.parity.replay import moment_of, perform_again
from openface_bridge.parity.run import Comparison
from openface_bridge.parity.sentences import verdict_sentence
from openface_bridge.parity.stages import Stage, stage_named
from openface_bridge.parity.stages.stage import Array
from openface_bridge.parity.teacher import Teacher
from openface_bridge.pictures import read_picture
from openface_bridge.trace import Trace, write_arrays
from pyclnf import FitSettings
from pyclnf.backends.base import Backend
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.image import to_grey

__all__ = ["reduce_bug"]

_LANDMARK_BY_LANDMARK = {
    "area of interest": ("areas_of_interest",),
    "response map": ("areas_of_interest", "response_maps"),
    "mean shift": ("response_maps", "mean_shift"),
}
"""Stages whose outputs depend on one landmark's inputs, and the large ones of those."""
_UNUSED = ("response_maps",)
"""Large entries that other stages are given and do not look at, the likelihood excepted."""
_MARGIN = 3
_TEST = '''\
"""{sentence}

{face}, setting {setting}. Reduced to the one call that is wrong: its inputs are the reference's.
"""

from pathlib import Path

from openface_bridge.parity.replay import replay

MODEL = {model!r}


def test_{name}():
    replayed = replay(Path(__file__).with_name("{file}"), MODEL)
    assert replayed.passed, str(replayed)
'''


def reduce_bug(comparison: Comparison, backend: Backend, folder: Path) -> Path | None:
    """Write a bug's case and its test.

    Parameters
    ----------
    comparison : Comparison
    backend : Backend
        The candidate.
    folder : Path
        Where ``case_NAME.npz`` and ``test_NAME.py`` are written; made if there is none.

    Returns
    -------
    Path or None
        The test. None if the fit has no bug, or only one that the free runs or
        their outcome show, or one of two stages has it: no single call is wrong then.
    """
    verdict, run = comparison.verdict, comparison.run
    if verdict.kind != "bug" or verdict.finding is None or verdict.stage is None:
        return None
    finding, stage = verdict.finding, stage_named(verdict.stage)
    if finding.entry.rpartition(".")[2] in FLOW or verdict.instead is not None:
        return None
    name = "_".join((run.case.face, run.case.setting, *stage.name.lower().split()))
    moment = moment_of(stage, finding.place)
    case = _case(comparison, backend, stage, moment)
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder / f"case_{name}.npz", case)
    test = folder / f"test_{name}.py"
    test.write_text(
        _TEST.format(
            sentence=verdict_sentence(verdict),
            face=run.case.face,
            setting=run.case.setting,
            model=str(run.manifest.resolve()),
            name="".join(each if each.isalnum() else "_" for each in name),
            file=f"case_{name}.npz",
        ),
        "utf-8",
    )
    return test


def _case(
    comparison: Comparison, backend: Backend, stage: Stage, moment: Moment
) -> dict[str, Array]:
    """Gather what a stage reads, and both outputs."""
    run, finding = comparison.run, comparison.verdict.finding
    assert finding is not None
    settings = FitSettings.named(run.case.setting)
    pixels = read_picture(run.picture)
    noting = Excerpt(run.reference.entries, run.reference.source)
    noting.entries = Noting(noting.entries)
    teacher = Teacher(noting, PaddedImage.of(to_grey(pixels)), settings, backend)
    perform_again(stage, finding.entry, finding.place, teacher)
    landmark = finding.place.landmark if stage.name in _LANDMARK_BY_LANDMARK else None
    told = {
        "stage": stage.name,
        "place": vars(finding.place),
        "entry": finding.entry,
        "settings": asdict(settings),
        "backend": run.backend,
    }
    case = {"case": np.array(json.dumps(told)), **_kept(noting, stage, landmark)}
    if "picture" in stage.takes:
        case["picture"] = _around(pixels, teacher, moment, landmark)
    case["candidate"] = _alone(run.forced[f"{stage.name}/{finding.entry}"], landmark)
    return case


def _kept(noting: Trace, stage: Stage, landmark: int | None) -> dict[str, Array]:
    """Return the entries that were read, less other landmarks' and what is not looked at."""
    assert isinstance(noting.entries, Noting)
    return {
        f"reference/{name}": _needed(noting.entries[name], name, stage, landmark)
        for name in sorted(noting.entries.read)
    }


def _needed(array: Array, name: str, stage: Stage, landmark: int | None) -> Array:
    """Return what a stage needs of an entry; the rest is zero."""
    entry = name.rpartition(".")[2]
    if entry in _LANDMARK_BY_LANDMARK.get(stage.name, ()):
        return _alone(array, landmark)
    if entry in _UNUSED and stage.name != "likelihood":
        return np.zeros_like(array)
    return array


def _alone(array: Array, landmark: int | None) -> Array:
    """Return an array with zeros for all landmarks but one; zeros take no room when compressed."""
    if landmark is None:
        return array
    alone = np.zeros_like(array)
    alone[landmark] = array[landmark]
    return alone


def _around(pixels: Array, teacher: Teacher, moment: Moment, landmark: int | None) -> Array:
    """Return the picture, zero but for where a landmark's area of interest is sampled."""
    assert moment.scale is not None
    if landmark is None:
        return pixels
    turn = np.abs(teacher.recorded(moment, "similarity_reference_to_image").astype(np.float64))
    side = teacher.window_size(moment.scale) + teacher.view(moment.scale).support
    reach = turn.sum(axis=1) * side / 2 + _MARGIN
    centre = teacher.recorded(moment, "base_shape")[landmark]
    size = pixels.shape[1::-1]
    low = np.floor(np.clip(np.nan_to_num(centre - reach), 0, size)).astype(int)
    high = np.ceil(np.clip(np.nan_to_num(centre + reach), 0, size)).astype(int)
    around = np.zeros_like(pixels)
    region = np.s_[low[1] : high[1], low[0] : high[0]]
    around[region] = pixels[region]
    return around
