"""What replications leave behind, in columns; and what a worker does."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isnan
from typing import Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine, choose_engine, run_engine
from sim.errors import NO_MEMORY, SimulationError
from sim.events import EventLog
from sim.experiment.single import Run
from sim.metrics import WAITS, Observation, Values, measure, observation
from sim.model import COUNTS, UNITS, Ints, OrderClass, OrderStatus, Workload
from sim.scenario import Scenario
from sim.statistics import Histogram
from sim.units import SECOND

Floats = NDArray[np.float64]

INSTANTS = 201
_MOST_WAITS = 10_000
_MOST_SERIES = 200
_ABANDONED = int(OrderStatus.ABANDONED)
_NO_INSTANTS = np.empty(0, np.int64)
_IS_COUNT = [name in COUNTS for name in UNITS]
_PLACES = {name: place for place, name in enumerate(UNITS)}


class Series(NamedTuple):
    """What charts over replications need: `queue` (2 classes, instants) is how many orders were PENDING at equal
    distances from the start to the horizon, None without a horizon; `waits` are those of the first orders in order of
    creation, in seconds, without ABANDONED ones.
    """

    queue: NDArray[np.int64] | None
    waits: Floats
    left_out: int  # how many waits the warm-up has


@dataclass(frozen=True)
class Replication:
    """What is kept of one replication; instants are wall-clock, UTC. `series` is None of one from a database and of
    those behind the first 200, `fingerprint` where none was asked for.
    """

    number: int
    values: Values
    worst_waits: Values
    fingerprint: str | None
    engine: str
    warmup: int
    started_at: datetime
    finished_at: datetime
    series: Series | None = field(default=None, compare=False, repr=False)


class Kept(NamedTuple):
    """What is kept of one replication beside its metrics."""

    fingerprint: str | None
    engine: str
    warmup: int
    started_at: datetime
    finished_at: datetime
    series: Series | None


class Results(Sequence[Replication]):
    """Replications in columns with a row for each; as a sequence, one object for each."""

    def __init__(
        self,
        numbers: Sequence[int],
        values: Floats,
        worst: Floats,
        kept: Sequence[Kept],
        waits: tuple[Histogram, ...] | None,
    ) -> None:
        self.numbers = numbers
        self.values = values  # (replications, metrics), by their places in UNITS; NaN where nothing was observed
        self.worst = worst  # (replications, metrics of waits), NaN where no order is PENDING at the end
        self.kept = kept
        self.waits = waits  # of all orders by class, in microseconds; None when those of some are not known

    @classmethod
    def of(cls, replications: Iterable[Replication]) -> "Results":
        """Return replications in columns; what their single orders waited is not known."""
        those = list(replications)
        return cls(
            [one.number for one in those],
            np.array([[_or_nan(one.values.get(name)) for name in UNITS] for one in those]).reshape(-1, len(UNITS)),
            np.array([[_or_nan(one.worst_waits.get(name)) for name in WAITS] for one in those]).reshape(-1, len(WAITS)),
            [
                Kept(one.fingerprint, one.engine, one.warmup, one.started_at, one.finished_at, one.series)
                for one in those
            ],
            None,
        )

    @classmethod
    def join(cls, parts: Sequence["Results"]) -> "Results":
        """Return all of some results by number, without the waits of single orders."""
        numbers = [number for part in parts for number in part.numbers]
        kept = [row for part in parts for row in part.kept]
        order = np.argsort(numbers, kind="stable")
        return cls(
            [numbers[row] for row in order],
            np.concatenate([part.values for part in parts])[order],
            np.concatenate([part.worst for part in parts])[order],
            [kept[row] for row in order],
            None,
        )

    def first(self, count: int) -> "Results":
        """Return the first rows, without the waits of single orders."""
        return Results(self.numbers[:count], self.values[:count], self.worst[:count], self.kept[:count], None)

    def __len__(self) -> int:
        """Return the number of replications."""
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Replication: ...
    @overload
    def __getitem__(self, place: slice) -> list[Replication]: ...
    def __getitem__(self, place: int | slice) -> Replication | list[Replication]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        worst = zip(WAITS, self.worst[place].tolist(), strict=True)
        return Replication(
            self.numbers[place],
            dict(zip(UNITS, _typed(self.values[place]), strict=True)),
            {name: value for name, value in worst if not isnan(value)},
            *self.kept[place],
        )

    def rows(self) -> Iterator[list[float | int | None]]:
        """Yield the metrics of each replication in the order of UNITS, whole numbers where they count something."""
        return map(_typed, self.values)

    def of_metric(self, name: str) -> Floats:
        """Return the values of a metric in the order of replications, NaN where nothing was observed."""
        column: Floats = self.values[:, _PLACES[name]]
        return column

    def worst_of(self, name: str) -> Floats:
        """Return what unfinished orders could bring about of a metric in each replication, NaN where nothing could."""
        if name not in WAITS:
            return np.full(len(self), np.nan)
        return self.worst[:, _PLACES[name]]

    def is_bound(self, name: str | None = None) -> bool:
        """Whether a metric, or any, is a lower bound, since orders were still PENDING at the end."""
        column = self.worst if name is None else self.worst_of(name)
        return not bool(np.isnan(column).all())


def _typed(values: Floats) -> list[float | int | None]:
    return [
        None if isnan(value) else int(value) if counts else value
        for value, counts in zip(values.tolist(), _IS_COUNT, strict=True)
    ]


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def observed(
    scenario: Scenario,
    seed: int,
    engine: Engine,
    numbers: Sequence[int],
    fingerprints: bool = True,
    numpy_version: str = np.__version__,
) -> Results:
    """Run some replications and return what they say; this is what a worker does, if it has the right numpy.

    Raises:
        SimulationError: a replication is too large, its warm-up has no end, or numpy may draw other numbers here.

    """
    if _minor(numpy_version) != _minor(np.__version__):
        raise SimulationError(
            f"a worker has numpy {np.__version__}, which may draw other numbers than {numpy_version}; install the same"
        )
    values, worst = np.empty((len(numbers), len(UNITS))), np.empty((len(numbers), len(WAITS)))
    kept, waits = [], tuple(Histogram() for _ in OrderClass)
    began = datetime.now(UTC)
    for row, number in enumerate(numbers):
        try:
            workload = scenario.workload(seed, number)
            used = choose_engine(engine, len(workload.action))
            instants = _instants(workload) if number <= _MOST_SERIES else _NO_INSTANTS
            found, log = _observe(workload, used, scenario.warmup, fingerprints, instants, waits)
        except (SimulationError, MemoryError) as error:
            reason = NO_MEMORY if isinstance(error, MemoryError) else error
            raise SimulationError(f"{scenario.name}, replication {number}: {reason}") from None
        values[row], worst[row] = found.values, found.worst
        fingerprint = log.fingerprint if fingerprints else None
        series = _series(found) if number <= _MOST_SERIES else None
        finished = datetime.now(UTC)
        kept.append(Kept(fingerprint, used, found.warmup, began, finished, series))
        began = finished
    return Results(numbers, values, worst, kept, waits)


def _observe(
    workload: Workload,
    engine: Engine,
    warmup: int | Literal["mser5"],
    logged: bool,
    instants: Ints,
    waits: Sequence[Histogram],
) -> tuple[Observation, EventLog]:
    """Run a workload; return what is observed of it and its log, and count the waits that `wait` is made of, by class.

    The compiled engine leaves the log empty where it need not be `logged`.
    """
    if engine == "compiled":
        from sim.metrics import tally  # which loads numba

        found, log = tally.observe(workload, warmup, logged, instants)
        tally.count_waits(found, waits)
        return found, log
    log = run_engine(workload, engine)
    found = observation(measure(workload, log, warmup), log, instants)
    chosen = (found.status != _ABANDONED) & (found.created >= found.warmup)
    for order_class, histogram in enumerate(waits):
        histogram.add(found.wait[chosen & (found.order_class == order_class)])
    return found, log


def replication_of(done: Run) -> Replication:
    """Return what is kept of a run."""
    found = observation(done.measures, done.log, _instants(done.workload))
    kept = Kept(done.fingerprint, done.engine, found.warmup, done.started_at, done.finished_at, _series(found))
    return Results([done.replication], found.values[None], found.worst[None], [kept], None)[0]


def _instants(workload: Workload) -> Ints:
    """Return the instants at which charts over replications show the queue, none without a horizon."""
    return _NO_INSTANTS if workload.horizon is None else np.linspace(0, workload.horizon, INSTANTS).astype(np.int64)


def _series(found: Observation) -> Series:
    stayed = found.status != _ABANDONED
    left_out = int((found.created[stayed] < found.warmup).sum())
    queue = found.queue if found.queue.size else None
    return Series(queue, found.wait[stayed][:_MOST_WAITS] / SECOND, left_out)
