"""The definition of the metrics, compiled for volume; importing this loads numba."""

import numpy as np

from sim.engines.compiled.jit import Array, compiled, jit
from sim.metrics import definition

_RANGES = 256


@jit
def _order_statistics(times: Array, ranks: Array) -> Array:
    """Return the times of some ascending ranks; of many times, only those that share one of many ranges with one of
    them are sorted, which takes a third of the time of sorting all.
    """
    if len(times) < _RANGES:
        return np.sort(times)[ranks]
    least, most, shift = times[0], times[0], 0
    for time in times:
        least, most = min(least, time), max(most, time)
    while (most - least) >> shift >= _RANGES - 1:
        shift += 1
    up = (1 << shift) - 1 - least  # range 0 is for the least time alone, which may be that of most orders
    count, is_near = np.zeros(_RANGES + 1, np.int64), np.zeros(_RANGES + 1, np.int64)
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


fill = compiled(definition.fill, order_statistics=_order_statistics)
