"""What a run says without its tables: columns in place of names, for many runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.events import EventLog
from sim.metrics.levels import Values, steps
from sim.metrics.measures import FROM_PENDING, TO_PENDING, WAITS, Measures
from sim.model import UNITS, Ints, OrderClass


class Observation(NamedTuple):
    """What a run says without its tables: columns in place of the names of metrics, NaN where nothing was seen."""

    values: NDArray[np.float64]  # (metrics,), by their places in UNITS
    worst: NDArray[np.float64]  # (27,), likewise for the metrics of waits, which are the first
    warmup: int
    order_class: NDArray[np.uint8]  # (orders,)
    created: Ints  # (orders,), microseconds
    wait: Ints  # (orders,), microseconds
    status: NDArray[np.uint8]  # (orders,), of OrderStatus
    queue: Ints  # (2, instants), orders PENDING by class at the instants that were asked for


def observation(measures: Measures, log: EventLog, instants: Ints) -> Observation:
    """Return what measures say, as an observation with the queue at some instants."""
    orders = measures.orders
    levels = [steps(log, TO_PENDING, FROM_PENDING, order_class) for order_class in OrderClass]
    return Observation(
        values=_column(measures.values, list(UNITS)),
        worst=_column(measures.worst_waits, WAITS),
        warmup=measures.warmup,
        order_class=orders.order_class,
        created=orders.created,
        wait=orders.wait,
        status=orders.status,
        queue=np.array([level[np.searchsorted(times, instants, side="right") - 1] for times, level in levels]),
    )


def _column(values: Values, names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([np.nan if values.get(name) is None else values[name] for name in names], float)
