from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.expert_files import small_cen, small_svr

from pyclnf.arithmetic.rounded_once import RoundedOnce
from pyclnf.experts.cen_experts import CENExperts
from pyclnf.experts.svr_experts import SVRExperts
from pyclnf.model import CENExpert, CENPatchExperts, ModelFileError, SVRExpert

PATH = Path("patches")
N = 8
CEN = small_cen(0.25, 0, N, neurons=(3,), activations=(2, 0), support=5)


def gather_cen(*scales: CENPatchExperts, n_landmarks: int = N) -> CENExperts:
    return CENExperts(scales, [PATH] * len(scales), n_landmarks, RoundedOnce())


def with_expert(
    patches: CENPatchExperts, view: int, landmark: int, **changes: Any
) -> CENPatchExperts:
    rows: list[list[CENExpert]] = [list(row) for row in patches.experts]
    rows[view][landmark] = dataclasses.replace(rows[view][landmark], **changes)
    return dataclasses.replace(patches, experts=tuple(map(tuple, rows)))


def served(experts: CENExperts, view: int) -> dict[int, tuple[int, int, bool]]:
    """Return whose network (view, landmark) serves each visible landmark, and if mirrored."""
    prepared, rows = experts.view(0, view), experts.scales[0].data.experts
    seen, owners = np.flatnonzero(prepared.visible), {
        id(expert.layers): (row, landmark)
        for row, experts_of_view in enumerate(rows)
        for landmark, expert in enumerate(experts_of_view)
        if expert.layers
    }  # fmt: skip
    found = {}
    for each in prepared.passes:
        for index, mirrored in ((each.upright, False), (each.mirrored, True)):
            if index is not None:
                found[int(seen[index])] = (*owners[id(each.layers)], mirrored)
    return found


def test_frontal_pairs_are_evaluated_together():
    experts = gather_cen(CEN)
    assert served(experts, 0) == {
        0: (0, 0, False), 2: (0, 2, False), 3: (0, 2, True), 4: (0, 4, False), 5: (0, 4, True),
        6: (0, 6, False), 7: (0, 7, False),
    }  # fmt: skip
    both = [each.both for each in experts.view(0, 0).passes]
    assert both == [True, True, True, False, False]  # the last two mirror themselves


def test_one_side_and_its_mirror_image():
    experts = gather_cen(CEN)
    assert served(experts, 1) == {i: (1, i, False) for i in range(6)}
    assert served(experts, 2) == {i: (1, i ^ 1, True) for i in range(6)}
    assert not any(each.both for view in (1, 2) for each in experts.view(0, view).passes)


def test_confidences_are_a_landmarks_own():
    view = gather_cen(CEN).view(0, 2)
    expected = [expert.confidence for expert in CEN.experts[2][:6]]
    np.testing.assert_allclose(view.confidences, [*expected, 0, 0], rtol=1e-7)


def test_the_last_file_tells_what_mirrors_what():
    alone = dataclasses.replace(CEN, mirrored_landmarks=np.array([0, 1, 3, 2, 5, 4, 6, 7]))
    assert not gather_cen(CEN, alone).view(0, 0).passes[0].both
    assert gather_cen(alone, CEN).view(0, 0).passes[0].both


def test_both_of_a_pair_with_layers_take_their_own():
    layers = CEN.experts[0][2].layers
    own = tuple(dataclasses.replace(layer) for layer in layers)
    experts = gather_cen(with_expert(CEN, 0, 3, layers=own, width=5, height=5))
    assert served(experts, 0)[2] == (0, 2, False)
    assert served(experts, 0)[3] == (0, 3, False)


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        (with_expert(CEN, 0, 0, layers=()), "a mirrored one, of landmark 0 in view 0, found none"),
        (with_expert(CEN, 0, 2, layers=()), "of landmark 2 in view 0"),
        (with_expert(CEN, 1, 3, layers=()), "of landmark 3 in view 1"),
        (with_expert(CEN, 2, 4, width=4), "one square support"),
        (
            dataclasses.replace(CEN, visibility=np.where(np.arange(N) == 2, False, CEN.visibility)),
            "of landmark 3 in view 0",
        ),
    ],
)
def test_landmarks_that_nobody_serves(patches: CENPatchExperts, expected: str):
    with pytest.raises(ModelFileError, match=expected) as caught:
        gather_cen(patches)
    assert caught.value.path == PATH


def test_scales_of_unequal_views():
    fewer = dataclasses.replace(
        CEN,
        view_centers=CEN.view_centers[:2],
        visibility=CEN.visibility[:2],
        mirrored_views=np.array([0, 1]),
        experts=CEN.experts[:2],
    )
    with pytest.raises(ModelFileError, match="2 views, as in the last file"):
        gather_cen(CEN, fewer)


def test_another_number_of_landmarks_is_refused():
    with pytest.raises(ModelFileError, match="7 landmarks of the model's PDM, found 8"):
        gather_cen(CEN, n_landmarks=7)
    with pytest.raises(ModelFileError, match="7 landmarks of the model's PDM, found 8"):
        SVRExperts([small_svr(0.25, 0, N)], [PATH], 7, RoundedOnce())


def test_supports_must_be_square_and_alike():
    patches = small_svr(0.25, 0, N)
    first, *others = patches.experts[0]
    assert first is not None
    narrow = SVRExpert(7, 7, first.modalities)
    changed = dataclasses.replace(patches, experts=((narrow, *others), *patches.experts[1:]))
    with pytest.raises(ModelFileError, match="one square support"):
        SVRExperts([changed], [PATH], N, RoundedOnce())


def test_what_is_prepared_is_kept():
    svr, cen = SVRExperts([small_svr(0.25, 0, N)], [PATH], N, RoundedOnce()), gather_cen(CEN)
    assert svr.view(0, 1) is svr.view(0, 1)
    assert cen.view(0, 1) is cen.view(0, 1)
