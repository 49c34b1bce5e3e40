"""The compiled engine: the same rules as the reference engine, in one loop over plain arrays, for volume.

numba compiles it (extra `fast`); without numba the same source runs as plain Python.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.compiled import loop
from sim.errors import SimulationError
from sim.events import EventLog
from sim.model import NONE, Ints, Workload

__all__ = ["NO_INSTANTS", "Outcome", "run", "simulate"]


NO_INSTANTS = np.empty(0, np.int64)
NO_LOG = EventLog(
    np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int32), 0
)


class Outcome(NamedTuple):
    """What became of each order, and how many orders and bots there were over time; times are microseconds."""

    order_class: NDArray[np.uint8]  # (orders,)
    created: Ints  # (orders,)
    wait: Ints  # (orders,), so far where the order is PENDING at the end
    flow: Ints  # (orders,), NONE where it is not complete
    status: NDArray[np.uint8]  # (orders,), of OrderStatus
    returned: NDArray[np.bool_]  # (orders,)
    counts: Ints  # (ROWS, COLUMNS), see `loop.LEVEL` and those that follow it
    queue: Ints  # (2, instants), orders PENDING by class
    reach: float  # about what the largest of all integrals is
    start: int  # where the warm-up ended
    end: int


def simulate(workload: Workload, progress: Callable[[int, int], None] | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell."""
    return run(workload, logged=True, measured=False)[0]


def run(
    workload: Workload, logged: bool, measured: bool, start: int = 0, instants: Ints = NO_INSTANTS
) -> tuple[EventLog, Outcome]:
    """Run `workload` and return its event log, or an empty one, and its outcome from `start` on, or an empty one.

    The outcome has the orders PENDING at `instants`, sorted and within the horizon.
    """
    orders, rules, patience = len(workload.service), workload.rules, workload.patience
    rows = orders if measured else 0
    if not orders or (patience.strides == (0,) and patience[0] == NONE):  # one value for all
        patience = patience[:0]
    log = _new_log(workload) if logged else NO_LOG
    created, wait, flow = np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int64)
    state, returned = np.zeros(orders, np.uint8), np.zeros(rows, np.bool_)
    counts, queue = np.zeros((loop.ROWS, loop.COLUMNS), np.int64), np.empty((2, len(instants)), np.int64)
    size, created_orders, end, reach = loop.simulate(
        _plain(workload.action_time),
        _plain(workload.action),
        _plain(workload.order_class),
        _plain(workload.service),
        _plain(patience),
        workload.first_number,
        NONE if workload.horizon is None else workload.horizon,
        loop.ON_REMOVE.index(rules.on_remove),
        rules.dispatch == "longest-idle",
        loop.RETURNED_TO.index(rules.returned_to),
        NONE if rules.promote_after is None else rules.promote_after,
        log.time,
        log.kind,
        log.order,
        log.order_class,
        log.bot,
        measured,
        start,
        created,
        wait,
        flow,
        state,
        returned,
        counts,
        instants,
        queue,
    )
    if size < 0:
        raise SimulationError(f"the workload adds more bots than the {loop.BOT_MASK} that this engine takes")
    columns: Any = (workload.order_class, created, wait, flow, state, returned)
    if measured and created_orders < orders:
        columns = tuple(column[:created_orders] for column in columns)
    outcome = Outcome._make((*columns, counts, queue, reach, min(start, end), end))
    return log.first(size, end) if logged else NO_LOG, outcome


def _new_log(workload: Workload) -> EventLog:
    """Return a log with room for all that can happen; what is not used takes no memory."""
    orders, bots = len(workload.service), int(np.count_nonzero(workload.action == loop.ADD_BOT))
    room = orders * 5 + bots * 2 + (len(workload.action) - orders - bots) * 4
    return EventLog(
        np.empty(room, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.int32),
        np.empty(room, np.int8),
        np.empty(room, np.int32),
        0,
    )


def _plain(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of the one kind that is compiled for."""
    return column if column.flags.carray else column.copy()
