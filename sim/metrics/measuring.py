"""From the outcomes of days to the values of a set of metrics."""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.contract import ALL, LARGEST, Outcomes
from sim.errors import SimulationError
from sim.metrics import definition, durations
from sim.metrics.spans import END
from sim.model import FAMILIES, NONE, Ints, Metric, MetricSet, OrderClass
from sim.statistics import PLACES, Counts, DailyCounts

_NO_POOLS = np.zeros((0, 0, 0), np.int32)
_POOLED = [family for family in FAMILIES.values() if family.is_of_durations]
_STATISTICS = {
    "mean": durations.MEAN,
    "sd": durations.SD,
    "min": durations.MIN,
    "max": durations.MAX,
    "n": durations.N,
    "end": END,
    "rate": definition.RATE,
    "": definition.VALUE,
}

Definition = Any
"""`sim.metrics.definition`, or the same compiled, `sim.metrics.volume`."""


class Measured(NamedTuple):
    """The metrics of some days, in the order of their set; durations in seconds, NaN where nothing was observed."""

    values: NDArray[np.float64]  # (days, metrics)
    bounds: NDArray[np.bool_]  # (days, metrics), whether the value is a lower bound: orders were not over at the last
    counts: DailyCounts  # for each day and distribution with a named percentile: how many orders had which duration
    distributions: tuple[str, ...]

    def by_name(self, days: Ints) -> dict[str, DailyCounts]:
        """Return the counts of some days by distribution."""
        several = len(self.distributions)
        return {name: self.counts.take(days * several + place) for place, name in enumerate(self.distributions)}

    @classmethod
    def join(cls, parts: Sequence["Measured"]) -> "Measured":
        """Return all days of some parts with the same metrics, one part after the other."""
        return cls(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.bounds for part in parts]),
            DailyCounts.join(part.counts for part in parts),
            parts[0].distributions,
        )


class _Plan(NamedTuple):
    """A set of metrics as numbers; see `definition.fill`."""

    parts: Ints
    blocks: Ints
    requests: Ints
    spans: Ints
    order: Ints  # the place of each request in the set
    counted: tuple[str, ...]  # the distributions whose durations are counted, in the order of their blocks


def breaks_of(metric_set: MetricSet, instants: Ints, end: int | None) -> Ints:
    """Return the instants at which levels are wanted: the edges of windows, and `instants`, before the end of a run."""
    edges = [edge for window in metric_set.all_windows for span in window.spans for edge in span if edge is not None]
    breaks = np.unique(np.concatenate(([0], np.array(edges, np.int64), instants)))
    return breaks if end is None else breaks[(breaks < end) | (breaks == 0)]


def measure(
    metric_set: MetricSet,
    outcomes: Outcomes,
    is_followed: bool,
    kernel: Definition = definition,
    pools: NDArray[np.int32] = _NO_POOLS,
) -> Measured:
    """Return the metrics of some days, and add the durations of their orders to `pools`; `is_followed` says whether
    orders are followed behind the end.

    Raises:
        SimulationError: the outcome of a day contradicts itself.

    """
    _check_sums(outcomes)
    plan = _plan(metric_set, outcomes.breaks.tobytes())
    days, sizes = len(outcomes.rows), np.minimum(np.diff(outcomes.rows), PLACES)
    values, bounds = np.empty((days, len(plan.order))), np.empty((days, len(plan.order)), np.bool_)
    counts = np.empty((2, len(plan.counted) * int(sizes.sum())), np.int64)
    ends = np.zeros(days * len(plan.counted) + 1, np.int64)
    sums = (outcomes.levels, outcomes.highest, outcomes.area, outcomes.end, outcomes.followed)
    kernel.fill(*plan[:4], is_followed, *outcomes.columns, outcomes.rows, *sums, values, bounds, pools, counts, ends)
    size = ends[-1]
    of_blocks = DailyCounts(counts[0, :size].astype(np.int32), counts[1, :size].copy(), ends[1:])
    measured = Measured(np.empty(values.shape), np.empty(bounds.shape, np.bool_), of_blocks, plan.counted)
    measured.values[:, plan.order], measured.bounds[:, plan.order] = values, bounds
    return measured


def new_pools() -> NDArray[np.int32]:
    """Return room for the durations of all orders of a block of runs, by family, class and place: see `Counts`.

    Numbers of 32 bits take half the room in the cache of a processor; a block takes a part of a second, or is one run.
    """
    return np.zeros((len(_POOLED), len(OrderClass), PLACES), np.int32)


def counts_of_pools(pools: NDArray[np.int32]) -> dict[str, Counts]:
    """Return what was counted in pools by the names of distributions of a class, such as wait.VIP."""
    counts: dict[str, Counts] = {}
    for family, by_class in zip(_POOLED, pools, strict=True):
        for order_class, pool in zip(OrderClass, by_class, strict=True):
            places = np.flatnonzero(pool != 0)  # much faster than of numbers
            name = Metric(family, order_class, "").distribution
            counts[name] = Counts(places.astype(np.int32), pool[places].astype(np.int64))
    return counts


def _check_sums(outcomes: Outcomes) -> None:
    """Hold the integral of the queue against the sum of all times spent PENDING, which are equal on every sample path
    (Stidham 1974, A last word on L = λW).
    """
    queue = outcomes.area[:, :, ALL].sum(axis=1)
    wrong = np.flatnonzero((queue != outcomes.wait_time) & (outcomes.reach <= LARGEST))
    if len(wrong):
        day = wrong[0]
        raise SimulationError(
            f"internal error: the queue's integral is {int(queue[day])} and the waits' sum {outcomes.wait_time[day]} "
            "microseconds; please report this with the scenario and its seed"
        )


@lru_cache(maxsize=64)
def _plan(metric_set: MetricSet, breaks: bytes) -> _Plan:
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

    def block_of(place: int) -> tuple[int, int, int]:
        metric = metrics[place]
        return _group(metric), order_of_windows[metric.window], _family(metric)

    places = sorted(range(len(metrics)), key=lambda place: (*block_of(place), *_request(metrics[place])))
    parts: list[tuple[int, ...]] = []
    blocks: list[tuple[int, ...]] = []
    requests: list[tuple[int, int]] = []
    distributions = {metric.distribution for metric in metric_set.counted}
    counted: list[str] = []
    for (group, place_of_window), of_part in groupby(places, key=lambda place: block_of(place)[:2]):
        first_block = len(blocks)
        for family, of_block in groupby(of_part, key=lambda place: block_of(place)[2]):
            members = list(of_block)
            first = len(requests)
            requests += [_request(metrics[place]) for place in members]
            first_percentile = len(requests) - sum(metrics[place].per_mille is not None for place in members)
            distribution = metrics[members[0]].distribution
            place = NONE
            if distribution in distributions:
                place = len(counted)
                counted.append(distribution)
            blocks.append((family, first, first_percentile, len(requests), place))
        spans_of_window = rows_of_window[metric_set.all_windows[place_of_window].name]
        parts.append((group, *spans_of_window, first_block, len(blocks)))
    as_array = partial(np.array, dtype=np.int64)
    return _Plan(
        as_array(parts), as_array(blocks), as_array(requests), as_array(spans), as_array(places), tuple(counted)
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
