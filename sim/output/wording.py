"""Values in words: a metric with its unit, a lower bound, an estimate with its interval, and a verdict."""

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from sim.model import Unit, unit_of
from sim.statistics import Interval
from sim.units import SECOND, count, format_duration
from sim.verdicts import ThresholdVerdict

if TYPE_CHECKING:
    from sim.experiment import Replications

CONFIDENCE = 0.95
LONGER = "one of many slots fails by chance more easily, so FAIL asks there for a longer interval than the one shown"
BOUND = "≥: orders unfinished at the end count with their times so far"


def at_least(text: str, is_bound: bool) -> str:
    """Return a value's text, marked where it is a lower bound; `BOUND` says below a table what the mark means."""
    return f"≥ {text}" if is_bound else text


def shown(name: str, value: float) -> str:
    """Return a value of a metric with its unit."""
    return in_unit(unit_of(name), value)


def in_unit(unit: Unit, value: float) -> str:
    """Return a value with its unit: seconds to a tenth, or whole from 100 on, shares to a tenth of a percent, numbers
    to a thousandth, from 10 on to a tenth, and whole from 1,000 on.
    """
    size = abs(value)
    if unit == "s":
        text = format_duration(round(size * SECOND), 0 if size >= 100 else 1)
    elif unit == "share":
        text = f"{size:.1%}"
    else:
        places = 3 if size < 10 else 1
        text = f"{size:,.0f}" if size >= 1000 else f"{size:.{places}f}".rstrip("0").rstrip(".")
        text += "/h" if unit == "orders/h" else ""
    return f"-{text}" if value < 0 and text.strip("0.,%/hs") else text


def interval_text(unit: Unit, estimate: Interval) -> str:
    """Return the ends of an estimate's interval in words, '' where it has none; one without an upper end is open."""
    if estimate.low is None or estimate.high is None:
        return ""
    most = 1.0 if unit == "share" else inf  # t knows no ends: no time is negative, no share above 1
    low = in_unit(unit, min(max(estimate.low, 0.0), most))
    if estimate.high == inf:
        return f"from {low} on"
    return f"{low} to {in_unit(unit, min(max(estimate.high, 0.0), most))}"


def estimate_of(unit: Unit, estimate: Interval | None) -> str:
    """Return an estimate with its interval, '' for none."""
    if estimate is None:
        return ""
    interval = interval_text(unit, estimate)
    value = in_unit(unit, estimate.estimate)
    return f"{value} ({interval})" if interval else value


def estimate_text(replications: "Replications", metric: str) -> str:
    """Return a metric's estimate with its interval as one text."""
    estimate = replications.estimate(metric, CONFIDENCE)
    if estimate is None:
        return "no data"
    return at_least(estimate_of(unit_of(metric), estimate), replications.columns.is_bound(metric))


def verdict_text(verdict: ThresholdVerdict) -> str:
    """Return what came of a threshold: the estimate with its interval, of one about days the share of these."""
    text = ""
    if verdict.threshold.days is None:
        text = estimate_of(unit_of(verdict.metric), verdict.estimate)
    elif verdict.estimate is not None:
        text = f"{estimate_of('share', verdict.estimate)} of days"
    return at_least(text, verdict.is_bound and text != "")


def worst_metric(replications: "Replications", name: str) -> str:
    """Return the metric of the worst slot where a threshold asks for each of them under this name, else the name."""
    metrics = (verdict.metric for verdict in replications.verdicts if verdict.threshold.metric == name)
    return next(metrics, name)


def how_often(points: "Sequence[Replications]") -> str:
    """Return how many replications some points have of each in words, from the fewest to the most."""
    counts = sorted({len(point.results) for point in points})
    if len(counts) == 1:
        return count(counts[0], "replication")
    return f"{counts[0]:,} to {count(counts[-1], 'replication')}"
