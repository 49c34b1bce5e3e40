"""How long orders wait, stay and are served: which orders have such times, and their statistics.

numpy runs it at once, and numba can compile it: see `sim.metrics.definition`.
"""

from typing import Any

import numpy as np

from sim.engines.contract import COMPLETE, GONE, LARGEST, PENDING
from sim.model import NONE
from sim.statistics.quantiles import places_of
from sim.units import SECOND

Array = Any
"""A numpy array, as numba sees it too."""
Columns = tuple[Array, Array, Array, Array, Array, Array, Array]
"""When orders were created and completed, wait, lost, status, final status, and whether they were returned."""

WAIT, FLOW, SERVICE = range(3)
"""The first of all families of metrics."""
MEAN, SD, MIN, MAX, N, WITHIN, PERCENTILE = range(7)
"""The statistics of times, which are the first of all statistics."""
RANGES = 256
"""Into how many ranges the loops of `sim.metrics.volume` sort times at most, to find percentiles."""


def durations_of(
    family: int,
    is_followed: bool,
    created: Array,
    completed: Array,
    wait: Array,
    final_status: Array,
    followed: int,
) -> tuple[Array, Array, Array]:
    """Return the orders that have a wait, flow or service: when they were created, that time in microseconds, of open
    orders so far, and whether they are open, which is empty where none is.

    Nobody knows the wait of an order that is ABANDONED, nor flow and service of one that will never be complete, nor
    the service of one that still waits.
    """
    times = wait
    if family != WAIT:
        times = between(created, completed)
    if family == SERVICE:
        times = between(wait, times)
    if equal_to(final_status, 0, len(times), COMPLETE) == len(times):
        return created, times, np.empty(0, np.bool_)
    is_open, is_left_out = final_status == PENDING, final_status == GONE
    if family != WAIT:
        is_open = completed == NONE
        times[is_open] += followed - NONE
        is_left_out = is_left_out if is_followed else is_open
    if family == SERVICE:
        is_left_out = is_left_out | (final_status == PENDING)
    return created[~is_left_out], times[~is_left_out], is_open[~is_left_out]


def distribution(ordered: Array, counts: Array, begin: int) -> int:
    """Fill in, from `begin` on, the places of the ranges that ascending times have, and how many are in each; return
    how many places.
    """
    behind = begin
    for place in places_of(ordered):
        if behind == begin or place != counts[0, behind - 1]:
            counts[0, behind], counts[1, behind] = place, 0
            behind += 1
        counts[1, behind - 1] += 1
    return behind - begin


def percentiles(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    start: int,
    stop: int,
    is_ordered: bool,
    moments: tuple[float, float, int, int],
    ranges: Array,
    so_far: Array,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in the percentiles that requests `first` to before `behind` ask of durations `start` to before `stop`.

    Each is the smallest that at least this share does not exceed (Hyndman and Fan 1996, type 1).
    """
    n = stop - start
    if n == 0:
        return
    chosen = times
    if not is_ordered:
        _, _, least, most = moments
        chosen = order_statistics(requests, first, behind, times, start, stop, least, most, ranges)
    for place in range(first, behind):
        rank = rank_of(requests[place, 1], n)
        limit = chosen[rank] if is_ordered else chosen[place - first]
        values[place] = limit / SECOND
        if len(so_far):
            settled = up_to(times, start, stop, limit) - up_to(so_far, 0, len(so_far), limit)
            bounds[place] = settled <= rank


def rank_of(per_mille: int, n: int) -> int:
    """Return the rank, from 0, of the smallest of `n` times that at least this share does not exceed."""
    return -(-per_mille * n // 1000) - 1  # in whole numbers


def durations(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    start: int,
    stop: int,
    moments: tuple[float, float, int, int],
    so_far: Array,
    is_followed: bool,
    orders: int,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in what requests `first` to before `behind` ask of durations `start` to before `stop`; those of open orders,
    which are also `so_far`, go on for nobody knows how long. Their `moments` are mean, sum of squares, least and most.

    `orders` is the number of orders of which a service level is the share. Where orders are not followed, what is open
    never ends.
    """
    n, opened = stop - start, len(so_far)
    mean, squares, least, most = moments
    for place in range(first, behind):
        statistic, limit = requests[place, 0], requests[place, 1]
        if statistic == N:
            values[place] = n
        elif statistic == WITHIN and orders:
            opened_within = up_to(so_far, 0, opened, limit)
            values[place] = (up_to(times, start, stop, limit) - opened_within) / orders
            bounds[place] = is_followed and opened_within > 0
        elif statistic == MEAN and n:
            values[place], bounds[place] = mean / SECOND, opened > 0
        elif statistic == SD and n > 1:
            values[place] = np.sqrt(squares / (n - 1)) / SECOND
            bounds[place] = opened > 0
        elif statistic == MIN and n:
            values[place] = least / SECOND
            bounds[place] = opened > 0 and up_to(times, start, stop, least) == up_to(so_far, 0, opened, least)
        elif statistic == MAX and n:
            values[place], bounds[place] = most / SECOND, opened > 0


# What takes the time of a large run; `sim.metrics.volume` has loops in place of these. They take a column and the rows
# in question, since a part of a column costs compiled code more than the loop over a few orders.


def summary(times: Array, start: int, stop: int) -> tuple[float, int, int]:
    """Return the sum of times, the least and the largest; the sum is exact before it becomes a float unless it could
    pass 64 bits.
    """
    if start == stop:
        return 0.0, 0, 0
    of_rows = times[start:stop]
    least, most = of_rows.min(), of_rows.max()
    if most > LARGEST / len(of_rows):
        return float(np.cumsum(of_rows.astype(np.float64))[-1]), least, most
    return float(of_rows.sum()), least, most


def spread(
    times: Array,
    start: int,
    stop: int,
    mean: float,
    least: int,  # noqa: ARG001 - for the loops, as `most` and `ranges`
    most: int,  # noqa: ARG001
    pools: Array,
    family: int,
    group: int,
    is_pooled: bool,
    ranges: Array,  # noqa: ARG001
) -> float:
    """Return the sum of squared distances from the mean, added one after the other; count pooled times by their places.

    The loops of `sim.metrics.volume` also count how many times lie in each of some ranges, for `order_statistics`.
    """
    if start == stop:
        return 0.0
    if is_pooled:
        for place in places_of(times[start:stop]):
            pools[family, group, place] += 1
    total: float = np.cumsum((times[start:stop] - mean) ** 2)[-1]
    return total


def between(starts: Array, stops: Array) -> Array:
    """Return how long it is from each start to its stop."""
    return stops - starts


def equal_to(codes: Array, start: int, stop: int, code: int) -> int:
    """Return how many codes are equal to one."""
    return int(np.count_nonzero(codes[start:stop] == code))


def up_to(times: Array, start: int, stop: int, limit: int) -> int:
    """Return how many times are at most a limit."""
    return int(np.count_nonzero(times[start:stop] <= limit))


def ascending(times: Array, start: int, stop: int) -> Array:
    """Return times in ascending order."""
    return np.sort(times[start:stop])


def order_statistics(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    start: int,
    stop: int,
    least: int,  # noqa: ARG001 - for the loops, as `most` and `ranges`
    most: int,  # noqa: ARG001
    ranges: Array,  # noqa: ARG001
) -> Array:
    """Return the times whose ranks are those of the percentiles that some requests ask, which ascend."""
    ordered = np.sort(times[start:stop])
    return ordered[[rank_of(requests[place, 1], len(ordered)) for place in range(first, behind)]]
