"""Replications: the same scenario and seed, other random numbers, and what they say together."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from sim.engines import Engine, Progress
from sim.experiment.frames import ThresholdVerdicts
from sim.experiment.results import Replication, Results, observed
from sim.experiment.sharing import shared
from sim.experiment.workers import Workers
from sim.model import UNITS, OrderClass
from sim.scenario import ReplicationPlan, Scenario, Threshold, metric_of
from sim.statistics import Histogram, Interval, bounds, mean_interval
from sim.units import SECOND
from sim.verdicts import ThresholdVerdict, judge_threshold

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TIMES = 30
MOST_TIMES = 1_000_000
_REACH = 10  # limits that a value may lie away from those that were seen, where all were equal and a crew need not be


class AllOrders(NamedTuple):
    """The waits of the orders of all replications together, in seconds; quantiles are off by less than 1.2e-4 of
    themselves.
    """

    n: int
    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, eq=False, repr=False)
class Replications:
    """Replications 1 to n of a scenario under one seed."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Replications"], str]]  # likewise, what a notebook shows

    scenario: Scenario
    seed: int
    results: Sequence[Replication]
    stopped: bool = False  # because a metric was known well enough

    def __repr__(self) -> str:
        """Return which experiment this is, in one line."""
        return f"<Replications {self.scenario.name}, seed {self.seed}, {len(self.results)} replications>"

    @cached_property
    def columns(self) -> Results:
        """The results in columns."""
        return self.results if isinstance(self.results, Results) else Results.of(self.results)

    def values(self, metric: str) -> list[float]:
        """Return the values of a metric, in the order of replications, without those where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        try:
            name = metric_of(metric)
        except ValueError as error:
            raise KeyError(str(error)) from None
        found = self.columns.of_metric(name)
        return [float(value) for value in found[~np.isnan(found)]]

    def estimate(self, metric: str, confidence: float = 0.95) -> Interval | None:
        """Return the mean of a metric over replications, with Student's t interval; None where nothing was observed.

        Raises:
            KeyError: there is no such metric; the message says which one may be meant.

        """
        values = self.values(metric)
        return mean_interval(values, confidence) if values else None

    @cached_property
    def verdicts(self) -> ThresholdVerdicts:
        """What became of each of the scenario's thresholds."""
        return ThresholdVerdicts(
            judge_threshold(threshold, *self._seen(threshold.metric), self.scenario.is_random)
            for threshold in self.scenario.thresholds
        )

    def judged(self, threshold: Threshold, level: float) -> ThresholdVerdict:
        """Return what becomes of a threshold when either judgement may be wrong with probability `level` at most."""
        unit = UNITS[threshold.metric]
        reach = 0 if unit == "bots" else 1 if unit == "share" else _REACH * threshold.condition.high
        interval = partial(bounds, level=level, reach=reach) if self.scenario.is_random else mean_interval
        return judge_threshold(threshold, *self._seen(threshold.metric), self.scenario.is_random, interval)

    def _seen(self, metric: str) -> tuple[list[float | None], list[float | None]]:
        """Return the values of a metric, and what unfinished orders could make of them, None where there is none."""
        columns = (self.columns.of_metric(metric), self.columns.worst_of(metric))
        values, worst = ([None if np.isnan(value) else value for value in column.tolist()] for column in columns)
        return values, worst

    def to_frame(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return a row for each metric: metric, mean, low, high, n, unit; low and high are NA without an interval.

        A single replication of a random scenario has no interval; n counts the replications with an observation.
        """
        import pandas as pd

        rows = []
        for name, unit in UNITS.items():
            found = self.estimate(name, confidence)
            rows.append((name, *(found or (None, None, None, 0)), unit))
        frame = pd.DataFrame(rows, columns=["metric", "mean", "low", "high", "n", "unit"])
        return frame.astype({"mean": "Float64", "low": "Float64", "high": "Float64", "n": "Int64"})

    def all_orders(self, order_class: OrderClass | Literal["VIP", "NORMAL"]) -> AllOrders | None:
        """Return what all orders of a class waited, in all replications together; None when some of these were not run
        just now, when they ended by a rule, or when there was no order.
        """
        if self.columns.waits is None:
            return None
        waits = self.columns.waits[OrderClass[order_class] if isinstance(order_class, str) else order_class]
        if not waits.n:
            return None
        quantiles = (waits.quantile(share) / SECOND for share in (0.5, 0.95, 0.99))
        return AllOrders(waits.n, waits.total / waits.n / SECOND, *quantiles)

    @property
    def runs(self) -> "pd.DataFrame":
        """A row for each replication and metric: replication, metric, value (NA where nothing was observed)."""
        import pandas as pd

        rows = [(one.number, name, value) for one in self.results for name, value in one.values.items()]
        frame = pd.DataFrame(rows, columns=["replication", "metric", "value"])
        return frame.astype({"value": "Float64"})


def replicate(
    scenario: Scenario,
    times: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    engine: Engine = "auto",
    executor: Executor | None = None,
    earlier: Iterable[Replication] = (),
    progress: Progress | None = None,
    finished: Callable[[Results], None] = lambda _: None,
    fingerprints: bool = True,
) -> Replications:
    """Run replications 1 to `times` of a scenario and return what they say together.

    `times` is as the scenario says by default: a number, or until its metric is known well enough; without either 30 of
    a random scenario and 1 of another. `jobs` processes share the work, or the workers of `executor`; the numbers are
    the same however many there are, in each engine. `earlier` are replications that need not be run again. `finished`
    is told new ones as they come, in the order of their numbers, `progress(done, total)` how far all is. Without
    `fingerprints` no log is hashed, and the compiled engine makes none.

    Raises:
        SimulationError: a replication is too large, its warm-up has no end, or workers die again and again.
        ValueError: times, seed, jobs or engine is out of range.

    """
    workers = Workers(jobs, executor)
    try:
        return replicate_by(workers, scenario, times, seed, engine, earlier, progress, finished, fingerprints)
    finally:
        workers.close()


def replicate_by(
    workers: Workers,
    scenario: Scenario,
    times: int | None = None,
    seed: int | None = None,
    engine: Engine = "auto",
    earlier: Iterable[Replication] = (),
    progress: Progress | None = None,
    finished: Callable[[Results], None] = lambda _: None,
    fingerprints: bool = True,
    later: int = 0,
) -> Replications:
    """Do what `replicate` does, with workers that may go on to `later` replications of other scenarios."""
    plan = scenario.file.replications
    most = most_replications(scenario, times)
    if not 1 <= most <= MOST_TIMES:
        raise ValueError(f"times {most} is out of range; give 1 to {MOST_TIMES}")
    seed = scenario.seed if seed is None else seed
    known = [one for one in earlier if one.number <= most]
    course = _Course(plan if times is None and plan is not None and plan.until is not None else None, most, known)
    work = partial(observed, scenario, seed, fingerprints=fingerprints, numpy_version=np.__version__)
    if not course.is_over:
        with closing(shared(work, engine, course.missing, workers, later)) as blocks:
            for block in blocks:
                fresh = course.take(block)
                finished(fresh)
                if progress:
                    progress(course.reached, most)
                if course.is_over:
                    break
    return Replications(scenario, seed, course.results(), course.is_enough)


def most_replications(scenario: Scenario, times: int | None = None) -> int:
    """Return how often a scenario is run at most: `times`, as its file says, or by default."""
    plan = scenario.file.replications
    if times is not None:
        return times
    if plan is None:
        return DEFAULT_TIMES if scenario.is_random else 1
    most = plan.times or plan.max
    assert most is not None
    return most


class _Course:
    """How far an experiment is: which replications are there, and whether they are enough."""

    def __init__(self, plan: ReplicationPlan | None, most: int, known: list[Replication]) -> None:
        self.plan, self.most = plan, most
        self.parts: list[Results] = []
        is_open = plan is not None and plan.until is not None  # and may end in the middle of a block
        self.waits = None if known or is_open else tuple(Histogram() for _ in OrderClass)
        self.there: dict[int, float] = {}  # by number: the metric that the plan asks for
        self.reached, self.is_enough = 0, False  # the first so many are there
        if known:
            self._add(Results.of(known))
        self.missing = [number for number in range(1, most + 1) if number not in self.there]

    @property
    def is_over(self) -> bool:
        """Whether nothing more need be run."""
        return self.is_enough or self.reached == self.most

    def take(self, block: Results) -> Results:
        """Add a block, and return what is needed of it."""
        waits, block.waits = block.waits, None
        self._add(block)
        if self.waits is not None and waits is not None:
            for whole, more in zip(self.waits, waits, strict=True):
                whole.merge(more)
        return block.first(sum(number <= self.reached for number in block.numbers)) if self.is_enough else block

    def _add(self, part: Results) -> None:
        self.parts.append(part)
        metric = "orders.created" if self.plan is None or self.plan.until is None else self.plan.until.metric
        self.there.update(zip(part.numbers, part.of_metric(metric).tolist(), strict=True))
        while not self.is_over and self.reached + 1 in self.there:
            self.reached += 1
            self.is_enough = self._knows_enough()

    def _knows_enough(self) -> bool:
        """Whether the metric of a sequential plan is known well enough (Chow and Robbins 1965)."""
        if self.plan is None or self.plan.until is None or self.reached < self.plan.min:
            return False
        until = self.plan.until
        seen = np.array([self.there[number] for number in range(1, self.reached + 1)])
        seen = seen[~np.isnan(seen)]
        if len(seen) < 2:
            return False
        interval = mean_interval(seen, until.confidence)
        return interval.half_width is not None and until.reached(interval.mean, interval.half_width)

    def results(self) -> Results:
        """Return all that are needed, in the order of their numbers."""
        whole = Results.join(self.parts).first(self.reached)
        whole.waits = self.waits
        return whole
