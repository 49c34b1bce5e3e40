"""What replications leave behind, in columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from sim.model import Ints, MetricSet
from sim.scenario import Scenario
from sim.statistics import Counts, DailyCounts

Floats = NDArray[np.float64]
Values = dict[str, float | int | None]


_INSTANTS = 201  # at which charts over replications show the queue


def instants_of(scenario: Scenario) -> Ints:
    """Return the instants at which charts over replications show the queue, none without a horizon."""
    return np.empty(0, np.int64) if scenario.end is None else np.linspace(0, scenario.end, _INSTANTS).astype(np.int64)


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
    """What is kept of one replication; instants are wall-clock, UTC.

    `values` are its metrics by name, of which those in `bounds` are lower bounds: orders were not over at the last.
    `counts` are how many orders had which value, by the names of percentiles that the file names. `series` is None of
    one from a database and of those behind the first 200, `fingerprint` where none was asked for.
    """

    number: int
    values: Values
    bounds: frozenset[str]
    counts: dict[str, Counts]
    fingerprint: str | None
    engine: str
    warmup: int
    started_at: datetime
    finished_at: datetime
    series: Series | None = field(default=None, compare=False, repr=False)

    def covers(self, metric_set: MetricSet) -> bool:
        """Whether it has all metrics of a set, with the counts that these need."""
        counted = {metric.distribution for metric in metric_set.counted}
        return self.values.keys() >= set(metric_set.names) and self.counts.keys() >= counted


class Record(NamedTuple):
    """What is kept of one replication beside its metrics."""

    fingerprint: str | None
    engine: str
    warmup: int
    started_at: datetime
    finished_at: datetime
    series: Series | None


Pools = Mapping[str, Counts]
"""The durations of all orders of a class of all replications, by the name of their distribution, such as wait.VIP."""


class Results(Sequence[Replication]):
    """Replications in columns with a row for each; as a sequence, one object for each."""

    def __init__(
        self,
        metric_set: MetricSet,
        numbers: Sequence[int],
        values: Floats,
        bounds: NDArray[np.bool_],
        counts: Mapping[str, DailyCounts],
        records: Sequence[Record],
        pools: Pools | None,
    ) -> None:
        self.metric_set = metric_set
        self.numbers = numbers
        self.values = values  # (replications, metrics), by their places in the set; NaN where nothing was observed
        self.bounds = bounds  # (replications, metrics), whether a value is a lower bound
        self.counts = counts  # by the name of a distribution, one for each replication
        self.records = records
        self.pools = pools  # of all orders, in microseconds; None when those of some are not known

    @classmethod
    def of(cls, metric_set: MetricSet, replications: Iterable[Replication]) -> "Results":
        """Return replications in columns; the single orders of all of them are not known."""
        rows = list(replications)
        names = metric_set.names
        values = [[np.nan if (value := row.values[name]) is None else value for name in names] for row in rows]
        bounds = [[name in row.bounds for name in names] for row in rows]
        records = [
            Record(row.fingerprint, row.engine, row.warmup, row.started_at, row.finished_at, row.series) for row in rows
        ]
        return cls(
            metric_set,
            [row.number for row in rows],
            np.array(values, float).reshape(-1, len(names)),
            np.array(bounds, bool).reshape(-1, len(names)),
            {
                metric.distribution: DailyCounts.of(row.counts[metric.distribution] for row in rows)
                for metric in metric_set.counted
            },
            records,
            None,
        )

    @classmethod
    def join(cls, parts: Sequence["Results"]) -> "Results":
        """Return all of some results by number, without the pools of single orders."""
        numbers = [number for part in parts for number in part.numbers]
        records = [record for part in parts for record in part.records]
        order = np.argsort(numbers, kind="stable")
        rows: Any = slice(None) if (np.diff(order) == 1).all() else order  # without a copy of all where it can be
        counts = {name: DailyCounts.join(part.counts[name] for part in parts) for name in parts[0].counts}
        return cls(
            parts[0].metric_set,
            [numbers[row] for row in order],
            np.concatenate([part.values for part in parts])[rows],
            np.concatenate([part.bounds for part in parts])[rows],
            {name: days.take(order) for name, days in counts.items()},
            [records[row] for row in order],
            None,
        )

    def first(self, count: int) -> "Results":
        """Return the first rows, without the pools of single orders."""
        return Results(
            self.metric_set,
            self.numbers[:count],
            self.values[:count],
            self.bounds[:count],
            {name: days.take(np.arange(len(self))[:count]) for name, days in self.counts.items()},
            self.records[:count],
            None,
        )

    def __len__(self) -> int:
        """Return the number of replications."""
        return len(self.numbers)

    @overload
    def __getitem__(self, row: int) -> Replication: ...
    @overload
    def __getitem__(self, row: slice) -> list[Replication]: ...
    def __getitem__(self, row: int | slice) -> Replication | list[Replication]:
        if isinstance(row, slice):
            return [self[index] for index in range(*row.indices(len(self)))]
        names = self.metric_set.names
        return Replication(
            self.numbers[row],
            values_by_name(self.metric_set, self.values[row]),
            frozenset(names[place] for place in np.flatnonzero(self.bounds[row])),
            {name: days[row] for name, days in self.counts.items()},
            *self.records[row],
        )

    def rows(self) -> Iterator[list[float | int | None]]:
        """Yield the metrics of each replication in the order of their set, whole numbers where they count something."""
        for row in self.values:
            yield list(values_by_name(self.metric_set, row).values())

    def of_metric(self, name: str) -> Floats:
        """Return the values of a metric in the order of replications, NaN where nothing was observed.

        Raises:
            KeyError: the set has no such metric.

        """
        column: Floats = self.values[:, self.metric_set.columns[name]]
        return column

    def is_bound(self, name: str | None = None) -> bool:
        """Whether a metric, or any, is a lower bound, since orders were not over at the last."""
        columns = self.bounds if name is None else self.bounds[:, self.metric_set.columns[name]]
        return bool(columns.any())


def values_by_name(metric_set: MetricSet, values: Floats) -> Values:
    """Return the values of a set's metrics by name: whole numbers where they count something, None for NaN."""
    by_name: Values = {}
    for name, is_count, value in zip(metric_set.names, metric_set.are_counts, values.tolist(), strict=True):
        if isnan(value):
            by_name[name] = None
        else:
            by_name[name] = int(value) if is_count else value
    return by_name
