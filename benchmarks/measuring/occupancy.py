"""What compiled kernels take of a multiprocessor, read from their machine code; needs no GPU."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["HOPPER", "Multiprocessor", "registers_of", "resident_blocks"]

_ELF64 = b"\x7fELF\x02"
_SECTION = struct.Struct("<IIQQQQIIQQ")
_TEXT, _INFO = ".text.", ".nv.info"
_SIZED, _REGISTER_COUNT = 4, 0x2F
"""Of the entries in a section of facts: a format, and what is told in it, of a symbol."""


@dataclass(frozen=True)
class Multiprocessor:
    """What blocks of threads share.

    Attributes
    ----------
    name : str
    count : int
        How many the device has.
    registers, shared_bytes, threads, blocks : int
        Of each.
    reserved_bytes : int
        Shared memory that every block takes for the system.
    """

    name: str
    count: int
    registers: int
    shared_bytes: int
    threads: int
    blocks: int
    reserved_bytes: int


HOPPER = Multiprocessor("H200 (compute capability 9.0)", 132, 65536, 228 * 1024, 2048, 32, 1024)
"""As NVIDIA's documentation gives them."""


def registers_of(cubin: bytes) -> dict[str, int]:
    """Return how many registers a thread of each kernel has.

    Raises
    ------
    ValueError
        If that is no machine code of NVIDIA's.
    """
    if not cubin.startswith(_ELF64):
        raise ValueError("cubin: is no 64-bit ELF file")
    sections = {section.name: section for section in _sections(cubin)}
    counts = dict(_register_counts(sections[_INFO].content))
    return {
        name.removeprefix(_TEXT): counts[section.info]
        for name, section in sections.items()
        if name.startswith(_TEXT)
    }


def resident_blocks(on: Multiprocessor, threads: int, registers: int, shared_bytes: int) -> int:
    """Return how many blocks a multiprocessor can have at a time."""
    of_warp = -(-32 * registers // 256) * 256  # registers are dealt out to warps, 256 at a time
    warps = -(-threads // 32)
    return min(
        on.blocks,
        on.threads // threads,
        on.registers // (warps * of_warp),
        on.shared_bytes // (shared_bytes + on.reserved_bytes),
    )


def _register_counts(facts: bytes) -> Iterator[tuple[int, int]]:
    """Yield symbols and how many registers they have."""
    at = 0
    while at < len(facts):
        kind, what, size = struct.unpack_from("<BBH", facts, at)
        if (kind, what) == (_SIZED, _REGISTER_COUNT):
            symbol, count = struct.unpack_from("<II", facts, at + 4)
            yield symbol, count
        at += 4 + (size if kind == _SIZED else 0)


@dataclass(frozen=True)
class _Section:
    """A section of an ELF file; of code, `info` is its symbol."""

    name: str
    content: bytes
    info: int


def _sections(elf: bytes) -> Iterator[_Section]:
    """Yield the sections of a file."""
    (table,) = struct.unpack_from("<Q", elf, 0x28)
    size, count, names_at = struct.unpack_from("<HHH", elf, 0x3A)
    headers = [_SECTION.unpack_from(elf, table + size * index) for index in range(count)]
    names = headers[names_at][4]
    for header in headers:
        start = names + header[0]
        name = elf[start : elf.index(b"\0", start)].decode("ascii")
        yield _Section(name, elf[header[4] : header[4] + header[5]], header[7] & 0xFFFFFF)
