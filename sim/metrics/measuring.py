"""From the outcome of a run to the values of a set of metrics."""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.contract import ALL, LARGEST, Outcome
from sim.errors import SimulationError
from sim.metrics import definition, durations
from sim.model import FAMILIES, NONE, Ints, Metric, MetricSet, OrderClass
from sim.statistics import PLACES, Counts, DailyCounts

_NO_POOLS = np.zeros((0, 0, 0), np.int64)
_POOLED = [family for family in FAMILIES.values() if family.is_of_durations]
_STATISTICS = {
    "mean": durations.MEAN,
    "sd": durations.SD,
    "min": durations.MIN,
    "max": durations.MAX,
    "n": durations.N,
    "end": definition.END,
    "rate": definition.RATE,
    "": definition.VALUE,
}

Definition = Any
"""`sim.metrics.definition`, or the same compiled, `sim.metrics.volume`."""


class Counted(NamedTuple):
    """How many orders of one run had which duration, for each distribution with a named percentile: see `Counts`."""

    names: tuple[str, ...]  # of the distributions
    places: NDArray[np.int32]  # of all distributions, one after the other
    counts: Ints
    ends: Ints  # (distributions + 1,), where the places of one begin and those of the last one end

    def by_name(self) -> dict[str, Counts]:
        """Return the counts of each distribution."""
        days = DailyCounts(self.places, self.counts, self.ends[1:])
        return dict(zip(self.names, days, strict=True))

    @staticmethod
    def of_days(runs: Sequence["Counted"]) -> dict[str, DailyCounts]:
        """Return the counts of each distribution in some runs with the same metrics, at least one."""
        all_parts = DailyCounts(
            np.concatenate([run.places for run in runs]),
            np.concatenate([run.counts for run in runs]),
            np.cumsum(np.diff([run.ends for run in runs], axis=1)),
        )
        names = runs[0].names
        return {name: all_parts.take(np.arange(place, len(all_parts), len(names))) for place, name in enumerate(names)}


class Measured(NamedTuple):
    """The metrics of one run, in the order of their set; durations in seconds, NaN where nothing was observed."""

    values: NDArray[np.float64]  # (metrics,)
    bounds: NDArray[np.bool_]  # (metrics,), whether the value is a lower bound: orders were not over at the last
    counted: Counted


class _Plan(NamedTuple):
    """A set of metrics as numbers; see `definition.fill`."""

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
    outcome: Outcome,
    is_followed: bool,
    kernel: Definition = definition,
    pools: NDArray[np.int64] = _NO_POOLS,
) -> Measured:
    """Return the metrics of a run, and add the durations of its orders to `pools`; `is_followed` says whether orders
    are followed behind its end.

    Raises:
        SimulationError: the outcome contradicts itself.

    """
    _check_sums(outcome)
    plan = _plan(metric_set, outcome.breaks.tobytes())
    values, bounds = np.empty(len(plan.order)), np.empty(len(plan.order), np.bool_)
    columns = outcome[:8]
    sums = (outcome.levels, outcome.highest, outcome.area, outcome.end, outcome.followed)
    counts = np.empty((2, len(plan.counted) * min(len(outcome.created), PLACES)), np.int64)
    ends = np.zeros(len(plan.counted) + 1, np.int64)
    kernel.fill(
        plan.blocks, plan.requests, plan.spans, is_followed, *columns, *sums, values, bounds, pools, counts, ends
    )
    size = ends[-1]
    counted = Counted(plan.counted, counts[0, :size].astype(np.int32), counts[1, :size].copy(), ends)
    measured = Measured(np.empty(len(values)), np.empty(len(values), np.bool_), counted)
    measured.values[plan.order], measured.bounds[plan.order] = values, bounds
    return measured


def new_pools() -> NDArray[np.int64]:
    """Return room for the durations of all orders of many runs, by family, class and place: see `Counts`."""
    return np.zeros((len(_POOLED), len(OrderClass), PLACES), np.int64)


def counts_of_pools(pools: NDArray[np.int64]) -> dict[str, Counts]:
    """Return what was counted in pools by the names of distributions of a class, such as wait.VIP."""
    counts: dict[str, Counts] = {}
    for family, by_class in zip(_POOLED, pools, strict=True):
        for order_class, pool in zip(OrderClass, by_class, strict=True):
            places = np.flatnonzero(pool != 0)  # much faster than of numbers
            name = Metric(family, order_class, "").distribution
            counts[name] = Counts(places.astype(np.int32), pool[places])
    return counts


def _check_sums(outcome: Outcome) -> None:
    """Hold the integral of the queue against the sum of all times spent PENDING, which are equal on every sample path
    (Stidham 1974, A last word on L = λW).
    """
    if outcome.reach > LARGEST:
        return
    queue = int(outcome.area[:, ALL].sum())
    if queue != outcome.wait_time:
        raise SimulationError(
            f"internal error: the queue's integral is {queue} and the waits' sum {outcome.wait_time} microseconds; "
            "please report this with the scenario and its seed"
        )


@lru_cache(maxsize=64)
def _plan(metric_set: MetricSet, breaks: bytes) -> _Plan:
    instants = np.frombuffer(breaks, np.int64)
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
        metric = metric_set.metrics[place]
        return _group(metric), order_of_windows[metric.window], _family(metric)

    places = sorted(range(len(metric_set.metrics)), key=block_of)
    blocks: list[tuple[int, ...]] = []
    requests: list[tuple[int, int]] = []
    distributions = {metric.distribution for metric in metric_set.counted}
    counted: list[str] = []
    for (group, place_of_window, family), members in groupby(places, key=block_of):
        first = len(requests)
        requests += [_request(metric_set.metrics[place]) for place in members]
        spans_of_window = rows_of_window[metric_set.all_windows[place_of_window].name]
        distribution = metric_set.metrics[places[first]].distribution
        place = NONE
        if distribution in distributions:
            place = len(counted)
            counted.append(distribution)
        blocks.append((family, group, *spans_of_window, first, len(requests), place))
    as_array = partial(np.array, dtype=np.int64)
    return _Plan(as_array(blocks), as_array(requests), as_array(spans), as_array(places), tuple(counted))


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
