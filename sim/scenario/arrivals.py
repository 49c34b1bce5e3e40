"""Arrival streams: what a scenario may write, and the instants at which their orders come."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from sim.scenario.parts import (
    MOST_ORDERS,
    BatchShares,
    ClassShares,
    Context,
    Count,
    Instant,
    Name,
    Part,
    PositiveDuration,
    Rate,
)
from sim.scenario.tables import TraceOrders, read_trace
from sim.units import LONGEST, SECOND

if TYPE_CHECKING:
    from numpy.random import Generator

Times = NDArray[np.int64]
_BLOCK = 1024


class Poisson(Part):
    """Arrivals with independent exponential gaps."""

    rate: Rate

    def gaps(self, rng: "Generator") -> Iterator[Times]:
        """Yield blocks of gaps between arrivals in whole microseconds, without end."""
        mean = SECOND / self.rate
        while True:
            yield np.rint(np.minimum(mean * rng.standard_exponential(_BLOCK), LONGEST)).astype(np.int64)


def _read_trace(value: object, info: ValidationInfo) -> TraceOrders:
    return read_trace(value, cast(Context, info.context))


Trace = Annotated[
    Any, BeforeValidator(_read_trace), WithJsonSchema({"type": "string", "description": "a CSV file of orders"})
]


class Stream(Part):
    """One arrival stream: a process, the classes of its orders, and when it runs."""

    exactly_one: ClassVar = ("poisson", "every", "trace")

    name: Name | None = None
    order_class: ClassShares | None = Field(None, alias="class")
    poisson: Poisson | None = None
    every: PositiveDuration | None = None
    trace: Trace | None = None
    from_: Instant = Field(0, alias="from")
    until: Instant | None = None
    limit: Count | None = None
    batch: BatchShares | None = None

    @classmethod
    def clashes(cls, data: dict[str, Any]) -> list[str]:
        if "trace" in data and "class" in data:
            return ["class and trace exclude each other; leave class out, the trace names that of each order"]
        if "trace" not in data and "class" not in data:
            return ["missing key 'class'; write class: NORMAL, class: VIP or shares of both"]
        return []

    def misfits(self) -> Iterator[tuple[str, str]]:
        if self.until is not None and self.until < self.from_:
            yield "until", "lies before from; write a later instant"

    def end(self, horizon: int | None) -> int | None:
        """Return the instant before which this stream's orders come, or None for an endless one."""
        ends = [end for end in (self.until, None if horizon is None else horizon + 1) if end is not None]
        return min(ends, default=None)

    def is_endless(self, horizon: int | None) -> bool:
        """Whether nothing ever stops this stream."""
        return self.trace is None and self.limit is None and self.end(horizon) is None

    def expected_end(self, horizon: int | None) -> float:
        """Return the instant in microseconds at which this stream is over, on average, when it is not endless."""
        if (end := self.end(horizon)) is not None or self.trace is not None:
            return end or 0
        gap = SECOND / self.poisson.rate if self.poisson else cast(int, self.every)
        return self.from_ + cast(int, self.limit) * gap

    def expected_orders(self, horizon: int | None) -> float:
        """Return how many orders this stream makes on average, at most, when it is not endless."""
        size = 1.0 if self.batch is None else float(sum(n * share for n, share in self.batch.items()))
        end = self.end(horizon)
        limit = float("inf") if self.limit is None else self.limit
        if self.trace is not None:
            return min(limit, len(self.trace.time) * size)
        span = float("inf") if end is None else max(0, end - self.from_)
        count = span / SECOND * self.poisson.rate if self.poisson else span / cast(int, self.every)
        return min(limit, count * size)

    def times(self, generator: Callable[[], "Generator"], horizon: int | None) -> Times:
        """Return the instants of this stream's arrivals in microseconds; a batch counts once here.

        Some may lie out of its `from` and `until`; `chosen` tells which stay.
        """
        if self.trace is not None:
            return cast(Times, self.trace.time)
        end, most = self.end(horizon), MOST_ORDERS + 1 if self.limit is None else self.limit
        if self.every is not None:
            last = self.from_ + most * self.every
            return np.arange(self.from_, last if end is None else min(end, last), self.every, dtype=np.int64)
        blocks, now, have = [], self.from_, 0
        for gaps in cast(Poisson, self.poisson).gaps(generator()):
            blocks.append(now + np.cumsum(gaps))
            now, have = int(blocks[-1][-1]), have + len(gaps)
            if have >= most or (end is not None and now >= end):
                break
        return np.concatenate(blocks)[:most]

    def chosen(self, times: Times, horizon: int | None) -> slice:
        """Return which of the sorted `times` lie from `from` up to the end of the stream."""
        end = self.end(horizon)
        first = int(np.searchsorted(times, self.from_))
        return slice(first, None if end is None else max(first, int(np.searchsorted(times, end))))
