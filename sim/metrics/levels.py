"""Counts over time, from the events that raise and lower them: exact integrals of queues and crews."""

import numpy as np
from numpy.typing import NDArray

from sim.events import EventKind, EventLog
from sim.model import Ints, OrderClass

Mask = NDArray[np.bool_]
Values = dict[str, float | int | None]

_LARGEST = 2.0**62


def of_kinds(log: EventLog, kinds: tuple[EventKind, ...]) -> Mask:
    """Return which events are of one of some kinds, as plain numbers: numpy asks an enumeration for attributes that it
    lacks, which in Python 3.11 runs code of its own, and swallows a Ctrl-C that comes just then.
    """
    chosen: Mask = np.isin(log.kind, [kind.value for kind in kinds])
    return chosen


def total(values: Ints) -> int:
    """Return the exact sum, also where it passes 64 bits."""
    fits = np.abs(values, dtype=np.float64).sum() < _LARGEST
    return int(values.sum()) if fits else sum(values.tolist())


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


def integral(times: Ints, levels: Ints, end: int, start: int = 0) -> int:
    """Return the integral of a count from `start` to `end`, in microseconds; both arrays as `steps` makes them."""
    spans = np.diff(np.maximum(np.append(times, end), start))
    if (levels * spans.astype(np.float64)).sum() < _LARGEST:
        return int((levels * spans).sum())
    return sum(height * span for height, span in zip(levels.tolist(), spans.tolist(), strict=True))


def level(
    log: EventLog, up: tuple[EventKind, ...], down: tuple[EventKind, ...], order_class: OrderClass | None, start: int
) -> Values:
    """Return mean over time, highest and last level of a count from `start` on, by the names of the statistics."""
    times, levels = steps(log, up, down, order_class)
    mean = float(integral(times, levels, log.end, start)) / float(log.end - start) if log.end > start else None
    since = levels[np.searchsorted(times, start, side="right") - 1 :]
    return {"mean": mean, "max": int(since.max()), "end": int(levels[-1])}
