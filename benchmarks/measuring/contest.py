"""OpenFace and pyclnf on the same faces, in turns, in one process of so many processor cores.

``python -m measuring.contest --cores N [--brief]`` writes JSON. A process of its own, because the
threads of OpenFace's libraries and their BLAS kernel are settled when these are loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["SCENARIOS", "SEEKING", "Scenario", "main"]


@dataclass(frozen=True)
class Scenario:
    """Something to time.

    Attributes
    ----------
    name : str
    task : str
        A method of an :class:`measuring.engines.Engine`, or :class:`measuring.seekers.Seeker`,
        that takes a list of faces, pictures or frames.
    faces : int
        Or pictures or frames: how many in one turn.
    rounds : int
    engines : tuple of str
        Who takes part, if there; the first one is the measure of the others.
    open : bool
        Whether backends that no scenario names take part as well.
    brief : bool
        Whether a brief contest has it, too.
    warm : bool
        Whether a turn begins with a face that does not count, for the caches, which the other
        engines have used meanwhile.
    """

    name: str
    task: str
    faces: int
    rounds: int
    engines: tuple[str, ...]
    brief: bool = False
    warm: bool = True
    open: bool = False


OPENFACE, OPENFACE_TWICE = "OpenFace", "OpenFace, two models"
COMPILED = (OPENFACE, "cython")
ALL = (*COMPILED, "numpy")
BATCHED = (OPENFACE, OPENFACE_TWICE, "cython")

SCENARIOS = (
    Scenario("one face", "fit", 4, 30, ALL, brief=True, open=True),
    Scenario("one face, in colour", "fit_in_colour", 4, 40, COMPILED),
    Scenario("one face, cold caches", "fit", 1, 60, COMPILED, warm=False),
    Scenario("eleven hypotheses", "fit_hypotheses", 1, 20, COMPILED, brief=True),
    Scenario("batch of 8", "fit_batch", 8, 24, BATCHED, open=True),
    Scenario("batch of 64", "fit_batch", 64, 12, BATCHED, open=True),
    Scenario("finding faces", "find", 4, 20, ALL, brief=True),
    Scenario("a tracked frame", "follow", 8, 40, COMPILED, brief=True, warm=False),
)
SEEKING = ("find", "follow")
"""Tasks of a :class:`measuring.seekers.Seeker`; all others are an engine's."""
NAMED = frozenset(name for scenario in SCENARIOS for name in scenario.engines)


def main(arguments: list[str] | None = None) -> None:
    """Hold a contest and write its JSON."""
    parser = argparse.ArgumentParser(prog="python -m measuring.contest", description=__doc__)
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--brief", action="store_true", help="only what is called brief")
    options = parser.parse_args(arguments)
    _confine(options.cores)
    sys.stdout.write(json.dumps(_contest(options.cores, brief=options.brief)))


def _confine(cores: int) -> None:
    """Keep this process, and all threads it will start, on the first cores it may run on.

    Raises
    ------
    SystemExit
        If there are not so many, or the system cannot do this.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("this system cannot keep a process on some of the processor's cores")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < cores:
        raise SystemExit(f"--cores: there are {len(allowed)}, not {cores}")
    os.sched_setaffinity(0, allowed[:cores])


def _contest(cores: int, *, brief: bool) -> dict[str, Any]:
    """Time all scenarios: fits first, as what seeks faces fills memory and caches."""
    chosen = [scenario for scenario in SCENARIOS if scenario.brief or not brief]
    fits = _contest_of_fits(cores, [each for each in chosen if each.task not in SEEKING])
    searches = _contest_of_searches(cores, [each for each in chosen if each.task in SEEKING])
    return {
        "cores": cores,
        **fits,
        **searches,
        "scenarios": fits["scenarios"] | searches["scenarios"],
    }


def _contest_of_fits(cores: int, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Verify every engine, then time them."""
    from measuring.engines import engines_on
    from measuring.workload import workload

    work = workload()
    engines = engines_on(work.manifest, cores)
    distances = {
        name: max(engine.verify(face) for face in work.faces) for name, engine in engines.items()
    }
    openface = engines.get(OPENFACE)
    return {
        "workload": work.title,
        "openface": None if openface is None else openface.about,
        "worst_landmark_px": distances,
        "scenarios": {each.name: _timed(each, engines, work.faces) for each in scenarios},
    }


def _contest_of_searches(cores: int, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Verify everyone who finds faces and follows them, then time them; if there is any footage."""
    from measuring.footage import footage
    from measuring.seekers import seekers_on

    film = footage()
    seekers = seekers_on(film, cores)
    items: dict[str, Sequence[Any]] = {"find": film.stills, "follow": film.there_and_back}
    return {
        "worst_tracked_landmark_px": {name: each.verify(film) for name, each in seekers.items()},
        "scenarios": {
            each.name: _timed(each, seekers, items[each.task])
            for each in scenarios
            if items[each.task]
        },
    }


def _timed(
    scenario: Scenario, engines: Mapping[str, Any], items: Sequence[Any]
) -> dict[str, list[float]]:
    """Time a scenario: seconds per face, picture or frame, round by round."""
    from measuring.alternation import Turn, alternate

    def turn(engine: Any) -> Turn:
        task = getattr(engine, scenario.task)
        return Turn(
            work=lambda index: task(group(index)),
            before=(lambda index: task(group(index)[:1])) if scenario.warm else None,
        )

    def group(index: int) -> list[Any]:
        first = index * scenario.faces
        return [items[number % len(items)] for number in range(first, first + scenario.faces)]

    others = [name for name in engines if scenario.open and name not in NAMED]
    names = [name for name in scenario.engines if name in engines]
    turns = {name: turn(engines[name]) for name in (*names, *others)}
    seconds = alternate(turns, scenario.rounds)
    return {name: [each / scenario.faces for each in taken] for name, taken in seconds.items()}


if __name__ == "__main__":
    main()
