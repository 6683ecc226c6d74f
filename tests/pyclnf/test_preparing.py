"""What is prepared once for many fits: in advance, and on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.faces import draw_face
from support.fingerprint import fingerprint
from support.model_files import add_part, write_small_model
from support.validators import add_validator, small_validator

from pyclnf import CLNF, CacheWarning, FitSettings, ModelFileError
from pyclnf.backends import is_available
from pyclnf.experts import ccnf_experts

FACE = draw_face(0)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def no_inversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, computing Sigma fails."""

    def fail(*arguments: object) -> None:
        raise AssertionError("a Sigma is computed")

    monkeypatch.setattr(ccnf_experts, "sigma_matrices", fail)


def files(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()}


# ---- On disk ----


def test_no_bit_depends_on_the_cache(small_model: Path, backend_name: str, cache: Path):
    expected = fingerprint(small_model, backend_name)
    assert fingerprint(small_model, backend_name, cache=cache) == expected
    written = files(cache)
    assert written
    assert fingerprint(small_model, backend_name, cache=cache) == expected
    assert files(cache) == written
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.warns(CacheWarning, match="damaged cache file"):
        assert fingerprint(small_model, backend_name, cache=cache) == expected
    assert fingerprint(small_model, backend_name, cache=cache) == expected
    shutil.rmtree(cache)
    assert fingerprint(small_model, backend_name, cache=cache) == expected


def test_nothing_is_computed_that_lies_on_disk(
    small_model: Path, backend_name: str, cache: Path, request: pytest.FixtureRequest
):
    expected = CLNF(small_model, backend=backend_name, cache=cache).fit(FACE.picture, FACE.box)
    request.getfixturevalue("no_inversion")
    found = CLNF(small_model, backend=backend_name, cache=cache).fit(FACE.picture, FACE.box)
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()
    with pytest.raises(AssertionError, match="a Sigma is computed"):
        CLNF(small_model, backend=backend_name).fit(FACE.picture, FACE.box)


def test_only_views_that_are_used(small_model: Path, backend_name: str, cache: Path):
    clnf = CLNF(small_model, backend=backend_name, cache=cache)
    assert not cache.exists()
    clnf.fit(FACE.picture, FACE.box, FitSettings(window_sizes=(11,)))
    assert len(files(cache)) == 1
    clnf.prepare(FitSettings(window_sizes=(11,)))
    assert len(files(cache)) == 2
    clnf.prepare()
    assert len(files(cache)) == 4


def test_backends_of_the_same_bits_share(small_model: Path, cache: Path):
    CLNF(small_model, backend="numpy-exact", cache=cache).prepare()
    exact = files(cache)
    if is_available("cython"):
        CLNF(small_model, backend="cython", cache=cache).prepare()
        assert files(cache) == exact
    CLNF(small_model, backend="numpy", cache=cache).prepare()
    assert len(files(cache)) == 2 * len(exact)


def test_a_copy_of_the_model_shares_and_another_model_does_not(
    small_model: Path, cache: Path, tmp_path: Path
):
    CLNF(small_model, cache=cache).prepare()
    written = files(cache)
    shutil.copytree(small_model.parent, tmp_path / "copy")
    CLNF(tmp_path / "copy" / small_model.name, cache=cache).prepare()
    assert files(cache) == written
    (tmp_path / "other").mkdir()
    other = write_small_model(tmp_path / "other", seed=1)
    expected = CLNF(other).fit(FACE.picture, FACE.box)
    found = CLNF(other, cache=cache).fit(FACE.picture, FACE.box)
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()
    assert len(files(cache)) > len(written)


def test_a_model_that_changes_in_its_place(tmp_path: Path, cache: Path):
    first = write_small_model(tmp_path, seed=1)
    before = CLNF(first, cache=cache).fit(FACE.picture, FACE.box)
    second = write_small_model(tmp_path, seed=2)
    assert second == first
    after = CLNF(second, cache=cache).fit(FACE.picture, FACE.box)
    assert after.landmarks.tobytes() != before.landmarks.tobytes()
    fresh = CLNF(second).fit(FACE.picture, FACE.box)
    assert after.landmarks.tobytes() == fresh.landmarks.tobytes()


def test_deleted_while_in_use(small_model: Path, backend_name: str, cache: Path):
    CLNF(small_model, backend=backend_name, cache=cache).fit(FACE.picture, FACE.box)
    clnf = CLNF(small_model, backend=backend_name, cache=cache)
    expected = clnf.fit(FACE.picture, FACE.box)
    for path in cache.iterdir():
        with path.open("r+b") as file:
            file.truncate(0)
    shutil.rmtree(cache)
    found = clnf.fit(FACE.picture, FACE.box)
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()


def test_the_users_cache(small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYCLNF_CACHE", str(tmp_path / "named"))
    CLNF(small_model).prepare()
    assert not (tmp_path / "named").exists()
    CLNF(small_model, cache=True).prepare()
    assert files(tmp_path / "named")


def test_a_cache_that_is_none(small_model: Path):
    with pytest.raises(ValueError, match="cache: expected a folder"):
        CLNF(small_model, cache=3)  # type: ignore[arg-type]


# ---- In advance ----


def test_prepare(small_model: Path, backend_name: str, request: pytest.FixtureRequest):
    clnf = CLNF(small_model, backend=backend_name)
    clnf.prepare()
    request.getfixturevalue("no_inversion")
    for turn in (0.0, 0.6, -0.6):
        face = draw_face(1, angles=(0.1, turn, 0.0))
        assert clnf.fit(face.picture, face.box, rotation=(0.0, turn, 0.0)).success
    clnf.prepare()


def test_prepare_changes_no_bit(small_model: Path, backend_name: str):
    clnf = CLNF(small_model, backend=backend_name)
    clnf.prepare(FitSettings.wild())
    found = clnf.fit(FACE.picture, FACE.box, FitSettings.wild())
    fresh = CLNF(small_model, backend=backend_name)
    expected = fresh.fit(FACE.picture, FACE.box, FitSettings.wild())
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()


def test_prepare_parts_and_validator(
    backend_name: str, tmp_path: Path, request: pytest.FixtureRequest
):
    """Afterwards nothing is read or computed; without being asked, neither is before."""
    manifest = write_small_model(tmp_path)
    add_part(manifest, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    add_validator(manifest, small_validator(n_landmarks=12))
    expected = CLNF(manifest, backend=backend_name).detect(FACE.picture, FACE.box)
    half, whole = (CLNF(manifest, backend=backend_name) for _ in range(2))
    half.prepare()
    whole.prepare(parts=True, validate=True)
    shutil.rmtree(tmp_path)
    request.getfixturevalue("no_inversion")
    found = whole.detect(FACE.picture, FACE.box)
    assert found.refined
    assert found.landmarks.tobytes() == expected.landmarks.tobytes()
    assert found.certainty == expected.certainty
    with pytest.raises(ModelFileError):
        half.detect(FACE.picture, FACE.box)


def test_what_is_read_later_is_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    manifest = write_small_model(tmp_path)
    add_part(manifest, "inner", (4, 5, 6, 7, 8, 9, 10, 11))
    add_validator(manifest, small_validator(n_landmarks=12))
    monkeypatch.chdir(tmp_path)
    clnf = CLNF(Path(manifest.name), backend="numpy", cache="kept")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert clnf.detect(FACE.picture, FACE.box).refined
    assert files(tmp_path / "kept")


def test_prepare_for_no_scale(small_model: Path, backend_name: str):
    clnf = CLNF(small_model, backend=backend_name)
    with pytest.raises(ValueError, match="settings: window_sizes"):
        clnf.prepare(FitSettings(window_sizes=(0, 0, 11)))
    with pytest.raises(ValueError, match="settings: expected FitSettings"):
        clnf.prepare("wild")  # type: ignore[arg-type]


def test_a_model_without_components(backend_name: str, tmp_path: Path, cache: Path):
    manifest = write_small_model(tmp_path, n_betas=0)
    CLNF(manifest, backend=backend_name, cache=cache).prepare()
    assert not cache.exists()  # Sigma is one number per landmark
