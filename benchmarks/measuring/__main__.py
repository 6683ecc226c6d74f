"""What benchmarks found, for people: tables on the terminal, a figure, the tables of a document.

``python -m measuring reports/bench.json --figure reports/bench.png --document docs/performance.md``
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measuring.document import filled
from measuring.figure import draw
from measuring.results import read_results
from measuring.tables import tables


def main(arguments: list[str] | None = None) -> None:
    """Write what is asked for; the tables always."""
    parser = argparse.ArgumentParser(prog="python -m measuring", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--figure", type=Path, help="PNG or SVG")
    parser.add_argument("--document", type=Path, help="its tables, and figure")
    options = parser.parse_args(arguments)
    results = read_results(options.results)
    made = tables(results)
    for table in made:
        sys.stdout.write(f"\n{table.title}\n\n{table}\n")
    if options.document is not None:
        text = options.document.read_text("utf-8")
        named = {table.name: str(table) for table in made}
        options.document.write_text(filled(text, named), "utf-8")
        draw(results, options.document.with_suffix(".png"))
    if options.figure is not None:
        draw(results, options.figure)


if __name__ == "__main__":
    main()
