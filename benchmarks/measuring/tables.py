"""Every table of a run, made from its JSON alone."""

from __future__ import annotations

from measuring.breakdown import fits, memory, profile, roofline
from measuring.comparison import ratios
from measuring.contest import OPENFACE
from measuring.results import Results
from measuring.table import MISSING, Table

__all__ = ["tables"]


def tables(results: Results) -> tuple[Table, ...]:
    """Return every table that the results have rows for."""
    made = (_machine, ratios, fits, profile, roofline, memory)
    return tuple(table for table in (make(results) for make in made) if table.rows)


def _machine(results: Results) -> Table:
    """Return what it was measured on, and a warning where others were at work."""
    facts, openface, peaks = results.machine, results.openface, results.peaks
    rows = [
        ("processor", f"{facts['processor']}, {facts['cores']} cores"),
        ("instructions of `cython`", facts["simd"] or MISSING),
        ("Python", f"{facts['python']}, {facts['system']}"),
        ("packages", ", ".join(f"{name} {each}" for name, each in facts["versions"].items())),
        ("faces", results.workload),
    ]
    if openface:
        blas = openface["blas"].partition(" NO_")[0]
        rows.append((OPENFACE, f"{openface['openface']}, OpenCV {openface['opencv']}, {blas}"))
    if peaks:
        rows.append(("one core multiplies matrices", f"{peaks['operations'] / 1e9:.0f} Gop/s"))
        copied = " and ".join(f"{peaks[k] / 1e9:.0f}" for k in ("cache_bytes", "memory_bytes"))
        rows.append(("it copies 4 MiB and 256 MiB", f"{copied} GB/s, read and written"))
    if results.taken_by_others is not None:
        taken = f"{results.taken_by_others:.0%} of the cores' time"
        told = taken if results.is_quiet else f"**{taken}: measure again**"
        rows.append(("others took", told))
    return Table("machine", "Measured on", ("what", "which"), tuple(rows))
