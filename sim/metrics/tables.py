"""The tables of a run, with the columns of the CSV files."""

import numpy as np

from sim.events import EventKind, EventLog
from sim.metrics.orders import OUTCOMES, Attempts, Final, Orders
from sim.model import Coded, Ints, OrderClass, OrderStatus, Table, Workload
from sim.units import DAY, SECOND, Clock


def orders_table(orders: Orders, final: Final, workload: Workload) -> Table:
    """Return the columns of `orders.csv`; `final` is what became of the orders behind the end of the run."""
    return {
        "order": orders.number,
        "class": Coded(orders.order_class, tuple(OrderClass.__members__)),
        "stream": Coded(orders.stream, workload.stream_names),
        "status": Coded(orders.status, tuple(OrderStatus.__members__)),
        "created_us": orders.created,
        "picked_up_us": orders.picked_up,
        "completed_us": orders.completed,
        "bot": orders.bot,
        "attempts": orders.attempts,
        "wait_us": orders.wait,
        "flow_us": orders.flow,
        "final_status": Coded(final.status, tuple(OrderStatus.__members__)),
        "final_picked_up_us": final.picked_up,
        "final_completed_us": final.completed,
        "final_wait_us": final.wait,
    }


def attempts_table(attempts: Attempts, workload: Workload) -> Table:
    """Return the columns of `attempts.csv`."""
    return {
        "order": attempts.row + workload.first_number,
        "attempt": attempts.attempt,
        "bot": attempts.bot,
        "picked_up_us": attempts.picked_up,
        "ended_us": attempts.ended,
        "outcome": Coded(attempts.outcome, OUTCOMES),
    }


def clock_readings(times: Ints, clock: Clock) -> list[str]:
    """Return what the clock reads at each instant; each reading is made once, since a day has 86,400 of them."""
    seconds = ((times + clock.start) % DAY // SECOND).tolist()
    two = [f"{number:02d}" for number in range(60)]
    readings = {second: f"{two[second // 3600]}:{two[second // 60 % 60]}:{two[second % 60]}" for second in set(seconds)}
    return [readings[second] for second in seconds]


def events_table(log: EventLog, clock: Clock) -> Table:
    """Return the columns of `events.csv`."""
    return {
        "seq": np.arange(len(log)),
        "t_us": log.time,
        "clock": clock_readings(log.time, clock),
        "event": Coded(log.kind, tuple(kind.label for kind in EventKind)),
        "order": log.order,
        "class": Coded(log.order_class, tuple(OrderClass.__members__)),
        "bot": log.bot,
    }
