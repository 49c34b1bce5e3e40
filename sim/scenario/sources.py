"""Where actions come from: the crew, the timeline and arrival streams, each for some days, that is replications."""

from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimulationError
from sim.model import NONE, Action, Ints, OrderClass
from sim.scenario.arrivals import Stream
from sim.scenario.busyness import Busyness
from sim.scenario.distributions import Distribution
from sim.scenario.generators import Chance, word_of
from sim.scenario.inverses import Numbers
from sim.scenario.parts import MOST_ORDERS
from sim.scenario.schema import ByClass, ScenarioFile

CREATE, VIP, NORMAL = int(Action.CREATE_ORDER), int(OrderClass.VIP), int(OrderClass.NORMAL)  # members are slow
Days = Sequence[Chance]
Kernel = ModuleType
"""`sim.engines.compiled.draws`, which draws the same numbers quicker."""
_NO_RATES = np.empty(0), np.empty((5, 0))
_LATEST = 2**62


class Source(NamedTuple):
    """Actions from one source, day after day, sorted by time; the order columns have a row for each CREATE_ORDER."""

    counts: list[int]  # how many actions each day has
    time: Ints
    action: NDArray[np.uint8]
    order_class: NDArray[np.uint8]
    service: Ints
    patience: Ints  # NONE where there is none
    stream: NDArray[np.int32]

    @property
    def orders(self) -> Ints:
        """How many orders each day has: all actions of a stream are orders, and other sources are the same each day."""
        if len(self.service) == len(self.time):
            return np.array(self.counts)
        return np.full(len(self.counts), len(self.service) // len(self.counts))

    def until(self, horizon: int) -> "Source":
        """Return the actions up to a horizon."""
        is_within = self.time <= horizon
        if is_within.all():
            return self
        orders = is_within[self.action == CREATE]
        day = np.repeat(np.arange(len(self.counts)), self.counts)
        counts = np.bincount(day[is_within], minlength=len(self.counts)).tolist()
        return Source(counts, self.time[is_within], self.action[is_within], *(column[orders] for column in self[3:]))


def crew(times: list[int], changes: list[int]) -> Source:
    """Return bots added (positive changes) and removed (negative) on one day, one action each."""
    counts = np.abs(np.array(changes, np.int64))
    kinds = np.where(np.array(changes) > 0, Action.ADD_BOT, Action.REMOVE_BOT).astype(np.uint8)
    nothing = np.empty(0, np.int64)
    return Source(
        counts=[int(counts.sum())],
        time=np.repeat(np.array(times, np.int64), counts),
        action=np.repeat(kinds, counts),
        order_class=nothing.astype(np.uint8),
        service=nothing,
        patience=nothing,
        stream=nothing.astype(np.int32),
    )


def each_day(source: Source, days: int) -> Source:
    """Return what is the same on each of some days and has no orders."""
    if days == 1:
        return source
    return source._replace(
        counts=source.counts * days, time=np.tile(source.time, days), action=np.tile(source.action, days)
    )


def timeline(file: ScenarioFile, days: Days) -> Source:
    """Return the actions of the timeline."""
    entries = sorted(file.timeline, key=lambda entry: entry.at)
    kinds = [entry.action for entry in entries]
    counts = [abs(entry.bots) if entry.order is None else entry.count for entry in entries]
    orders = [entry for entry in entries if entry.order is not None]
    repeats = [entry.count for entry in orders]
    orders_at = Counter[int]()
    for entry in orders:
        orders_at[entry.at] += entry.count

    def repeated(values: Sequence[Any], counts: list[int], kind: Any = np.int64) -> NDArray[Any]:
        return np.tile(np.repeat(np.array(values, kind), counts), len(days))

    order_class = repeated([entry.order for entry in orders], repeats, np.uint8)

    def drawn(laws: ByClass, purpose: str) -> Ints:
        """Return durations by numbers that belong to an instant and the rank among its orders: one order more moves no
        other.
        """
        if not laws.is_drawn:
            return _durations(laws, order_class, all_of(0, len(order_class), np.uint64))
        parts = [
            chance.numbers("timeline", purpose, count, instant)
            for chance in days
            for instant, count in orders_at.items()
        ]
        return _durations(laws, order_class, np.concatenate([*parts, np.empty(0, np.uint64)]))

    measured = repeated([NONE if entry.service is None else entry.service for entry in orders], repeats)
    return Source(
        counts=[sum(counts)] * len(days),
        time=repeated([entry.at for entry in entries], counts),
        action=repeated(kinds, counts, np.uint8),
        order_class=order_class,
        service=np.where(measured == NONE, drawn(file.service, "service"), measured),
        patience=drawn(file.patience, "patience"),
        stream=all_of(0, sum(repeats) * len(days), np.int32),
    )


def factor(busyness: Busyness | None, name: str, chance: Chance) -> float:
    """Return how busy a day is for one stream, or for all."""
    return 1.0 if busyness is None else busyness.factor(chance.numbers(name, "busyness", 1))


def arrivals(
    stream: Stream,
    name: str,
    number: int,
    end: int | None,
    file: ScenarioFile,
    days: Days,
    factors: Sequence[float],
    kernel: Kernel | None,
) -> Source:
    """Return the orders of a stream; `factors` say how busy each day is.

    Raises:
        SimulationError: they are too many.

    """
    if stream.busyness is not None:
        factors = [day * factor(stream.busyness, name, chance) for day, chance in zip(factors, days, strict=True)]
    drawn = _Drawn(name, days, kernel)
    rows: Any = None  # of a trace
    quick = None if kernel is None else _quick_times(stream, end, drawn, factors, kernel)
    if quick is not None:
        time, counts = quick
        if stream.batch_sizes is not None:
            sizes = stream.batch_sizes.durations(drawn.numbers("batch", counts))
            edges = np.concatenate(([0], sizes.cumsum()))[np.cumsum([0, *counts])]
            time, counts = np.repeat(time, sizes), np.diff(edges).tolist()
    if quick is None or max(counts) > MOST_ORDERS:  # of which those beyond the run are no fault
        time, counts, rows = _times(stream, name, end, file, days, factors)
    if stream.trace is not None:
        order_class = stream.trace.order_class[rows]
    elif stream.first_normal is None:
        order_class = np.full(len(time), VIP if stream.vip_share else NORMAL, np.uint8)
    else:
        order_class = drawn.classes(counts, stream.first_normal)
    service = drawn.durations(file.service, "service", counts, order_class)
    if stream.trace is not None:
        service = np.where(stream.trace.service[rows] == NONE, service, stream.trace.service[rows])
    return Source(
        counts=counts,
        time=time,
        action=np.zeros(len(time), np.uint8),  # CREATE_ORDER
        order_class=order_class,
        service=service,
        patience=drawn.durations(file.patience, "patience", counts, order_class),
        stream=all_of(number, len(time), np.int32),
    )


class _Drawn(NamedTuple):
    """What a stream draws for its orders, so many on each day."""

    name: str
    days: Days
    kernel: Kernel | None

    def streams(self, purpose: str) -> tuple[np.uint64, Numbers, np.uint64]:
        """Return which numbers a kernel draws: their seed, replications, and the word of stream and purpose."""
        replications = np.array([day.replication for day in self.days], np.uint64)
        return np.uint64(self.days[0].seed), replications, np.uint64(word_of(self.name, purpose))

    def numbers(self, purpose: str, counts: Sequence[int]) -> Numbers:
        if self.kernel is not None:
            drawn: Numbers = self.kernel.numbers(*self.streams(purpose), np.array(counts))
            return drawn
        return joined([day.numbers(self.name, purpose, count) for day, count in zip(self.days, counts, strict=True)])

    def classes(self, counts: Sequence[int], first_normal: np.uint64) -> NDArray[np.uint8]:
        if self.kernel is not None:
            drawn: NDArray[np.uint8] = self.kernel.classes(*self.streams("class"), np.array(counts), first_normal)
            return drawn
        # the numbers of the classes are those of false and true
        return (self.numbers("class", counts) >= first_normal).view(np.uint8)

    def durations(self, laws: ByClass, purpose: str, counts: Sequence[int], order_class: NDArray[np.uint8]) -> Ints:
        if not laws.is_drawn:
            return _durations(laws, order_class, all_of(0, len(order_class), np.uint64))
        curves = [law.curve for law in (laws.NORMAL, laws.VIP) if law is not None and law.curve is not None]
        if self.kernel is None or len(curves) < len(OrderClass):
            return _durations(laws, order_class, self.numbers(purpose, counts))
        columns: list[Any] = [value for table, *scales in curves for value in (table.lines, *map(float, scales))]
        classes = order_class[: 0 if laws.is_same else None]
        drawn: Ints = self.kernel.durations(*self.streams(purpose), np.array(counts), *columns, classes)
        return drawn


def _durations(laws: ByClass, order_class: NDArray[np.uint8], numbers: Numbers) -> Ints:
    """Return the duration of each order's number under the law of its class, NONE where that has none."""
    if laws.is_empty:
        return all_of(NONE, len(numbers))
    durations = _of_class(laws.NORMAL, numbers)
    if not laws.is_same:
        vips = np.flatnonzero(order_class == VIP)
        durations[vips] = _of_class(laws.VIP, numbers[vips])
    return durations


def _of_class(law: Distribution | None, numbers: Numbers) -> Ints:
    return np.full(len(numbers), NONE) if law is None else law.durations(numbers)


def _quick_times(
    stream: Stream, end: int | None, drawn: _Drawn, factors: Sequence[float], kernel: Kernel
) -> tuple[Ints, list[int]] | None:
    """Return when a stream's arrivals come day after day and how many each day has, None where that is more than gaps
    from one to the next.
    """
    is_cut = stream.batch is not None and stream.limit is not None
    gaps = None if stream.trace is not None or is_cut else stream.process.gaps(factors)
    if gaps is None:
        return None
    if end is None:
        expected = stream.most
    else:
        expected = min(stream.most, int(1.1 * stream.process.expected_arrivals(max(0, end - stream.from_))))
    time, counts = kernel.instants(
        *drawn.streams("arrivals"),
        gaps.curve.table.lines,
        gaps.scales,
        float(gaps.curve.start),
        0.0 if gaps.rates is None else gaps.rates.arrivals,
        *(_NO_RATES if gaps.rates is None else (gaps.rates.bounds, gaps.rates.columns)),
        stream.from_,
        _LATEST if end is None else end,
        stream.most,
        expected,
    )
    return time, counts.tolist()


def _times(
    stream: Stream, name: str, end: int | None, file: ScenarioFile, days: Days, factors: Sequence[float]
) -> tuple[Ints, list[int], Any]:
    """Return when a stream's orders come day after day, how many each day has, and the rows of its trace."""
    opens = [partial(chance.opened, name, "arrivals") for chance in days]
    times, rows_of_trace = list[Ints](), list[Ints]()
    for chance, instants in zip(days, stream.times(opens, end, factors), strict=True):
        chosen = stream.chosen(instants, end)
        arrival: Any = slice(None)  # of each order: the arrival that brings it
        if stream.batch_sizes is not None:
            sizes = stream.batch_sizes.durations(chance.numbers(name, "batch", len(instants[chosen])))
            if stream.limit is not None:  # it counts orders, so the batch that reaches it is cut below
                sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), stream.limit)) + 1]
            arrival = np.repeat(np.arange(len(sizes)), sizes)
        times.append(instants[chosen][arrival][: stream.limit])
        if len(times[-1]) > MOST_ORDERS and in_run(times[-1], file) > MOST_ORDERS:
            raise SimulationError(f"stream {name} made more than {MOST_ORDERS} orders; lower its rate or set its limit")
        if stream.trace is not None:
            rows_of_trace.append(np.arange(len(instants))[chosen][arrival][: stream.limit])
    rows = joined(rows_of_trace) if rows_of_trace else None
    return joined(times), [len(instants) for instants in times], rows


def joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the columns of all days, one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def in_run(times: Ints, file: ScenarioFile) -> int:
    """Return how many instants lie in the run; others, behind its horizon, are there for orders that are followed."""
    return len(times) if file.clock.until is None else int(times.searchsorted(file.clock.until, side="right"))


def all_of(value: int, count: int, kind: Any = np.int64) -> NDArray[Any]:
    """Return a column of one value, which takes no memory."""
    return np.ndarray(count, kind, _single(value, kind), strides=(0,))


@cache
def _single(value: int, kind: Any) -> NDArray[Any]:
    return np.array([value], kind)
