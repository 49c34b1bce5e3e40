"""The compiled engine: the same rules as the reference engine, in one loop over plain arrays, for volume.

numba compiles it (extra `fast`); without numba the same source runs as plain Python.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engines.compiled import loop
from sim.engines.compiled.days import simulate_days
from sim.engines.contract import ADD_BOT, DISPATCH, LEVELS, ON_REMOVE, RETURNED_TO, Outcome, Outcomes, Progress
from sim.errors import SimulationError
from sim.events import EventLog
from sim.model import NONE, Ints, Workload

__all__ = ["run", "run_days", "simulate"]


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    return _run([workload], logged=True, breaks=None, end=workload.horizon)[0][0]


def run(workload: Workload, logged: bool, breaks: Ints, end: int | None) -> tuple[EventLog, Outcome]:
    """Run `workload` to its `end` and return its event log, or an empty one, and its outcome with levels at `breaks`.

    Orders created until the end are followed behind it, until all are settled, at most to the horizon.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    logs, outcomes = run_days([workload], logged, breaks, end)
    return logs[0] if logged else NO_LOG, outcomes.day(0)


def run_days(
    workloads: Sequence[Workload], logged: bool, breaks: Ints, end: int | None
) -> tuple[list[EventLog], Outcomes]:
    """Do what `run` does for workloads with the same rules and horizon; there is a log for each day, or none.

    Raises:
        SimulationError: a workload adds more bots than this engine takes.

    """
    logs, outcomes = _run(workloads, logged, breaks, end)
    assert outcomes is not None
    return logs, outcomes


def _run(
    workloads: Sequence[Workload], logged: bool, breaks: Ints | None, end: int | None
) -> tuple[list[EventLog], Outcomes | None]:
    measured, days, rules = breaks is not None, len(workloads), workloads[0].rules
    horizon = workloads[0].horizon
    orders = _edges([len(workload.service) for workload in workloads])
    size = orders[-1]
    rows = size if measured else 0
    breaks = np.zeros(0, np.int64) if breaks is None else breaks
    events = _edges([_most_events(workload) if logged else 0 for workload in workloads])
    log = _new_log(events[-1])
    order_class = _joined([workload.order_class for workload in workloads])
    patience = [workload.patience for workload in workloads]
    if all(not len(column) or (column.strides == (0,) and column[0] == NONE) for column in patience):  # one for all
        patience = [patience[0][:0]]
    created_at, completed_at = np.empty(rows, np.int64), np.empty(rows, np.int64)
    wait, lost, returned = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    status, final_status = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    levels = np.zeros((days, len(breaks) + 1, LEVELS), np.int64)
    highest, area = np.zeros((2, days, len(breaks), LEVELS), np.int64)
    totals, reach = np.empty((days, 5), np.int64), np.empty(days)
    simulate_days(
        _edges([len(workload.action) for workload in workloads]),
        orders,
        events,
        _joined([workload.action_time for workload in workloads]),
        _joined([workload.action for workload in workloads]),
        order_class,
        _joined([workload.service for workload in workloads]),
        _joined(patience),
        workloads[0].first_number,
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
        loop.NEVER if end is None else end,
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
        raise SimulationError(f"the workload adds more bots than the {loop.BOT_MASK} that this engine takes")
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


def _most_events(workload: Workload) -> int:
    """Return how many events there can be at most."""
    orders, bots = len(workload.service), int(np.count_nonzero(workload.action == ADD_BOT))
    # An order is created, promoted, picked up and completed, and its bot goes idle; a bot is added and goes idle; where
    # one is removed its order may return and be picked up once more, which leaves one to spare.
    return orders * 5 + bots * 2 + (len(workload.action) - orders - bots) * 4


def _new_log(size: int) -> EventLog:
    """Return a log with room for so many events; what is not used takes no memory."""
    return EventLog(
        np.empty(size, np.int64),
        np.empty(size, np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.int8),
        np.empty(size, np.int32),
        0,
    )


def _edges(sizes: list[int]) -> Ints:
    """Return where parts of some sizes begin, one behind the other, and where the last one ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)


def _joined(columns: list[NDArray[Any]]) -> NDArray[Any]:
    """Return columns one behind the other, in the one kind that is compiled for."""
    if len(columns) > 1:
        return np.concatenate(columns)
    return columns[0] if columns[0].flags.carray else columns[0].copy()


NO_LOG = _new_log(0)
