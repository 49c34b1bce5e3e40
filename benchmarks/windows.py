"""`python -m benchmarks.windows [--quick]`: print what half-hour windows add to the time of a day.

Days of the lunch rush in the compiled engine, processor time; the four works take turns, so that what else the machine
does meets all of them.
"""

import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import process_time

import numpy as np

from benchmarks.common import take_turns, versions
from sim.experiment.observing import observe
from sim.experiment.simulating import observed
from sim.scenario import Scenario, load_scenario

LUNCH = load_scenario("scenarios/lunch_rush.yaml", peak_bots=8).with_keys(windows={"slots": {"every": "30m"}})
SLOTS = [f"wait.{name}.{statistic}@slots" for name in ("VIP", "NORMAL") for statistic in ("mean", "within(5m)")]
TAILS = [f"wait.{name}.p95@slots" for name in ("VIP", "NORMAL")]
DAYS = 500
DRAWN, WHOLE, WINDOWS, PERCENTILES = "drawn and simulated", "whole day", "half hours", "with percentiles"


def simulate(numbers: range) -> None:
    """Draw and simulate days, without any metric."""
    for _ in observed(LUNCH, 1, numbers, "compiled", np.zeros(1, np.int64), with_fingerprints=False):
        pass


def measure(scenario: Scenario, numbers: range) -> None:
    """Draw, simulate and measure days."""
    observe(scenario, 1, "compiled", numbers, warmup=0, fingerprints=False)


def main(repeats: int) -> None:
    """Print the microseconds of a day, and what windows add."""
    works: dict[str, Callable[[range], None]] = {
        DRAWN: simulate,
        WHOLE: partial(measure, LUNCH),
        WINDOWS: partial(measure, LUNCH.with_keys(metrics=SLOTS)),
        PERCENTILES: partial(measure, LUNCH.with_keys(metrics=[*SLOTS, *TAILS])),
    }
    for work in works.values():
        work(range(1_001, 1_003))  # what happens once in a process

    def microseconds(name: str, turn: int) -> float:
        began = process_time()
        works[name](
            range(1_000 * turn + 1, 1_000 * turn + 1 + DAYS)
        )  # numbers beyond those that keep series for charts
        return 1e6 * (process_time() - began) / DAYS

    found = take_turns(works, repeats, microseconds)
    print(f"\nmicroseconds of a day of the lunch rush, 8 bots, {repeats} turns of {DAYS} days: median, extremes")
    for name, values in found.items():
        print(f"{name:22}{median(values):>8.0f}{min(values):>8.0f}{max(values):>8.0f}")
    print("\nadded to the whole day, as a part of drawing and simulating (median of the turns)")
    for name, asked in ((WINDOWS, "10%"), (PERCENTILES, "20%")):
        parts = [
            (beside - alone) / drawn
            for beside, alone, drawn in zip(found[name], found[WHOLE], found[DRAWN], strict=True)
        ]
        print(f"{name:22}{median(parts):>8.1%}   asked: at most {asked}")


if __name__ == "__main__":
    print(versions())
    main(5 if "--quick" in sys.argv else 15)
