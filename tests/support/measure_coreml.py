"""Print how far programs are from the definition, for docs/coreml.md.

``python -m support.measure_coreml [FOLDER]``, with the clone and its ``tests`` on the path: on the
embedded model and recordings, or on OpenFace's own in a folder with ``model``, ``golden`` and
``samples``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from support.coreml import (
    Data,
    composed,
    first_difference,
    fitted,
    interpreter,
    load_host,
    programs,
    relative_errors,
    seen,
)

from openface_bridge.fixtures import embedded
from pyclnf.coreml.conversion import convert_model
from pyclnf.coreml.precision import FLOAT16, FLOAT32, Precision

COARSE = Precision("neurons in float16 too", neurons=np.float16, sigma=np.float16)
KINDS = (
    ("float32", FLOAT32, False),
    ("float16", FLOAT16, False),
    ("float16, added in float16", FLOAT16, True),
    (COARSE.name, COARSE, False),
    (f"{COARSE.name}, added in float16", COARSE, True),
)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def map_errors(data: Data, precision: Precision, halves: bool, folder: Path) -> Iterator[float]:
    """Yield the error of every map of every recorded fit, over its maximum."""
    for case in data.cases():
        host = load_host("auto", data.manifest(case.setting))
        made = programs(host, precision, folder, interpreter(halves))
        for each in seen(data, case):
            maps = made.response_maps(each.areas, each.scale, each.view)
            yield from relative_errors(maps, each.maps).tolist()


def fits(
    data: Data, precision: Precision, halves: bool, folder: Path
) -> Iterator[tuple[str, bool]]:
    """Yield each fit's worst landmark beside its limit, and whether it is within."""
    for case in data.cases():
        host = load_host("auto", data.manifest(case.setting))
        backend = composed(host, programs(host, precision, folder, interpreter(halves)))
        found, limit = fitted(data, case, backend), data.floor(case).limit_px
        within = found.max_px <= limit
        text = f"{case.face} {case.setting}: {found.max_px:.4f} px, limit {limit:.4f} px"
        branch = None if within else first_difference(data, case, found, backend)
        if branch is not None:
            text += (
                f"; {branch.decision}, {branch.place}: margin {branch.margin:.2g} {branch.unit}, "
                f"drift {branch.drift_px:.2g} px, excused: {branch.excused(limit)}"
            )
        yield text, within


def sizes(data: Data, precision: Precision, folder: Path) -> None:
    """Print how large all programs of the default setting are, and how long they took."""
    start = time.process_time()
    packages = convert_model(data.manifest("default"), folder, precision=precision, parts=False)
    taken = time.process_time() - start
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    each = f"{len(packages)} programs, {size / 1e6:.0f} MB, {taken:.0f} s of one core"
    say(f"{precision.name}: {each}")


def main(data: Data) -> None:
    """Print all of it."""
    for precision in (FLOAT32, FLOAT16):
        with tempfile.TemporaryDirectory() as name:
            sizes(data, precision, Path(name))
    with tempfile.TemporaryDirectory() as name:
        for title, precision, halves in KINDS:
            errors = np.array([*map_errors(data, precision, halves, Path(name))])
            middle, worst = np.median(errors), errors.max()
            say(f"{title}: {len(errors)} maps, median {middle:.1e}, worst {worst:.1e}")
            found = [*fits(data, precision, halves, Path(name))]
            say(f"  {sum(within for _, within in found)} of {len(found)} fits within the floor")
            for text, within in found:
                say(f"  {' ' if within else '!'} {text}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        at = Path(sys.argv[1])
        main(Data(at / "model", at / "golden", at / "samples"))
    else:
        own = embedded()
        main(Data(own.model.parent, own.recordings, own.pictures))
