"""How long orders wait, stay and are served: which orders have such times, and their statistics.

numpy runs it at once, and numba can compile it: see `sim.metrics.definition`.
"""

from typing import Any

import numpy as np

from sim.engines.contract import GONE, LARGEST, PENDING
from sim.model import NONE
from sim.statistics.quantiles import places_of
from sim.units import SECOND

Array = Any
"""A numpy array, as numba sees it too."""

WAIT, FLOW, SERVICE = range(3)
"""The first of all families of metrics."""
MEAN, SD, MIN, MAX, N, PERCENTILE, WITHIN = range(7)
"""The statistics of times, which are the first of all statistics."""


def durations_of(
    family: int,
    is_followed: bool,
    created: Array,
    completed: Array,
    wait: Array,
    final_status: Array,
    followed: int,
) -> tuple[Array, Array]:
    """Return the wait, flow or service of orders in microseconds, and which of these are open, that is so far.

    Nobody knows the wait of an order that is ABANDONED, nor flow and service of one that will never be complete.
    """
    times, is_open, is_left_out = wait, final_status == PENDING, final_status == GONE
    if family != WAIT:
        times, is_open = completed - created, completed == NONE
        if is_open.any():
            times[is_open] = followed - created[is_open]
            is_left_out = is_left_out if is_followed else is_open
        if family == SERVICE:
            times = times - wait
    if is_left_out.any():
        times, is_open = times[~is_left_out], is_open[~is_left_out]
    return times, is_open


def add(counts: Array, times: Array) -> None:
    """Count times by the places of their ranges."""
    for place in places_of(times):
        counts[place] += 1


def distribution(times: Array, counts: Array) -> int:
    """Fill in the places of the ranges that have times, ascending, and how many each has; return how many there are."""
    size = 0
    for place in np.sort(places_of(times)):
        if size == 0 or place != counts[0, size - 1]:
            counts[0, size], counts[1, size] = place, 0
            size += 1
        counts[1, size - 1] += 1
    return size


def durations(
    requests: Array, times: Array, is_open: Array, is_followed: bool, orders: int, values: Array, bounds: Array
) -> None:
    """Fill in statistics of durations; those that are open go on for nobody knows how long, and are so far.

    `orders` is the number of orders of which a service level is the share. Where orders are not followed, what is open
    never ends.
    """
    n, opened = len(times), is_open.sum()
    settled = times[~is_open] if opened else times
    percentiles = np.flatnonzero(requests[:, 0] == PERCENTILE)
    if n and len(percentiles):
        # The smallest that at least this share does not exceed (Hyndman and Fan 1996, type 1), in whole numbers.
        ranks = -(-requests[percentiles, 1] * n // 1000) - 1
        ordered = order_statistics(times, ranks)
        for index in range(len(percentiles)):
            values[percentiles[index]] = ordered[index] / SECOND
            bounds[percentiles[index]] = opened > 0 and (settled <= ordered[index]).sum() <= ranks[index]
    mean = total(times) / n if n else np.nan
    for place in range(len(requests)):
        statistic, limit = requests[place, 0], requests[place, 1]
        if statistic == N:
            values[place] = n
        elif statistic == WITHIN and orders:
            values[place] = (settled <= limit).sum() / orders
            bounds[place] = is_followed and (times[is_open] <= limit).any()
        elif statistic == MEAN and n:
            values[place], bounds[place] = mean / SECOND, opened > 0
        elif statistic == SD and n > 1:
            squares = np.cumsum((times - mean) ** 2)[-1]  # added one after the other
            values[place], bounds[place] = np.sqrt(squares / (n - 1)) / SECOND, opened > 0
        elif statistic == MIN and n:
            values[place] = times.min() / SECOND
            bounds[place] = opened > 0 and (settled <= times.min()).sum() == 0
        elif statistic == MAX and n:
            values[place], bounds[place] = times.max() / SECOND, opened > 0


def total(times: Array) -> float:
    """Return the sum of times, exact before it becomes a float unless it could pass 64 bits."""
    if len(times) and times.max() > LARGEST / len(times):
        return float(np.cumsum(times.astype(np.float64))[-1])
    return float(times.sum())


def order_statistics(times: Array, ranks: Array) -> Array:
    """Return the times of some ranks, from 0."""
    return np.sort(times)[ranks]
