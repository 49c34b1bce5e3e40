"""A set of metrics as tables of numbers, which a loop over days can read."""

from functools import lru_cache, partial
from itertools import groupby
from typing import NamedTuple

import numpy as np

from sim.engines.contract import ALL
from sim.metrics import durations
from sim.metrics.durations import FLOW, SERVICE, WAIT
from sim.metrics.spans import END
from sim.model import FAMILIES, NONE, Ints, Metric, MetricSet

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

GROUP, KIND, FIRST_BLOCK, LAST_BLOCK = range(4)
"""Columns of a part: metrics of one group of orders (ALL or a class) and one kind."""
OF_LEVELS, OF_FATES, OF_TOTALS = range(SERVICE + 1, SERVICE + 4)
"""The kinds of metrics behind those of durations, each of which is a kind of its own: made of levels, of what became of
orders, or of all that was done.
"""
FAMILY, FIRST_SPAN, LAST_SPAN, FIRST_REQUEST, FIRST_PERCENTILE, LAST_REQUEST, COUNTED = range(7)
"""Columns of a block: metrics of one part, one family and one window; percentiles are the last ones. COUNTED is its
place among the blocks whose durations are counted, or NONE.
"""

_STATISTICS = {
    "mean": durations.MEAN,
    "sd": durations.SD,
    "min": durations.MIN,
    "max": durations.MAX,
    "n": durations.N,
    "end": END,
    "rate": RATE,
    "": VALUE,
}


class Plan(NamedTuple):
    """A set of metrics as numbers; see `sim.metrics.definition.fill`."""

    parts: Ints
    blocks: Ints
    requests: Ints
    spans: Ints
    order: Ints  # the place of each request in the set
    counted: tuple[str, ...]  # the distributions whose durations are counted, in the order of their blocks
    of_abandoned: Ints  # the places in the set of all metrics of ABANDONED orders


@lru_cache(maxsize=64)
def plan_of(metric_set: MetricSet, breaks: bytes) -> Plan:
    """Return the tables of a set of metrics, where levels are known at `breaks`, the bytes of 64-bit numbers."""
    instants, metrics = np.frombuffer(breaks, np.int64), metric_set.metrics
    spans: list[tuple[int, int, int, int]] = []
    rows_of_window: dict[str, tuple[int, int]] = {}
    for window in metric_set.all_windows:
        first = len(spans)
        for start, stop in window.spans:
            segments = (int(np.searchsorted(instants, NONE if edge is None else edge)) for edge in (start, stop))
            first_segment, last_segment = segments
            if stop is None:
                last_segment = len(instants)
            spans.append((start, NONE if stop is None else stop, first_segment, last_segment))
        rows_of_window[window.name] = first, len(spans)
    order_of_windows = {window.name: place for place, window in enumerate(metric_set.all_windows)}

    def block_of(place: int) -> tuple[int, int, int, int]:
        metric = metrics[place]
        family = _family(metric)
        return _group(metric), _kind_of(family), family, order_of_windows[metric.window]

    places = sorted(range(len(metrics)), key=lambda place: (*block_of(place), *_request(metrics[place])))
    parts: list[tuple[int, ...]] = []
    blocks: list[tuple[int, ...]] = []
    requests: list[tuple[int, int]] = []
    distributions = {metric.distribution for metric in metric_set.counted}
    counted: list[str] = []
    for part, of_part in groupby(places, key=lambda place: block_of(place)[:2]):
        first_block = len(blocks)
        for (*_, family, place_of_window), of_block in groupby(of_part, key=block_of):
            members = list(of_block)
            first = len(requests)
            requests += [_request(metrics[place]) for place in members]
            first_percentile = len(requests) - sum(metrics[place].per_mille is not None for place in members)
            distribution = metrics[members[0]].distribution
            place = NONE
            if distribution in distributions:
                place = len(counted)
                counted.append(distribution)
            spans_of_window = rows_of_window[metric_set.all_windows[place_of_window].name]
            blocks.append((family, *spans_of_window, first, first_percentile, len(requests), place))
        parts.append((*part, first_block, len(blocks)))
    as_array = partial(np.array, dtype=np.int64)
    return Plan(
        as_array(parts),
        as_array(blocks),
        as_array(requests),
        as_array(spans),
        as_array(places),
        tuple(counted),
        np.flatnonzero([_family(metric) == ABANDONED for metric in metrics]),
    )


def _group(metric: Metric) -> int:
    return ALL if metric.order_class is None else metric.order_class.value


def _family(metric: Metric) -> int:
    return list(FAMILIES).index(metric.family.name)


def _request(metric: Metric) -> tuple[int, int]:
    if metric.limit is not None:
        return durations.WITHIN, metric.limit
    if metric.per_mille is not None:
        return durations.PERCENTILE, metric.per_mille
    return _STATISTICS[metric.statistic], NONE


def _kind_of(family: int) -> int:
    """Return the kind of the metrics of a family."""
    if family in (WAIT, FLOW, SERVICE):
        return family
    if family in (THROUGHPUT, WASTED):
        return OF_TOTALS
    return OF_LEVELS if family in (QUEUE, BOT_COUNT, UTILISATION) else OF_FATES
