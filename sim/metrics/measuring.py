"""From the outcomes of days to the values of a set of metrics."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.contract import ALL, LARGEST
from sim.engines.outcomes import Outcomes
from sim.errors import SimulationError
from sim.metrics import definition
from sim.metrics.plan import plan_of
from sim.model import FAMILIES, Ints, Metric, MetricSet, OrderClass
from sim.statistics import PLACES, Counts, DailyCounts

_NO_POOLS = np.zeros((0, 0, 0), np.int32)
_POOLED = [family for family in FAMILIES.values() if family.is_of_durations]

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


def breaks_of(metric_set: MetricSet, instants: Ints, end: int | None) -> Ints:
    """Return the instants at which levels are wanted: the edges of windows, and `instants`, before the end of a run."""
    edges = [edge for window in metric_set.all_windows for span in window.spans for edge in span if edge is not None]
    breaks = np.array(sorted({0, *edges, *instants.tolist()}), np.int64)
    return breaks if end is None else breaks[(breaks < end) | (breaks == 0)]


def measure(
    metric_set: MetricSet,
    outcomes: Outcomes,
    is_followed: bool,
    kernel: Definition = definition,
    pools: NDArray[np.int32] = _NO_POOLS,
    can_abandon: bool = True,
) -> Measured:
    """Return the metrics of some days, and add the durations of their orders to `pools`; `is_followed` says whether
    orders are followed behind the end, `can_abandon` whether any of them has a patience.

    Raises:
        SimulationError: the outcome of a day contradicts itself.

    """
    _check_sums(outcomes)
    plan = plan_of(metric_set, outcomes.breaks.tobytes())
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
    if not can_abandon:  # what still waits at the last will not be ABANDONED either
        measured.bounds[:, plan.of_abandoned] = False
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
            counts[Metric(family, order_class, "").distribution] = Counts.of_pool(pool)
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
