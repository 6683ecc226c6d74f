"""Response maps of programs, interpreted, beside the definition's: on what experts see in fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.coreml import (
    BOUNDS,
    Data,
    interpreter,
    load_host,
    programs,
    relative_errors,
    seen,
)

from openface_bridge.reference import Case
from pyclnf.coreml.precision import FLOAT16, FLOAT32, Precision

pytestmark = pytest.mark.usefixtures("converts")

EMBEDDED = [
    *(Case(face, "default") for face in ("frontal01", "yaw30", "yaw60", "flat", "noise")),
    Case("frontal03", "wild"),
]
REAL = [Case("sample1", "default"), Case("sample3", "default"), Case("sample5", "wild")]
KINDS = {
    "float16": (FLOAT16, False),
    "float16 added in float16": (FLOAT16, True),
    "float32": (FLOAT32, False),
}
kinds = pytest.mark.parametrize(("precision", "halves"), KINDS.values(), ids=KINDS)


def errors(
    data: Data, case: Case, precision: Precision, halves: bool, folder: Path
) -> dict[tuple[int, int], float]:
    """Return the worst map's error over its maximum, for each scale and view of a fit."""
    host = load_host("auto", data.manifest(case.setting))
    made = programs(host, precision, folder, interpreter(halves))
    found = {}
    for each in seen(data, case):
        maps = made.response_maps(each.areas, each.scale, each.view)
        assert maps.dtype == np.float32
        found[each.scale, each.view] = float(relative_errors(maps, each.maps).max())
    assert found
    return found


@pytest.mark.parametrize("case", EMBEDDED, ids=str)
@kinds
def test_maps(
    embedded_data: Data, case: Case, precision: Precision, halves: bool, programs_folder: Path
):
    found = errors(embedded_data, case, precision, halves, programs_folder)
    assert max(found.values()) <= BOUNDS[precision.name], found


@pytest.mark.parametrize("case", REAL, ids=str)
@kinds
def test_real_maps(
    real_data: Data, case: Case, precision: Precision, halves: bool, programs_folder: Path
):
    found = errors(real_data, case, precision, halves, programs_folder)
    assert max(found.values()) <= BOUNDS[precision.name], found


def test_neurons_in_half_precision_would_be_too_coarse(real_data: Data, programs_folder: Path):
    coarse = Precision("float16", neurons=np.float16, sigma=np.float16)
    found = errors(real_data, REAL[1], coarse, False, programs_folder)
    assert max(found.values()) > BOUNDS["float16"]
