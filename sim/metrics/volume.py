"""The definition of the metrics, compiled for volume; importing this loads numba.

The loops here do what the functions of the same names do in `definition` and `durations`, to the last bit, without
arrays in between.
"""

from typing import Any

import numpy as np

from sim.engines.compiled.jit import Array, borrowed, compiled, jit, natural
from sim.engines.contract import LARGEST
from sim.metrics import definition, durations
from sim.metrics.durations import RANGES
from sim.statistics.quantiles import BITS, PLACES

_MOST_PAIRS = 16  # of times of one range, for each time


@jit
def _rows(start: int, stop: int) -> range:
    """Return the rows from one to before another, both from 0 on, as numbers without a sign: compiled code asks others
    whether they count from the end, each time, and so cannot take several rows at once.
    """
    return range(np.uint64(start), np.uint64(stop))


@jit
def _range_of(time: int, up: int, shift: int) -> np.uint64:
    """Return the range in which a time lies, as a number without a sign: see `_rows`."""
    return np.uint64((time + up) >> shift)


@jit
def _place_of(time: int, as_float: Array, as_bits: Array) -> np.uint64:
    """Return the place of the range of a time as `places_of` does; `as_bits` are those of `as_float`, and their upper
    ones are the power of two.
    """
    as_float[0] = time
    power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
    return np.uint64((power << BITS) + (time >> power))


@jit
def _summary(times: Array, start: int, stop: int) -> tuple[float, int, int]:
    if start == stop:
        return 0.0, 0, 0
    total, least, most = 0, times[start], times[start]
    for row in _rows(start, stop):
        total += times[row]
        least, most = min(least, times[row]), max(most, times[row])
    if most > LARGEST / (stop - start):
        as_float = 0.0
        for row in _rows(start, stop):
            as_float += float(times[row])
        return as_float, least, most
    return float(total), least, most


@jit
def _shift_of(n: int, least: int, most: int) -> int:
    """Return by how many bits times are shifted to find the range of each, one of RANGES at most."""
    shift = 0
    while (most - least) >> shift >= min(n, RANGES):
        shift += 1
    return shift


# All that needs the least and the largest time in one loop: a processor does the rest while it waits for the sum.
@jit
def _spread(
    times: Array,
    start: int,
    stop: int,
    mean: float,
    least: int,
    most: int,
    pools: Array,
    family: int,
    group: int,
    is_pooled: bool,
    ranges: Array,
) -> float:
    if start == stop:
        return 0.0
    shift = _shift_of(stop - start, least, most)
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    count, total = ranges[0], 0.0
    count[: min(stop - start, RANGES) + 1] = 0
    if is_pooled:
        pool, as_bits = pools[family, group], ranges[1]
        as_float = as_bits.view(np.float64)
        for row in _rows(start, stop):
            total += (times[row] - mean) * (times[row] - mean)
            count[_range_of(times[row], up, shift)] += 1
            pool[_place_of(times[row], as_float, as_bits)] += 1
    else:
        for row in _rows(start, stop):
            total += (times[row] - mean) * (times[row] - mean)
            count[_range_of(times[row], up, shift)] += 1
    return total


@jit
def _between(starts: Array, stops: Array) -> Array:
    times = np.empty(len(starts), np.int64)
    for row in _rows(0, len(starts)):
        times[row] = stops[row] - starts[row]
    return times


@jit
def _equal_to(codes: Array, start: int, stop: int, code: int) -> int:
    number = 0
    for row in _rows(start, stop):
        number += codes[row] == code
    return number


@jit
def _up_to(times: Array, start: int, stop: int, limit: int) -> int:
    number = 0
    for row in _rows(start, stop):
        number += times[row] <= limit
    return number


@jit
def _created_before(created: Array, instant: int) -> int:
    low, high = 0, len(created)
    while low < high:
        middle = natural((low + high) >> 1)
        if created[middle] < instant:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _of_class(columns: tuple[Array, ...], order_class: Array, group: int) -> tuple[Array, ...]:
    of_group, size = np.empty(len(order_class) + 1, np.uint64), np.uint64(0)
    for row in _rows(0, len(order_class)):  # without a branch, which would be taken by chance
        of_group[size] = row
        size += np.uint64(order_class[row] == group)
    created, completed, wait, lost, status, final_status, returned = columns
    of_group = of_group[:size]
    return (
        _rows_of(created, of_group),
        _rows_of(completed, of_group),
        _rows_of(wait, of_group),
        _rows_of(lost, of_group),
        _rows_of(status, of_group),
        _rows_of(final_status, of_group),
        _rows_of(returned, of_group),
    )


@jit
def _rows_of(column: Array, rows: Array) -> Array:
    part = np.empty(len(rows), column.dtype)
    for place in _rows(0, len(rows)):
        part[place] = column[rows[place]]
    return part


_rank_of = compiled(durations.rank_of)


@jit
def _order_statistics(
    requests: Array,
    first: int,
    behind: int,
    times: Array,
    start: int,
    stop: int,
    least: int,
    most: int,
    ranges: Array,
) -> Array:
    """Do it by sorting those alone that share one of many ranges with a time that is asked for, which takes a tenth of
    the time of sorting all. `_spread` has counted what is in each range.
    """
    n, shift = stop - start, _shift_of(stop - start, least, most)
    up = (1 << shift) - 1 - least
    count, is_near = ranges[0], ranges[1]
    is_near[: min(n, RANGES) + 1] = 0
    chosen = np.empty(behind - first, np.int64)  # at first their places among the times that are near
    group = below = skipped = 0  # the range that is looked at, times in ranges below it, and those not near
    for index in range(len(chosen)):
        rank = _rank_of(requests[first + index, 1], n)
        while below + count[group] <= rank:
            group = natural(group)
            below += count[group]
            skipped += 0 if is_near[group] else count[group]
            group += 1
        is_near[group] = group > 0
        chosen[index] = rank - skipped if group else -1
    near, size = ranges[2], 0
    for row in _rows(start, stop):
        near[natural(size)] = times[row]
        size += is_near[_range_of(times[row], up, shift)]
    near[:size].sort()
    for index in range(len(chosen)):
        chosen[index] = least if chosen[index] < 0 else near[chosen[index]]
    return chosen


@jit
def _ascending(times: Array, start: int, stop: int) -> Array:
    """Return times in ascending order: each comes near its place by where it lies between the least and the largest,
    and insertion does the rest unless too many lie close to each other.
    """
    n, (_, least, most) = stop - start, _summary(times, start, stop)
    shift = 0
    while (most - least) >> shift >= n > 0:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    begin, pairs = np.zeros(n + 2, np.int64), 0
    for row in _rows(start, stop):
        begin[_range_of(times[row], up, shift) + np.uint64(1)] += 1
    for place in range(2, n + 2):
        pairs += begin[place] * begin[place]
        begin[place] += begin[place - 1]
    ordered = np.empty(n, np.int64)
    for row in _rows(start, stop):
        place = _range_of(times[row], up, shift)
        ordered[begin[place]] = times[row]
        begin[place] += 1
    if pairs > _MOST_PAIRS * n:
        ordered.sort()
        return ordered
    for row in range(1, n):
        time, place = ordered[row], row
        while place and ordered[place - 1] > time:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = time
    return ordered


@jit
def _distribution(ordered: Array, counts: Array, begin: int) -> int:
    as_float, behind, last = np.zeros(1), begin, np.uint64(PLACES)
    as_bits = as_float.view(np.int64)
    for time in ordered:
        place = _place_of(time, as_float, as_bits)
        if place != last:
            counts[0, behind], counts[1, behind], last = place, 0, place
            behind += 1
        counts[1, behind - 1] += 1
    return behind - begin


_fill = compiled(
    definition.fill,
    summary=_summary,
    between=_between,
    spread=_spread,
    equal_to=_equal_to,
    up_to=_up_to,
    created_before=_created_before,
    borrowed=borrowed,
    of_class=_of_class,
    distribution=_distribution,
    ascending=_ascending,
    order_statistics=_order_statistics,
)


@jit
def fill(*arguments: Any) -> None:
    """Do what `definition.fill` does; who called keeps all arrays until it is over."""
    _fill(*borrowed(arguments))
