"""Measurements in fresh processes that take turns, tables of them, and what they were made with."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from importlib.util import find_spec
from shutil import which
from statistics import median
from typing import Any

PACKAGES = ("numpy", "numba", "simpy", "ciw", "salabim", "asimpy", "simulsi")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def python(*arguments: str) -> str:
    """Run a fresh interpreter and return what it prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT).stdout


def measure(module: str, *arguments: object) -> Any:
    """Return what `python -m benchmarks.MODULE ARGUMENTS` finds in a fresh process and prints as JSON."""
    return json.loads(python("-m", f"benchmarks.{module}", *map(str, arguments)))


def take_turns(names: Iterable[str], repeats: int, work: Callable[[str, int], float]) -> dict[str, list[float]]:
    """Return what `work(name, number)` finds for each name, `number` from 1 to `repeats`."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(1, repeats + 1):
        for name, values in found.items():
            values.append(work(name, number))
    return found


def print_table(unit: str, measured: dict[str, list[float]], form: str, speed_of: str | None = None) -> None:
    """Print median, lowest and highest of each row, and the ratio of its median to the first row's.

    Of speeds, also the time that one thing takes in units of what it takes row `speed_of`.
    """
    width = max(12, *(len(name) + 1 for name in measured))
    middle = {name: median(values) for name, values in measured.items()}
    base, limit = next(iter(middle.values())), middle.get(speed_of or "")
    last = f"time/{speed_of}" if limit else ""
    print(f"{unit:{width}}{'median':>12}{'min':>12}{'max':>12}{'ratio':>8}{last:>10}".rstrip())
    for name, values in measured.items():
        cells = "".join(f"{value:>12{form}}" for value in (middle[name], min(values), max(values)))
        beside = f"{limit / middle[name]:>10,.1f}" if limit else ""
        print(f"{name:{width}}{cells}{middle[name] / base:>8.2f}{beside}")


def share(hits: int, number: int) -> str:
    """Return a share with Wilson's 95% interval, in 25 characters."""
    from scipy.stats import binomtest

    interval = binomtest(hits, number).proportion_ci(method="wilson")
    return f"{hits / number:>8.1%}{f'{interval.low:.1%} to {interval.high:.1%}':>17}"


def numbers_by() -> str:
    """Return what numbers were made with that are the same on every machine."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kitchensim"))
    return f"python {platform.python_version()}, {packages}; {platform.machine()}"


def versions() -> str:
    """Return what is measured with."""
    parts = [f"{name} {version(name)}" for name in PACKAGES if find_spec(name)]
    if which("cc"):
        compiler = subprocess.run(["cc", "--version"], check=True, stdout=subprocess.PIPE, text=True)
        parts.append(compiler.stdout.split("\n")[0])
    return (
        f"kitchensim {version('kitchensim')}, python {platform.python_version()}, {', '.join(parts)}; "
        f"{platform.machine()}, {os.cpu_count()} cores"
    )
