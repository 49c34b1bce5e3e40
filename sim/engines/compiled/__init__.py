"""The compiled engine: the same rules as the reference engine, in one loop over plain arrays, for volume.

numba compiles it (extra `fast`); without numba the same source runs as plain Python.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engines.compiled import loop
from sim.engines.contract import ADD_BOT, DISPATCH, LEVELS, ON_REMOVE, RETURNED_TO, Outcome, Progress
from sim.errors import SimulationError
from sim.events import EventLog
from sim.model import NONE, Ints, Workload

__all__ = ["run", "simulate"]


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    return _run(workload, logged=True, breaks=None, end=workload.horizon)[0]


def run(workload: Workload, logged: bool, breaks: Ints, end: int | None) -> tuple[EventLog, Outcome]:
    """Run `workload` to its `end` and return its event log, or an empty one, and its outcome with levels at `breaks`.

    Orders created until the end are followed behind it, until all are settled, at most to the horizon.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    log, outcome = _run(workload, logged, breaks, end)
    assert outcome is not None
    return log, outcome


def _run(workload: Workload, logged: bool, breaks: Ints | None, end: int | None) -> tuple[EventLog, Outcome | None]:
    orders, rules, patience = len(workload.service), workload.rules, workload.patience
    measured = breaks is not None
    rows = orders if measured else 0
    breaks = np.zeros(0, np.int64) if breaks is None else breaks
    if not orders or (patience.strides == (0,) and patience[0] == NONE):  # one value for all
        patience = patience[:0]
    log = _new_log(_most_events(workload)) if logged else NO_LOG
    created_at, completed_at = np.empty(rows, np.int64), np.empty(rows, np.int64)
    wait, lost, returned = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    status, final_status = np.zeros(orders, np.uint8), np.zeros(orders, np.uint8)
    levels = np.zeros((len(breaks) + 1, LEVELS), np.int64)
    highest, area = np.zeros((len(breaks), LEVELS), np.int64), np.zeros((len(breaks), LEVELS), np.int64)
    events, created, end, followed, wait_time, reach = loop.simulate(
        _plain(workload.action_time),
        _plain(workload.action),
        _plain(workload.order_class),
        _plain(workload.service),
        _plain(patience),
        workload.first_number,
        NONE if workload.horizon is None else workload.horizon,
        ON_REMOVE.index(rules.on_remove),
        DISPATCH.index(rules.dispatch),
        RETURNED_TO.index(rules.returned_to),
        NONE if rules.promote_after is None else rules.promote_after,
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
    )
    if events < 0:
        raise SimulationError(f"the workload adds more bots than the {loop.BOT_MASK} that this engine takes")
    log = log.first(events, end) if logged else NO_LOG
    if not measured:
        return log, None
    columns: Any = (workload.order_class, created_at, completed_at, wait, lost, status, final_status, returned)
    if created < orders:
        columns = tuple(column[:created] for column in columns)
    sums = levels, highest, area, wait_time, reach
    return log, Outcome._make((*columns, breaks, *sums, end, followed))


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


def _plain(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of the one kind that is compiled for."""
    return column if column.flags.carray else column.copy()


NO_LOG = _new_log(0)
