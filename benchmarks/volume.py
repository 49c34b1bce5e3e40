"""Volume in the compiled engine: many days, long and large queues, and the memory of a long run.

`python -m benchmarks.volume WORK ARGUMENTS` makes one measurement and prints it as JSON.
"""

import json
import sys
from math import hypot, sqrt
from resource import RUSAGE_SELF, getrusage
from statistics import fmean, stdev
from time import perf_counter

from benchmarks import common, mm3

CLASSES = ("VIP", "NORMAL")
DAY = 500  # orders
DAYS, TEXTBOOK_DAYS = 1_000, 200
ERRORS = 5  # standard errors that two means may be apart
WARM_UP = 1_000  # orders that are not timed, for what happens once in a process: compiled code is loaded
WARM_UP_DAYS = 40  # likewise: the first day is drawn alone, and those behind it many at once
AT_LEAST = 0.25  # seconds that a measurement lasts
SOME = 200_000  # orders
LONGEST = 10_000_000

Means = list[tuple[float, float]]
"""The mean over days of the mean wait of each class in minutes, with its standard error."""


def means(waits: list[list[float]]) -> Means:
    return [(fmean(of_class), stdev(of_class) / sqrt(len(of_class))) for of_class in waits]


def textbook_days(number: int) -> tuple[float, Means]:
    """Return the orders a second of textbook SimPy, day after day, and what they waited."""
    mm3.textbook(WARM_UP, number)
    days = [mm3.textbook(DAY, number * TEXTBOOK_DAYS + day) for day in range(TEXTBOOK_DAYS)]
    waits = [list(of_class) for of_class in zip(*(waits for _, waits in days), strict=True)]
    return DAY * TEXTBOOK_DAYS / sum(seconds for seconds, _ in days), means(waits)


def compiled_days(number: int) -> tuple[float, Means]:
    """Return the orders a second of `replicate`, with all that it finds out of each day, and what they waited."""
    from sim import replicate

    scenario = mm3.of_size(DAY)
    replicate(scenario, WARM_UP_DAYS, seed=number, engine="compiled", fingerprints=False)
    began = perf_counter()
    done = replicate(scenario, DAYS, seed=number, engine="compiled", fingerprints=False)
    seconds = perf_counter() - began
    waits = [[wait / 60 for wait in done.values(f"wait.{name}.mean")] for name in CLASSES]
    return DAY * DAYS / seconds, means(waits)


def scaling(orders: int, bots: int) -> float:
    """Return the nanoseconds of an order, full log and drawing included."""
    from sim.engines.compiled import simulate

    simulate(mm3.of_size(WARM_UP, bots).workload(1))
    scenario = mm3.of_size(orders, bots)
    turns, seconds, began = 0, 0.0, perf_counter()
    while seconds < AT_LEAST:
        simulate(scenario.workload(1))
        turns, seconds = turns + 1, perf_counter() - began
    return 1e9 * seconds / turns / orders


def memory(orders: int, number: int) -> float:
    """Return by how many bytes an order the process grows at its peak, with workload and full log held."""
    from sim.engines.compiled import simulate

    simulate(mm3.of_size(WARM_UP).workload(number))
    scenario = mm3.of_size(orders)
    before = getrusage(RUSAGE_SELF).ru_maxrss
    workload = scenario.workload(number)
    log = simulate(workload)
    grown = getrusage(RUSAGE_SELF).ru_maxrss - before
    assert len(log) > 2 * len(workload.service)
    return 1024 * grown / orders


def compare_days(repeats: int) -> None:
    """Print orders per second of many short days, once both programs say the same of the waits."""
    waits: dict[tuple[str, int], Means] = {}

    def days(program: str, number: int) -> float:
        speed, waits[program, number] = common.measure("volume", f"{program}_days", number)
        return speed

    speeds = common.take_turns(("textbook", "compiled"), repeats, days)
    for number in range(1, repeats + 1):
        both = zip(CLASSES, waits["textbook", number], waits["compiled", number], strict=True)
        for name, (theirs, error), (ours, our_error) in both:
            if not abs(ours - theirs) <= ERRORS * hypot(error, our_error):
                sys.exit(f"seed {number}: mean wait {name} is {theirs:.3f} min in SimPy's days, {ours:.3f} in ours")
    print(
        f"\n{DAYS:,} days of {DAY} orders, one core: replicate(scenario, {DAYS}, engine='compiled', fingerprints=False)"
    )
    print(f"beside {TEXTBOOK_DAYS} such days in textbook SimPy, {repeats} runs each")
    print(f"(mean waits of both within {ERRORS} standard errors of each other in every pair of runs)")
    common.print_table("orders/s", {"textbook SimPy": speeds["textbook"], "replicate": speeds["compiled"]}, ",.0f")


def compare_scaling(longest: int, repeats: int) -> None:
    """Print the time of an order in short and long runs, and with few and many bots."""
    sizes = {f"{orders:,} orders": (orders, mm3.BOTS) for orders in (10_000, SOME)}
    times = common.take_turns(sizes, repeats, lambda name, _: common.measure("volume", "scaling", *sizes[name]))
    times |= common.take_turns(
        [f"{longest:,} orders"], 3, lambda *_: common.measure("volume", "scaling", longest, mm3.BOTS)
    )
    print(f"\nCompiled engine, full log, drawing included, {mm3.BOTS} bots, {repeats} runs each, 3 of the longest")
    common.print_table("ns/order", times, ",.0f")
    crews = {f"{bots} bots": (SOME, bots) for bots in (3, 30, 300)}
    times = common.take_turns(crews, repeats, lambda name, _: common.measure("volume", "scaling", *crews[name]))
    print(f"\nThe same with {SOME:,} orders and more bots at the same load of each, {repeats} runs each")
    common.print_table("ns/order", times, ",.0f")


def print_memory(orders: int, repeats: int) -> None:
    """Print the memory of an order of a long run."""
    found = common.take_turns(
        ["full log"], repeats, lambda _, number: common.measure("volume", "memory", orders, number)
    )
    print(f"\nGrowth of the process at its peak, {orders:,} orders, workload and full log held, {repeats} runs")
    common.print_table("bytes/order", found, ",.0f")


if __name__ == "__main__":
    works = {work.__name__: work for work in (textbook_days, compiled_days, scaling, memory)}
    print(json.dumps(works[sys.argv[1]](*map(int, sys.argv[2:]))))
