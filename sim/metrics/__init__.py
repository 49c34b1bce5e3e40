"""From the event log, or the outcome of an engine, to tables of orders and attempts, and to metrics."""

from sim.metrics.definition import METRICS
from sim.metrics.levels import FROM_PENDING, TO_PENDING, steps
from sim.metrics.measuring import (
    Measured,
    breaks_of,
    counts_of_pools,
    measure,
    new_pools,
)
from sim.metrics.orders import OUTCOMES, Attempts, Final, Orders, attempts_of, final_of, orders_of, outcome_of
from sim.metrics.tables import attempts_table, clock_readings, events_table, orders_table

__all__ = [
    "FROM_PENDING",
    "METRICS",
    "OUTCOMES",
    "TO_PENDING",
    "Attempts",
    "Final",
    "Measured",
    "Orders",
    "attempts_of",
    "attempts_table",
    "breaks_of",
    "clock_readings",
    "counts_of_pools",
    "events_table",
    "final_of",
    "measure",
    "new_pools",
    "orders_of",
    "orders_table",
    "outcome_of",
    "steps",
]
