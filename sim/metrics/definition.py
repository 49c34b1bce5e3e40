"""What each metric is: the one definition, for every engine.

It is written so that numpy runs it at once and numba can compile it (`sim.metrics.volume`), with the same result to the
last bit: sums of whole numbers, and sums of floats one after the other.
"""

import numpy as np

from sim.engines.contract import ALL, BOTS, BUSY
from sim.metrics.durations import (
    RANGES,
    SERVICE,
    Array,
    Columns,
    ascending,
    distribution,
    durations,
    durations_of,
    percentiles,
    spread,
    summary,
)
from sim.metrics.fates import fill_fates, fill_totals
from sim.metrics.plan import (
    COUNTED,
    FAMILY,
    FIRST_BLOCK,
    FIRST_PERCENTILE,
    FIRST_REQUEST,
    FIRST_SPAN,
    GROUP,
    KIND,
    LAST_BLOCK,
    LAST_REQUEST,
    LAST_SPAN,
    OF_FATES,
    OF_LEVELS,
    QUEUE,
    UTILISATION,
)
from sim.metrics.spans import integral, level, of_spans, rows_of_span
from sim.model import NONE

METRICS = "3"
"""The version of this definition: a new one whenever a run has other values than before. Stored replications that have
another one are shown, but never extended.
"""


def fill(
    parts: Array,
    blocks: Array,
    requests: Array,
    spans: Array,
    is_followed: bool,
    order_class: Array,
    created: Array,
    completed: Array,
    wait: Array,
    lost: Array,
    status: Array,
    final_status: Array,
    returned: Array,
    rows: Array,
    levels: Array,
    highest: Array,
    area: Array,
    end: Array,
    followed: Array,
    values: Array,
    bounds: Array,
    pools: Array,
    counts: Array,
    ends: Array,
) -> None:
    """Fill in the value of each request on each day, NaN where nothing was observed, and whether it is only a lower
    bound.

    Args:
        parts: (parts, 4), sorted by group.
        blocks: (blocks, 7), those of one part after those of another.
        requests: (metrics, 2), the statistic and its parameter, thousandths of a percentile or microseconds of a limit.
        spans: (spans, 4) of the windows.
        is_followed: whether orders are followed behind the end; else what is not over then never happens.
        order_class: this column and those to `followed` are `Outcomes`.
        created: likewise.
        completed: likewise.
        wait: likewise.
        lost: likewise.
        status: likewise.
        final_status: likewise.
        returned: likewise.
        rows: likewise.
        levels: likewise.
        highest: likewise.
        area: likewise.
        end: likewise.
        followed: likewise.
        values: (days, metrics), filled in.
        bounds: (days, metrics), filled in.
        pools: (families, classes, places) of the durations of all orders of the first span, added to; or (0, 0, 0).
        counts: (2, places), filled in: which ranges have durations, block after block and day after day, and how many.
        ends: (days * counted blocks + 1,), the first of which is 0, filled in: where the ranges of a block end.

    """
    values[:] = np.nan
    bounds[:] = False
    counted, ranges = (len(ends) - 1) // max(1, len(rows)), np.empty((3, max(RANGES, len(order_class)) + 1), np.int64)
    for day in range(len(rows)):
        of_day = slice(rows[day, 0], rows[day, 1])
        classes, of_values, of_bounds = order_class[of_day], values[day], bounds[day]
        of_levels = levels[day], highest[day], area[day]
        of_ends = ends[day * counted : (day + 1) * counted + 1]
        columns = owned = (
            created[of_day],
            completed[of_day],
            wait[of_day],
            lost[of_day],
            status[of_day],
            final_status[of_day],
            returned[of_day],
        )
        for place in range(len(parts)):
            part, group, kind = parts[place], parts[place, GROUP], parts[place, KIND]
            if place == 0 or group != parts[place - 1, GROUP]:
                owned = columns if group == ALL else of_class(columns, classes, group)
            of_group = borrowed(owned)
            if kind < OF_LEVELS:
                fill_durations(
                    part,
                    blocks,
                    requests,
                    spans,
                    is_followed,
                    of_group,
                    followed[day],
                    of_values,
                    of_bounds,
                    pools,
                    counts,
                    of_ends,
                    ranges,
                )
            elif kind == OF_LEVELS:
                fill_levels(part, blocks, requests, spans, of_levels, end[day], of_values)
            elif kind == OF_FATES:
                fill_fates(part, blocks, requests, spans, is_followed, of_group, of_values, of_bounds)
            else:
                fill_totals(part, blocks, spans, of_group, end[day], of_values)


def fill_durations(
    part: Array,
    blocks: Array,
    requests: Array,
    spans: Array,
    is_followed: bool,
    of_group: Columns,
    followed: int,
    values: Array,
    bounds: Array,
    pools: Array,
    counts: Array,
    ends: Array,
    ranges: Array,
) -> None:
    """Fill in what a part asks of the durations of one day; `ranges` is room for `spread` and `order_statistics`."""
    group, family = part[GROUP], part[KIND]
    created, completed, wait, _, _, final_status, _ = of_group
    known, times, is_open = durations_of(family, is_followed, created, completed, wait, final_status, followed)
    for place in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        first, last, counted = blocks[place, FIRST_SPAN], blocks[place, LAST_SPAN], blocks[place, COUNTED]
        request, percentile = blocks[place, FIRST_REQUEST], blocks[place, FIRST_PERCENTILE]
        behind, of_window, so_far = blocks[place, LAST_REQUEST], times, times[:0]
        start, stop = rows_of_span(spans, first, known)
        if last - first > 1 or len(is_open):
            of_window, opened = of_spans(spans, first, last, known, times), of_spans(spans, first, last, known, is_open)
            start, stop = 0, len(of_window)
            if len(opened):
                so_far = of_window[opened]
        orders = stop - start
        if family != SERVICE and len(known) < len(created):
            orders = len(of_spans(spans, first, last, created, created))
        total, least, most = summary(of_window, start, stop)
        mean = total / (stop - start) if stop > start else np.nan
        is_pooled = len(pools) > 0 and group != ALL and first == 0
        squares = spread(of_window, start, stop, mean, least, most, pools, family, group, is_pooled, ranges)
        moments = mean, squares, least, most
        durations(
            requests, request, percentile, of_window, start, stop, moments, so_far, is_followed, orders, values, bounds
        )
        if counted != NONE:
            of_window = ascending(of_window, start, stop)
            start, stop = 0, len(of_window)
            ends[counted + 1] = ends[counted] + distribution(of_window, counts, ends[counted])
        if percentile < behind:
            is_ordered = counted != NONE
            percentiles(
                requests,
                percentile,
                behind,
                of_window,
                start,
                stop,
                is_ordered,
                moments,
                ranges,
                so_far,
                values,
                bounds,
            )


def fill_levels(
    part: Array,
    blocks: Array,
    requests: Array,
    spans: Array,
    of_levels: tuple[Array, Array, Array],
    end: int,
    values: Array,
) -> None:
    """Fill in what a part asks of the levels of one day."""
    levels, highest, area = of_levels
    for place in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        family, first, last = blocks[place, FAMILY], blocks[place, FIRST_SPAN], blocks[place, LAST_SPAN]
        request, behind = blocks[place, FIRST_REQUEST], blocks[place, LAST_REQUEST]
        if family != UTILISATION:
            column = part[GROUP] if family == QUEUE else BOTS
            level(requests, request, behind, spans, first, last, column, levels, highest, area, end, values)
        else:
            bots = integral(spans, first, last, area, BOTS)
            if bots:
                values[request] = float(integral(spans, first, last, area, BUSY)) / float(bots)


def borrowed(columns: Columns) -> Columns:
    """Return columns that somebody keeps, to which compiled code then counts no references."""
    return columns


def of_class(columns: Columns, order_class: Array, group: int) -> Columns:
    """Return the rows of all columns whose orders are of a class."""
    rows = np.flatnonzero(order_class == group)
    created, completed, wait, lost, status, final_status, returned = columns
    return created[rows], completed[rows], wait[rows], lost[rows], status[rows], final_status[rows], returned[rows]
