"""Arrival streams: what a scenario may write, and when they run. How their instants are drawn is in `processes`."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, cast

import numpy as np
from pydantic import Field

from sim.model import OrderClass
from sim.scenario.busyness import Busyness
from sim.scenario.distributions import Distribution
from sim.scenario.inverses import Steps, first_number
from sim.scenario.mapping import Part
from sim.scenario.parts import MOST_ORDERS, BatchShares, ClassShares, Count, Instant, Name, PositiveDuration
from sim.scenario.processes import Every, Mmpp, Open, Poisson, Process, Renewal, Times
from sim.scenario.rates import DailyRates, RatesTable
from sim.scenario.tables import Trace
from sim.units import SECOND


class Stream(Part):
    """One arrival stream: a process, the classes of its orders, and when it runs."""

    exactly_one: ClassVar = ("poisson", "every", "renewal", "mmpp", "rates", "trace")

    name: Name | None = None
    order_class: ClassShares | None = Field(None, alias="class")
    poisson: Poisson | None = None
    every: PositiveDuration | None = None
    renewal: Distribution | None = None
    mmpp: Mmpp | None = None
    rates: RatesTable | None = None
    trace: Trace | None = None
    from_: Instant = Field(0, alias="from")
    until: Instant | None = None
    limit: Count | None = None
    batch: BatchShares | None = None
    busyness: Busyness | None = None

    @cached_property
    def process(self) -> Process:
        """The arrival process of a stream without a trace."""
        if self.every is not None:
            return Every(self.every)
        if self.renewal is not None:
            return Renewal(self.renewal)
        if self.rates is not None:
            return DailyRates(self.rates.turned(self.from_))
        return cast(Process, self.poisson or self.mmpp)

    @property
    def has_rates(self) -> bool:
        """Whether it has rates, which may be higher or lower from day to day."""
        return self.poisson is not None or self.mmpp is not None or self.rates is not None

    @property
    def changes_with_time(self) -> bool:
        """Whether more orders come at one time than at another, by what the file says and not by chance."""
        has_phases = self.poisson is not None and self.poisson.phases is not None
        return self.trace is not None or self.rates is not None or has_phases

    @property
    def is_random(self) -> bool:
        """Whether chance has a part in its orders."""
        shares = [*(self.order_class or {}).values(), *(self.batch or {}).values()]
        constant_gaps = self.renewal is not None and self.renewal.constant is not None
        regular = self.every is not None or self.trace is not None or constant_gaps
        return not regular or any(0 < share < 1 for share in shares)

    def end(self, horizon: int | None) -> int | None:
        """Return the instant before which this stream's orders come, or None for an endless one."""
        span = None if self.trace is not None else self.process.span
        over = None if span is None else self.from_ + span
        ends = [self.until, None if horizon is None else horizon + 1, over]
        return min((end for end in ends if end is not None), default=None)

    def is_endless(self, horizon: int | None) -> bool:
        """Whether nothing ever stops this stream."""
        return self.trace is None and self.limit is None and self.end(horizon) is None

    def expected_end(self, horizon: int | None) -> float:
        """Return the instant in microseconds at which this stream is over, on average, when it is not endless."""
        if (end := self.end(horizon)) is not None or self.trace is not None:
            return end or 0
        return self.from_ + cast(int, self.limit) / self.process.mean_rate * SECOND

    def expected_orders(self, horizon: int | None) -> float:
        """Return how many orders this stream makes on average, at most, when it is not endless."""
        size = 1.0 if self.batch is None else float(sum(n * share for n, share in self.batch.items()))
        limit = float("inf") if self.limit is None else self.limit
        if self.trace is not None:
            return min(limit, len(self.trace.time) * size)
        end = self.end(horizon)
        span = float("inf") if end is None else max(0, end - self.from_)
        return min(limit, self.process.expected_arrivals(span) * size)

    def expected_states(self, horizon: int | None) -> float:
        """Return how many states a modulated stream goes through on average, when it is not endless."""
        if self.mmpp is None:
            return 0
        end = self.end(horizon)
        spans = [] if end is None else [float(max(0, end - self.from_))]
        spans += [] if self.limit is None else [self.limit / self.mmpp.mean_rate * SECOND]
        return min(spans) / self.mmpp.mean_stay

    @cached_property
    def vip_share(self) -> Fraction:
        """The share of VIPs among its orders, when it is not a trace."""
        return (self.order_class or {}).get(OrderClass.VIP, Fraction(0))

    @cached_property
    def first_normal(self) -> np.uint64 | None:
        """The first number that stands for a NORMAL order, None where all orders are of one class."""
        return np.uint64(first_number(self.vip_share)) if 0 < self.vip_share < 1 else None

    @cached_property
    def batch_sizes(self) -> Steps | None:
        """The inverse of the distribution of sizes, None where orders come one by one."""
        return None if self.batch is None else Steps(self.batch)

    @property
    def most(self) -> int:
        """How many arrivals are drawn at most: those of twice the run, as long as orders are followed, and one more, so
        that too many are noticed.
        """
        return 2 * MOST_ORDERS + 1 if self.limit is None else self.limit

    def times(self, opens: Sequence[Open], end: int | None, factors: Sequence[float]) -> list[Times]:
        """Return the instants of each day's arrivals in microseconds, up to the `end` of this stream; a batch counts
        once here.

        Some may lie out of its `from` and `until`; `chosen` tells which stay. For each day, `opens` has what gives the
        numbers of a part, and `factors` how busy it is.
        """
        if self.trace is not None:
            return [self.trace.time] * len(opens)
        if len(set(factors)) > 1:
            return [self.times([opened], end, [factor])[0] for opened, factor in zip(opens, factors, strict=True)]
        factor = factors[0]
        if self.has_rates and not factor:
            return [np.empty(0, np.int64)] * len(opens)
        days = self.process.times(opens, None if end is None else end - self.from_, self.most, factor)
        return [times + self.from_ for times in days] if self.from_ else days

    def chosen(self, times: Times, end: int | None) -> slice:
        """Return which of the sorted `times` lie from `from` up to the `end` of the stream."""
        first = int(times.searchsorted(self.from_)) if self.from_ else 0
        return slice(first, None if end is None else max(first, int(times.searchsorted(end))))
