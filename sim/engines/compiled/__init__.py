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

__all__ = ["NO_INSTANTS", "Outcome", "outcome", "run", "simulate"]


class Outcome(NamedTuple):
    """What became of each order, and how many orders and bots there were over time; times are microseconds."""

    order_class: NDArray[np.uint8]  # (orders,)
    created: Ints  # (orders,)
    wait: Ints  # (orders,), so far where the order is PENDING at the end
    flow: Ints  # (orders,), NONE where it is not complete
    status: NDArray[np.uint8]  # (orders,), of OrderStatus
    returned: NDArray[np.bool_]  # (orders,)
    counts: Ints  # (ROWS, 5), see `loop.LEVEL` and those that follow it
    queue: Ints  # (2, instants), orders PENDING by class
    reach: float  # about what the largest of all integrals is
    start: int  # where the warm-up ended
    end: int


def simulate(workload: Workload, progress: Callable[[int, int], None] | None = None) -> EventLog:  # noqa: ARG001
    """Run `workload` and return its event log; it is over before there is progress to tell."""
    return run(workload, logged=True, told=False)[0]


NO_INSTANTS = np.empty(0, np.int64)


def outcome(workload: Workload, start: int = 0) -> Outcome:
    """Run `workload` without a log and return its outcome from `start` on, in microseconds."""
    return run(workload, logged=False, told=True, start=start)[1]


def run(
    workload: Workload, logged: bool, told: bool, start: int = 0, instants: Ints = NO_INSTANTS
) -> tuple[EventLog, Outcome]:
    """Run `workload` and return its event log, or an empty one, and its outcome from `start` on, or an empty one.

    The outcome has the orders PENDING at `instants`, sorted and within the horizon.
    """
    orders, rules, patience = len(workload.service), workload.rules, workload.patience
    bots = np.count_nonzero(workload.action == loop.ADD_BOT)
    if bots > loop.BOT_MASK:
        raise SimulationError(f"the workload adds {bots} bots; this engine takes {loop.BOT_MASK} at most")
    removals = len(workload.action) - orders - bots
    room = orders * 5 + bots * 2 + removals * 4 if logged else 0  # all that can happen; what is not used is not there
    rows = orders if told else 0
    if not orders or (patience.strides == (0,) and patience[0] == NONE):  # one value for all
        patience = patience[:0]
    log: tuple[Any, ...] = (
        np.empty(room, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.int32),
        np.empty(room, np.int8),
        np.empty(room, np.int32),
    )
    created, wait, flow = np.empty(rows, np.int64), np.zeros(rows, np.int64), np.empty(rows, np.int64)
    state, returned = np.zeros(orders, np.uint8), np.zeros(rows, np.bool_)
    counts, queue = np.zeros((loop.ROWS, 5), np.int64), np.empty((2, len(instants)), np.int64)
    size, many, end, reach = loop.simulate(
        *[_plain(column) for column in (workload.action_time, workload.action, workload.order_class, workload.service)],
        _plain(patience),
        workload.first_number,
        NONE if workload.horizon is None else workload.horizon,
        loop.ON_REMOVE.index(rules.on_remove),
        rules.dispatch == "longest-idle",
        loop.RETURNED_TO.index(rules.returned_to),
        NONE if rules.promote_after is None else rules.promote_after,
        bots,
        *log,
        told,
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
    orders = int(many) if told else 0
    columns = (workload.order_class, created, wait, flow, state, returned)
    found = Outcome._make(
        [*(column[:orders] for column in columns), counts, queue, reach, min(start, int(end)), int(end)]
    )
    return EventLog(*[column[:size] for column in log], end=int(end)), found  # type: ignore[misc]


def _plain(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of the one kind that is compiled for."""
    return column if column.flags.carray else column.copy()
