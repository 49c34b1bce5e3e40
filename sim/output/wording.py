"""Values in words: a metric with its unit, a lower bound, an estimate with its interval, and what replications say
together.
"""

from collections.abc import Iterator, Sequence
from math import inf

from sim.experiment import AllOrders, Replications, key_metrics
from sim.model import OrderClass, unit_of
from sim.output.layout import WIDTH, Row, aligned, folded
from sim.statistics import Histogram, Interval
from sim.units import SECOND, count, format_duration
from sim.verdicts import SINGLE_RUN

CONFIDENCE = 0.95
ALL_ORDERS = f"waits of all orders together, quantiles to within {Histogram.relative_error:.3%}"
BOUND = "≥: orders still PENDING at the end count with their waits so far"


def at_least(text: str, is_bound: bool) -> str:
    """Return a value's text, marked where it is a lower bound; `BOUND` says below a table what the mark means."""
    return f"≥ {text}" if is_bound else text


def shown(name: str, value: float) -> str:
    """Return a value of a metric with its unit: seconds to a tenth, or whole from 100 on, shares to a tenth of a
    percent, numbers to a thousandth, from 10 on to a tenth, and whole from 1,000 on.
    """
    unit = unit_of(name)
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


def interval_ends(metric: str, estimate: Interval) -> tuple[str, str] | None:
    """Return the ends of an estimate's interval in words, None where it has none."""
    if estimate.low is None or estimate.high is None:
        return None
    most = 1.0 if unit_of(metric) == "share" else inf  # t knows no ends: no time is negative, no share above 1
    low, high = (shown(metric, min(max(end, 0.0), most)) for end in (estimate.low, estimate.high))
    return low, high


def estimate_of(metric: str, estimate: Interval | None) -> str:
    """Return an estimate of a metric with its interval, '' for none."""
    if estimate is None:
        return ""
    ends = interval_ends(metric, estimate)
    mean = shown(metric, estimate.estimate)
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


def head_lines(replications: Replications) -> Iterator[str]:
    """Yield what was run, and what its estimates are."""
    scenario = replications.scenario
    yield f"{scenario.name}, seed {replications.seed}, {how_often([replications])}"
    if len(replications.results) > 1:
        yield "means over replications with 95% intervals (Student's t)"
    elif scenario.is_random:
        yield SINGLE_RUN
    plan = scenario.file.replications
    if replications.stopped and plan is not None and plan.until is not None:
        yield (
            f"stopped when the half-width of {plan.until.metric} was at most {plan.until.half_width}, from {plan.min} "
            f"replications on; such an interval's {plan.until.confidence:.0%} is nominal"
        )


def estimate_lines(replications: Replications, width: int = WIDTH) -> Iterator[str]:
    """Yield the estimates of the metrics that matter most, and of those that the scenario asks about."""
    for line in head_lines(replications):
        yield from folded(line, width)
    names = key_metrics(replications.scenario)
    rows: list[Row] = [("metric", "mean", "low", "high", "n")]
    rows += [(name, *_cells(replications, name)) for name in names]
    yield from aligned(rows, width)
    if replications.columns.is_bound():
        yield BOUND
    if waits := all_orders_rows(replications):
        yield ALL_ORDERS
        yield from aligned(waits, width)


def all_orders_rows(replications: Replications) -> list[Row]:
    """Return a heading and, for each class, what all orders waited; nothing where they were not all simulated now."""
    waits = {order_class.name: replications.all_orders(order_class) for order_class in OrderClass}
    rows = [
        (name, f"{of_class.n:,}", *(shown("wait.mean", value) for value in of_class[1:]))
        for name, of_class in waits.items()
        if of_class is not None
    ]
    return [("class", "orders", *AllOrders._fields[1:]), *rows] if rows else []


def _cells(replications: Replications, name: str) -> tuple[str, str, str, str]:
    estimate = replications.estimate(name, CONFIDENCE)
    if estimate is None:
        return "no data", "", "", "0"
    mean = at_least(shown(name, estimate.estimate), replications.columns.is_bound(name))
    low, high = interval_ends(name, estimate) or ("", "")
    return mean, low, high, f"{estimate.n:,}"
