"""Values in words: a metric with its unit, a lower bound, an estimate with its interval, and how many there were."""

from collections.abc import Sequence
from math import inf

from sim.experiment import Replications
from sim.model import UNITS
from sim.statistics import Interval
from sim.units import SECOND, count, format_duration

CONFIDENCE = 0.95
BOUND = "≥: orders still PENDING at the end count with their waits so far"


def at_least(text: str, is_bound: bool = True) -> str:
    """Return a value's text, marked where it is a lower bound; `BOUND` says below a table what the mark means."""
    return f"≥ {text}" if is_bound else text


def shown(name: str, value: float) -> str:
    """Return a value of a metric with its unit: seconds to a tenth, or whole from 100 on, shares to a tenth of a
    percent, numbers to a thousandth, from 10 on to a tenth, and whole from 1,000 on.
    """
    unit, size = UNITS[name], abs(value)
    if unit == "s":
        text = format_duration(round(size * SECOND), 0 if size >= 100 else 1)
    elif unit == "share":
        text = f"{size:.1%}"
    else:
        places = 3 if size < 10 else 1
        text = f"{size:,.0f}" if size >= 1000 else f"{size:.{places}f}".rstrip("0").rstrip(".")
        text += "/h" if unit == "orders/h" else ""
    return f"-{text}" if value < 0 and text.strip("0.,%/hs") else text


def interval_ends(metric: str, estimate: Interval) -> tuple[str, str] | None:
    """Return the ends of an estimate's interval in words, None where it has none."""
    if estimate.low is None or estimate.high is None:
        return None
    most = 1.0 if UNITS[metric] == "share" else inf  # Student's t knows not that no value is negative, no share above 1
    low, high = (shown(metric, min(max(end, 0.0), most)) for end in (estimate.low, estimate.high))
    return low, high


def estimate_of(metric: str, estimate: Interval | None) -> str:
    """Return an estimate of a metric with its interval, '' for none."""
    if estimate is None:
        return ""
    ends = interval_ends(metric, estimate)
    mean = shown(metric, estimate.mean)
    return mean if ends is None else f"{mean} ({ends[0]} to {ends[1]})"


def estimate_text(replications: Replications, metric: str) -> str:
    """Return a metric's mean with its interval as one text."""
    estimate = replications.estimate(metric, CONFIDENCE)
    if estimate is None:
        return "no data"
    return at_least(estimate_of(metric, estimate), replications.columns.is_bound(metric))


def how_often(points: Sequence[Replications]) -> str:
    """Return how many replications some points have of each in words, from the fewest to the most."""
    counts = sorted({len(point.results) for point in points})
    if len(counts) == 1:
        return count(counts[0], "replication")
    return f"{counts[0]:,} to {count(counts[-1], 'replication')}"
