"""`python -m benchmarks.coverage [--quick]`: print how often intervals of `replicate` cover what theory says.

The queue is the benchmark's at several loads. An experiment is what a user has: 30 replications under a seed of their
own, their intervals, and the verdicts on thresholds whose limits are the true values.
"""

import argparse
from collections import Counter
from functools import partial
from math import ceil, sqrt
from pathlib import Path
from statistics import fmean

from benchmarks import mm3
from benchmarks.common import numbers_by, share
from sim.experiment import Replications, replicate
from sim.scenario import Scenario, restore_scenario

CLASSES = ("VIP", "NORMAL")
LOADS = (0.5, 0.7, 0.87)
ORDERS = 20_000
EXTENDING = (30, 60, 120)
LOAD_OF_EXTENDING, ORDERS_OF_EXTENDING = 0.5, 2_000  # short, since it takes four times as many replications
LOAD_OF_MSER5, HOURS = 0.87, 60

run = partial(replicate, engine="compiled", fingerprints=False)


def truth(load: float) -> dict[str, float]:
    """Return the mean wait of each class in seconds."""
    return {name: 60 * wait for name, wait in zip(CLASSES, mm3.theory(load), strict=True)}


def warmup(load: float) -> int:
    """Return ten relaxation times in minutes: what an empty start does to the queue has shrunk to exp(-10) by then.

    The relaxation time is that of the mean queue: Morse, P. M. (1955), Stochastic properties of waiting lines,
    Operations Research 3, 255-261.
    """
    capacity = mm3.BOTS * mm3.SERVICES
    return ceil(10 / (sqrt(capacity) - sqrt(load * capacity)) ** 2)


def queue(load: float, keys: str, orders: int = 10**7) -> Scenario:
    """Return the benchmark's queue at a load, with thresholds whose limits are the truth."""
    head, tail = Path(mm3.__file__).with_name("mm3.yaml").read_text().split(f"{mm3.ARRIVALS}/m")
    rate = f"{load * mm3.BOTS * mm3.SERVICES:.6f}/m"
    limits = "".join(f'  wait.{name}.mean: "< {wait:.6f}s"\n' for name, wait in truth(load).items())
    text = f"{head}{rate}{tail.replace('$orders', str(orders))}\n{keys}\nthresholds:\n{limits}"
    return restore_scenario(text, {}, "coverage")


def drained(load: float, orders: int) -> Scenario:
    """Return the queue with at least so many orders behind a warm-up, none of which is cut off."""
    before = load * mm3.BOTS * mm3.SERVICES * warmup(load)
    # Orders of the warm-up are Poisson, so that 6 standard deviations are enough.
    return queue(load, f"warmup: {warmup(load)}m", orders + ceil(before + 6 * sqrt(before)))


def print_coverage(title: str, scenarios: dict[float, Scenario], experiments: int, seed: int) -> None:
    """Print how many intervals hold the truth, and the verdicts on limits that are the truth."""
    print(f"\n{title}; {experiments:,} experiments of 30 replications at each load; mean waits in s")
    print(f"load  class {'truth':>9}{'mean':>9}{'covered (95%)':>25}{'false PASS (95%)':>25}{'false FAIL (95%)':>25}")
    for place, (load, scenario) in enumerate(scenarios.items()):
        estimates: dict[str, list[float]] = {name: [] for name in CLASSES}
        verdicts = Counter[tuple[str, str]]()
        for number in range(experiments):
            for name, verdict in zip(
                CLASSES, run(scenario, 30, seed=seed + 10_000 * place + number).verdicts, strict=True
            ):
                estimates[name].append(verdict.estimate.estimate)
                verdicts[name, verdict.judgement] += 1
        for name in CLASSES:
            said = (verdicts[name, judgement] for judgement in ("INCONCLUSIVE", "PASS", "FAIL"))
            rates = "".join(share(hits, experiments) for hits in said)
            print(f"{load:<6}{name:6}{truth(load)[name]:>9.3f}{fmean(estimates[name]):>9.3f}{rates}")


def print_extending(experiments: int) -> None:
    """Print how many verdicts are wrong when replications are added until there is one."""
    scenario = drained(LOAD_OF_EXTENDING, ORDERS_OF_EXTENDING)
    decided: dict[str, list[list[bool]]] = {name: [] for name in CLASSES}
    for number in range(experiments):
        longest = run(scenario, EXTENDING[-1], seed=4_000_000 + number)
        looks = [Replications(scenario, longest.seed, longest.columns.first(times)).verdicts for times in EXTENDING]
        for place, name in enumerate(CLASSES):
            decided[name].append([verdicts[place].judgement != "INCONCLUSIVE" for verdicts in looks])
    print(f"\nPASS or FAIL on a limit at the truth; load {LOAD_OF_EXTENDING}, {experiments:,} experiments")
    print(f"class   replications{'by that number alone':>25}{'at the first verdict':>25}")
    for name, looks in decided.items():
        for place, times in enumerate(EXTENDING):
            alone, first = sum(look[place] for look in looks), sum(any(look[: place + 1]) for look in looks)
            print(f"{name:8}{times:>12}{share(alone, experiments)}{share(first, experiments)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 experiments of each")
    experiments = 20 if parser.parse_args().quick else 400
    print(numbers_by())
    print("asked: 93% to 97% cover the truth; with a warm-up by mser5 at least 91%")
    known = {load: drained(load, ORDERS) for load in LOADS}
    print_coverage(f"{ORDERS:,} orders or more behind a known warm-up", known, experiments, 1_000_000)
    cut = {LOAD_OF_MSER5: queue(LOAD_OF_MSER5, f"warmup: mser5\nclock: {{until: {HOURS}h}}")}
    print_coverage(f"{HOURS} hours, warm-up by mser5", cut, experiments, 2_000_000)
    print_extending(experiments)
