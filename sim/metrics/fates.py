"""What became of orders: how many were completed, returned or gone, and which share.

numpy runs it at once, and numba can compile it: see `sim.metrics.definition`.
"""

from sim.engines.contract import COMPLETE, GONE, PENDING, PROCESSING
from sim.metrics.durations import Array, Columns, equal_to, summary
from sim.metrics.plan import (
    ABANDONED,
    COMPLETED,
    CREATED,
    FAMILY,
    FIRST_BLOCK,
    FIRST_REQUEST,
    FIRST_SPAN,
    LAST_BLOCK,
    LAST_REQUEST,
    LAST_SPAN,
    PENDING_AT_END,
    PROCESSING_AT_END,
    RATE,
    RETURNED,
    WASTED,
)
from sim.metrics.spans import completions, length, of_spans, rows_of_span
from sim.model import NONE
from sim.units import HOUR, SECOND


def fill_fates(
    part: Array,
    blocks: Array,
    requests: Array,
    spans: Array,
    is_followed: bool,
    of_group: Columns,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in how many orders of one day had the fates that a part asks for, and the shares of those that were created;
    of shares, COMPLETED and ABANDONED are those at last.
    """
    created, _, _, _, status, final_status, returned = of_group
    for block in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        family = blocks[block, FAMILY]
        is_at_last = family in (COMPLETED, ABANDONED)
        orders = count = at_last = unfinished = 0
        for place in range(blocks[block, FIRST_SPAN], blocks[block, LAST_SPAN]):
            start, stop = rows_of_span(spans, place, created)
            orders += stop - start
            count += with_fate(family, status, returned, start, stop)
            if is_at_last:
                at_last += with_fate(family, final_status, returned, start, stop)
                unfinished += equal_to(final_status, start, stop, PENDING)
            if family == COMPLETED:
                unfinished += equal_to(final_status, start, stop, PROCESSING)
        for place in range(blocks[block, FIRST_REQUEST], blocks[block, LAST_REQUEST]):
            if requests[place, 0] != RATE:
                values[place] = count
            elif orders:
                values[place] = (at_last if is_at_last else count) / orders
                bounds[place] = is_followed and unfinished > 0


def with_fate(family: int, status: Array, returned: Array, start: int, stop: int) -> int:
    """Return how many orders had a fate."""
    if family == CREATED:
        return stop - start
    if family == RETURNED:
        return equal_to(returned, start, stop, True)
    code = NONE
    for pair in ((COMPLETED, COMPLETE), (PENDING_AT_END, PENDING), (PROCESSING_AT_END, PROCESSING), (ABANDONED, GONE)):
        if pair[0] == family:
            code = pair[1]
    return equal_to(status, start, stop, code)


def fill_totals(part: Array, blocks: Array, spans: Array, of_group: Columns, end: int, values: Array) -> None:
    """Fill in the throughput, and the service time thrown away, that a part asks of one day."""
    created, completed, _, lost, _, _, _ = of_group
    for block in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        first, last, place = blocks[block, FIRST_SPAN], blocks[block, LAST_SPAN], blocks[block, FIRST_REQUEST]
        if blocks[block, FAMILY] == WASTED:
            of_window = of_spans(spans, first, last, created, lost)
            values[place] = summary(of_window, 0, len(of_window))[0] / SECOND
            continue
        span = length(spans, first, last, end)
        if span:
            values[place] = completions(spans, first, last, completed, end) / (span / HOUR)
