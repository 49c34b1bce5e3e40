"""The queue of mm3.py in SimPy, other tools, our engines and C: orders a second.

`python -m benchmarks.queues PROGRAM ORDERS SEED` runs one of them and prints the seconds that it took and the mean wait
of each class in minutes, VIP first.
"""

import json
import sys
from functools import partial
from importlib.util import find_spec
from shutil import which

from benchmarks import mm3, peers
from benchmarks.common import measure, print_table, take_turns

PROGRAMS = {
    "textbook SimPy": mm3.textbook,
    "asimpy": peers.asimpy,
    "ciw": peers.ciw,
    "salabim": peers.salabim,
    "reference, full log": partial(mm3.full_log, "reference"),
    "compiled, full log": partial(mm3.full_log, "compiled"),
    "compiled, times only": mm3.times_only,
    "C": partial(peers.c, "mm3"),
    "C, tuned by hand": partial(peers.c, "mm3_tuned"),
}
PEERS = ("asimpy", "ciw", "salabim")
SLOW = {"salabim": 4}  # by what their orders are divided
WARM_UP = 1_000  # orders that are not timed, for what happens once in a process


def lacking(program: str) -> str | None:
    """Return how to install what a program needs, None if it is there."""
    if program.startswith("C"):
        return (
            None if which("cc") else f"{program} is left out, since there is no cc: install a C compiler, such as gcc"
        )
    if program.startswith("compiled") and not find_spec("numba"):
        return f"{program} is left out, since numba is not installed: pip install '.[fast]'"
    if program in PEERS and not find_spec(program):
        return f"{program} is left out, since it is not installed: pip install '.[benchmarks]'"
    return None


def speed(program: str, orders: int, number: int) -> float:
    """Run one program of the queue and return its orders per second, once its waits agree with theory."""
    seconds, waits = measure("queues", program, orders, number)
    for name, wait, expected in zip(("VIP", "NORMAL"), waits, mm3.theory(), strict=True):
        if not abs(wait / expected - 1) <= mm3.tolerance(orders):
            sys.exit(f"{program}, seed {number}: mean wait {name} is {wait:.3f} min, theory says {expected:.3f} min")
    return orders / seconds


def compare_queues(orders: int, repeats: int) -> None:
    """Print orders per second of all programs, side by side."""
    vip, normal = mm3.theory()
    print(f"\nM/M/3, two classes, load {mm3.LOAD:.2f}, {orders:,} orders, {repeats} runs each, random numbers included")
    print(f"(every run's mean waits within {mm3.tolerance(orders):.0%} of theory: {vip:.3f}, {normal:.3f} min)")
    sizes = {}
    for program in PROGRAMS:
        if without := lacking(program):
            print(without)
            continue
        sizes[program] = size = orders // SLOW.get(program, 1)
        if size < orders:
            print(f"({program}: {size:,} orders, within {mm3.tolerance(size):.0%})")
    speeds = take_turns(sizes, repeats, lambda program, number: speed(program, sizes[program], number))
    print_table("orders/s", speeds, ",.0f", "C")


if __name__ == "__main__":
    program, orders, number = PROGRAMS[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])
    program(WARM_UP, number)
    print(json.dumps(program(orders, number)))
