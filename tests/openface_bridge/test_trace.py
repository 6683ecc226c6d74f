"""Trace files: complete and sound, or a `TraceError` that says what is wrong."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.traces import Entries, tiny_entries

from openface_bridge import trace as trace_module
from openface_bridge.trace import Step, Trace, TraceError, read_arrays, read_trace, write_trace

OPTIONAL = (
    *("rotation", "final.view", "final.success", "areas_of_interest"),
    *("jacobian", "hessian", "right_hand_side", "change"),
)
ALL_NAMES = list(tiny_entries(optional=True))


def assert_same(found: Trace, entries: Entries) -> None:
    assert set(found.entries) == set(entries)
    for name, array in entries.items():
        np.testing.assert_array_equal(found[name], array, strict=True, err_msg=name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace_face_default.npz"


# ---- In memory ----


def test_entries_by_name():
    trace = Trace(tiny_entries(), "a source")
    assert trace.n_landmarks == 2
    assert "bbox" in trace
    assert "scale0.areas_of_interest" not in trace
    with pytest.raises(TraceError, match=r"a source: the entry 'scale9\.view' is missing"):
        trace["scale9.view"]


def test_iterations_are_ordered_as_executed():
    entries = tiny_entries({10: (2, 11), 2: (12, 0), 0: (1, 1)})
    trace = Trace(dict(reversed(entries.items())))
    assert trace.scales == [0, 2, 10]
    expected = [(0, False, 0), (0, True, 0)]
    expected += [(2, False, index) for index in range(12)]
    expected += [(10, False, index) for index in range(2)]
    expected += [(10, True, index) for index in range(11)]
    assert trace.steps == [Step(*place) for place in expected]


def test_phases():
    trace = Trace(tiny_entries({0: (3, 1), 1: (1, 0)}))
    assert trace.phase(0, nonrigid=False) == [Step(0, False, index) for index in range(3)]
    assert trace.phase(0, nonrigid=True) == [Step(0, True, 0)]
    assert trace.phase(1, nonrigid=True) == []


def test_step_names_its_entries():
    assert Step(2, False, 3).prefix == "scale2.rigid.3"
    assert Step(0, True, 11).prefix == "scale0.nonrigid.11"
    assert (Step(0, True, 0).phase, Step(0, False, 0).phase) == ("nonrigid", "rigid")


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_entry_is_wanted(name: str):
    entries = tiny_entries(optional=True)
    del entries[name]
    if name.endswith(OPTIONAL):
        assert name not in Trace(entries)
    else:
        with pytest.raises(TraceError) as caught:
            Trace(entries, "face.npz")
        assert str(caught.value) == f"face.npz: the entry {name!r} is missing"


@pytest.mark.parametrize(
    "change",
    [
        lambda array: array[None],
        lambda array: array[..., None],
        lambda array: np.concatenate((array, array[:1])) if array.ndim else array[None],
        lambda array: np.repeat(array, 2, axis=-1) if array.ndim else array[None],
    ],
    ids=["axis before", "axis after", "longer", "wider"],
)
@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_shape_is_checked(name: str, change: Callable[[Any], npt.NDArray[Any]]):
    entries = tiny_entries(optional=True)
    entries[name] = change(entries[name])
    # Landmarks and modes are counted in the outcome: another number there is an error elsewhere.
    counted = name in ("final.landmarks", "final.params_local") and entries[name].ndim < 3
    with pytest.raises(TraceError) as caught:
        Trace(entries, "face.npz")
    assert "face.npz: " in str(caught.value)
    assert " has shape " in str(caught.value)
    assert counted or repr(name) in str(caught.value)


@pytest.mark.parametrize("kind", [object, "U3", bool, complex, "M8[s]"])
@pytest.mark.parametrize(
    "name", ["bbox", "scale0.sigma", "scale0.rigid.0.shape", "final.landmarks"]
)
def test_numbers_are_wanted(name: str, kind: Any):
    entries = tiny_entries()
    entries[name] = np.zeros(entries[name].shape, kind)
    with pytest.raises(TraceError, match=rf"'{name}' holds .*, not numbers"):
        Trace(entries)


@pytest.mark.parametrize("value", [2.5, np.nan, np.inf])
@pytest.mark.parametrize("name", ["window_size", "view"])
def test_whole_numbers_are_wanted(name: str, value: float):
    with pytest.raises(TraceError, match=rf"'scale0\.{name}' holds float64"):
        Trace({**tiny_entries(), f"scale0.{name}": np.array(value)})


@pytest.mark.parametrize("size", [-3, 0, 2, 2**31 - 1])
def test_window_is_that_of_the_maps(size: int):
    with pytest.raises(TraceError, match=r"'scale0\.response_maps' has shape \(2, 3, 3\)"):
        Trace({**tiny_entries(), "scale0.window_size": np.array(size, np.int32)})


def without(entries: Entries, *prefixes: str) -> Entries:
    return {name: array for name, array in entries.items() if not name.startswith(prefixes)}


@pytest.mark.parametrize(
    ("removed", "missing"),
    [
        (["scale0.rigid."], "scale0.rigid.0"),
        (["scale0.rigid.", "scale0.nonrigid."], "scale0.rigid.0"),
        (["scale0.rigid.0."], "scale0.rigid.0"),
        (["scale0.rigid.1."], "scale0.rigid.1"),
        (["scale1.nonrigid.0."], "scale1.nonrigid.0"),
    ],
)
def test_iterations_follow_each_other(removed: list[str], missing: str):
    entries = without(tiny_entries({0: (3, 1), 1: (1, 2)}), *removed)
    with pytest.raises(TraceError, match=rf"the iteration '{missing}' is missing"):
        Trace(entries)


def test_no_scale_at_all():
    with pytest.raises(TraceError, match="holds no scale"):
        Trace(without(tiny_entries(), "scale"))


def test_a_phase_may_go_unexecuted():
    assert len(Trace(without(tiny_entries(), "scale0.nonrigid")).steps) == 2


def test_foreign_entries_are_let_be():
    entries = {**tiny_entries(), "about": np.array("a note"), "scale0.mood": np.zeros((7, 7))}
    entries["scale" + "9" * 5000 + ".view"] = np.array(0)
    assert Trace(entries).scales == [0]


# ---- Files ----


@pytest.mark.parametrize("optional", [False, True])
def test_round_trip(path: Path, optional: bool):
    entries = tiny_entries({0: (2, 1), 2: (1, 3)}, optional=optional)
    entries["final.likelihood"][:] = np.nan
    write_trace(path, Trace(entries))
    found = read_trace(path)
    assert_same(found, entries)
    assert found.source == str(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_failing_write_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    entries = tiny_entries()
    write_trace(path, Trace(entries))

    write_array, written = np.lib.format.write_array, iter(range(9))

    def fail(*args: Any, **options: Any) -> None:
        if next(written) == 8:
            raise OSError("disk full")
        write_array(*args, **options)

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OSError, match="disk full"):
        write_trace(path, Trace(tiny_entries({0: (1, 1)})))
    monkeypatch.undo()
    assert_same(read_trace(path), entries)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    write_trace(path, Trace(tiny_entries({0: (1, 1)})))
    assert len(read_trace(path).steps) == 2


def test_devices_and_folders_are_not_replaced(tmp_path: Path):
    link = tmp_path / "link.npz"
    link.symlink_to(os.devnull)
    write_trace(link, Trace(tiny_entries()))
    assert link.is_symlink()
    with pytest.raises(IsADirectoryError):
        write_trace(tmp_path, Trace(tiny_entries()))
    assert [each.name for each in tmp_path.iterdir()] == ["link.npz"]
    assert not tmp_path.with_name(f"{tmp_path.name}.part").exists()


def test_objects_are_not_written(path: Path):
    write_trace(path, Trace(tiny_entries()))
    with pytest.raises(ValueError, match="Object arrays"):
        write_trace(path, Trace({**tiny_entries(), "about": np.array([None])}))
    assert "about" not in read_trace(path)


def test_missing_file(path: Path):
    with pytest.raises(TraceError, match=r"trace_face_default\.npz: not a readable"):
        read_trace(path)


def test_folder(path: Path):
    path.mkdir()
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_forbidden_file(path: Path):
    write_trace(path, Trace(tiny_entries()))
    path.chmod(0)
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no archive\n" * 100, b"PK\x03\x04" + bytes(100), b"\x93NUMPY"]
)
def test_not_an_archive(path: Path, content: bytes):
    path.write_bytes(content)
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)


def test_array_file(path: Path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)


def test_truncated_file(path: Path):
    write_trace(path, Trace(tiny_entries()))
    content = path.read_bytes()
    for size in np.linspace(0, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises(TraceError):
            read_trace(path)


def write_archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def array_bytes(array: npt.NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array)
    return content.getvalue()


TINY = tiny_entries({0: (1, 0)})
MEMBERS = {f"{name}.npy": array_bytes(array) for name, array in TINY.items()}


def header_bytes(shape: str, kind: str = "<f4") -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def test_pickled_objects_are_refused(path: Path, tmp_path: Path):
    victim = tmp_path / "made by a pickle"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(victim),)

    payload = pickle.dumps(Evil())
    payload += bytes(-len(payload) % 8)
    # The size is that of as many pointers, so only the refusal to unpickle stands in the way.
    member = header_bytes(f"({len(payload) // 8},)", "|O") + payload
    write_archive(path, {**MEMBERS, "bbox.npy": member})
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)
    assert not victim.exists()
    assert pickle.loads(payload) is None
    assert victim.exists()


@pytest.mark.parametrize(
    "shape", ["(1099511627776,)", "(1048576, 1048576)", "(2, 2147483648, 2147483648)", "(-1,)"]
)
def test_headers_that_lie_allocate_nothing(path: Path, shape: str):
    write_archive(path, {"bbox.npy": header_bytes(shape) + bytes(16)})
    tracemalloc.start()
    try:
        with pytest.raises(TraceError, match=r"'bbox\.npy' is truncated or corrupt"):
            read_trace(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("elements", [1 << 20, 1 << 25, 1 << 29])
def test_archives_that_lie_allocate_nothing(path: Path, elements: int):
    """Header and directory agree on a size that the bytes there are can never unpack to."""
    header = header_bytes(f"({elements},)")
    write_archive(path, {"bbox.npy": header + bytes(16)})
    content = path.read_bytes()
    directory = content.rindex(b"PK\x01\x02")
    claimed = struct.pack("<I", len(header) + 4 * elements)
    path.write_bytes(content[: directory + 24] + claimed + content[directory + 28 :])
    tracemalloc.start()
    try:
        with pytest.raises(TraceError, match="claims to hold"):
            read_trace(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        header_bytes("(1, ")[:-1],
        header_bytes("(1,)", "<f5"),
        header_bytes("(1,)", "V0"),
        header_bytes("('a',)"),
        header_bytes("(" * 500 + ")" * 500),
        b"\x93NUMPY\x07\x00" + header_bytes("(1,)")[8:] + bytes(4),
        b"\x93NUMPY\x02\x00" + bytes(20),
    ],
    ids=range(9),
)
def test_members_that_are_no_arrays(path: Path, content: bytes):
    write_archive(path, {"bbox.npy": content})
    with pytest.raises(TraceError):
        read_trace(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_compress(path: Path, method: int):
    entries = tiny_entries()
    members = {f"{name}.npy": array_bytes(array) for name, array in entries.items()}
    write_archive(path, members, method)
    assert_same(read_trace(path), entries)


def flag_all_members(content: bytes, offset: int, value: int) -> bytes:
    """Change a 16-bit field of every local header, and the same field of the directory."""
    changed = bytearray(content)
    for signature, shift in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        start = content.find(signature)
        while start >= 0:
            struct.pack_into("<H", changed, start + shift, value)
            start = content.find(signature, start + 1)
    return bytes(changed)


@pytest.mark.parametrize(
    ("offset", "value"), [(8, 6), (8, 99), (6, 1), (6, 0x20), (8, 12), (8, 14)],
    ids=["imploded", "unknown", "encrypted", "patched", "no bzip2", "no LZMA"],
)  # fmt: skip
def test_what_zipfile_cannot_do(path: Path, offset: int, value: int):
    write_trace(path, Trace(tiny_entries()))
    path.write_bytes(flag_all_members(path.read_bytes(), offset, value))
    with pytest.raises(TraceError, match="not a readable"):
        read_trace(path)


def test_damaged_data(path: Path):
    """Whatever byte of the compressed data is wrong, nothing wrong is read."""
    values = np.arange(400.0)
    write_archive(path, {"bbox.npy": array_bytes(values)}, zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    refused = 0
    start = content.index(b"bbox.npy") + len("bbox.npy")
    for position in range(start, content.rindex(b"PK\x01\x02"), 3):
        damaged = content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]
        path.write_bytes(damaged)
        try:
            np.testing.assert_array_equal(read_arrays(path)["bbox"], values)
        except TraceError:
            refused += 1
    assert refused > 200


@pytest.fixture(scope="module")
def damaged_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives") / "damaged.npz"


NUMBERS = [0, 1, 255, 2**31 - 1, -1, -(2**31)]
PLACES = st.integers(0, 1 << 20)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), PLACES, st.integers(0, 255)),
        st.tuples(st.just("text"), PLACES, st.sampled_from(sorted(b"()[]{},:'<>|=0189-Lfiucb"))),
        st.tuples(st.just("flip"), PLACES, st.integers(0, 7)),
        st.tuples(st.just("word"), PLACES, st.sampled_from(NUMBERS)),
        st.tuples(st.just("cut"), PLACES, st.integers(1, 64)),
        st.tuples(st.just("insert"), PLACES, st.integers(0, 255)),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    data = bytearray(content)
    for kind, place, value in changes:
        at = place % max(len(data) - 4, 1)
        if kind == "cut":
            del data[at : at + value]
        elif kind == "insert":
            data.insert(at, value)
        elif kind == "word" and len(data) >= 4:
            struct.pack_into("<i", data, at, value)
        elif kind == "flip" and data:
            data[at] ^= 1 << value
        elif data:
            data[at] = value & 255
    return bytes(data)


def assert_refused_or_sound(path: Path) -> None:
    try:
        found = read_trace(path)
    except TraceError as error:
        message = str(error)
    else:
        # It took no notice of the damage, or the damage made other numbers.
        message = found.source
        assert found.steps[0].index == 0
    assert str(path) in message


@settings(max_examples=150)
@given(changes=CHANGES, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_damaged_archives(damaged_file: Path, changes: list[tuple[str, int, int]], method: int):
    write_archive(damaged_file, MEMBERS, method)
    damaged_file.write_bytes(damaged(damaged_file.read_bytes(), changes))
    assert_refused_or_sound(damaged_file)


@settings(max_examples=150)
@given(changes=CHANGES, name=st.sampled_from(sorted(MEMBERS)), header=st.booleans())
def test_damaged_members(
    damaged_file: Path, changes: list[tuple[str, int, int]], name: str, header: bool
):
    """The archive is sound, so NumPy gets to see the damage, most of it in an array's header."""
    content = MEMBERS[name]
    end = content.index(b"\n") if header else len(content)
    member = damaged(content[:end], changes) + content[end:]
    write_archive(damaged_file, {**MEMBERS, name: member})
    assert_refused_or_sound(damaged_file)


def test_size_limit(path: Path, monkeypatch: pytest.MonkeyPatch):
    write_trace(path, Trace(tiny_entries()))
    monkeypatch.setattr(trace_module, "_LARGEST_FILE", 1000)
    with pytest.raises(TraceError, match="claims to hold"):
        read_trace(path)
