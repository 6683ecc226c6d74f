"""Measurements that need a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["measured_alone"]

# What is imported here is imported there, and not what lies in the working folder.
_RUN = """
import json, runpy, sys
sys.path[:] = json.loads(sys.argv[1])
del sys.argv[:2]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def measured_alone(
    module: str, *arguments: str, environment: Mapping[str, str | None] | None = None
) -> Any:
    """Run a module of this package and return the JSON that it writes.

    Parameters
    ----------
    module : str
    *arguments : str
    environment : mapping of str to str or None
        Variables to set, or to unset, besides those there are.

    Raises
    ------
    RuntimeError
        With what it said, if it fails.
    """
    task = [f"measuring.{module}", *arguments]
    command = [sys.executable, "-c", _RUN, json.dumps(sys.path), *task]
    variables = dict(os.environ)
    for name, value in (environment or {}).items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    finished = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(task)}: {finished.stderr.strip()}")
    return json.loads(finished.stdout)
