"""What each metric is: the one definition, for every engine.

It is written so that numpy runs it at once and numba can compile it (`sim.metrics.volume`), with the same result to the
last bit: sums of whole numbers, and sums of floats one after the other.
"""

import numpy as np

from sim.engines.contract import ALL, BOTS, BUSY, COMPLETE, GONE, PENDING, PROCESSING
from sim.metrics.durations import (
    FLOW,
    MAX,
    MEAN,
    SERVICE,
    WAIT,
    WITHIN,
    Array,
    add,
    ascending,
    distribution,
    durations,
    durations_of,
    equal_to,
    summary,
    up_to,
)
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
END, RATE, VALUE = range(WITHIN + 1, WITHIN + 4)
"""The statistics behind those of durations."""

FAMILY, GROUP, FIRST_SPAN, LAST_SPAN, FIRST_REQUEST, LAST_REQUEST, COUNTED = range(7)
"""Columns of a block: metrics of one family, one group of orders (ALL or a class) and one window. COUNTED is its place
among the blocks whose durations are counted, or NONE.
"""
Columns = tuple[Array, Array, Array, Array, Array, Array, Array]
"""When orders were created and completed, wait, lost, status, final status, and whether they were returned."""
START, STOP, FIRST_SEGMENT, LAST_SEGMENT = range(4)
"""Columns of a span; STOP is NONE for the horizon. Segments are the stretches between breaks."""


def fill(  # noqa: C901, PLR0912 - a branch for each kind of metric
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
    """Fill in the value of each request, NaN where nothing was observed, and whether it is only a lower bound.

    Args:
        blocks: (blocks, 7), sorted so that blocks of one group follow each other, and of these those of one window.
        requests: (metrics, 2), the statistic and its parameter, thousandths of a percentile or microseconds of a limit.
        spans: (spans, 4) of the windows.
        is_followed: whether orders are followed behind the end; else what is not over then never happens.
        order_class: this column and those to `followed` are an `Outcome`.
        created: likewise.
        completed: likewise.
        wait: likewise.
        lost: likewise.
        status: likewise.
        final_status: likewise.
        returned: likewise.
        levels: likewise.
        highest: likewise.
        area: likewise.
        end: likewise.
        followed: likewise.
        values: (metrics,), filled in.
        bounds: (metrics,), filled in.
        pools: (families, classes, places) of the durations of all orders of the first span, added to; or (0, 0, 0).
        counts: (2, places), filled in: which ranges have durations, block after block, and how many.
        ends: (counted blocks + 1,), the first of which is 0, filled in: where the ranges of a block end.

    """
    values[:] = np.nan
    bounds[:] = False
    columns = of_group = of_window = created, completed, wait, lost, status, final_status, returned
    start, stop = 0, len(created)  # the rows of the window, as long as it has one span
    for place in range(len(blocks)):
        block = blocks[place]
        family, group = block[FAMILY], block[GROUP]
        first, last = block[FIRST_REQUEST], block[LAST_REQUEST]
        wanted, answers, marks = requests[first:last], values[first:last], bounds[first:last]
        within = spans[block[FIRST_SPAN] : block[LAST_SPAN]]
        is_new_group = place == 0 or group != blocks[place - 1, GROUP]
        if is_new_group:
            of_group = columns if group == ALL else chosen(columns, rows_of_class(order_class, group))
        if is_new_group or block[FIRST_SPAN] != blocks[place - 1, FIRST_SPAN]:
            of_window = of_group
            start, stop = rows_of_span(within, 0, of_group[0])
            if len(within) > 1:
                of_window = chosen(of_group, rows_of_spans(within, of_group[0]))
                start, stop = 0, len(of_window[0])
        born, ended, waited, thrown_away, state, final_state, came_back = of_window
        if family in (WAIT, FLOW, SERVICE):
            times, settled, so_far = durations_of(
                family,
                is_followed,
                born[start:stop],
                ended[start:stop],
                waited[start:stop],
                final_state[start:stop],
                followed,
            )
            orders = len(settled) if family == SERVICE else stop - start
            ordered = ascending(times) if block[COUNTED] != NONE else times[:0]
            durations(wanted, times, ordered, settled, so_far, is_followed, orders, answers, marks)
            if len(pools) and group != ALL and block[FIRST_SPAN] == 0:
                add(pools[family, group], times)
            if block[COUNTED] != NONE:
                begin = ends[block[COUNTED]]
                ends[block[COUNTED] + 1] = begin + distribution(ordered, counts[:, begin:])
        elif family in (QUEUE, BOT_COUNT):
            column = group if family == QUEUE else BOTS
            level(wanted, within, levels[:, column], highest[:, column], area[:, column], end, answers)
        elif family == THROUGHPUT:
            if length(within, end):
                answers[0] = completions(within, of_group[1], end) / (length(within, end) / HOUR)
        elif family == WASTED:
            answers[0] = summary(thrown_away[start:stop])[0] / SECOND
        elif family == UTILISATION:
            if integral(within, area[:, BOTS]):
                answers[0] = float(integral(within, area[:, BUSY])) / float(integral(within, area[:, BOTS]))
        else:
            fate(
                wanted,
                family,
                state[start:stop],
                final_state[start:stop],
                came_back[start:stop],
                is_followed,
                answers,
                marks,
            )


def rows_of_class(order_class: Array, group: int) -> Array:
    """Return the rows of the orders of a class."""
    return np.flatnonzero(order_class == group)


def chosen(columns: Columns, rows: Array) -> Columns:
    """Return some rows of all columns."""
    created, completed, wait, lost, status, final_status, returned = columns
    return created[rows], completed[rows], wait[rows], lost[rows], status[rows], final_status[rows], returned[rows]


def rows_of_span(spans: Array, place: int, created: Array) -> tuple[int, int]:
    """Return the first row of the orders that were created within a span, and the first one behind it."""
    first, last = created_before(created, spans[place, START]), len(created)
    if spans[place, STOP] != NONE:
        last = created_before(created, spans[place, STOP])
    return first, max(first, last)


def rows_of_spans(spans: Array, created: Array) -> Array:
    """Return the rows of the orders that were created within spans."""
    first, last = rows_of_span(spans, 0, created)
    rows = np.arange(first, last)
    for place in range(1, len(spans)):
        first, last = rows_of_span(spans, place, created)
        rows = np.append(rows, np.arange(first, last))
    return rows


def created_before(created: Array, instant: int) -> int:
    """Return how many orders were created before an instant."""
    return int(np.searchsorted(created, instant))


def length(spans: Array, end: int) -> int:
    """Return how long spans are together, as far as the run reaches."""
    span = 0
    for place in range(len(spans)):
        stop = end if spans[place, STOP] == NONE else min(spans[place, STOP], end)
        span += max(0, stop - spans[place, START])
    return span


def integral(spans: Array, area: Array) -> int:
    """Return the integral of a level over spans."""
    gathered = 0
    for place in range(len(spans)):
        gathered += area[spans[place, FIRST_SEGMENT] : spans[place, LAST_SEGMENT]].sum()
    return gathered


def level(requests: Array, spans: Array, levels: Array, highest: Array, area: Array, end: int, values: Array) -> None:
    """Fill in mean over time, highest and last level within spans."""
    for place in range(len(requests)):
        statistic, last = requests[place, 0], spans[-1, LAST_SEGMENT]
        if statistic == MEAN and length(spans, end):
            values[place] = float(integral(spans, area)) / length(spans, end)
        elif statistic == MAX:
            most = levels[last]
            for index in range(len(spans)):
                first, stop = spans[index, FIRST_SEGMENT], spans[index, LAST_SEGMENT]
                most = max(most, levels[first : stop + 1].max())
                for segment in range(first, stop):
                    most = max(most, highest[segment])
            values[place] = most
        elif statistic == END:
            values[place] = levels[last]


def completions(spans: Array, completed: Array, end: int) -> int:
    """Return how many orders were completed within spans."""
    number = 0
    for place in range(len(spans)):
        stop = end + 1 if spans[place, STOP] == NONE else spans[place, STOP]
        number += max(0, up_to(completed, stop - 1) - up_to(completed, spans[place, START] - 1))
    return number


def fate(
    requests: Array,
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
    for place in range(len(requests)):
        if requests[place, 0] != RATE:
            values[place] = count
        elif orders and family in (COMPLETED, ABANDONED):  # shares of what became of orders at last
            values[place] = equal_to(final_status, code) / orders
            if is_followed:
                unfinished = equal_to(final_status, PENDING) > 0
                bounds[place] = unfinished or (family == COMPLETED and equal_to(final_status, PROCESSING) > 0)
        elif orders:
            values[place] = count / orders
