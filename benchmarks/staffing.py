"""`python -m benchmarks.staffing [--quick] [--only PART]`: print whether the crews of `sim staff` are the cheapest, how
often a certified one breaks its promise, and what it takes.

What is right is known from trying all schedules, from many fresh days, or from a pool of days whose share is the truth.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from time import perf_counter, process_time

import numpy as np

from benchmarks.common import share
from sim import load_scenario, staff
from sim.experiment.staffing.certifying import Supply, certify, interval, looks
from sim.experiment.staffing.covering import prove
from sim.experiment.staffing.days import Kitchen, Sample
from sim.experiment.staffing.formula import erlang_schedule
from sim.experiment.staffing.searching import cheapest
from sim.experiment.staffing.trials import Trials
from sim.experiment.workers import Workers
from sim.scenario import Scenario
from sim.units import SECOND
from sim.verdicts import Judgement

PROMISES = {"wait.NORMAL.within(5m)": "90%", "wait.VIP.within(2m)": "95%"}
GAMMA = {"VIP": {"gamma": {"mean": "2m30s", "cv": 0.5}}, "NORMAL": {"lognormal": {"mean": "3m", "cv": 0.5}}}
MIXED = {"NORMAL": "85%", "VIP": "15%"}


def kitchen(rates: list[int], every: str, **keys: object) -> Scenario:
    """Return a kitchen with so many orders an hour in each slot."""
    phases = [{"for": every, "rate": f"{rate}/h"} for rate in rates]
    door = {"name": "door", "class": MIXED, "poisson": {"phases": phases}}
    minutes = len(rates) * int(every[:-1])
    staffed = {"every": every, "promise": PROMISES, "bots": "1..20", **keys.pop("staff", {})}  # type: ignore[dict-item]
    file = {"scenario": 1, "name": "kitchen", "clock": {"start": "10:00:00", "until": f"{minutes}m"}, "service": GAMMA}
    return load_scenario({**file, "bots": {"on_remove": "finish"}, "arrivals": [door], **keys, "staff": staffed})


def with_staff(path: str, **keys: object) -> Scenario:
    """Return a scenario of the repository with a `staff` of its own."""
    plan = {"every": "30m", "promise": PROMISES, "bots": "1..20", **keys}
    return load_scenario(path).with_keys(staff=plan, sweep=None, compare=None, select=None, thresholds=None)


RESTART = {"bots": {"on_remove": "restart"}}
SETTINGS = {
    "small, 4 slots": kitchen([40, 100, 100, 40], "30m"),
    "small, restart, overload, 5 slots": kitchen([30, 120, 140, 60, 20], "30m", **RESTART),
    "lunch_rush, 12 slots": with_staff("scenarios/lunch_rush.yaml"),
    "world_day, 33 slots": with_staff("scenarios/world_day.yaml"),
    "a night with 22 orders, 16 slots": kitchen([2, 2, 3, 5, 6, 4, 3, 2, 2, 2, 2, 2, 3, 3, 2, 1], "30m"),
    "28 bots, 12 slots": kitchen(
        [150, 200, 300, 400, 500, 520, 480, 400, 300, 250, 200, 150], "30m", staff={"bots": "1..40"}
    ),
    "24 slots": kitchen(
        [20, 20, 30, 40, 60, 90, 110, 120, 120, 100, 80, 60, 50, 50, 60, 80, 100, 110, 100, 80, 60, 40, 30, 20], "30m"
    ),
}


def small_kitchens(number: int) -> Iterator[Scenario]:
    """Yield kitchens of three or four slots with any load, service, patience and rule of removal."""
    chance = np.random.default_rng(7)
    for _ in range(number):
        rates = chance.integers(10, 90, chance.integers(3, 5)).tolist()
        laws = [{"exponential": {"mean": "2m30s"}}, {"gamma": {"mean": "3m", "cv": 1.5}}, GAMMA, "3m"]
        keys: dict[str, object] = {"service": laws[chance.integers(4)]}
        keys["bots"] = {"on_remove": ["restart", "resume", "finish"][chance.integers(3)]}
        if chance.random() < 0.3:
            keys["patience"] = {"NORMAL": {"exponential": {"mean": "10m"}}}
        if chance.random() < 0.3:
            keys["busyness"] = {"gamma": {"mean": 1, "cv": "15%"}}
        yield kitchen(rates, ["15m", "20m", "30m"][chance.integers(3)], **keys, staff={"bots": "1..8"})


def trials_of(scenario: Scenario, seed: int, days: int) -> Trials:
    crews = Kitchen(scenario, seed)
    return Trials(crews, crews.draw(1, days))


def compare_brute_force(number: int, days: int) -> None:
    """Print how the search and the proof do beside all schedules on the same days."""
    print(f"\nbrute force: all crews of 1 to 8 bots, {number} kitchens of 3 or 4 slots, {days} days each")
    equal = proved = more = schedules = 0
    for scenario in small_kitchens(number):
        trials = trials_of(scenario, 1, days)
        crews = trials.kitchen
        rates, _ = crews.arrivals(trials.days)
        mean = float(trials.days.service.mean()) / SECOND
        answer = cheapest(trials, erlang_schedule(crews, rates, mean, crews.offered(trials.days)))
        slots = len(crews.slots)
        schedules += 8**slots
        best = min(
            (sum(schedule) for schedule in product(range(1, 9), repeat=slots) if trials.holds(schedule, 0)), default=0
        )
        least = prove(trials)
        equal += (0 if answer is None else sum(answer)) == best
        more += 0 if answer is None else sum(answer) - best
        proved += least.cost <= best * crews.slots[0].hours + 1e-9
        from_ = least.cost / crews.slots[0].hours
        print(f"  {slots} slots: search {sum(answer or ())}, brute force {best}, proved from {from_:g} on")
    print(f"equal in {equal} of {number}, {more} bot-slots more in all; {schedules:,} schedules")
    print(f"the proof is never above it: {proved} of {number}")


def judge_certified(seeds: int, orders: int, days: int) -> None:
    """Print how many certified schedules break a promise on many fresh days."""
    print(f"\ncertified schedules, {orders:,} orders at most, judged on {days:,} fresh days each")
    certified = broken = slots = below = 0
    for number, scenario in enumerate(small_kitchens(seeds), 1):
        answer = staff(scenario, seed=number, orders=orders)
        if answer.verdict is not Judgement.PASS:
            print(f"  {answer}: {answer.note}")
            continue
        certified += 1
        crews = Kitchen(scenario, 10**6 + number)
        sample = Sample.of([crews.run(crews.draw(first, 500), answer.schedule) for first in range(1, days, 500)])
        cells = [(slot, promise) for slot in range(len(crews.slots)) for promise in range(len(crews.plan.promise))]
        of_cells = [
            (interval(crews, sample, cell, 0.025 / len(cells)), crews.plan.promise[cell[1]].share) for cell in cells
        ]
        slots += len(cells)
        below += sum(known is not None and known.estimate < promised for known, promised in of_cells)
        broken += any(
            known is not None and known.high is not None and known.high < promised for known, promised in of_cells
        )
    print(f"{certified} of {seeds} certified; broken {share(broken, certified)}")
    print(f"the estimate is below the promise in {below} of {slots} slots and promises")


class Pool(Supply):
    """Days that are drawn from a pool, whose share is the truth."""

    def __init__(self, crews: Kitchen, pool: Sample, seed: int) -> None:
        super().__init__(crews, Workers(1), float(pool.orders.sum(axis=(1, 2)).mean()))
        self.pool, self.chance = pool, np.random.default_rng(seed)

    def run(self, _, days, schedules):
        rows = self.chance.integers(0, len(self.pool.orders), days)
        return [Sample(self.pool.orders[rows], self.pool.hits[rows]) for _ in schedules]


def certify_at_the_boundary(times: int, pool_days: int) -> None:
    """Print how often a schedule is certified whose share in one slot is the promise itself."""
    print(f"\nat the boundary: the promise is the share of a pool of {pool_days:,} days; asked: at most 5% certified")
    for name, scenario, schedule in (
        ("quiet, 20m, VIP", kitchen([20, 40, 40], "20m"), (2, 3, 3)),
        ("busy, 30m", kitchen([60, 100, 100], "30m"), (4, 6, 5)),
        ("days differ by 20%", kitchen([60, 100, 100], "30m", busyness={"gamma": {"mean": 1, "cv": "20%"}}), (4, 6, 6)),
        ("overload after restart", kitchen([60, 120, 60], "30m", **RESTART), (5, 7, 4)),
    ):
        crews = Kitchen(scenario, 11)
        pool = Sample.of([crews.run(crews.draw(first, 500), schedule) for first in range(1, pool_days, 500)])
        for place, promise in enumerate(crews.plan.promise):
            shares = pool.hits.sum(axis=0) / pool.orders.sum(axis=0)
            slot = int(np.argmin(shares[:, place]))
            truth = float(shares[slot, place])
            if truth >= 1:
                continue
            # one slot and one promise: of more, all would have to be shown at once
            alone = Sample(
                pool.orders[:, slot : slot + 1, place : place + 1], pool.hits[:, slot : slot + 1, place : place + 1]
            )
            plan = {"every": "30m", "promise": {promise.metric: f"{100 * truth:.8f}%"}, "bots": "1..8"}
            target = Kitchen(kitchen([60], "30m").with_keys(staff=plan), 1)
            truth = target.plan.promise[0].share  # rounded down, if anything, in favour of "holds"
            held = 0
            for number in range(times):
                held += certify(Pool(target, alone, number), (1,), looks(50, 1_600), 0.05).holds
            print(f"  {name:24} {promise.label:10} {truth:7.2%}: certified {share(held, times)}")


def print_times(seeds: int) -> None:
    """Print what each setting takes in one process, and what stands beside the answer."""
    print(f"\ntime and days, {seeds} seeds each; the sum of the bots of all slots")
    head = ("setting", "certified", "proved from", "Erlang C", "constant", "days", "CPU s")
    print(_columns(*head))
    for name, scenario in SETTINGS.items():
        sizes: list[str] = []
        seconds: list[float] = []
        days: list[int] = []
        for seed in range(1, seeds + 1):
            began = process_time()
            answer = staff(scenario, seed=seed)
            seconds.append(process_time() - began)
            days.append(answer.days_before + answer.days)
            sizes.append(str(sum(answer.schedule) if answer.verdict is Judgement.PASS else answer.verdict))
        least = (staff(scenario, seed=1, prove=True).least or 0) / answer.slots[0].hours
        constant = "none" if answer.constant is None else str(sum(answer.constant.schedule))
        broken = f", breaks {len(answer.erlang.broken)}" if answer.erlang.broken else ""
        erlang = f"{sum(answer.erlang.schedule)}{broken}"
        certified = "/".join(sorted(set(sizes)))
        print(
            _columns(
                name, certified, f"{least:g}", erlang, constant, f"{np.median(days):,.0f}", f"{np.median(seconds):.1f}"
            )
        )
    began = perf_counter()
    staff(SETTINGS["24 slots"], seed=1, jobs=2)
    print(f"24 slots with two processes: {perf_counter() - began:.1f} s on the clock")


def _columns(name: str, *cells: str) -> str:
    return f"{name:36}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, (12, 13, 16, 10, 9, 8), strict=True))


PARTS = ("brute", "boundary", "times", "certified")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.staffing", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer kitchens, seeds and days")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    parts = options.only or PARTS
    if "brute" in parts:
        compare_brute_force(*(3, 200) if options.quick else (24, 400))
    if "boundary" in parts:
        certify_at_the_boundary(*(100, 5_000) if options.quick else (2_000, 40_000))
    if "times" in parts:
        print_times(1 if options.quick else 3)
    if "certified" in parts:
        judge_certified(*(5, 100_000, 1_000) if options.quick else (200, 400_000, 2_000))
