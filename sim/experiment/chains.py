"""The order of the candidates of a selection before anything is tested: which is better, and which has more bots."""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sim.model import metric_named
from sim.scenario import BOT_HOURS, Scenario, SelectPlan, Threshold, bot_hours, crew_parameters, quantity

_HELPED = {"wait", "flow", "queue", "orders.abandoned", "orders.pending", "orders.completed", "throughput"}
_WITHOUT_ABANDONED = {"wait", "flow"}  # orders, of which another crew has others


class Chains(NamedTuple):
    """Candidates by their indices: in each chain, the better comes first, and each later one has more bots and is
    otherwise like it. `parameter` says how many; it is empty where each candidate is a chain of its own.
    """

    parameter: str
    chains: Sequence[Sequence[int]]

    @property
    def depth(self) -> int:
        """How many candidates of a chain bisection tests at most."""
        return max(len(chain) for chain in self.chains).bit_length()


def ranks(plan: SelectPlan, points: Sequence[Scenario], names: Sequence[str], values: Sequence[float]) -> list[int]:
    """Return the rank of each candidate, 0 for the best: by the objective, then fewer bot-hours, then as in the sweep.

    `values` are those of the objective where it is a metric, else empty. NaN, where nothing was observed, is worst.
    """
    sign = 1 if plan.minimise is not None else -1

    def objective(index: int) -> float:
        if values:
            return sign * math.inf if math.isnan(values[index]) else values[index]
        if plan.objective == BOT_HOURS and BOT_HOURS not in names:
            return bot_hours(points[index].file)
        return sum(_order(points[index].parameters[name]) for name in plan.summands(names))

    best_first = sorted(
        range(len(points)), key=lambda index: (sign * objective(index), bot_hours(points[index].file), index)
    )
    return [best_first.index(index) for index in range(len(points))]


def chains(points: Sequence[Scenario], names: Sequence[str], rank_of: Sequence[int]) -> Chains:
    """Return the candidates in the fewest chains along a parameter of the crew, `names` being those of the sweep.

    That more bots do not harm is known of crews alone, and where all thresholds bound what more bots make better: see
    `more_bots_help`. A chain is one only if the better candidate is always the one with fewer bots.
    """
    fewest = Chains("", [[index] for index in range(len(points))])
    if not all(more_bots_help(threshold, point) for point in points for threshold in promises(point)):
        return fewest
    for name in names:
        if name not in crew_parameters(points[0].root):
            continue
        groups = defaultdict[tuple[Any, ...], list[int]](list)
        for index, point in enumerate(points):
            groups[tuple(quantity(point.parameters[key]) for key in names if key != name)].append(index)
        bots = [_order(point.parameters[name]) for point in points]
        along = [sorted(group, key=bots.__getitem__) for group in groups.values()]
        is_better_first = all(
            rank_of[smaller] < rank_of[larger] for chain in along for smaller, larger in pairwise(chain)
        )
        if is_better_first and len(along) < len(fewest.chains):
            fewest = Chains(name, along)
    return fewest


def promises(point: Scenario) -> list[Threshold]:
    """Return the thresholds that a candidate must keep."""
    return [threshold for threshold in point.thresholds if threshold.severity == "fail"]


def more_bots_help(threshold: Threshold, point: Scenario) -> bool:
    """Whether a threshold that holds still holds in the mean when there are more bots at some instants.

    That is so of limits on how long orders wait and stay, how many are waiting, abandoned or completed: more servers
    make no queue longer in distribution (Kiefer and Wolfowitz 1955, On the theory of queues with many servers, for one
    class; for two classes, removals and promotion it was tried, not proved). Single replications can be worse. Where
    orders are abandoned, those that are left may wait longer, so that waits alone tell nothing then.
    """
    metric = metric_named(threshold.metric)
    if metric.family.name not in _HELPED or metric.statistic in ("sd", "min", "end", "n"):
        return False
    if point.file.patience.is_limited and metric.family.name in _WITHOUT_ABANDONED and metric.limit is None:
        return False
    if threshold.days is not None and threshold.days.operator == "between":
        return False
    return threshold.condition.operator in {1: ("<", "<="), -1: (">", ">="), 0: ()}[metric.worse]


def _order(value: object) -> float:
    """Return the number by which a parameter's value is small or large."""
    return quantity(value).order or 0
