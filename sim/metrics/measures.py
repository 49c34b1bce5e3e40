"""What became of each order and attempt, and the metrics of the run."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimulationError
from sim.events import EventKind, EventLog
from sim.metrics.levels import Mask, Values, integral, level, of_kinds, steps, total
from sim.model import (
    METRICS,
    NONE,
    STATISTICS,
    UNITS,
    Family,
    Ints,
    OrderClass,
    OrderStatus,
    Workload,
    metric_name,
)
from sim.statistics import mser5
from sim.units import HOUR, SECOND

WAITS = [name for name in UNITS if name.startswith("wait.")]
OUTCOMES = ("completed", "returned", "running")
TO_PENDING = (EventKind.ORDER_CREATED, EventKind.ORDER_RETURNED)
FROM_PENDING = (EventKind.ORDER_PICKED_UP, EventKind.ORDER_ABANDONED)
_END_OF_ATTEMPT = (EventKind.ORDER_COMPLETED, EventKind.ORDER_RETURNED)


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
    """All that is measured of one run: `values` by the full names of metrics, durations in seconds, None where nothing
    was seen.

    The first `warmup` microseconds are left out of the metrics. `worst_waits` are the metrics of waits that orders
    still PENDING at the end could bring about, infinite where there is no bound.
    """

    orders: Orders
    attempts: Attempts
    values: Values
    worst_waits: Values
    warmup: int


def measure(workload: Workload, log: EventLog, warmup: int | Literal["mser5"] = 0) -> Measures:
    """Return the orders, attempts and metrics of a run, without its warm-up.

    Raises:
        SimulationError: MSER-5 finds no end of the warm-up in the first half of the run, or the log contradicts itself.

    """
    attempts = _attempts(workload, log)
    orders = _orders(workload, log, attempts)
    check_littles_law(integral(*steps(log, TO_PENDING, FROM_PENDING), log.end), total(orders.wait))
    start = end_of_warmup(orders.created, orders.wait, orders.status) if warmup == "mser5" else min(warmup, log.end)
    values: Values = {}
    worst: Values = {}
    for metric in METRICS:
        for order_class in (None, *OrderClass) if metric.by_class else (None,):
            for statistic, value in _family(metric, order_class, workload, log, orders, attempts, start).items():
                values[metric_name(metric, order_class, statistic)] = value
            if metric.name == "wait":
                for statistic, value in _worst_waits(orders, _members(orders, order_class, start), log.end).items():
                    worst[metric_name(metric, order_class, statistic)] = value
    return Measures(orders, attempts, values, worst, start)


def check_littles_law(queue: int, waits: int) -> None:
    """Hold the integral of the queue against the sum of all times spent PENDING, which are equal on every sample path
    (Stidham 1974, A last word on L = λW).

    Raises:
        SimulationError: they are not equal.

    """
    if queue != waits:
        raise SimulationError(
            f"internal error: the queue's integral is {queue} and the waits' sum {waits} microseconds; "
            "please report this with the scenario and its seed"
        )


def end_of_warmup(created: Ints, wait: Ints, status: NDArray[np.uint8]) -> int:
    """Return the instant at which the first order behind the cut of MSER-5 was created; waits in order of creation.

    Raises:
        SimulationError: there is no cut in the first half of the run.

    """
    stayed = status != OrderStatus.ABANDONED.value
    cut = mser5(wait[stayed] / SECOND)
    if cut is None:
        raise SimulationError(
            "mser5 finds no end of the warm-up in the first half of the run; lengthen the run, or write warmup: 30m"
        )
    return int(created[stayed][cut]) if cut else 0


def _members(orders: Orders, order_class: OrderClass | None, start: int) -> Mask:
    members: Mask = orders.created >= start
    return members if order_class is None else members & (orders.order_class == order_class.value)


def _worst_waits(orders: Orders, members: Mask, span: int) -> Values:
    """Return the statistics of waits that orders still PENDING at the end could bring about, nothing without such.

    Quantiles and the longest are those of waits that never end. The mean is that of waits that go on as long again as
    the run lasted, since one order that waits for ever would leave it no bound.
    """
    pending = members & (orders.status == OrderStatus.PENDING.value)
    settled = np.sort(
        orders.wait[
            members & (orders.status != OrderStatus.PENDING.value) & (orders.status != OrderStatus.ABANDONED.value)
        ]
    )
    unfinished = int(pending.sum())
    n = len(settled) + unfinished
    if not unfinished:
        return {}
    ordered = np.append(settled / SECOND, [np.inf] * unfinished)
    percentiles = {f"p{p}": float(ordered[-(-p * n // 100) - 1]) for p in (50, 90, 95, 99)}
    so_far = total(settled) + total(orders.wait[pending])
    mean = (float(so_far) + float(unfinished) * float(span)) / n / SECOND
    return {"mean": mean, "sd": math.inf, "min": float(ordered[0]), **percentiles, "max": math.inf}


def _attempts(workload: Workload, log: EventLog) -> Attempts:
    """Pair each pick-up with what ended it: an order's events of these kinds alternate."""
    ends = of_kinds(log, _END_OF_ATTEMPT)
    rows = np.flatnonzero(ends | (log.kind == EventKind.ORDER_PICKED_UP.value))
    rows = rows[np.argsort(log.order[rows], kind="stable")]
    picks = np.flatnonzero(~ends[rows])
    following = np.append(ends[rows], False)[picks + 1]
    ended_by = np.append(rows, 0)[picks + 1]
    picked = rows[picks]
    row = log.order[picked].astype(np.int64) - workload.first_number
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    first = np.repeat(starts, np.diff(np.append(starts, len(row))))
    outcome = np.where(following, np.where(log.kind[ended_by] == EventKind.ORDER_COMPLETED.value, 0, 1), 2)
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
    count = int((log.kind == EventKind.ORDER_CREATED.value).sum())

    def last(kind: EventKind, values: NDArray[np.generic]) -> Ints:
        column = np.full(count, NONE, np.int64)
        chosen = log.kind == kind.value
        column[rows[chosen]] = values[chosen]
        return column

    status = np.full(count, OrderStatus.PENDING.value, np.uint8)
    by_outcome = [status.value for status in (OrderStatus.COMPLETE, OrderStatus.PENDING, OrderStatus.PROCESSING)]
    status[attempts.row] = np.array(by_outcome)[attempts.outcome]
    status[rows[log.kind == EventKind.ORDER_ABANDONED.value]] = OrderStatus.ABANDONED.value
    wait = np.where(status == OrderStatus.PENDING.value, log.end, 0).astype(np.int64)
    for kinds, sign in ((TO_PENDING, -1), (FROM_PENDING, 1)):
        chosen = of_kinds(log, kinds)
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
        returns=np.bincount(rows[log.kind == EventKind.ORDER_RETURNED.value], minlength=count),
    )


def _family(
    metric: Family,
    order_class: OrderClass | None,
    workload: Workload,
    log: EventLog,
    orders: Orders,
    attempts: Attempts,
    start: int,
) -> Values:
    """Return the statistics of one metric for one class, or for all orders, from the end of the warm-up on."""
    members = _members(orders, order_class, start)
    complete = members & (orders.status == OrderStatus.COMPLETE.value)
    match metric.name:
        case "wait":
            return _durations(orders.wait[members & (orders.status != OrderStatus.ABANDONED.value)])
        case "flow":
            return _durations(orders.flow[complete])
        case "service":
            return _durations((orders.flow - orders.wait)[complete])
        case "queue":
            return level(log, TO_PENDING, FROM_PENDING, order_class, start)
        case "bots":
            return level(log, (EventKind.BOT_ADDED,), (EventKind.BOT_REMOVED,), None, start)
        case "throughput":
            of_class = np.ones(len(members), bool) if order_class is None else orders.order_class == order_class.value
            completions = int((of_class & (orders.completed > (start or NONE))).sum())
            return {"": completions / ((log.end - start) / HOUR) if log.end > start else None}
        case "wasted":
            lost = (attempts.outcome == OUTCOMES.index("returned")) & members[attempts.row]
            resumed = workload.rules.on_remove == "resume"
            return {"": 0.0 if resumed else float(total((attempts.ended - attempts.picked_up)[lost])) / SECOND}
        case "utilisation":
            busy = integral(*steps(log, (EventKind.ORDER_PICKED_UP,), _END_OF_ATTEMPT), log.end, start)
            available = integral(*steps(log, (EventKind.BOT_ADDED,), (EventKind.BOT_REMOVED,)), log.end, start)
            return {"": float(busy) / float(available) if available else None}
    fate = metric.name.removeprefix("orders.")
    created = int(members.sum())
    count = int((members & _had_fate(fate, orders)).sum())
    return {"": count, "rate": count / created if created else None}


def _had_fate(fate: str, orders: Orders) -> Mask:
    if fate == "created":
        return np.ones(len(orders.number), bool)
    if fate == "returned":
        return orders.returns > 0
    had: Mask = orders.status == OrderStatus["COMPLETE" if fate == "completed" else fate.upper()].value
    return had


def _durations(values: Ints) -> Values:
    """Return the statistics of durations in seconds; a percentile is the smallest observation that at least
    that share of them does not exceed (Hyndman and Fan 1996, type 1).
    """
    n = len(values)
    if n == 0:
        return dict.fromkeys(STATISTICS[:-1]) | {"n": 0}
    ordered = np.sort(values)
    percentiles = {f"p{p}": int(ordered[-(-p * n // 100) - 1]) / SECOND for p in (50, 90, 95, 99)}
    mean = float(total(values)) / n
    squares = np.cumsum((values - mean) ** 2)[-1]  # added one after the other, as compiled code does
    return {
        "mean": mean / SECOND,
        "sd": float(np.sqrt(squares / (n - 1))) / SECOND if n > 1 else None,
        "min": int(ordered[0]) / SECOND,
        **percentiles,
        "max": int(ordered[-1]) / SECOND,
        "n": n,
    }
