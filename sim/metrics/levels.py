"""Counts over time, from the events that raise and lower them: exact integrals of queues and crews."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.contract import ALL, BOTS, BUSY, LARGEST, LEVELS
from sim.events import EventKind, EventLog
from sim.model import Ints, OrderClass

Mask = NDArray[np.bool_]

TO_PENDING = (EventKind.ORDER_CREATED, EventKind.ORDER_RETURNED)
FROM_PENDING = (EventKind.ORDER_PICKED_UP, EventKind.ORDER_ABANDONED)
END_OF_ATTEMPT = (EventKind.ORDER_COMPLETED, EventKind.ORDER_RETURNED)


def of_kinds(log: EventLog, kinds: tuple[EventKind, ...]) -> Mask:
    """Return which events are of one of some kinds, as plain numbers: numpy asks an enumeration for attributes that it
    lacks, which in Python 3.11 runs code of its own, and swallows a Ctrl-C that comes just then.
    """
    is_chosen = np.zeros(256, np.bool_)
    is_chosen[[kind.value for kind in kinds]] = True
    return is_chosen[log.kind]


def steps(
    log: EventLog, up: tuple[EventKind, ...], down: tuple[EventKind, ...], order_class: OrderClass | None = None
) -> tuple[Ints, Ints]:
    """Return how a count moves: the instants in microseconds, and its level from each of them on.

    An instant has one level, the one after all that happened then. Both arrays start at time 0.
    """
    rises, falls = of_kinds(log, up), of_kinds(log, down)
    if order_class is not None:
        of_class = log.order_class == order_class.value
        rises, falls = rises & of_class, falls & of_class
    moved = rises | falls
    times = np.concatenate(([0], log.time[moved]))
    levels = np.concatenate(([0], np.cumsum(np.where(rises[moved], 1, -1))))
    settled = np.append(np.diff(times) > 0, True)
    return times[settled], levels[settled]


class Levels(NamedTuple):
    """Levels at breaks and between them, as an `Outcome` has them."""

    levels: Ints  # (breaks + 1, LEVELS)
    highest: Ints  # (breaks, LEVELS)
    area: NDArray[Any]  # (breaks, LEVELS)
    reach: float


def levels_at(log: EventLog, breaks: Ints) -> Levels:
    """Return the levels of a run at some instants, the first of which is 0, and between them."""
    columns = {
        **{order_class.value: steps(log, TO_PENDING, FROM_PENDING, order_class) for order_class in OrderClass},
        ALL: steps(log, TO_PENDING, FROM_PENDING),
        BOTS: steps(log, (EventKind.BOT_ADDED,), (EventKind.BOT_REMOVED,)),
        BUSY: steps(log, (EventKind.ORDER_PICKED_UP,), END_OF_ATTEMPT),
    }
    lengths = {column: np.diff(np.append(times, log.end)) for column, (times, _) in columns.items()}
    reach = sum(float((columns[column][1] * lengths[column].astype(float)).sum()) for column in (ALL, BOTS))
    kind = np.int64 if reach <= LARGEST else np.float64
    levels = np.zeros((len(breaks) + 1, LEVELS), np.int64)
    highest, area = np.zeros((len(breaks), LEVELS), np.int64), np.zeros((len(breaks), LEVELS), kind)
    for column, (times, heights) in columns.items():
        # What has gathered until each break: all steps before its own, and the part of that one.
        areas = heights * lengths[column].astype(kind)
        step = np.searchsorted(times, breaks, side="right") - 1
        inside = np.clip(np.minimum(breaks, log.end) - times[step], 0, None).astype(kind)
        gathered = np.append(0, np.cumsum(areas))[step] + heights[step] * inside
        area[:, column] = np.diff(np.append(gathered, areas.sum()))
        levels[:-1, column], levels[-1, column] = heights[step], heights[-1]
        stops = np.searchsorted(times, np.minimum(np.append(breaks[1:], log.end), log.end))
        inside_run = breaks < log.end
        # From each step to its stop, and from there to the next step, which is skipped.
        bounds = np.column_stack((step, stops))[inside_run].ravel()
        highest[inside_run, column] = np.maximum.reduceat(np.append(heights, 0), bounds)[::2]
    return Levels(levels, highest, area, reach)
