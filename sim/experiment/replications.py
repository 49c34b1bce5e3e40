"""Replications: the same scenario and seed, other random numbers, and what they say together."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.checks import ThresholdVerdict, judge_threshold
from sim.engines import Engine
from sim.errors import SimulationError
from sim.experiment.single import Run, run
from sim.metrics import FROM_PENDING, TO_PENDING, Values, steps
from sim.model import UNITS, OrderClass, OrderStatus
from sim.scenario import Replications as Plan
from sim.scenario import Scenario
from sim.statistics import Interval, mean_interval
from sim.units import SECOND

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
DEFAULT_TIMES = 30
INSTANTS = 201
_MOST_WAITS = 10_000
_AHEAD = 64  # replications handed to workers and not yet taken back


class Series(NamedTuple):
    """What charts over replications need: `queue` (2 classes, instants) is how many orders were PENDING at equal
    distances from the start to the horizon, None without a horizon; `waits` are those of the first orders in order of
    creation, in seconds, without ABANDONED ones.
    """

    queue: NDArray[np.int64] | None
    waits: NDArray[np.float64]
    left_out: int  # how many waits the warm-up has


@dataclass(frozen=True)
class Replication:
    """What is kept of one replication; instants are wall-clock, UTC; `series` is None of one from a database."""

    number: int
    metrics: Values
    worst_waits: Values
    fingerprint: str
    engine: str
    warmup: int
    started_at: datetime
    finished_at: datetime
    series: Series | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Replications:
    """Replications 1 to n of a scenario under one seed."""

    plot: ClassVar[Any]  # the charts, attached in sim/__init__.py
    _repr_html_: ClassVar[Callable[["Replications"], str]]  # likewise, what a notebook shows

    scenario: Scenario
    seed: int
    results: list[Replication]
    stopped: bool = False  # because a metric was known well enough

    def __repr__(self) -> str:
        """Return which experiment this is, in one line."""
        return f"<Replications {self.scenario.name}, seed {self.seed}, {len(self.results)} replications>"

    def values(self, metric: str) -> list[float]:
        """Return the values of a metric, in the order of replications, without those where nothing was observed."""
        found = (one.metrics.get(metric) for one in self.results)
        return [value for value in found if value is not None]

    def estimate(self, metric: str, confidence: float = 0.95) -> Interval | None:
        """Return the mean of a metric over replications, with Student's t interval; None where nothing was observed."""
        values = self.values(metric)
        return mean_interval(values, confidence) if values else None

    @cached_property
    def thresholds(self) -> list[ThresholdVerdict]:
        """What became of each of the scenario's thresholds."""
        verdicts = []
        for place, threshold in self.scenario.thresholds:
            values, worst = (
                [table.get(threshold.metric) for table in tables]
                for tables in ([one.metrics for one in self.results], [one.worst_waits for one in self.results])
            )
            verdicts.append(judge_threshold(place, threshold, values, worst, self.scenario.is_random))
        return verdicts

    def summary(self, confidence: float = 0.95) -> "pd.DataFrame":
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

    @property
    def runs(self) -> "pd.DataFrame":
        """A row for each replication and metric: replication, metric, value (NA where nothing was observed)."""
        import pandas as pd

        rows = [(one.number, name, value) for one in self.results for name, value in one.metrics.items()]
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
    finished: Callable[[Replication], None] = lambda _: None,
) -> Replications:
    """Run replications 1 to `times` of a scenario and return what they say together.

    `times` is as the scenario says by default: a number, or until its metric is known well enough; without either 30 of
    a random scenario and 1 of another. `jobs` processes share the work, or the workers of `executor`; the numbers are
    the same however many there are. `earlier` are replications that need not be run again. `finished` is told each new
    one, in the order of their numbers, `progress(done, total)` how far all is.

    Raises:
        SimulationError: a replication is too large, or its warm-up has no end.
        ValueError: times, seed or jobs is out of range.

    """
    plan = scenario.file.replications
    if times is None and (plan is None or plan.times is not None):
        times = plan.times if plan is not None else DEFAULT_TIMES if scenario.is_random else 1
    most = plan.max if times is None and plan is not None else times
    assert most is not None
    for name, value in (("times", most), ("jobs", jobs)):
        if value < 1:
            raise ValueError(f"{name} {value} is out of range; give 1 or more")
    seed = scenario.seed if seed is None else seed
    known = {one.number: one for one in earlier}
    results: list[Replication] = []
    stopped = False
    missing = [number for number in range(1, most + 1) if number not in known]
    with _workers(executor, jobs, len(missing)) as workers:
        fresh = _in_order(workers, scenario, seed, engine, missing)
        for number in range(1, most + 1):
            one = known.get(number) or next(fresh)
            results.append(one)
            if number not in known:
                finished(one)
            if progress:
                progress(number, most)
            if times is None and plan is not None and (stopped := _is_enough(plan, results)):
                break
    return Replications(scenario, seed, results, stopped)


def _is_enough(plan: Plan, results: list[Replication]) -> bool:
    """Whether the metric of a sequential plan is known well enough (Chow and Robbins 1965)."""
    until = plan.until
    assert until is not None
    values = [value for one in results if (value := one.metrics[until.metric]) is not None]
    if len(results) < plan.min or len(values) < 2:
        return False
    interval = mean_interval(values, until.confidence)
    return interval.half_width is not None and until.reached(interval.mean, interval.half_width)


@contextmanager
def _workers(executor: Executor | None, jobs: int, work: int) -> Iterator[Executor | None]:
    """Give the workers to share the work among, None for this process; our own end with what they are at."""
    if executor is not None or min(jobs, work) <= 1:
        yield executor
        return
    pool = ProcessPoolExecutor(min(jobs, work), mp_context=get_context("spawn"))
    try:
        yield pool
    except BrokenProcessPool:
        raise SimulationError("a worker process died, perhaps for lack of memory; take fewer jobs") from None
    finally:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - public from Python 3.14 on
            process.terminate()
        pool.shutdown(cancel_futures=True)


def _in_order(
    workers: Executor | None, scenario: Scenario, seed: int, engine: Engine, numbers: list[int]
) -> Iterator[Replication]:
    """Yield replications in the order of their numbers; only some more than are running wait for their turn."""
    if workers is None:
        yield from (_replication(scenario, seed, engine, number) for number in numbers)
        return
    waiting: deque[Future[Replication]] = deque()
    coming = iter(numbers)
    while True:
        with _deaf_children():
            for number in islice(coming, _AHEAD - len(waiting)):
                waiting.append(workers.submit(_replication, scenario, seed, engine, number))
        if not waiting:
            return
        yield waiting.popleft().result()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let processes that begin here not hear Ctrl-C, which is for their parent; it hears it when this is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _replication(scenario: Scenario, seed: int, engine: Engine, number: int) -> Replication:
    """Run one replication and keep what it says; this is what a worker does."""
    try:
        return replication_of(run(scenario, seed, number, engine))
    except SimulationError as error:
        raise SimulationError(f"{scenario.name}, replication {number}: {error}") from None


def replication_of(done: Run) -> Replication:
    """Return what is kept of a run."""
    measures = done.measures
    return Replication(
        done.replication,
        measures.metrics,
        measures.worst_waits,
        done.fingerprint,
        done.engine,
        measures.warmup,
        done.started_at,
        done.finished_at,
        _series(done),
    )


def _series(done: Run) -> Series:
    orders, queue = done.measures.orders, None
    if done.workload.horizon is not None:
        instants = np.linspace(0, done.workload.horizon, INSTANTS).astype(np.int64)
        levels = [steps(done.log, TO_PENDING, FROM_PENDING, order_class) for order_class in OrderClass]
        queue = np.array([level[np.searchsorted(times, instants, side="right") - 1] for times, level in levels])
    stayed = orders.status != OrderStatus.ABANDONED
    left_out = int((orders.created[stayed] < done.measures.warmup).sum())
    return Series(queue, orders.wait[stayed][:_MOST_WAITS] / SECOND, left_out)
