"""How much memory a process has that loads OpenFace's general model and fits a face."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.faces import draw_face

import pyclnf
from pyclnf.backends import is_available

MEMORY = Path("/proc/self/status")

LOAD_AND_FIT = """
import sys
import numpy as np
from pyclnf import CLNF
import pyclnf.backends.cython_backend

def measure(name):
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields[name].split()[0]) / 1024

picture = np.load(sys.argv[2])
before = measure("VmRSS")
clnf = CLNF(sys.argv[1], backend="cython", cache=sys.argv[3] or None)
box = [float(number) for number in sys.argv[4:]]
for _ in range(3):
    assert clnf.fit(picture, box).success
now = measure("VmRSS")
sys.stdout.write(f"{measure('VmHWM')} {now} {now - before}")
"""


@pytest.mark.skipif(not MEMORY.exists(), reason="no /proc that tells of memory")
@pytest.mark.skipif(not is_available("cython"), reason="the kernels are not built")
@pytest.mark.parametrize("cached", ["no cache", "empty cache", "cache"])
def test_general_model(openface_data: Path, tmp_path: Path, cached: str):
    face = draw_face(0)
    np.save(tmp_path / "picture.npy", face.picture)
    arguments = [
        str(openface_data / "model" / "main_clnf_general.txt"),
        str(tmp_path / "picture.npy"),
        "" if cached == "no cache" else str(tmp_path / "cache"),
        *map(str, face.box),
    ]
    for _ in range(2 if cached == "cache" else 1):
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", LOAD_AND_FIT, *arguments],
            env={**os.environ, "PYTHONPATH": str(Path(pyclnf.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert finished.returncode == 0, finished.stderr
    most, now, model = map(float, finished.stdout.split())
    assert most < 110  # MB; 60 were measured
    assert now < 110
    assert model < 40  # and 30
