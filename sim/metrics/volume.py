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
def _summary(times: Array) -> tuple[float, int, int]:
    if len(times) == 0:
        return 0.0, 0, 0
    total, least, most = 0, times[0], times[0]
    for time in times:
        total += time
        least, most = min(least, time), max(most, time)
    if most > LARGEST / len(times):
        as_float = 0.0
        for time in times:
            as_float += float(time)
        return as_float, least, most
    return float(total), least, most


@jit
def _squares(times: Array, mean: float) -> float:
    total = 0.0
    for time in times:
        total += (time - mean) * (time - mean)
    return total


@jit
def _equal_to(codes: Array, code: int) -> int:
    number = 0
    for index in range(len(codes)):
        number += codes[index] == code
    return number


@jit
def _up_to(times: Array, limit: int) -> int:
    number = 0
    for time in times:
        number += time <= limit
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
def _rows_of_class(order_class: Array, group: int) -> Array:
    rows, size = np.empty(len(order_class) + 1, np.int64), 0
    for row in range(len(order_class)):
        rows[size] = row
        size += order_class[row] == group
    return rows[:size]


@jit
def _order_statistics(times: Array, ranks: Array) -> Array:
    """Return the times of some ascending ranks; only those that share one of many ranges with one of them are sorted,
    which takes a tenth of the time of sorting all.
    """
    _, least, most = _summary(times)
    ranges, shift = min(len(times), _RANGES), 0
    while (most - least) >> shift >= ranges:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    count, is_near = np.zeros(ranges + 1, np.int64), np.zeros(ranges + 1, np.int64)
    for time in times:
        count[(time + up) >> shift] += 1
    places = np.empty(len(ranks), np.int64)  # among the times that are near
    group = below = skipped = 0  # the range that is looked at, times in ranges below it, and those not near
    for index in range(len(ranks)):
        while below + count[group] <= ranks[index]:
            below += count[group]
            skipped += 0 if is_near[group] else count[group]
            group += 1
        is_near[group] = group > 0
        places[index] = ranks[index] - skipped if group else -1
    near, size = np.empty(len(times) + 1, np.int64), 0
    for time in times:
        near[size] = time
        size += is_near[(time + up) >> shift]
    near[:size].sort()
    for index in range(len(ranks)):
        places[index] = least if places[index] < 0 else near[places[index]]
    return places


@jit
def _ascending(times: Array) -> Array:
    """Return times in ascending order: each comes near its place by where it lies between the least and the largest,
    and insertion does the rest unless too many lie close to each other.
    """
    n, (_, least, most) = len(times), _summary(times)
    shift = 0
    while (most - least) >> shift >= n > 0:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    begin, pairs = np.zeros(n + 2, np.int64), 0
    for time in times:
        begin[((time + up) >> shift) + 1] += 1
    for place in range(2, n + 2):
        pairs += begin[place] * begin[place]
        begin[place] += begin[place - 1]
    ordered = np.empty(n, np.int64)
    for time in times:
        place = (time + up) >> shift
        ordered[begin[place]] = time
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
def _distribution(ordered: Array, counts: Array) -> int:
    as_float, size, last = np.zeros(1), 0, -1
    as_bits = as_float.view(np.int64)  # whose upper bits are the power of two
    for time in ordered:
        as_float[0] = time
        power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
        place = (power << BITS) + (time >> power)
        if place != last:
            counts[0, size], counts[1, size], last = place, 0, place
            size += 1
        counts[1, size - 1] += 1
    return size


@jit
def _add(counts: Array, times: Array) -> None:
    as_float = np.zeros(1)
    as_bits = as_float.view(np.int64)  # whose upper bits are the power of two
    for time in times:
        as_float[0] = time
        power = max((as_bits[0] >> 52) - 1023 - BITS, 0)
        counts[(power << BITS) + (time >> power)] += 1


fill = compiled(
    definition.fill,
    summary=_summary,
    squares=_squares,
    equal_to=_equal_to,
    up_to=_up_to,
    created_before=_created_before,
    rows_of_class=_rows_of_class,
    add=_add,
    distribution=_distribution,
    ascending=_ascending,
    order_statistics=_order_statistics,
)
