"""What there is: order classes and states, the workload that an engine runs, and the metric names."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
"""Stands in integer columns for "does not apply"."""


Ints = NDArray[np.int64]


class Coded(NamedTuple):
    """A column of words, stored as their numbers in `names`; NONE for no word."""

    codes: NDArray[Any]
    names: tuple[str, ...]


Table = dict[str, NDArray[Any] | Coded | list[str]]
"""Columns of equal length by name: whole numbers with NONE for "unknown", or words."""


class OrderClass(IntEnum):
    """The class of an order, in the order in which classes are served."""

    VIP = 0
    NORMAL = 1


class OrderStatus(IntEnum):
    """The state of an order, in the words of the brief."""

    PENDING = 0
    PROCESSING = 1
    COMPLETE = 2
    ABANDONED = 3


class Action(IntEnum):
    """What happens to the kitchen from outside."""

    CREATE_ORDER = 0
    ADD_BOT = 1
    REMOVE_BOT = 2


OnRemove = Literal["restart", "resume", "finish"]
Dispatch = Literal["oldest", "longest-idle"]
ReturnedTo = Literal["place", "front", "back"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The choices a scenario makes among the rules of the kitchen: what becomes of the order of a busy bot
    that is removed, which idle bot takes an order, where in its class a returned order stands, and the age in
    microseconds at which a NORMAL order is promoted, None for never.
    """

    on_remove: OnRemove = "restart"
    dispatch: Dispatch = "oldest"
    returned_to: ReturnedTo = "place"
    promote_after: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """All that happens to the kitchen from outside, with every random number already drawn.

    Actions are sorted by time; those of one instant stand in the order in which they act. The k-th
    `CREATE_ORDER` creates order `first_number + k`, to which row k of the order columns belongs.
    Times are microseconds. `horizon` is None for a run that ends when nothing is left to happen.
    """

    action_time: NDArray[np.int64]  # (actions,)
    action: NDArray[np.uint8]  # (actions,), of Action
    order_class: NDArray[np.uint8]  # (orders,), of OrderClass
    service: NDArray[np.int64]  # (orders,)
    patience: NDArray[np.int64]  # (orders,), NONE for ever
    stream: NDArray[np.int32]  # (orders,), index into stream_names
    stream_names: tuple[str, ...]
    first_number: int
    horizon: int | None
    rules: Rules = Rules()


STATISTICS = ("mean", "sd", "min", "p50", "p90", "p95", "p99", "max", "n")
LEVELS = ("mean", "max", "end")
FATES = ("created", "completed", "pending", "processing", "abandoned", "returned")


class Metric(NamedTuple):
    """A family of metrics; the first statistic is the default, "" for the family's only value. `worse` tells which way
    customers would not have it go, 0 where that is no matter of better or worse.
    """

    name: str
    unit: Literal["s", "orders", "bots", "share", "orders/h"]
    statistics: tuple[str, ...] = ("",)
    by_class: bool = True
    worse: Literal[-1, 0, 1] = 0


_WORSE: dict[str, Literal[-1, 1]] = {"completed": -1, "pending": 1, "abandoned": 1, "returned": 1}
METRICS = (
    Metric("wait", "s", STATISTICS, worse=1),
    Metric("flow", "s", STATISTICS, worse=1),
    Metric("service", "s", STATISTICS),
    Metric("queue", "orders", LEVELS, worse=1),
    *(Metric(f"orders.{fate}", "orders", ("", "rate"), worse=_WORSE.get(fate, 0)) for fate in FATES),
    Metric("throughput", "orders/h", worse=-1),
    Metric("wasted", "s", worse=1),
    Metric("bots", "bots", LEVELS, by_class=False),
    Metric("utilisation", "share", by_class=False),
)
"""All metrics that a run has, in the order in which they are shown."""


def metric_name(metric: Metric, order_class: OrderClass | None, statistic: str) -> str:
    """Return the full name `NAME[.CLASS][.STAT]`, such as `wait.VIP.p95` or `orders.VIP.completed.rate`."""
    family, *fate = metric.name.split(".")
    parts = [family, "" if order_class is None else order_class.name, *fate, statistic]
    return ".".join(filter(None, parts))


_NAMED = {
    metric_name(metric, order_class, statistic): (metric, statistic)
    for metric in METRICS
    for order_class in ((None, *OrderClass) if metric.by_class else (None,))
    for statistic in metric.statistics
}
UNITS = {
    name: {"rate": "share", "n": "orders"}.get(statistic, metric.unit) for name, (metric, statistic) in _NAMED.items()
}
"""The unit of every metric by its full name, in the order in which they are shown."""


WORSE = {name: 0 if statistic == "n" else metric.worse for name, (metric, statistic) in _NAMED.items()}
"""Which way of every metric is the worse one: 1 up, -1 down, 0 neither."""


COUNTS = {name for name, unit in UNITS.items() if unit in ("orders", "bots") and not name.endswith(".mean")}
"""The metrics that are whole numbers."""


def full_metric_name(text: str) -> str | None:
    """Return the full name that a name stands for, None for no metric: the first statistic is the default."""
    shortened = text.removesuffix(".count") if text.startswith("orders.") else text.removesuffix(".value")
    return next((name for name in (shortened, f"{shortened}.mean") if name in UNITS), None)
