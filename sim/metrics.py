"""From the event log to tables of orders and attempts, and to the metrics of the run."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.events import EventKind, EventLog
from sim.model import (
    METRICS,
    NONE,
    STATISTICS,
    Coded,
    Metric,
    OrderClass,
    OrderStatus,
    Table,
    Workload,
    metric_name,
)
from sim.units import DAY, HOUR, SECOND, Clock

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

OUTCOMES = ("completed", "returned", "running")
TO_PENDING = (EventKind.ORDER_CREATED, EventKind.ORDER_RETURNED)
FROM_PENDING = (EventKind.ORDER_PICKED_UP, EventKind.ORDER_ABANDONED)
_END_OF_ATTEMPT = (EventKind.ORDER_COMPLETED, EventKind.ORDER_RETURNED)
_LARGEST = 2.0**62


class Orders(NamedTuple):
    """What became of each order: columns with a row for each order, times in microseconds, NONE while unknown."""

    number: Ints
    order_class: NDArray[np.uint8]
    stream: NDArray[np.int32]
    status: NDArray[np.uint8]  # of OrderStatus
    created: Ints
    picked_up: Ints  # of the last attempt
    completed: Ints
    bot: Ints  # of the last attempt
    attempts: Ints
    wait: Ints  # over all stays in PENDING; so far, for an order that is PENDING at the end
    returns: Ints

    @property
    def flow(self) -> Ints:
        """From creation to completion, NONE for orders that are not complete."""
        return np.where(self.completed == NONE, NONE, self.completed - self.created)


class Attempts(NamedTuple):
    """Each stay of an order with a bot, by order and attempt: columns, times in microseconds."""

    row: Ints  # of the order
    attempt: Ints
    bot: Ints
    picked_up: Ints
    ended: Ints  # NONE while running
    outcome: NDArray[np.uint8]  # index into OUTCOMES


class Measures(NamedTuple):
    """All that is measured of one run: `metrics` by full name, durations in seconds, None where nothing was seen."""

    orders: Orders
    attempts: Attempts
    metrics: dict[str, float | int | None]


def measure(workload: Workload, log: EventLog) -> Measures:
    """Return the orders, attempts and metrics of a run."""
    attempts = _attempts(workload, log)
    orders = _orders(workload, log, attempts)
    values: dict[str, float | int | None] = {}
    for metric in METRICS:
        for order_class in (None, *OrderClass) if metric.by_class else (None,):
            for statistic, value in _family(metric, order_class, workload, log, orders, attempts).items():
                values[metric_name(metric, order_class, statistic)] = value
    return Measures(orders, attempts, values)


def _is(log: EventLog, kinds: tuple[EventKind, ...]) -> Mask:
    found: Mask = np.isin(log.kind, kinds)
    return found


def _attempts(workload: Workload, log: EventLog) -> Attempts:
    """Pair each pick-up with what ended it: an order's events of these kinds alternate."""
    ends = _is(log, _END_OF_ATTEMPT)
    seen = np.flatnonzero(ends | (log.kind == EventKind.ORDER_PICKED_UP))
    seen = seen[np.argsort(log.order[seen], kind="stable")]
    picks = np.flatnonzero(~ends[seen])
    following = np.append(ends[seen], False)[picks + 1]
    ended_by = np.append(seen, 0)[picks + 1]
    picked = seen[picks]
    row = log.order[picked].astype(np.int64) - workload.first_number
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    first = np.repeat(starts, np.diff(np.append(starts, len(row))))
    outcome = np.where(following, np.where(log.kind[ended_by] == EventKind.ORDER_COMPLETED, 0, 1), 2)
    return Attempts(
        row=row,
        attempt=np.arange(len(row)) - first + 1,
        bot=log.bot[picked].astype(np.int64),
        picked_up=log.time[picked],
        ended=np.where(following, log.time[ended_by], NONE),
        outcome=outcome.astype(np.uint8),
    )


def _orders(workload: Workload, log: EventLog, attempts: Attempts) -> Orders:
    rows = log.order.astype(np.int64) - workload.first_number
    count = int((log.kind == EventKind.ORDER_CREATED).sum())

    def last(kind: EventKind, values: NDArray[np.generic]) -> Ints:
        column = np.full(count, NONE, np.int64)
        chosen = log.kind == kind
        column[rows[chosen]] = values[chosen]
        return column

    status = np.full(count, OrderStatus.PENDING, np.uint8)
    status[attempts.row] = np.array([OrderStatus.COMPLETE, OrderStatus.PENDING, OrderStatus.PROCESSING])[
        attempts.outcome
    ]
    status[rows[log.kind == EventKind.ORDER_ABANDONED]] = OrderStatus.ABANDONED
    wait = np.where(status == OrderStatus.PENDING, log.end, 0).astype(np.int64)
    for kinds, sign in ((TO_PENDING, -1), (FROM_PENDING, 1)):
        chosen = _is(log, kinds)
        np.add.at(wait, rows[chosen], sign * log.time[chosen])
    return Orders(
        number=np.arange(count) + workload.first_number,
        order_class=workload.order_class[:count],
        stream=workload.stream[:count],
        status=status,
        created=last(EventKind.ORDER_CREATED, log.time),
        picked_up=last(EventKind.ORDER_PICKED_UP, log.time),
        completed=last(EventKind.ORDER_COMPLETED, log.time),
        bot=last(EventKind.ORDER_PICKED_UP, log.bot),
        attempts=np.bincount(attempts.row, minlength=count),
        wait=wait,
        returns=np.bincount(rows[log.kind == EventKind.ORDER_RETURNED], minlength=count),
    )


def _family(
    metric: Metric,
    order_class: OrderClass | None,
    workload: Workload,
    log: EventLog,
    orders: Orders,
    attempts: Attempts,
) -> dict[str, float | int | None]:
    """Return the statistics of one metric for one class, or for all orders."""
    members = np.ones(len(orders.number), bool) if order_class is None else orders.order_class == order_class
    complete = members & (orders.status == OrderStatus.COMPLETE)
    match metric.name:
        case "wait":
            return _durations(orders.wait[members & (orders.status != OrderStatus.ABANDONED)])
        case "flow":
            return _durations(orders.flow[complete])
        case "service":
            return _durations((orders.flow - orders.wait)[complete])
        case "queue":
            return _level(log, TO_PENDING, FROM_PENDING, order_class)
        case "bots":
            return _level(log, (EventKind.BOT_ADDED,), (EventKind.BOT_REMOVED,), None)
        case "throughput":
            return {"": int(complete.sum()) / (log.end / HOUR) if log.end else None}
        case "wasted":
            lost = (attempts.outcome == OUTCOMES.index("returned")) & members[attempts.row]
            kept = workload.rules.on_remove == "resume"
            return {"": 0.0 if kept else _total((attempts.ended - attempts.picked_up)[lost]) / SECOND}
        case "utilisation":
            busy = _integral(*steps(log, (EventKind.ORDER_PICKED_UP,), _END_OF_ATTEMPT), log.end)
            available = _integral(*steps(log, (EventKind.BOT_ADDED,), (EventKind.BOT_REMOVED,)), log.end)
            return {"": busy / available if available else None}
    fate = metric.name.removeprefix("orders.")
    created = int(members.sum())
    count = int((members & _had_fate(fate, orders)).sum())
    return {"": count, "rate": count / created if created else None}


def _had_fate(fate: str, orders: Orders) -> Mask:
    if fate == "created":
        return np.ones(len(orders.number), bool)
    if fate == "returned":
        return orders.returns > 0
    had: Mask = orders.status == OrderStatus["COMPLETE" if fate == "completed" else fate.upper()]
    return had


def _total(values: Ints) -> int:
    """Return the exact sum, also where it passes 64 bits."""
    fits = np.abs(values, dtype=np.float64).sum() < _LARGEST
    return int(values.sum()) if fits else sum(values.tolist())


def _durations(values: Ints) -> dict[str, float | int | None]:
    """Return the statistics of durations in seconds; a percentile is the smallest observation that at least
    that share of them does not exceed (Hyndman and Fan 1996, type 1).
    """
    n = len(values)
    if n == 0:
        return dict.fromkeys(STATISTICS[:-1]) | {"n": 0}
    ordered = np.sort(values)
    at = {f"p{p}": int(ordered[-(-p * n // 100) - 1]) / SECOND for p in (50, 90, 95, 99)}
    return {
        "mean": _total(values) / n / SECOND,
        "sd": float(values.std(ddof=1)) / SECOND if n > 1 else None,
        "min": int(ordered[0]) / SECOND,
        **at,
        "max": int(ordered[-1]) / SECOND,
        "n": n,
    }


def steps(
    log: EventLog, up: tuple[EventKind, ...], down: tuple[EventKind, ...], order_class: OrderClass | None = None
) -> tuple[Ints, Ints]:
    """Return how a count moves: the instants in microseconds, and its level from each of them on.

    An instant has one level, the one after all that happened then. Both arrays start at time 0.
    """
    rises, falls = _is(log, up), _is(log, down)
    if order_class is not None:
        of_class = log.order_class == order_class
        rises, falls = rises & of_class, falls & of_class
    moved = rises | falls
    times = np.concatenate(([0], log.time[moved]))
    levels = np.concatenate(([0], np.cumsum(np.where(rises[moved], 1, -1))))
    settled = np.append(np.diff(times) > 0, True)
    return times[settled], levels[settled]


def _integral(times: Ints, levels: Ints, end: int) -> int:
    """Return the integral of a count from the start to `end`, in microseconds; both arrays as `steps` makes them."""
    spans = np.diff(np.append(times, end))
    if (levels * spans.astype(np.float64)).sum() < _LARGEST:
        return int((levels * spans).sum())
    return sum(level * span for level, span in zip(levels.tolist(), spans.tolist(), strict=True))


def _level(
    log: EventLog, up: tuple[EventKind, ...], down: tuple[EventKind, ...], order_class: OrderClass | None
) -> dict[str, float | int | None]:
    times, levels = steps(log, up, down, order_class)
    mean = _integral(times, levels, log.end) / log.end if log.end else None
    return {"mean": mean, "max": int(levels.max()), "end": int(levels[-1])}


def orders_table(orders: Orders, workload: Workload) -> Table:
    """Return the columns of `orders.csv`."""
    return {
        "order": orders.number,
        "class": Coded(orders.order_class, tuple(OrderClass.__members__)),
        "stream": Coded(orders.stream, workload.stream_names),
        "status": Coded(orders.status, tuple(OrderStatus.__members__)),
        "created_us": orders.created,
        "picked_up_us": orders.picked_up,
        "completed_us": orders.completed,
        "bot": orders.bot,
        "attempts": orders.attempts,
        "wait_us": orders.wait,
        "flow_us": orders.flow,
    }


def attempts_table(attempts: Attempts, workload: Workload) -> Table:
    """Return the columns of `attempts.csv`."""
    return {
        "order": attempts.row + workload.first_number,
        "attempt": attempts.attempt,
        "bot": attempts.bot,
        "picked_up_us": attempts.picked_up,
        "ended_us": attempts.ended,
        "outcome": Coded(attempts.outcome, OUTCOMES),
    }


def clock_readings(times: Ints, clock: Clock) -> list[str]:
    """Return what the clock reads at each instant; each reading is made once, since a day has 86,400 of them."""
    seconds, at = np.unique((times + clock.start) % DAY // SECOND, return_inverse=True)
    readings = [Clock().reading(second * SECOND) for second in seconds.tolist()]
    return [readings[index] for index in at.tolist()]


def events_table(log: EventLog, clock: Clock) -> Table:
    """Return the columns of `events.csv`."""
    return {
        "seq": np.arange(len(log)),
        "t_us": log.time,
        "clock": clock_readings(log.time, clock),
        "event": Coded(log.kind, tuple(kind.label for kind in EventKind)),
        "order": log.order,
        "class": Coded(log.order_class, tuple(OrderClass.__members__)),
        "bot": log.bot,
    }
