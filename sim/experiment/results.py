"""What replications leave behind, in columns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isnan
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from sim.metrics import WAITS, Values
from sim.model import COUNTS, UNITS
from sim.statistics import Histogram

Floats = NDArray[np.float64]

_IS_COUNT = [name in COUNTS for name in UNITS]
_COLUMN = {name: column for column, name in enumerate(UNITS)}


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


class Record(NamedTuple):
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
        records: Sequence[Record],
        waits: tuple[Histogram, ...] | None,
    ) -> None:
        self.numbers = numbers
        self.values = values  # (replications, metrics), by their places in UNITS; NaN where nothing was observed
        self.worst = worst  # (replications, metrics of waits), NaN where no order is PENDING at the end
        self.records = records
        self.waits = waits  # of all orders by class, in microseconds; None when those of some are not known

    @classmethod
    def of(cls, replications: Iterable[Replication]) -> "Results":
        """Return replications in columns; what their single orders waited is not known."""
        rows = list(replications)
        records = [
            Record(row.fingerprint, row.engine, row.warmup, row.started_at, row.finished_at, row.series) for row in rows
        ]
        values = _array([row.values for row in rows], list(UNITS))
        worst = _array([row.worst_waits for row in rows], WAITS)
        return cls([row.number for row in rows], values, worst, records, None)

    @classmethod
    def join(cls, parts: Sequence["Results"]) -> "Results":
        """Return all of some results by number, without the waits of single orders."""
        numbers = [number for part in parts for number in part.numbers]
        records = [record for part in parts for record in part.records]
        order = np.argsort(numbers, kind="stable")
        return cls(
            [numbers[row] for row in order],
            np.concatenate([part.values for part in parts])[order],
            np.concatenate([part.worst for part in parts])[order],
            [records[row] for row in order],
            None,
        )

    def first(self, count: int) -> "Results":
        """Return the first rows, without the waits of single orders."""
        return Results(self.numbers[:count], self.values[:count], self.worst[:count], self.records[:count], None)

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
        worst = zip(WAITS, self.worst[row].tolist(), strict=True)
        return Replication(
            self.numbers[row],
            dict(zip(UNITS, _typed(self.values[row]), strict=True)),
            {name: value for name, value in worst if not isnan(value)},
            *self.records[row],
        )

    def rows(self) -> Iterator[list[float | int | None]]:
        """Yield the metrics of each replication in the order of UNITS, whole numbers where they count something."""
        return map(_typed, self.values)

    def of_metric(self, name: str) -> Floats:
        """Return the values of a metric in the order of replications, NaN where nothing was observed."""
        column: Floats = self.values[:, _COLUMN[name]]
        return column

    def worst_of(self, name: str) -> Floats:
        """Return what unfinished orders could bring about of a metric in each replication, NaN where nothing could."""
        if name not in WAITS:
            return np.full(len(self), np.nan)
        return self.worst[:, _COLUMN[name]]

    def is_bound(self, name: str | None = None) -> bool:
        """Whether a metric, or any, is a lower bound, since orders were still PENDING at the end."""
        column = self.worst if name is None else self.worst_of(name)
        return not bool(np.isnan(column).all())


def _typed(values: Floats) -> list[float | int | None]:
    """Return numbers by metric, whole where they count something, None for NaN."""
    numbers: list[float | int | None] = []
    for value, is_count in zip(values.tolist(), _IS_COUNT, strict=True):
        if isnan(value):
            numbers.append(None)
        else:
            numbers.append(int(value) if is_count else value)
    return numbers


def _array(rows: Sequence[Values], names: Sequence[str]) -> Floats:
    """Return values by name as an array (rows, names), NaN where there is none."""
    numbers = [[np.nan if (value := row.get(name)) is None else value for name in names] for row in rows]
    return np.array(numbers, float).reshape(-1, len(names))
