"""What the benchmarks measure with: faces, alternate timing, statistics, counts, tables.

Nothing here is installed. ``nox -s bench`` runs the benchmarks and then this package on what they
wrote, see :mod:`measuring.__main__`.
"""
