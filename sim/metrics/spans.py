"""What lies within the spans of a window: orders by when they were created, integrals of levels, completions.

numpy runs it at once, and numba can compile it: see `sim.metrics.definition`.
"""

import numpy as np

from sim.metrics.durations import MAX, MEAN, PERCENTILE, Array, up_to
from sim.model import NONE

END = PERCENTILE + 1
"""A statistic of levels, behind those of durations."""
START, STOP, FIRST_SEGMENT, LAST_SEGMENT = range(4)
"""Columns of a span; STOP is NONE for the horizon. Segments are the stretches between breaks."""


def rows_of_span(spans: Array, place: int, created: Array) -> tuple[int, int]:
    """Return the first row of the orders that were created within a span, and the first one behind it."""
    first, last = created_before(created, spans[place, START]), len(created)
    if spans[place, STOP] != NONE:
        last = created_before(created, spans[place, STOP])
    return first, max(first, last)


def of_spans(spans: Array, first: int, last: int, created: Array, column: Array) -> Array:
    """Return the rows of a column whose orders were created within spans `first` to before `last`."""
    start, stop = rows_of_span(spans, first, created)
    part = column[start:stop]
    for place in range(first + 1, last):
        start, stop = rows_of_span(spans, place, created)
        part = np.append(part, column[start:stop])
    return part


def created_before(created: Array, instant: int) -> int:
    """Return how many orders were created before an instant."""
    return int(np.searchsorted(created, instant))


def length(spans: Array, first: int, last: int, end: int) -> int:
    """Return how long spans are together, as far as the run reaches."""
    span = 0
    for place in range(first, last):
        stop = end if spans[place, STOP] == NONE else min(spans[place, STOP], end)
        span += max(0, stop - spans[place, START])
    return span


def integral(spans: Array, first: int, last: int, area: Array, column: int) -> int:
    """Return the integral of a level over spans."""
    gathered = 0
    for place in range(first, last):
        gathered += area[spans[place, FIRST_SEGMENT] : spans[place, LAST_SEGMENT], column].sum()
    return gathered


def level(
    requests: Array,
    request: int,
    behind: int,
    spans: Array,
    first: int,
    last: int,
    column: int,
    levels: Array,
    highest: Array,
    area: Array,
    end: int,
    values: Array,
) -> None:
    """Fill in mean over time, highest and last level within spans."""
    last_segment, span = spans[last - 1, LAST_SEGMENT], length(spans, first, last, end)
    for place in range(request, behind):
        statistic = requests[place, 0]
        if statistic == MEAN and span:
            values[place] = float(integral(spans, first, last, area, column)) / span
        elif statistic == MAX:
            most = levels[last_segment, column]
            for index in range(first, last):
                for segment in range(spans[index, FIRST_SEGMENT], spans[index, LAST_SEGMENT]):
                    most = max(most, levels[segment, column], highest[segment, column])
                most = max(most, levels[spans[index, LAST_SEGMENT], column])
            values[place] = most
        elif statistic == END:
            values[place] = levels[last_segment, column]


def completions(spans: Array, first: int, last: int, completed: Array, end: int) -> int:
    """Return how many orders were completed within spans."""
    number = 0
    for place in range(first, last):
        stop = end + 1 if spans[place, STOP] == NONE else spans[place, STOP]
        earlier = up_to(completed, 0, len(completed), spans[place, START] - 1)
        number += max(0, up_to(completed, 0, len(completed), stop - 1) - earlier)
    return number
