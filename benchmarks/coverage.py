"""`python -m benchmarks.coverage [--quick] [--jobs 2]`: print how often intervals of `replicate` cover the truth.

The queue is the benchmark's at several loads, the truth is `theory`. An experiment is what a user has: replications
under a seed of its own, their intervals, and the verdicts on thresholds whose limits are the true values. Each one is a
line of out/coverage.jsonl as soon as it is done; those found there are not run again, so delete it after a change.
"""

import argparse
import json
import platform
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from math import ceil, sqrt
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from benchmarks import mm3
from sim.experiment import replicate
from sim.scenario import Scenario, restore_scenario
from sim.statistics import share_interval

RESULTS = Path("out/coverage.jsonl")
CLASSES = ("VIP", "NORMAL")
Experiment = dict[str, Any]


class Study(NamedTuple):
    """Experiments with at least `orders` after the warm-up in each replication, looked at after each of `times`.

    Their seeds follow `seed`: no two studies share random numbers, so that their experiments are independent.
    """

    load: float
    orders: int
    times: tuple[int, ...]
    seed: int


COVERAGE = [Study(load, 20_000, (30,), seed) for load, seed in ((0.5, 1_000_000), (0.7, 2_000_000), (0.87, 3_000_000))]
EXTENDING = Study(0.5, 2_000, (30, 60, 120), 4_000_000)  # short, since it takes four times as many replications


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


def scenario(study: Study) -> Scenario:
    """Return the benchmark's queue at another load, with a warm-up and with thresholds at the truth."""
    rate = study.load * mm3.BOTS * mm3.SERVICES
    before = rate * warmup(study.load)
    orders = study.orders + ceil(before + 6 * sqrt(before))  # those of the warm-up are Poisson, so 6 sd are enough
    head, tail = Path(mm3.__file__).with_name("mm3.yaml").read_text().split(f"{mm3.ARRIVALS}/m")
    tail = tail.replace("$orders", str(orders))
    limits = "".join(f'  wait.{name}.mean: "< {wait:.6f}s"\n' for name, wait in truth(study.load).items())
    return restore_scenario(
        f"{head}{rate:.6f}/m{tail}\nwarmup: {warmup(study.load)}m\nthresholds:\n{limits}", {}, "coverage"
    )


def experiment(study: Study, number: int) -> Experiment:
    """Run one experiment, from 1, extending it as often as the study says, and return what it said each time."""
    queue, earlier, looks = scenario(study), [], []
    for times in study.times:
        done = replicate(queue, times, seed=study.seed + number, earlier=lambda _, known=earlier: known)
        earlier = done.results
        verdicts = zip(CLASSES, done.verdicts, strict=True)
        looks.append({name: (*verdict.estimate[:3], verdict.judgement) for name, verdict in verdicts})
    fewest = min(one.values["orders.created"] for one in earlier)
    if fewest < study.orders:
        sys.exit(f"a replication has {fewest} orders after its warm-up, fewer than {study.orders}")
    return {"study": study._asdict(), "number": number, "looks": looks}


def run_all(wanted: dict[Study, int], jobs: int) -> dict[Study, list[Experiment]]:
    """Return this many experiments of each study; they take turns, so that what there is of them grows evenly."""
    RESULTS.parent.mkdir(exist_ok=True)
    found = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    known = {(one["study"]["seed"], one["number"]) for one in found}
    turns = sorted((place / count, study, place) for study, count in wanted.items() for place in range(1, count + 1))
    missing = [(study, number) for _, study, number in turns if (study.seed, number) not in known]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as workers, RESULTS.open("a") as file:
        try:
            for future in as_completed([workers.submit(experiment, *one) for one in missing]):
                found.append(future.result())
                print(json.dumps(found[-1]), file=file, flush=True)
        finally:
            workers.shutdown(cancel_futures=True)
    return {
        study: [one for one in found if one["study"]["seed"] == study.seed and one["number"] <= count]
        for study, count in wanted.items()
    }


def share(hits: int, number: int) -> str:
    """Return a share with Wilson's 95% interval."""
    found = share_interval(hits, number)
    return f"{found.estimate:>9.1%}{f'{found.low:.1%} to {found.high:.1%}':>18}"


def print_coverage(found: dict[Study, list[Experiment]]) -> None:
    """Print how many intervals have the truth in them, and the verdicts of thresholds whose limits are the truth."""
    print(
        f"\n95% intervals of 30 replications, {COVERAGE[0].orders:,} orders or more after the warm-up; mean waits in s"
    )
    print("asked: 93% to 97% cover the truth, and at most 5% of the verdicts on a limit at the truth are PASS or FAIL")
    print(f"load  class   experiments{'truth':>9}{'mean':>9}{'cover':>9}{'of all (95%)':>18}{'PASS':>6}{'FAIL':>6}")
    for name in CLASSES:
        total: Counter[str] = Counter()
        for study in COVERAGE:
            wait, looks = truth(study.load)[name], [one["looks"][0][name] for one in found[study]]
            counts = Counter(verdict for *_, verdict in looks)
            counts["cover"] = sum(low <= wait <= high for _, low, high, _ in looks)
            counts["all"] = len(looks)
            total += counts
            waits = f"{wait:>9.3f}{fmean(mean for mean, *_ in looks):>9.3f}"
            print_row(f"{study.load:<6}", name, counts, waits)
        print_row("all   ", name, total, " " * 18)


def print_row(load: str, name: str, counts: Counter[str], waits: str) -> None:
    """Print how many experiments there are, how many cover the truth, and how many say PASS or FAIL."""
    covered = share(counts["cover"], counts["all"])
    print(f"{load}{name:8}{counts['all']:>11}{waits}{covered}{counts['PASS']:>6}{counts['FAIL']:>6}")


def print_extending(found: list[Experiment]) -> None:
    """Print how many verdicts are wrong when replications are added until there is one."""
    print(f"\nPASS or FAIL on a limit at the truth; load {EXTENDING.load}, {EXTENDING.orders:,} orders a replication")
    print(f"class   experiments  replications{'by that number alone':>27}{'at the first verdict':>27}")
    for name in CLASSES:
        decided = [[look[name][3] != "INCONCLUSIVE" for look in one["looks"]] for one in found]
        for place, times in enumerate(EXTENDING.times):
            alone, first = sum(one[place] for one in decided), sum(any(one[: place + 1]) for one in decided)
            print(f"{name:8}{len(found):>11}{times:>14}{share(alone, len(found))}{share(first, len(found))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__.split("\n")[0])
    parser.add_argument("--experiments", type=int, default=120, help="at each load; extended: twice as many (120)")
    parser.add_argument("--quick", action="store_true", help="no more than 4")
    parser.add_argument("--jobs", type=int, default=2, help="processes that share the experiments (2)")
    asked = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "simpy", "kitchensim"))
    print(f"python {platform.python_version()}, {packages}; {platform.machine()}")
    number = 4 if asked.quick else asked.experiments
    found = run_all({**dict.fromkeys(COVERAGE, number), EXTENDING: 2 * number}, asked.jobs)
    print_coverage(found)
    print_extending(found[EXTENDING])
