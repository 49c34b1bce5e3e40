"""From the event log to tables of orders and attempts, and to the metrics of the run."""

from sim.metrics.levels import Values, steps
from sim.metrics.measures import (
    FROM_PENDING,
    OUTCOMES,
    TO_PENDING,
    WAITS,
    Attempts,
    Measures,
    Orders,
    measure,
)
from sim.metrics.observing import Observation, observation
from sim.metrics.tables import attempts_table, clock_readings, events_table, orders_table

__all__ = [
    "FROM_PENDING",
    "OUTCOMES",
    "TO_PENDING",
    "WAITS",
    "Attempts",
    "Measures",
    "Observation",
    "Orders",
    "Values",
    "attempts_table",
    "clock_readings",
    "events_table",
    "measure",
    "observation",
    "orders_table",
    "steps",
]
