"""The application that ``nox -s bundle`` builds, run outside the environment it was built in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pyclnf import CLNF
from pyclnf.backends import available_backends, is_available
from pyclnf.pipeline.pictures import read_picture
from pyclnf.selfcheck.embedded import Embedded, embedded

LEFT_OUT = {
    *("IPython", "PIL", "coremltools", "cupy", "hypothesis", "jinja2", "matplotlib"),
    *("openface_bridge", "pytest", "scipy", "tkinter", "yaml"),
}
WITHIN = ("cython", "numpy", "numpy-exact")
"""Backends that need no optional package: those of the others stay outside."""
FACES = ("frontal01", "cut", "small")
LARGEST = 250_000_000
"""Bytes, with OpenCV's headless build."""
SLOWEST = 2.0
"""Seconds to the first line of output."""
OUTSIDE = {
    name: value for name, value in os.environ.items() if name in ("SYSTEMROOT", "TEMP", "TMP")
}
# As for the tests themselves, see tests/conftest.py.
OUTSIDE["OPENBLAS_NUM_THREADS"] = "1"
if os.name != "nt":
    OUTSIDE["PATH"] = "/usr/bin:/bin"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application, moved to where it was not built."""
    built = os.environ.get("PYCLNF_APPLICATION")
    if not built:
        pytest.skip("no application was built: nox -s bundle")
    moved = tmp_path_factory.mktemp("elsewhere") / "an application"
    return shutil.copytree(built, moved, symlinks=True)


@pytest.fixture(scope="module")
def fixtures(folder: Path) -> Embedded:
    """Model and pictures that are in the application."""
    return embedded(folder / "_internal" / "pyclnf" / "selfcheck" / "fixtures")


def run(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it, where nothing of Python's is named."""
    program = folder / ("pyclnf.exe" if os.name == "nt" else "pyclnf")
    return subprocess.run(
        [str(program), *map(str, arguments)],
        env={**OUTSIDE, **environment},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def landmarks(
    folder: Path, fixtures: Embedded, out: Path, name: str, **environment: str
) -> list[bytes]:
    """Return the bytes of landmarks of some faces, as the application writes them."""
    found = []
    for face in (face for face in fixtures.faces if face.name in FACES):
        box = ("--bbox", ",".join(map(repr, face.box)))
        given = (*box, "--model", fixtures.model, "--backend", name, "--json", "--out-dir", out)
        finished = run(folder, "image", face.picture, *given, **environment)
        assert finished.returncode == 0, finished.stderr
        [frame] = json.loads((out / f"{face.name}.json").read_text("utf-8"))["frames"]
        found.append(np.array(frame["faces"][0]["landmarks"], np.float32).tobytes())
    return found


@pytest.mark.parametrize("name", WITHIN)
def test_landmarks_are_the_library_s(folder: Path, fixtures: Embedded, tmp_path: Path, name: str):
    if not is_available(name):
        pytest.skip(f"backend {name} is not available")
    clnf = CLNF(fixtures.model, backend=name)
    expected = [
        clnf.fit(read_picture(face.picture), face.box).landmarks.tobytes()
        for face in fixtures.faces
        if face.name in FACES
    ]
    assert landmarks(folder, fixtures, tmp_path, name) == expected
    assert len(set(expected)) == len(FACES)


def test_the_level_of_instructions_changes_no_bit(folder: Path, fixtures: Embedded, tmp_path: Path):
    if not is_available("cython"):
        pytest.skip("backend cython is not available")
    highest = landmarks(folder, fixtures, tmp_path, "cython")
    assert landmarks(folder, fixtures, tmp_path, "cython", PYCLNF_SIMD="baseline") == highest
    finished = run(folder, "backends", "--check", "--json", PYCLNF_SIMD="abacus")
    assert "no level 'abacus'" in finished.stdout


def test_its_backends_are_the_library_s_and_agree(folder: Path):
    finished = run(folder, "backends", "--check", "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    found = {each["name"]: each for each in json.loads(finished.stdout)["backends"]}
    available = {name for name, each in found.items() if each["available"]}
    assert available == set(available_backends()) & set(WITHIN)
    assert all(found[name]["check"]["failures"] == [] for name in available)


def test_what_it_is_built_beside_is_not_inside(folder: Path):
    readers = pytest.importorskip("PyInstaller.archive.readers")
    assert {name for name in LEFT_OUT if find_spec(name)} >= {"matplotlib", "openface_bridge"}
    archive = readers.CArchiveReader(str(next(folder.glob("pyclnf*"))))
    modules = archive.open_embedded_archive("PYZ.pyz").toc
    assert "pyclnf.cli" in modules
    inside = {name.partition(".")[0] for name in modules}
    inside |= {path.name.partition(".")[0] for path in (folder / "_internal").iterdir()}
    assert inside & LEFT_OUT == set()


def test_it_is_small(folder: Path):
    sizes = {
        path.relative_to(folder): path.lstat().st_size
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    largest = sorted(sizes, key=lambda path: sizes[path])[-5:]
    assert sum(sizes.values()) < LARGEST, f"too large; the largest are {largest}"


def test_it_starts_at_once(folder: Path):
    def seconds(*arguments: str) -> float:
        start = time.perf_counter()
        finished = run(folder, *arguments)
        assert finished.returncode == 0, finished.stderr
        return time.perf_counter() - start

    # The second of two: other programs may have pushed a large file out of memory.
    assert min(seconds("--version") for _ in range(2)) < SLOWEST
    assert min(seconds("backends") for _ in range(2)) < SLOWEST


def test_sources_are_not_inside(folder: Path):
    inside = {path.suffix for path in (folder / "_internal" / "pyclnf").rglob("*.*")}
    assert inside & {".py", ".pyi", ".pyx", ".cpp", ".h"} == set()
