"""The metrics: how each is named, its unit, and the set of them that a scenario has.

A name is `NAME[.CLASS][.STAT][@WINDOW]`, such as `wait.VIP.p95`, `orders.abandoned.rate` or
`wait.NORMAL.within(5m)@12:30`. It says all there is to know of a metric but when its window begins and ends.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, NamedTuple

from sim.model.kitchen import OrderClass
from sim.units import format_duration, parse_duration

Unit = Literal["s", "orders", "bots", "share", "orders/h"]

FATES = ("created", "completed", "pending", "processing", "abandoned", "returned")
_OF_DURATIONS = ("mean", "sd", "min", "p50", "p90", "p95", "p99", "max", "n")
_OF_LEVELS = ("mean", "max", "end")


class Family(NamedTuple):
    """Metrics of one kind; the first statistic is the default, "" for the family's only value.

    `worse` tells which way customers would not have it go, 0 where that is no matter of better or worse.
    """

    name: str
    unit: Unit
    statistics: tuple[str, ...] = ("",)
    by_class: bool = True
    worse: Literal[-1, 0, 1] = 0

    @property
    def is_of_durations(self) -> bool:
        """Whether each order has a value of its own, so that there are percentiles and service levels."""
        return self.statistics is _OF_DURATIONS

    @property
    def classes(self) -> tuple[OrderClass | None, ...]:
        """The classes that have such metrics of their own, after None for all orders."""
        return (None, *OrderClass) if self.by_class else (None,)


_WORSE: dict[str, Literal[-1, 1]] = {"completed": -1, "pending": 1, "abandoned": 1, "returned": 1}
FAMILIES = {
    family.name: family
    for family in (
        Family("wait", "s", _OF_DURATIONS, worse=1),
        Family("flow", "s", _OF_DURATIONS, worse=1),
        Family("service", "s", _OF_DURATIONS),
        Family("queue", "orders", _OF_LEVELS, worse=1),
        *(Family(f"orders.{fate}", "orders", ("", "rate"), worse=_WORSE.get(fate, 0)) for fate in FATES),
        Family("throughput", "orders/h", worse=-1),
        Family("wasted", "s", worse=1),
        Family("bots", "bots", _OF_LEVELS, by_class=False),
        Family("utilisation", "share", by_class=False),
    )
}
"""All kinds of metrics, in the order in which they are shown."""

_ORDER = {name: place for place, name in enumerate(FAMILIES)}
_NAME = re.compile(
    r"(?P<family>[a-z]+)(?:\.(?P<order_class>[A-Z]+))?(?P<fate>\.(?:" + "|".join(FATES) + r"))?"
    r"(?:\.(?P<statistic>[a-z]+|p[0-9.]+(?:\.daily)?|within\([^()]*\)))?(?:@(?P<window>.+))?"
)
_PERCENTILE = re.compile(r"p([1-9][0-9]?|0)(?:\.([0-9]))?")


class Metric(NamedTuple):
    """A metric of one window, "" for the whole run."""

    family: Family
    order_class: OrderClass | None
    statistic: str
    window: str = ""

    @property
    def name(self) -> str:
        """The full name, in the one form that is shown and stored."""
        family, *fate = self.family.name.split(".")
        parts = [family, "" if self.order_class is None else self.order_class.name, *fate, self.statistic]
        return ".".join(filter(None, parts)) + (f"@{self.window}" if self.window else "")

    @property
    def unit(self) -> Unit:
        """What it is counted in: seconds, orders, bots, a share from 0 to 1, or orders an hour."""
        if self.statistic == "rate" or self.limit is not None:
            return "share"
        return "orders" if self.statistic == "n" else self.family.unit

    @property
    def worse(self) -> int:
        """Which way is the worse one for customers: 1 up, -1 down, 0 neither."""
        if self.statistic == "n":
            return 0
        return self.family.worse if self.limit is None else -self.family.worse

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number in each run."""
        return self.unit in ("orders", "bots") and self.statistic != "mean"

    @property
    def limit(self) -> int | None:
        """The limit of a service level in microseconds, None of other metrics."""
        return _limit(self.statistic)

    @property
    def per_mille(self) -> int | None:
        """Of which share of orders it is the percentile, in thousandths, None of other metrics."""
        return _per_mille(self.statistic)

    @property
    def is_pooled(self) -> bool:
        """Whether it is a percentile of all orders of all replications."""
        return self.per_mille is not None and not self.statistic.endswith(".daily")

    @property
    def daily(self) -> str:
        """The name of the mean of the days' values of a percentile of all orders."""
        return self._replace(statistic=f"{self.statistic}.daily").name

    @property
    def distribution(self) -> str:
        """The name that all percentiles of the same orders share, such as wait.VIP@12:30."""
        return self._replace(statistic="").name

    @property
    def weight(self) -> str | None:
        """The metric that counts the orders of which it is a share, None where it is no share of orders."""
        if self.limit is not None and self.family.name == "service":
            return self._replace(statistic="n").name
        if self.limit is not None or self.statistic == "rate":
            return Metric(FAMILIES["orders.created"], self.order_class, "", self.window).name
        return None

    @property
    def place(self) -> tuple[int, int, float, str]:
        """Where it is shown among the metrics of one window."""
        classes = self.family.classes.index(self.order_class)
        if self.per_mille is not None:  # between the smallest and the largest
            return _ORDER[self.family.name], classes, 3 + self.per_mille / 1000, self.statistic
        fixed = {"mean": 0, "": 0, "sd": 1, "min": 2, "max": 5, "n": 7}
        return _ORDER[self.family.name], classes, fixed.get(self.statistic, 6), self.statistic


@cache
def _limit(statistic: str) -> int | None:
    return parse_duration(statistic[len("within(") : -1]) if statistic.startswith("within(") else None


@cache
def _per_mille(statistic: str) -> int | None:
    match = _PERCENTILE.match(statistic)
    return int(match[1]) * 10 + int(match[2] or 0) if match else None


def parse_metric(text: str) -> Metric:
    """Return the metric of a name; the first statistic of its family is the default. Its window is not looked up.

    Raises:
        ValueError: there is no such metric. The message is empty, or says what is wrong with the limit of a `within`.

    """
    match = _NAME.fullmatch(text)
    family = match and FAMILIES.get(match["family"] + (match["fate"] or ""))
    if not match or not family:
        raise ValueError
    order_class = None if match["order_class"] is None else OrderClass.__members__.get(match["order_class"])
    if (order_class is None) != (match["order_class"] is None) or order_class not in family.classes:
        raise ValueError
    return Metric(family, order_class, _statistic(family, match["statistic"]), match["window"] or "")


def _statistic(family: Family, text: str | None) -> str:
    """Return a statistic in the form in which it is shown."""
    if text is None or (family.statistics[0] == "" and text == ("count" if family.unit == "orders" else "value")):
        return family.statistics[0]
    if family.is_of_durations:
        if text.startswith("within("):
            return f"within({format_duration(parse_duration(text[len('within(') : -1]), 6)})"
        share, dot, daily = text.partition(".daily")
        percentile = _PERCENTILE.fullmatch(share)
        if percentile and (percentile[1] != "0" or percentile[2] not in (None, "0")):
            decimal = f".{percentile[2]}" if percentile[2] not in (None, "0") else ""
            return f"p{percentile[1]}{decimal}{dot}{daily}"
    if text not in family.statistics:
        raise ValueError
    return text


@cache
def metric_named(name: str) -> Metric:
    """Return the metric of a name that is known to be right."""
    return parse_metric(name)


def unit_of(name: str) -> Unit:
    """Return the unit of a metric by its name."""
    return metric_named(name).unit


def unit_text(name: str) -> str:
    """Return the unit of a metric by its name, '' of one that another version of kitchensim stored."""
    try:
        return unit_of(name)
    except ValueError:
        return ""


class Window(NamedTuple):
    """A stretch of the run, or one for each day, whose orders and levels have metrics of their own.

    Each span is its beginning and its end in microseconds from the start. An order belongs to a span when it was
    created at its beginning or later, and before its end; None stands for the horizon, at which orders count too.
    `group` is the regular window of which it is a slot.
    """

    name: str
    spans: tuple[tuple[int, int | None], ...]
    group: str = ""


STANDARD = tuple(
    Metric(family, order_class, statistic)
    for family in FAMILIES.values()
    for order_class in family.classes
    for statistic in family.statistics
)
"""The metrics that every run has, in the order in which they are shown."""


OF_SLOTS = ("orders.VIP.created", "orders.NORMAL.created", "queue.mean", "bots.mean", "utilisation")
"""The metrics that tell of each slot how busy it is."""


@dataclass(frozen=True)
class MetricSet:
    """The metrics of a scenario: the standard ones, and those that its file has `named`.

    `windows` are those that these name; the whole run, behind the warm-up, is a window of its own.
    """

    named: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    warmup: int = 0

    @classmethod
    def of(cls, names: Iterable[str], windows: Sequence[Window] = ()) -> "MetricSet":
        """Return the set that has these metrics, by their full names, and of what some are shares."""
        named = set(names)
        named |= {weight for name in named if (weight := metric_named(name).weight)}
        used = {metric_named(name).window for name in named}
        return cls(frozenset(named), tuple(window for window in windows if window.name in used))

    def after(self, warmup: int) -> "MetricSet":
        """Return this set for a run whose first `warmup` microseconds are left out."""
        return self if warmup == self.warmup else replace(self, warmup=warmup)

    @cached_property
    def all_windows(self) -> tuple[Window, ...]:
        """The whole run, behind the warm-up, and the windows that metrics name."""
        return (Window("", ((self.warmup, None),)), *self.windows)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Each metric: those of the whole run first, then window by window."""
        order = {window.name: place for place, window in enumerate(self.all_windows)}
        metrics = {*STANDARD, *map(metric_named, self.named)}
        return tuple(sorted(metrics, key=lambda metric: (order[metric.window], metric.place)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The full name of each metric."""
        return tuple(metric.name for metric in self.metrics)

    @cached_property
    def are_counts(self) -> tuple[bool, ...]:
        """Whether each metric is a whole number in each run."""
        return tuple(metric.is_count for metric in self.metrics)

    @cached_property
    def columns(self) -> dict[str, int]:
        """The place of each metric by its name."""
        return {name: place for place, name in enumerate(self.names)}

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Return names of its metrics in the order in which they are shown."""
        return sorted(names, key=self.columns.__getitem__)

    @cached_property
    def counted(self) -> tuple[Metric, ...]:
        """The named percentiles of all orders: of these, each replication keeps how many orders had which value."""
        named = (metric_named(name) for name in sorted(self.named))
        return tuple(metric for metric in named if metric.is_pooled)
