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

WAIT, FLOW, SERVICE = range(3)
"""The first of all families of metrics."""
MEAN, SD, MIN, MAX, N, WITHIN, PERCENTILE = range(7)
"""The statistics of times, which are the first of all statistics."""


def durations_of(
    family: int,
    is_followed: bool,
    created: Array,
    completed: Array,
    wait: Array,
    final_status: Array,
    followed: int,
) -> tuple[Array, Array, Array]:
    """Return the wait, flow or service of orders in microseconds: all, those that are settled, and those of orders that
    are open, so far.

    Nobody knows the wait of an order that is ABANDONED, nor flow and service of one that will never be complete.
    """
    times = wait
    if family == FLOW:
        times = completed - created
    elif family == SERVICE:
        times = completed - created - wait
    if equal_to(final_status, COMPLETE) == len(times):
        return times, times, times[:0]
    is_open, is_left_out = final_status == PENDING, final_status == GONE
    if family != WAIT:
        is_open = completed == NONE
        times[is_open] += followed - NONE
        is_left_out = is_left_out if is_followed else is_open
    is_settled, is_open = ~(is_open | is_left_out), is_open & ~is_left_out
    return times[~is_left_out], times[is_settled], times[is_open]


def add(counts: Array, times: Array) -> None:
    """Count times by the places of their ranges."""
    for place in places_of(times):
        counts[place] += 1


def distribution(ordered: Array, counts: Array) -> int:
    """Fill in the places of the ranges that ascending times have, and how many are in each; return how many places."""
    size = 0
    for place in places_of(ordered):
        if size == 0 or place != counts[0, size - 1]:
            counts[0, size], counts[1, size] = place, 0
            size += 1
        counts[1, size - 1] += 1
    return size


def percentiles(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    ordered: Array,
    settled: Array,
    so_far: Array,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in the percentiles that requests `first` to before `behind` ask of durations.

    Each is the smallest that at least this share does not exceed (Hyndman and Fan 1996, type 1). `ordered` has the
    times in ascending order where they are sorted anyway, else nothing.
    """
    n = len(times)
    if n == 0:
        return
    ranks = -(-requests[first:behind, 1] * n // 1000) - 1  # in whole numbers
    chosen = ordered[ranks] if len(ordered) else order_statistics(times, ranks)
    for index in range(behind - first):
        values[first + index] = chosen[index] / SECOND
        bounds[first + index] = len(so_far) > 0 and up_to(settled, chosen[index]) <= ranks[index]


def durations(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    settled: Array,
    so_far: Array,
    is_followed: bool,
    orders: int,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in what requests `first` to before `behind` ask of durations; those of open orders, which are `so_far`, go
    on for nobody knows how long.

    `orders` is the number of orders of which a service level is the share. Where orders are not followed, what is open
    never ends.
    """
    n, opened = len(times), len(so_far)
    sum_of_times, least, most = summary(times)
    mean = sum_of_times / n if n else np.nan
    for place in range(first, behind):
        statistic, limit = requests[place, 0], requests[place, 1]
        if statistic == N:
            values[place] = n
        elif statistic == WITHIN and orders:
            values[place] = up_to(settled, limit) / orders
            bounds[place] = is_followed and up_to(so_far, limit) > 0
        elif statistic == MEAN and n:
            values[place], bounds[place] = mean / SECOND, opened > 0
        elif statistic == SD and n > 1:
            values[place], bounds[place] = np.sqrt(squares(times, mean) / (n - 1)) / SECOND, opened > 0
        elif statistic == MIN and n:
            values[place] = least / SECOND
            bounds[place] = opened > 0 and up_to(settled, least) == 0
        elif statistic == MAX and n:
            values[place], bounds[place] = most / SECOND, opened > 0


# What takes the time of a large run; `sim.metrics.volume` has loops in place of these.


def summary(times: Array) -> tuple[float, int, int]:
    """Return the sum of times, the least and the largest; the sum is exact before it becomes a float unless it could
    pass 64 bits.
    """
    if len(times) == 0:
        return 0.0, 0, 0
    least, most = times.min(), times.max()
    if most > LARGEST / len(times):
        return float(np.cumsum(times.astype(np.float64))[-1]), least, most
    return float(times.sum()), least, most


def squares(times: Array, mean: float) -> float:
    """Return the sum of squared distances from the mean, added one after the other."""
    total: float = np.cumsum((times - mean) ** 2)[-1]
    return total


def equal_to(codes: Array, code: int) -> int:
    """Return how many codes are equal to one."""
    return int(np.count_nonzero(codes == code))


def up_to(times: Array, limit: int) -> int:
    """Return how many times are at most a limit."""
    return int(np.count_nonzero(times <= limit))


def ascending(times: Array) -> Array:
    """Return times in ascending order."""
    return np.sort(times)


def order_statistics(times: Array, ranks: Array) -> Array:
    """Return the times of some ascending ranks, from 0."""
    return np.sort(times)[ranks]
