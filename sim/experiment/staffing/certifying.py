"""What fresh days prove of schedules: that each promise is kept in each slot, or that one is broken.

Days are the units, and no test sees the days on which the schedule was searched. Tests are looked at whenever the days
have doubled, with the level split in proportion to them (Jennison and Turnbull 2000, Group Sequential Methods).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from sim.engines import can_compile
from sim.experiment.estimating import days_to_settle
from sim.experiment.sharing import in_order
from sim.experiment.staffing.days import Kitchen, Sample
from sim.experiment.workers import Workers
from sim.scenario.schedules import Schedule
from sim.statistics import Interval, share_bounds

_OF_A_DAY = 40  # orders that take as long to run as a day without any
FIRST_LOOK = 1 / 32  # of the orders that a crew is tested on
_BLOCK = 50_000  # orders that a worker runs at once

Cell = tuple[int, int]
"""A slot and a promise, by their places."""
Ran = Callable[[int], object]
"""Is told how many days were run."""


@dataclass
class Supply:
    """Fresh days: numbers of replications, none of which is given out twice, and who runs crews on them."""

    kitchen: Kitchen
    workers: Workers
    orders: float  # of a day in the mean
    ran: Ran = lambda _: None
    given: int = 0  # the last replication that was given out

    def days_of(self, orders: float) -> int:
        """Return how many days take as long to run as so many orders."""
        return max(1, round(orders / (self.orders + _OF_A_DAY))) if self.kitchen.scenario.is_random else 1

    def take(self, days: int) -> int:
        """Return the first of so many replications that nobody was given."""
        first = self.given + 1
        self.given += days
        return first

    def run(self, first: int, days: int, schedules: Sequence[Schedule]) -> list[Sample]:
        """Run each schedule on the same days, shared among the workers, and return what they say of each."""
        size = self.days_of(_BLOCK)
        blocks = range(first, first + days, size)
        calls = (partial(_run, self.kitchen, start, min(size, first + days - start), schedules) for start in blocks)
        parts: list[list[Sample]] = []
        in_threads = self.kitchen.is_compiled and can_compile()
        with closing(in_order(calls, self.workers, len(blocks), lambda: in_threads)) as results:
            for block in results:
                parts.append(block)
                self.ran(len(block[0].orders))
        return [Sample.of(list(samples)) for samples in zip(*parts, strict=True)]


def _run(kitchen: Kitchen, first: int, days: int, schedules: Sequence[Schedule]) -> list[Sample]:
    """Draw some days and run each schedule on them; this is what a worker does."""
    drawn = kitchen.draw(first, days)
    return [kitchen.run(drawn, schedule) for schedule in schedules]


def looks(first: int, most: int) -> list[int]:
    """Return how many days there are at each look: up to `most`, each about twice as many as before."""
    steps = [most]
    while steps[0] >= 2 * first:
        steps.insert(0, math.ceil(steps[0] / 2))
    return steps


def interval(kitchen: Kitchen, sample: Sample, cell: Cell, level: float) -> Interval | None:
    """Return the share of hits of a slot and a promise between bounds that are wrong at most with probability `level`
    each; None where nobody came. What no chance can change is known exactly.
    """
    hits, orders = sample.hits[:, *cell], sample.orders[:, *cell]
    if not orders.any():
        return None
    if not kitchen.scenario.is_random:
        share = hits.sum() / orders.sum()
        return Interval(share, share, share, len(hits))
    return share_bounds(hits, orders, level)


@dataclass
class Certificate:
    """What fresh days say of a schedule."""

    schedule: Schedule
    sample: Sample
    open: set[Cell] = field(default_factory=set)  # not shown to be kept
    broken: set[Cell] = field(default_factory=set)  # shown to be broken

    @property
    def holds(self) -> bool:
        """Whether each promise is shown to be kept in each slot."""
        return not self.open

    def to_settle(self, cell: Cell, promised: float) -> str:
        """Return what would settle whether a promise is kept in a slot."""
        hits, orders = self.sample.hits[:, *cell], self.sample.orders[:, *cell]
        days = days_to_settle(hits, orders, promised)
        if days is None:
            return "the share equals the promise; more days are unlikely to settle it"
        return f"about {max(days, 2 * len(hits)):,} days would likely settle it"


def certify(supply: Supply, schedule: Schedule, steps: Sequence[int], level: float) -> Certificate:
    """Test on fresh days whether a schedule keeps each promise in each slot, until that is shown or one is broken.

    That all hold is wrong at most with probability `level`, though each is tested at it (an intersection-union test:
    Berger 1982, Multiparameter hypothesis testing and acceptance sampling, Technometrics 24).
    """
    kitchen = supply.kitchen
    certificate = Certificate(schedule, Sample.none(kitchen), open=set(cells(kitchen)))
    for sample, share in _growing(supply, schedule, steps):
        certificate.sample = sample
        for cell in sorted(certificate.open):
            bounds = interval(kitchen, sample, cell, level * share)
            promised = kitchen.plan.promise[cell[1]].share
            if bounds is None or (bounds.low is not None and bounds.low >= promised):
                certificate.open.remove(cell)
            elif bounds.high is not None and bounds.high < promised:
                certificate.broken.add(cell)
        if certificate.broken or not certificate.open:
            break
    return certificate


def refute(supply: Supply, schedule: Schedule, steps: Sequence[int], level: float) -> Certificate:
    """Test on fresh days whether a schedule breaks some promise; that one does though none is broken is wrong at most
    with probability `level`, which all promises and slots share (Bonferroni).
    """
    kitchen = supply.kitchen
    all_cells = cells(kitchen)
    certificate = Certificate(schedule, Sample.none(kitchen), open=set(all_cells))
    for sample, share in _growing(supply, schedule, steps):
        certificate.sample = sample
        for cell in all_cells:
            bounds = interval(kitchen, sample, cell, level * share / len(all_cells))
            if bounds is not None and bounds.high is not None and bounds.high < kitchen.plan.promise[cell[1]].share:
                certificate.broken.add(cell)
        if certificate.broken:
            break
    return certificate


def _growing(supply: Supply, schedule: Schedule, steps: Sequence[int]) -> Iterator[tuple[Sample, float]]:
    """Yield what more and more fresh days say of a schedule, and the share of the level that each look has."""
    sample = Sample.none(supply.kitchen)
    for days in steps:
        fresh = days - len(sample.orders)
        sample = Sample.of([sample, *supply.run(supply.take(fresh), fresh, [schedule])])
        yield sample, days / sum(steps)


def needed(
    supply: Supply, lowered: dict[int, tuple[Schedule, Cell]], steps: Sequence[int], level: float
) -> dict[int, Interval]:
    """Return the slots in which one bot less is shown to break a promise, each with the share that is left.

    `lowered` has for each slot the schedule with one bot less and the cell that is tested, which other days chose. That
    any of them is wrong has at most the probability `level`, by Holm's procedure over the slots.
    """
    kitchen, open_slots = supply.kitchen, sorted(lowered)
    samples = {slot: Sample.none(kitchen) for slot in lowered}
    shown: dict[int, Interval] = {}
    ran = 0
    for days in steps:
        if not open_slots:
            break
        first, fresh = supply.take(days - ran), days - ran
        runs = supply.run(first, fresh, [lowered[slot][0] for slot in open_slots])
        ran = days
        for slot, sample in zip(open_slots, runs, strict=True):
            samples[slot] = Sample.of([samples[slot], sample])
        is_over = False
        while open_slots and not is_over:
            at_level = level * days / sum(steps) / len(open_slots)
            rejected = {
                slot: bounds
                for slot in open_slots
                if (bounds := interval(kitchen, samples[slot], lowered[slot][1], at_level)) is not None
                and bounds.high is not None
                and bounds.high < kitchen.plan.promise[lowered[slot][1][1]].share
            }
            shown |= rejected
            open_slots = [slot for slot in open_slots if slot not in rejected]
            is_over = not rejected
    return shown


def cells(kitchen: Kitchen) -> list[Cell]:
    """Return all slots with all promises."""
    return [(slot, promise) for slot in range(len(kitchen.slots)) for promise in range(len(kitchen.plan.promise))]
