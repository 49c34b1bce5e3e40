"""The definition of the metrics, compiled for volume; importing this loads numba.

The loops here do what the functions of the same names do in `definition` and `durations`, to the last bit, without
arrays in between.
"""

import numpy as np

from sim.engines.compiled.jit import Array, compiled, jit
from sim.engines.contract import LARGEST
from sim.metrics import definition
from sim.statistics.quantiles import BITS

_RANGES = 256
_MOST_PAIRS = 16  # of times of one range, for each time


@jit
def _summary(times: Array, start: int, stop: int) -> tuple[float, int, int]:
    if start == stop:
        return 0.0, 0, 0
    total, least, most = 0, times[start], times[start]
    for row in range(start, stop):
        total += times[row]
        least, most = min(least, times[row]), max(most, times[row])
    if most > LARGEST / (stop - start):
        as_float = 0.0
        for row in range(start, stop):
            as_float += float(times[row])
        return as_float, least, most
    return float(total), least, most


@jit
def _squares(times: Array, start: int, stop: int, mean: float) -> float:
    total = 0.0
    for row in range(start, stop):
        total += (times[row] - mean) * (times[row] - mean)
    return total


@jit
def _equal_to(codes: Array, start: int, stop: int, code: int) -> int:
    number = 0
    for row in range(start, stop):
        number += codes[row] == code
    return number


@jit
def _up_to(times: Array, start: int, stop: int, limit: int) -> int:
    number = 0
    for row in range(start, stop):
        number += times[row] <= limit
    return number


@jit
def _created_before(created: Array, instant: int) -> int:
    low, high = 0, len(created)
    while low < high:
        middle = (low + high) // 2
        if created[middle] < instant:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def _of_class(columns: tuple[Array, ...], order_class: Array, group: int) -> tuple[Array, ...]:
    created, completed, wait, lost, status, final_status, returned = columns
    size, place = _equal_to(order_class, 0, len(order_class), group), 0
    times, codes = np.empty((4, size + 1), np.int64), np.empty((2, size + 1), np.uint8)
    was_returned = np.empty(size + 1, np.bool_)
    for row in range(len(order_class)):  # without a branch, which would be taken by chance
        times[0, place], times[1, place], times[2, place] = created[row], completed[row], wait[row]
        times[3, place], codes[0, place], codes[1, place] = lost[row], status[row], final_status[row]
        was_returned[place] = returned[row]
        place += order_class[row] == group
    created, completed, wait, lost = times[0, :size], times[1, :size], times[2, :size], times[3, :size]
    return created, completed, wait, lost, codes[0, :size], codes[1, :size], was_returned[:size]


@jit
def _order_statistics(times: Array, start: int, stop: int, ranks: Array) -> Array:
    """Return the times of some ascending ranks; only those that share one of many ranges with one of them are sorted,
    which takes a tenth of the time of sorting all.
    """
    _, least, most = _summary(times, start, stop)
    ranges, shift = min(stop - start, _RANGES), 0
    while (most - least) >> shift >= ranges:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    count, is_near = np.zeros(ranges + 1, np.int64), np.zeros(ranges + 1, np.int64)
    for row in range(start, stop):
        count[(times[row] + up) >> shift] += 1
    places = np.empty(len(ranks), np.int64)  # among the times that are near
    group = below = skipped = 0  # the range that is looked at, times in ranges below it, and those not near
    for index in range(len(ranks)):
        while below + count[group] <= ranks[index]:
            below += count[group]
            skipped += 0 if is_near[group] else count[group]
            group += 1
        is_near[group] = group > 0
        places[index] = ranks[index] - skipped if group else -1
    near, size = np.empty(stop - start + 1, np.int64), 0
    for row in range(start, stop):
        near[size] = times[row]
        size += is_near[(times[row] + up) >> shift]
    near[:size].sort()
    for index in range(len(ranks)):
        places[index] = least if places[index] < 0 else near[places[index]]
    return places


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
    for row in range(start, stop):
        begin[((times[row] + up) >> shift) + 1] += 1
    for place in range(2, n + 2):
        pairs += begin[place] * begin[place]
        begin[place] += begin[place - 1]
    ordered = np.empty(n, np.int64)
    for row in range(start, stop):
        place = (times[row] + up) >> shift
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
    as_float, behind, last = np.zeros(1), begin, -1
    as_bits = as_float.view(np.int64)  # whose upper bits are the power of two
    for time in ordered:
        as_float[0] = time
        power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
        place = (power << BITS) + (time >> power)
        if place != last:
            counts[0, behind], counts[1, behind], last = place, 0, place
            behind += 1
        counts[1, behind - 1] += 1
    return behind - begin


@jit
def _add(pools: Array, family: int, group: int, times: Array, start: int, stop: int) -> None:
    as_float = np.zeros(1)
    as_bits = as_float.view(np.int64)  # whose upper bits are the power of two
    for row in range(start, stop):
        as_float[0] = times[row]
        power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
        pools[family, group, (power << BITS) + (times[row] >> power)] += 1


fill = compiled(
    definition.fill,
    summary=_summary,
    squares=_squares,
    equal_to=_equal_to,
    up_to=_up_to,
    created_before=_created_before,
    of_class=_of_class,
    add=_add,
    distribution=_distribution,
    ascending=_ascending,
    order_statistics=_order_statistics,
)
