"""What each stage needs at least, and what this processor can do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from measuring.roofline import counts_of, measure_peaks
from measuring.stages import STAGES


def test_roofline(recorded: Any, work: Any, findings: dict[str, Any]) -> None:
    counts = counts_of(recorded, len(work.faces))
    assert list(counts) == [stage.name for stage in STAGES]
    peaks = measure_peaks()
    assert peaks.cache_bytes > peaks.memory_bytes / 2
    findings["peaks"] = asdict(peaks)
    findings["counts"] = {name: asdict(count) for name, count in counts.items()}
    findings["iterations"] = sum(call.iterations for call in recorded.phased) / len(work.faces)
