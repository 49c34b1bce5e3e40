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
    THROUGHPUT,
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
    end: int,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in what a part asks of what became of the orders of one day."""
    created, completed, _, lost, status, final_status, returned = of_group
    for place in range(part[FIRST_BLOCK], part[LAST_BLOCK]):
        family, first, last = blocks[place, FAMILY], blocks[place, FIRST_SPAN], blocks[place, LAST_SPAN]
        request = blocks[place, FIRST_REQUEST]
        if family == THROUGHPUT:
            span = length(spans, first, last, end)
            if span:
                values[request] = completions(spans, first, last, completed, end) / (span / HOUR)
        elif family == WASTED:
            of_window = of_spans(spans, first, last, created, lost)
            values[request] = summary(of_window, 0, len(of_window))[0] / SECOND
        else:
            fate(
                requests,
                request,
                blocks[place, LAST_REQUEST],
                family,
                spans,
                first,
                last,
                created,
                status,
                final_status,
                returned,
                is_followed,
                values,
                bounds,
            )


def fate(
    requests: Array,
    request: int,
    behind: int,
    family: int,
    spans: Array,
    first: int,
    last: int,
    created: Array,
    status: Array,
    final_status: Array,
    returned: Array,
    is_followed: bool,
    values: Array,
    bounds: Array,
) -> None:
    """Fill in how many orders had a fate, and the share of those that were created; of shares, COMPLETED and ABANDONED
    are those at last.
    """
    is_at_last = family in (COMPLETED, ABANDONED)
    orders = count = at_last = unfinished = 0
    for place in range(first, last):
        start, stop = rows_of_span(spans, place, created)
        orders += stop - start
        count += with_fate(family, status, returned, start, stop)
        if is_at_last:
            at_last += with_fate(family, final_status, returned, start, stop)
            unfinished += equal_to(final_status, start, stop, PENDING)
        if family == COMPLETED:
            unfinished += equal_to(final_status, start, stop, PROCESSING)
    for place in range(request, behind):
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
