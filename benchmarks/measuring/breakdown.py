"""Tables by backend: fits and loading, the stages of a fit, memory; and what the stages need."""

from __future__ import annotations

from measuring.results import COMPILED, FIT, Results
from measuring.table import MISSING, Table, milliseconds

__all__ = ["fits", "memory", "profile", "roofline"]

_REST = "between them: Python, memory, caches"


def fits(results: Results) -> Table:
    """Return milliseconds per face of whole fits, hypotheses, batches, and of loading."""
    backends = results.backends
    rows = [
        (
            _named(what, threads),
            *(milliseconds(results.seconds(what, b, threads)) for b in backends),
        )
        for what, threads in results.whats
        if what not in results.stages
    ]
    return Table("fits", "ms per face", _header("what", backends), tuple(rows))


def profile(results: Results) -> Table:
    """Return where the time of a fit goes: its stages by themselves, and what remains."""
    backends = [each for each in results.backends if results.seconds(FIT, each) is not None]
    rows = [
        (stage, *(_share(results, results.seconds(stage, each), each) for each in backends))
        for stage in results.stages
    ]
    rows.append((_REST, *(_share(results, _rest(results, each), each) for each in backends)))
    rows.append((FIT, *(milliseconds(results.seconds(FIT, each)) for each in backends)))
    title = "Where the time goes: ms per face, and of the whole fit"
    return Table("profile", title, _header("stage", backends), tuple(rows) if backends else ())


def roofline(results: Results) -> Table:
    """Return what each stage needs, what that takes at least, and what it takes compiled."""
    rows = [
        (
            stage,
            f"{count['operations'] / 1e6:.2f}",
            f"{count['bytes'] / 1e6:.2f}",
            f"{count['operations'] / count['bytes']:.1f}",
            *_bound(results, count, results.seconds(stage, COMPILED)),
        )
        for stage, count in results.counts.items()
    ]
    counted = ("stage", "Mop", "MB", "op/byte", "bound by", "least, µs")
    header = (*counted, f"`{COMPILED}`, µs", "least of it")
    return Table("roofline", "Counted per face; least time on one core", header, tuple(rows))


def memory(results: Results) -> Table:
    """Return resident megabytes after each step."""
    backends = [each for each in results.backends if each in results.memory]
    steps = results.memory[backends[0]] if backends else {}
    rows = [
        (step, *(f"{results.memory[backend][step]:.1f}" for backend in backends)) for step in steps
    ]
    return Table("memory", "Resident memory, MB", _header("after", backends), tuple(rows))


def _header(first: str, backends: list[str]) -> tuple[str, ...]:
    """Return a header with a column for each backend."""
    return (first, *(f"`{backend}`" for backend in backends))


def _named(what: str, threads: int | None) -> str:
    """Return what was done, and in how many threads where that was a choice."""
    return what if threads is None else f"{what}, {threads} thread{'s' if threads > 1 else ''}"


def _rest(results: Results, backend: str) -> float | None:
    """Return what a whole fit takes beyond its stages; None if one of these was not measured."""
    parts = [results.seconds(stage, backend) for stage in results.stages]
    whole = results.seconds(FIT, backend)
    if whole is None or None in parts:
        return None
    return whole - sum(part for part in parts if part is not None)


def _share(results: Results, seconds: float | None, backend: str) -> str:
    """Return milliseconds, and per cent of a backend's whole fit."""
    whole = results.seconds(FIT, backend)
    if seconds is None or whole is None:
        return MISSING
    return f"{milliseconds(seconds)} ({100 * seconds / whole:.0f} %)"


def _bound(results: Results, count: dict[str, float], taken: float | None) -> tuple[str, ...]:
    """Return what bounds a stage, its least time, the time it takes, and their quotient."""
    computing = count["operations"] / results.peaks["operations"]
    moving = count["bytes"] / results.peaks["cache_bytes"]
    least = max(computing, moving)
    told = "operations" if computing >= moving else "bytes", f"{1e6 * least:.1f}"
    if taken is None:
        return (*told, MISSING, MISSING)
    return (*told, f"{1e6 * taken:.1f}", f"{100 * least / taken:.0f} %")
