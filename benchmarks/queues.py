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
    "simulsi": peers.simulsi,
    "salabim": peers.salabim,
    "reference, full log": partial(mm3.full_log, "reference"),
    "compiled, full log": partial(mm3.full_log, "compiled"),
    "compiled, times only": mm3.times_only,
    "C": partial(peers.c, "mm3"),
    "C, tuned by hand": partial(peers.c, "mm3_tuned"),
}
PEERS = ("asimpy", "ciw", "simulsi", "salabim")
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


def compare_queues(orders: int, repeats: int) -> None:
    """Print orders per second of all programs, side by side, once their waits agree with theory."""
    print(f"\nM/M/3, two classes, load {mm3.LOAD:.2f}, {orders:,} orders, {repeats} runs each, random numbers included")
    sizes = {}
    for program in PROGRAMS:
        if without := lacking(program):
            print(without)
            continue
        sizes[program] = orders // SLOW.get(program, 1)
    waits: dict[str, list[list[float]]] = {program: [] for program in sizes}

    def speed(program: str, number: int) -> float:
        seconds, of_run = measure("queues", program, sizes[program], number)
        waits[program].append(of_run)
        return sizes[program] / seconds

    speeds = take_turns(sizes, repeats, speed)
    for program, size in sizes.items():
        if problem := mm3.disagreement(waits[program], size, len(sizes)):
            sys.exit(f"{program}: {problem}")
    vip, normal = mm3.theory()
    allowed = mm3.tolerance(orders * repeats, 2 * len(sizes))
    print(f"(mean waits of all runs of a program within {allowed:.1%} of theory: {vip:.3f}, {normal:.3f} min)")
    for program, size in sizes.items():
        if size < orders:
            allowed = mm3.tolerance(size * repeats, 2 * len(sizes))
            print(f"({program}: {size:,} orders, within {allowed:.1%})")
    print_table("orders/s", speeds, ",.0f", "C")


if __name__ == "__main__":
    program, orders, number = PROGRAMS[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])
    program(WARM_UP, number)
    print(json.dumps(program(orders, number)))
