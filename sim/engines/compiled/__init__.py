"""The compiled engine: the same rules as the reference engine, in loops over plain arrays, for volume.

numba compiles it (extra `fast`); without numba the same source runs as plain Python.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engines.compiled.cooking import BOT_MASK, NEVER
from sim.engines.compiled.days import simulate_days
from sim.engines.contract import ADD_BOT, DISPATCH, LEVELS, ON_REMOVE, RETURNED_TO, Progress
from sim.engines.outcomes import Outcome, Outcomes
from sim.errors import SimulationError
from sim.events import EventLog
from sim.model import NONE, Ints, Workload, Workloads

__all__ = ["run", "run_days", "simulate"]


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    return _run(Workloads.join([workload]), logged=True, breaks=None, end=workload.horizon)[0][0]


def run(workload: Workload, logged: bool, breaks: Ints, end: int | None) -> tuple[EventLog, Outcome]:
    """Run `workload` to its `end` and return its event log, or an empty one, and its outcome with levels at `breaks`.

    Orders created until the end are followed behind it, until all are settled, at most to the horizon.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    logs, outcomes = run_days(Workloads.join([workload]), logged, breaks, end)
    return logs[0] if logged else NO_LOG, outcomes.day(0)


def run_days(workloads: Workloads, logged: bool, breaks: Ints, end: int | None) -> tuple[list[EventLog], Outcomes]:
    """Do what `run` does for each of some days; there is a log for each day, or none.

    Raises:
        SimulationError: a workload adds more bots than this engine takes.

    """
    logs, outcomes = _run(workloads, logged, breaks, end)
    assert outcomes is not None
    return logs, outcomes


def _run(
    workloads: Workloads, logged: bool, breaks: Ints | None, end: int | None
) -> tuple[list[EventLog], Outcomes | None]:
    measured, days, drawn = breaks is not None, len(workloads), workloads.columns
    rules, horizon, orders = drawn.rules, drawn.horizon, workloads.orders
    size = len(drawn.service)
    rows = size if measured else 0
    breaks = np.zeros(0, np.int64) if breaks is None else breaks
    events = _room_for_events(workloads) if logged else np.zeros(days + 1, np.int64)
    log = _new_log(events[-1]) if logged else NO_LOG
    order_class, patience = _plain(drawn.order_class), drawn.patience
    if size and patience.strides == (0,) and patience[0] == NONE:  # everybody waits for ever
        patience = patience[:0]
    created_at, completed_at, wait = np.empty((3, rows), np.int64)
    lost, returned = np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    status, final_status = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    levels = np.zeros((days, len(breaks) + 1, LEVELS), np.int64)
    highest, area = np.zeros((2, days, len(breaks), LEVELS), np.int64)
    totals, reach = np.empty((days, 5), np.int64), np.empty(days)
    simulate_days(
        workloads.actions,
        orders,
        events,
        _plain(drawn.action_time),
        _plain(drawn.action),
        order_class,
        _plain(drawn.service),
        _plain(patience),
        drawn.first_number,
        NONE if horizon is None else horizon,
        np.array(
            [
                ON_REMOVE.index(rules.on_remove),
                DISPATCH.index(rules.dispatch),
                RETURNED_TO.index(rules.returned_to),
                NONE if rules.promote_after is None else rules.promote_after,
            ]
        ),
        log.time,
        log.kind,
        log.order,
        log.order_class,
        log.bot,
        measured,
        NEVER if end is None else end,
        created_at,
        completed_at,
        wait,
        lost,
        status,
        final_status,
        returned,
        breaks,
        levels,
        highest,
        area,
        totals,
        reach,
    )
    counts, created, ended, followed, wait_time = totals.T
    if (counts < 0).any():
        raise SimulationError(f"the workload adds more bots than the {BOT_MASK} that this engine takes")
    logs = []
    if logged:
        parts = zip(events[:-1].tolist(), counts.tolist(), ended.tolist(), strict=True)
        logs = [log.part(start, start + count, stop) for start, count, stop in parts]
    if not measured:
        return logs, None
    columns = order_class, created_at, completed_at, wait, lost, status, final_status, returned
    rows_of_days = np.column_stack((orders[:-1], orders[:-1] + created))
    sums = levels, highest, area, wait_time, reach, ended, followed
    return logs, Outcomes._make((*columns, rows_of_days, breaks, *sums))


def _room_for_events(workloads: Workloads) -> Ints:
    """Return where the events of each day begin, if there are as many as can be, and where the last ones end."""
    is_added, parts = workloads.columns.action == ADD_BOT, pairwise(workloads.actions)
    bots = np.array([np.count_nonzero(is_added[first:last]) for first, last in parts])
    actions, orders = np.diff(workloads.actions), np.diff(workloads.orders)
    # An order is created, promoted, picked up and completed, and its bot goes idle; a bot is added and goes idle; where
    # one is removed its order may return and be picked up once more, which leaves one to spare.
    return np.concatenate(([0], np.cumsum(orders * 5 + bots * 2 + (actions - orders - bots) * 4)))


def _new_log(size: int) -> EventLog:
    """Return a log with room for so many events; what is not used takes no memory."""
    dtypes = [np.dtype(number) for number in (np.int64, np.int32, np.int32, np.int8, np.uint8)]
    edges = np.cumsum([0, *(dtype.itemsize * size for dtype in dtypes)])
    room = np.empty(edges[-1], np.uint8)  # at once: of a large piece numpy asks for pages of 2 MB, which come quicker
    parts = zip(dtypes, pairwise(edges), strict=True)
    time, order, bot, order_class, kind = (room[first:last].view(dtype) for dtype, (first, last) in parts)
    return EventLog(time, kind, order, order_class, bot, 0)


def _plain(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column in the one kind that is compiled for."""
    return column if column.flags.carray else column.copy()


NO_LOG = _new_log(0)
