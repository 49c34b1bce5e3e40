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

__all__ = ["NO_INSTANTS", "run", "simulate"]

NO_INSTANTS = np.empty(0, np.int64)


def simulate(workload: Workload, progress: Progress | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    return run(workload, logged=True, measured=False)[0]


def run(
    workload: Workload, logged: bool, measured: bool, start: int = 0, instants: Ints = NO_INSTANTS
) -> tuple[EventLog, Outcome]:
    """Run `workload` and return its event log, or an empty one, and its outcome from `start` on, or an empty one.

    The outcome has the orders PENDING at `instants`, sorted and within the horizon.

    Raises:
        SimulationError: the workload adds more bots than this engine takes.

    """
    orders, rules, patience = len(workload.service), workload.rules, workload.patience
    rows = orders if measured else 0
    if not orders or (patience.strides == (0,) and patience[0] == NONE):  # one value for all
        patience = patience[:0]
    log = _new_log(_most_events(workload)) if logged else NO_LOG
    created_at, wait, flow = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64)
    state, returned = np.zeros(orders, np.uint8), np.zeros(rows, np.bool_)
    levels, by_class = np.zeros((3, LEVELS), np.int64), np.zeros((2, 2), np.int64)
    queue = np.empty((2, len(instants)), np.int64)
    events, created, end, queue_time, wait_time, reach = loop.simulate(
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
        start,
        created_at,
        wait,
        flow,
        state,
        returned,
        levels,
        by_class,
        instants,
        queue,
    )
    if events < 0:
        raise SimulationError(f"the workload adds more bots than the {loop.BOT_MASK} that this engine takes")
    columns: Any = (workload.order_class, created_at, wait, flow, state, returned)
    if measured and created < orders:
        columns = tuple(column[:created] for column in columns)
    sums = levels, by_class, queue, queue_time, wait_time, reach
    return log.first(events, end) if logged else NO_LOG, Outcome._make((*columns, *sums, min(start, end), end))


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
