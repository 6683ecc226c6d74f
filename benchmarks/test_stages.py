"""Each stage of a fit by itself, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from measuring.parts import WholeOnlyError, parts_of
from measuring.stages import STAGES, Stage, check

from pyclnf.mean_shift import KernelTable

pytestmark = pytest.mark.benchmark(max_time=0.4, min_rounds=3, warmup=False)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_stage(
    benchmark: Any,
    stage: Stage,
    backend_name: str,
    load_backend: Callable[[str], Any],
    recorded: Any,
    work: Any,
) -> None:
    calls = stage.calls(recorded)
    backend = load_backend(backend_name)
    try:
        do = stage.work(backend)
    except WholeOnlyError as error:
        pytest.skip(str(error))
    check(stage, backend, recorded)
    benchmark.extra_info.update(what=stage.name, backend=backend_name, faces=len(work.faces))
    benchmark(lambda: [do(call) for call in calls])


def test_kernel_tables(
    benchmark: Any, backend_name: str, load_backend: Callable[[str], Any], recorded: Any
) -> None:
    """Those of all scales, once per model."""
    try:
        parts = parts_of(load_backend(backend_name))
    except WholeOnlyError as error:
        pytest.skip(str(error))
    wanted: dict[tuple[int, float], KernelTable] = {
        (call.window_size, call.sigma): call.result for call in recorded.tabulated
    }
    for (window_size, sigma), table in wanted.items():
        assert parts.tabulate(window_size, sigma).kernels.tobytes() == table.kernels.tobytes()
    benchmark.extra_info.update(what="kernel tables", backend=backend_name, faces=1)
    benchmark(lambda: [parts.tabulate(*size_and_sigma) for size_and_sigma in wanted])
