"""Where a rate changes: the exact best partition of counts into stretches of one rate."""

import numpy as np

from sim.statistics.intervals import Floats


def change_points(counts: Floats, penalty: float) -> list[int]:
    """Return where the stretches of one rate begin among Poisson `counts` of slots of equal length; the first is 0.

    Of all partitions, this one has the largest log-likelihood after `penalty` for each stretch. Its time grows with the
    square of the number of slots.
    Source: Jackson and others (2005), An algorithm for optimal partitioning of data on an interval.
    """
    total = np.concatenate(([0.0], np.cumsum(counts)))
    best = np.zeros(len(total))
    begins = np.zeros(len(total), np.int64)
    for end in range(1, len(total)):
        events, length = total[end] - total[:end], end - np.arange(end)
        with np.errstate(divide="ignore", invalid="ignore"):
            fit = np.where(events > 0, events * np.log(events / length), 0.0)
        costs = best[:end] - fit + penalty
        begins[end] = int(costs.argmin())
        best[end] = costs[begins[end]]
    points, end = list[int](), len(counts)
    while end > 0:
        end = int(begins[end])
        points.append(end)
    return points[::-1]
