"""Teams of threads: the same bytes as one thread, whoever takes part, and nobody left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.ccnf_experts import make_experts
from support.fixture_faces import FIXTURES

from openface_bridge.fixtures import embedded
from pyclnf.experts.area_of_interest import PaddedImage
from pyclnf.typing import Float32Array

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 110), np.uint8)
WINDOW, SUPPORT, NEURONS = 7, 11, 7


def sample_and_respond(level: int, count: int, members: int) -> tuple[Float32Array, Float32Array]:
    """Return areas and maps of so many landmarks, by so many threads."""
    from pyclnf.kernels import _kernels
    from pyclnf.kernels.prepared import Workspace, prepare_experts
    from pyclnf.kernels.teams import team_of

    experts = make_experts(count, NEURONS, SUPPORT)
    rng = np.random.default_rng(count)
    sigmas = rng.normal(0, 1, (count, WINDOW**2, WINDOW**2)).astype(np.float32)
    prepared = prepare_experts(level, experts, sigmas, WINDOW)
    landmarks = rng.uniform(0, 90, (count, 2)).astype(np.float32)
    size = WINDOW + SUPPORT - 1
    areas = np.full((count, size, size), np.nan, np.float32)
    maps = np.full((count, WINDOW, WINDOW), np.nan, np.float32)
    given = (prepared, PaddedImage.of(PICTURE).pixels, landmarks, 0.8, 0.2, areas, maps)
    floats, integers = prepared.workspace_floats, _kernels.sample_integers(size)
    memory = Workspace()
    if members == 1:
        work = (memory.floats(floats), memory.integers(integers))
        _kernels.sample_and_respond(*given, *work)
    else:
        rows = memory.rows_of_floats(members, floats)
        rows[...] = np.nan  # nothing may depend on what is left there
        whole = memory.rows_of_integers(members, integers)
        _kernels.sample_and_respond_together(team_of(members), *given, rows, whole)
    return areas, maps


@pytest.mark.parametrize("count", [1, 2, 9, 68])
@pytest.mark.parametrize("members", [2, 3, 7])
def test_shared_or_not(level: int, count: int, members: int):
    areas, maps = sample_and_respond(level, count, 1)
    shared_areas, shared_maps = sample_and_respond(level, count, members)
    assert shared_areas.tobytes() == areas.tobytes()
    assert shared_maps.tobytes() == maps.tobytes()


def test_again_and_again():
    """Helpers that are awake, about to sleep and asleep."""
    areas, maps = sample_and_respond(0, 12, 1)
    for pause in (0.0, 0.0, 0.0002, 0.0003, 0.0004, 0.001, 0.02) * 8:
        time.sleep(pause)
        found = sample_and_respond(0, 12, 2)
        assert (found[0].tobytes(), found[1].tobytes()) == (areas.tobytes(), maps.tobytes())


def test_a_thread_keeps_its_team():
    from pyclnf.kernels.teams import team_of

    assert team_of(2) is team_of(2)
    assert team_of(3).members == 3
    others: list[object] = []
    thread = threading.Thread(target=lambda: others.append(team_of(3)))
    thread.start()
    thread.join()
    assert others[0] is not team_of(3)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to count threads")
def test_helpers_end_with_their_thread():
    from pyclnf.kernels.teams import team_of

    def threads_there() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    seen: list[int] = []

    def work() -> None:
        team_of(6)
        seen.append(threads_there())

    before = threads_there()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen[0] >= before + 5
    for _ in range(100):
        if threads_there() <= before:
            break
        time.sleep(0.02)
    assert threads_there() <= before


@pytest.mark.parametrize("members", [1, 0, -1, 5000])
def test_teams_that_cannot_be(members: int):
    from pyclnf.kernels import _kernels

    with pytest.raises(ValueError, match="two members at least"):
        _kernels.Team(members)


_FORKING = """
import os, pathlib, sys
from pyclnf import CLNF
from openface_bridge.pictures import read_picture
clnf = CLNF(sys.argv[1], backend="cython")
picture, box = read_picture(pathlib.Path(sys.argv[2])), tuple(map(float, sys.argv[3].split(",")))
expected = clnf.fit(picture, box, threads=2).landmarks.tobytes()
child = os.fork()
same = clnf.fit(picture, box, threads=2).landmarks.tobytes() == expected
if child == 0:
    sys.exit(0 if same else 3)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status or (0 if same else 4))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_a_forked_process():
    """Helpers do not survive a fork; the child fits without them, and ends."""
    found = embedded(FIXTURES)
    face = found.faces[0]
    picture, box = str(face.picture), ",".join(map(str, face.box))
    command = [sys.executable, "-W", "ignore", "-c", _FORKING, str(found.model), picture, box]
    subprocess.run(command, check=True, timeout=60)
