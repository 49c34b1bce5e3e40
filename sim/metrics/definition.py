"""What each metric is: the one definition, for every engine.

It is written so that numpy runs it at once and numba can compile it (`sim.metrics.volume`), with the same result to the
last bit: sums of whole numbers, and sums of floats one after the other.
"""

import numpy as np

from sim.engines.contract import ALL, BOTS, BUSY, COMPLETE, GONE, PENDING, PROCESSING
from sim.metrics.durations import (
    FLOW,
    SERVICE,
    WAIT,
    Array,
    add,
    ascending,
    distribution,
    durations,
    durations_of,
    equal_to,
    percentiles,
    summary,
)
from sim.metrics.spans import END, completions, integral, length, level, rows_of_span, rows_of_spans
from sim.model import FAMILIES, NONE
from sim.units import HOUR, SECOND

METRICS = "2"
"""The version of this definition: a new one whenever a run has other values than before. Stored replications that have
another one are shown, but never extended.
"""
(
    QUEUE,
    CREATED,
    COMPLETED,
    PENDING_AT_END,
    PROCESSING_AT_END,
    ABANDONED,
    RETURNED,
    THROUGHPUT,
    WASTED,
    BOT_COUNT,
    UTILISATION,
) = range(SERVICE + 1, len(FAMILIES))
"""The families of metrics behind those of durations, in the order of FAMILIES."""
RATE, VALUE = range(END + 1, END + 3)
"""The statistics behind those of durations and levels."""

GROUP, FIRST_SPAN, LAST_SPAN, FIRST_BLOCK, LAST_BLOCK = range(5)
"""Columns of a part: metrics of one group of orders (ALL or a class) and one window."""
FAMILY, FIRST_REQUEST, FIRST_PERCENTILE, LAST_REQUEST, COUNTED = range(5)
"""Columns of a block: metrics of one part and one family; percentiles are the last ones. COUNTED is its place among the
blocks whose durations are counted, or NONE.
"""
Columns = tuple[Array, Array, Array, Array, Array, Array, Array]
"""When orders were created and completed, wait, lost, status, final status, and whether they were returned."""


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
        parts: (parts, 5), sorted by group.
        blocks: (blocks, 5), those of one part after those of another.
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
    counted = (len(ends) - 1) // max(1, len(rows))
    for day in range(len(rows)):
        of_day = slice(rows[day, 0], rows[day, 1])
        of_class = order_class[of_day]
        columns = of_group = (
            created[of_day],
            completed[of_day],
            wait[of_day],
            lost[of_day],
            status[of_day],
            final_status[of_day],
            returned[of_day],
        )
        for place in range(len(parts)):
            group = parts[place, GROUP]
            if place == 0 or group != parts[place - 1, GROUP]:
                of_group = columns if group == ALL else chosen(columns, rows_of_class(of_class, group))
            fill_part(
                parts[place],
                blocks,
                requests,
                spans,
                is_followed,
                of_group,
                levels[day],
                highest[day],
                area[day],
                end[day],
                followed[day],
                values[day],
                bounds[day],
                pools,
                counts,
                ends[day * counted : (day + 1) * counted + 1],
            )


def fill_part(  # noqa: C901, PLR0912 - a branch for each kind of metric
    part: Array,
    blocks: Array,
    requests: Array,
    spans: Array,
    is_followed: bool,
    of_group: Columns,
    levels: Array,
    highest: Array,
    area: Array,
    end: int,
    followed: int,
    values: Array,
    bounds: Array,
    pools: Array,
    counts: Array,
    ends: Array,
) -> None:
    """Fill in what a part asks of one day."""
    group, first, last = part[GROUP], part[FIRST_SPAN], part[LAST_SPAN]
    orders = of_group
    start, stop = rows_of_span(spans, first, of_group[0])
    if last - first > 1:
        orders = chosen(of_group, rows_of_spans(spans, first, last, of_group[0]))
        start, stop = 0, len(orders[0])
    created, completed, wait, lost, status, final_status, returned = orders
    for place in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        family, counted = blocks[place, FAMILY], blocks[place, COUNTED]
        request, percentile, behind = (
            blocks[place, FIRST_REQUEST],
            blocks[place, FIRST_PERCENTILE],
            blocks[place, LAST_REQUEST],
        )
        if family in (WAIT, FLOW, SERVICE):
            times, settled, so_far = durations_of(
                family,
                is_followed,
                created[start:stop],
                completed[start:stop],
                wait[start:stop],
                final_status[start:stop],
                followed,
            )
            ordered = times[:0]
            if counted != NONE:
                ordered = ascending(times)
                ends[counted + 1] = ends[counted] + distribution(ordered, counts[:, ends[counted] :])
            if percentile < behind:
                percentiles(requests, percentile, behind, times, ordered, settled, so_far, values, bounds)
            shared = len(settled) if family == SERVICE else stop - start
            durations(requests, request, percentile, times, settled, so_far, is_followed, shared, values, bounds)
            if len(pools) and group != ALL and first == 0:
                add(pools[family, group], times)
        elif family in (QUEUE, BOT_COUNT):
            column = group if family == QUEUE else BOTS
            level(requests, request, behind, spans, first, last, column, levels, highest, area, end, values)
        elif family == THROUGHPUT:
            span = length(spans, first, last, end)
            if span:
                values[request] = completions(spans, first, last, of_group[1], end) / (span / HOUR)
        elif family == WASTED:
            values[request] = summary(lost[start:stop])[0] / SECOND
        elif family == UTILISATION:
            bots = integral(spans, first, last, area, BOTS)
            if bots:
                values[request] = float(integral(spans, first, last, area, BUSY)) / float(bots)
        else:
            fate(
                requests,
                request,
                behind,
                family,
                status[start:stop],
                final_status[start:stop],
                returned[start:stop],
                is_followed,
                values,
                bounds,
            )


def rows_of_class(order_class: Array, group: int) -> Array:
    """Return the rows of the orders of a class."""
    return np.flatnonzero(order_class == group)


def chosen(columns: Columns, rows: Array) -> Columns:
    """Return some rows of all columns."""
    created, completed, wait, lost, status, final_status, returned = columns
    return created[rows], completed[rows], wait[rows], lost[rows], status[rows], final_status[rows], returned[rows]


def fate(
    requests: Array,
    request: int,
    behind: int,
    family: int,
    status: Array,
    final_status: Array,
    returned: Array,
    is_followed: bool,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in how many orders had a fate, and the share of those that were created."""
    code, orders = NONE, len(status)
    for pair in ((COMPLETED, COMPLETE), (PENDING_AT_END, PENDING), (PROCESSING_AT_END, PROCESSING), (ABANDONED, GONE)):
        if pair[0] == family:
            code = pair[1]
    count = orders
    if family == RETURNED:
        count = int(np.count_nonzero(returned))
    elif family != CREATED:
        count = equal_to(status, code)
    for place in range(request, behind):
        if requests[place, 0] != RATE:
            values[place] = count
        elif orders and family in (COMPLETED, ABANDONED):  # shares of what became of orders at last
            values[place] = equal_to(final_status, code) / orders
            if is_followed:
                unfinished = equal_to(final_status, PENDING) > 0
                bounds[place] = unfinished or (family == COMPLETED and equal_to(final_status, PROCESSING) > 0)
        elif orders:
            values[place] = count / orders
