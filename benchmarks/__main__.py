"""`python -m benchmarks [--quick]`: print how fast the engine and the command are beside plain SimPy and plain imports.

Ratios compare medians of runs that alternate in one go, each in a fresh process.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.mm3 import LOAD, theory, tolerance

IMPORTS = "import simpy, numpy, pydantic, ruamel.yaml, typer"
ASSIGNMENT = Path(__file__).parents[1] / "scenarios" / "assignment.yaml"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def python(*arguments: str) -> str:
    """Run a fresh interpreter and return what it prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT).stdout


def queue(program: str, orders: int, number: int) -> float:
    """Run one program of the queue and return its orders per second, once its waits agree with theory."""
    seconds, waits = json.loads(python("-m", "benchmarks.mm3", program, str(orders), str(number)))
    for name, wait, expected in zip(("VIP", "NORMAL"), waits, theory(), strict=True):
        if abs(wait / expected - 1) > tolerance(orders):
            sys.exit(f"{program}, seed {number}: mean wait {name} is {wait:.3f} min, theory says {expected:.3f} min")
    return orders / seconds


def start_up(*arguments: str) -> float:
    """Return the milliseconds from the start of an interpreter to its end."""
    began = perf_counter()
    python(*arguments)
    return 1000 * (perf_counter() - began)


def compare_queues(orders: int, repeats: int) -> None:
    """Print orders per second of both programs, side by side."""
    speeds: dict[str, list[float]] = {"textbook": [], "reference": []}
    for number in range(1, repeats + 1):
        for program, measured in speeds.items():
            measured.append(queue(program, orders, number))
    print(f"\nM/M/3, two classes, load {LOAD:.2f}, {orders:,} orders, {repeats} runs each")
    print(
        f"(every run's mean waits within {tolerance(orders):.0%} of theory: {theory()[0]:.3f}, {theory()[1]:.3f} min)"
    )
    print_table("orders/s", speeds, ",.0f")


def compare_start_up(repeats: int) -> None:
    """Print what `sim run` of a small scenario takes beside the bare imports; the first pair only warms caches."""
    times: dict[str, list[float]] = {"imports": [], "sim run": []}
    with TemporaryDirectory() as folder:
        command = ("run", str(ASSIGNMENT), "--no-save", "--no-charts", "--out", folder)
        for _ in range(repeats + 1):
            times["imports"].append(start_up("-c", IMPORTS))
            times["sim run"].append(start_up("-m", "sim", *command))
    print(f"\nStart-up: sim run scenarios/assignment.yaml beside python -c '{IMPORTS}', {repeats} runs each")
    print_table("ms", {name: measured[1:] for name, measured in times.items()}, ".0f")


def print_table(unit: str, measured: dict[str, list[float]], form: str) -> None:
    """Print median, lowest and highest of each row, and the ratio of its median to the first row's."""
    print(f"{unit:12}{'median':>10}{'min':>10}{'max':>10}{'ratio':>8}")
    base = median(next(iter(measured.values())))
    for name, values in measured.items():
        cells = "".join(f"{value:>10{form}}" for value in (median(values), min(values), max(values)))
        print(f"{name:12}{cells}{median(values) / base:>8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer orders and repeats")
    quick = parser.parse_args().quick
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "simpy", "ordersim"))
    print(f"python {platform.python_version()}, {packages}; {platform.machine()}, {os.cpu_count()} cores")
    compare_queues(*(50_000, 5) if quick else (200_000, 9))
    compare_start_up(5 if quick else 15)
