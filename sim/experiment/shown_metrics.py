"""The metrics that matter: those that are shown where nobody asks for others."""

from collections.abc import Iterable, Sequence

from sim.model import MetricSet, OrderClass
from sim.scenario import Scenario

BY_CLASS = ("wait.mean", "wait.p95", "wait.max", "flow.mean")
"""Metrics of which each class of orders has its own."""
OF_KITCHEN = (
    "queue.mean",
    "queue.max",
    "orders.created",
    "orders.completed",
    "orders.pending",
    "orders.abandoned.rate",
    "throughput",
    "utilisation",
    "bots.mean",
)
"""Metrics of all orders, and of the bots."""


def of_class(name: str, order_class: OrderClass) -> str:
    """Return the name that a metric of all orders, such as wait.mean, has for one class: wait.VIP.mean."""
    family, *fate = name.split(".")
    return ".".join([family, order_class.name, *fate])


def key_metrics(scenario: Scenario) -> list[str]:
    """Return what replications show: what matters in general, and what the scenario asks about."""
    names = {of_class(name, order_class) for name in BY_CLASS for order_class in OrderClass}
    names |= {*OF_KITCHEN, *_asked([scenario]), *scenario.file.metric_names}
    return [name for name in scenario.metric_set.names if name in names]


def metrics_of_study(scenarios: Sequence[Scenario]) -> list[str]:
    """Return what scenarios beside each other show: the metrics that their thresholds name, or without any the mean
    and the 95th percentile of waits by class.
    """
    general = {of_class(name, order_class) for name in ("wait.mean", "wait.p95") for order_class in OrderClass}
    names = _asked(scenarios) or general
    return list(MetricSet.of(names, scenarios[0].windows).in_order(names))


def _asked(scenarios: Iterable[Scenario]) -> set[str]:
    return {metric for scenario in scenarios for threshold in scenario.thresholds for metric in threshold.metrics}
