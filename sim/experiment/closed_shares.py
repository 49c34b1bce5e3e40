"""Service levels and percentiles of waits in closed form: those that a scenario names, as far as there are formulas."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from sim.model import Metric, OrderClass, metric_named
from sim.scenario import Scenario
from sim.statistics.queueing import late_share, served_share
from sim.units import SECOND


class WaitLaw(NamedTuple):
    """How long orders wait: which share of all is served `within` so many seconds, and which is `served` at all."""

    within: Callable[[float], float]
    served: float = 1.0

    def quantile(self, share: float) -> float:
        """Return the wait that this share of the orders that are served does not exceed."""
        from scipy.optimize import brentq

        share_of_all = share * self.served
        if self.within(0) >= share_of_all:
            return 0.0
        longest = 1.0
        while self.within(longest) < share_of_all:
            longest *= 2
        root = brentq(lambda wait: self.within(wait) - share_of_all, 0, longest)
        return float(root)


WaitLaws = Mapping[OrderClass | None, WaitLaw]
"""The laws of waits by class, that of all orders by None."""


def laws_of_erlang(rates: Mapping[OrderClass, float], service: float, bots: int) -> WaitLaws:
    """Return the laws of M/M/c, with priority where there are two classes; rates are orders a second."""
    by_class = list(rates.values())

    def within(place: int, limit: float) -> float:
        return 1 - late_share(by_class, service, bots, place, limit)

    def within_of_all(limit: float) -> float:
        return sum(rate * within(place, limit) for place, rate in enumerate(by_class)) / sum(by_class)

    laws: dict[OrderClass | None, WaitLaw] = {None: WaitLaw(within_of_all)}
    return laws | {order_class: WaitLaw(partial(within, place)) for place, order_class in enumerate(rates)}


def law_of_erlang_a(rates: Mapping[OrderClass, float], service: float, bots: int, patience: float) -> WaitLaws:
    """Return the law of M/M/c+M where orders are served as they come: of two classes there is none."""
    if len(rates) > 1:
        return {}
    [(order_class, rate)] = rates.items()
    within = partial(served_share, rate, service, bots, patience)
    law = WaitLaw(within, within(math.inf))
    return {None: law, order_class: law}


def named_values(scenario: Scenario, laws: WaitLaws) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the service levels and percentiles that a scenario names and a law tells, and the names of others, of
    which one stands for all slots of a regular window.
    """
    names = scenario.metric_set.in_order(scenario.metric_set.named)
    metrics = [metric for metric in map(metric_named, names) if metric.limit is not None or metric.is_pooled]
    values = {
        metric.name: _value(metric, laws[metric.order_class])
        for metric in metrics
        if metric.family.name == "wait" and not metric.window and metric.order_class in laws
    }
    groups = {window.name: window.group or window.name for window in scenario.windows}
    untold = [metric for metric in metrics if metric.name not in values]
    names = [metric._replace(window=groups.get(metric.window, "")).name for metric in untold]
    return values, tuple(dict.fromkeys(names))


def _value(metric: Metric, law: WaitLaw) -> float:
    if metric.limit is not None:
        return law.within(metric.limit / SECOND)
    assert metric.per_mille is not None
    return law.quantile(metric.per_mille / 1000)
