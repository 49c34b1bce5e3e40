"""What became of each order, and each of its attempts, from the event log."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.contract import COMPLETE, GONE
from sim.engines.outcomes import Outcome
from sim.events import EventKind, EventLog
from sim.metrics.levels import END_OF_ATTEMPT, FROM_PENDING, TO_PENDING, levels_at, of_kinds
from sim.model import NONE, Ints, OrderStatus, Workload

OUTCOMES = ("completed", "returned", "running")


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


def attempts_of(workload: Workload, log: EventLog) -> Attempts:
    """Pair each pick-up with what ended it: an order's events of these kinds alternate."""
    ends = of_kinds(log, END_OF_ATTEMPT)
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


def orders_of(workload: Workload, log: EventLog, attempts: Attempts) -> Orders:
    """Return what became of each order until the end of the log."""
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


class Final(NamedTuple):
    """What became of each order of a run at last, when orders are followed behind its end: columns as in `Orders`."""

    status: NDArray[np.uint8]
    picked_up: Ints
    completed: Ints
    wait: Ints
    until: int  # the instant until which orders were followed

    @property
    def is_settled(self) -> bool:
        """Whether each order is complete or abandoned."""
        return bool(((self.status == COMPLETE) | (self.status == GONE)).all())


def final_of(workload: Workload, followed: EventLog, end: int | None) -> Final:
    """Return what became at last of the orders that were created until `end`, from a log that goes on behind it."""
    orders = orders_of(workload, followed, attempts_of(workload, followed))
    rows = slice(None if end is None else int(np.searchsorted(orders.created, end, side="right")))
    return Final(orders.status[rows], orders.picked_up[rows], orders.completed[rows], orders.wait[rows], followed.end)


def outcome_of(
    workload: Workload, log: EventLog, orders: Orders, attempts: Attempts, final: Final, breaks: Ints
) -> Outcome:
    """Return the outcome of a run, as an engine without a log gives it."""
    lost = np.zeros(len(orders.number), np.int64)
    if workload.rules.on_remove != "resume":
        returned = attempts.outcome == OUTCOMES.index("returned")
        np.add.at(lost, attempts.row[returned], (attempts.ended - attempts.picked_up)[returned])
    levels, highest, area, reach = levels_at(log, breaks)
    return Outcome(
        order_class=orders.order_class,
        created=orders.created,
        completed=final.completed,
        wait=final.wait,
        lost=lost,
        status=orders.status,
        final_status=final.status,
        returned=orders.returns > 0,
        breaks=breaks,
        levels=levels,
        highest=highest,
        area=area,
        wait_time=int(orders.wait.sum()),
        reach=reach,
        end=log.end,
        followed=log.end if final.is_settled else final.until,
    )
