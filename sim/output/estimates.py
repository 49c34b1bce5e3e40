"""What replications say together, in words: means with their intervals, and verdicts on thresholds."""

from collections.abc import Iterator, Sequence
from math import inf

from sim.experiment import AllOrders, Replications
from sim.model import UNITS, OrderClass
from sim.output.text import WIDTH, aligned, count, folded
from sim.statistics import Histogram, Interval
from sim.units import SECOND, format_duration

_SHOWN = (
    *(f"wait.{one.name}.{statistic}" for one in OrderClass for statistic in ("mean", "p95", "max")),
    *(f"flow.{one.name}.mean" for one in OrderClass),
    *("queue.mean", "queue.max", "orders.created", "orders.completed", "orders.pending", "orders.abandoned.rate"),
    *("throughput", "utilisation", "bots.mean"),
)
CONFIDENCE = 0.95
ALL_ORDERS = f"waits of all orders together, quantiles to within {Histogram.relative_error:.3%}"
BOUND = "≥: orders still PENDING at the end count with their waits so far"


def head_lines(done: Replications) -> Iterator[str]:
    """Yield what was run, and what its estimates are."""
    n, plan = len(done.results), done.scenario.file.replications
    yield f"{done.scenario.name}, seed {done.seed}, {how_often([done])}"
    if n > 1:
        yield "means over replications with 95% intervals (Student's t)"
    elif done.scenario.is_random:
        yield "one run of a random scenario has no interval; run more with -n"
    if done.stopped and plan is not None and plan.until is not None:
        yield (
            f"stopped when the half-width of {plan.until.metric} was at most {plan.until.half_width}, from {plan.min} "
            f"replications on; such an interval's {plan.until.confidence:.0%} is nominal"
        )


def estimate_lines(done: Replications, width: int = WIDTH) -> Iterator[str]:
    """Yield the estimates of the metrics that matter most, and of those that the scenario asks about."""
    for line in head_lines(done):
        yield from folded(line, width)
    plan = done.scenario.file.replications
    asked = [threshold.metric for threshold in done.scenario.thresholds]
    asked += [plan.until.metric] if plan is not None and plan.until is not None else []
    names = [name for name in UNITS if name in _SHOWN or name in asked]
    yield from aligned(
        [("metric", "mean", "low", "high", "n"), *((name, *_cells(done, name)) for name in names)], width
    )
    if done.columns.is_bound():
        yield BOUND
    if rows := all_orders_rows(done):
        yield ALL_ORDERS
        yield from aligned(rows, width)


def all_orders_rows(replications: Replications) -> list[tuple[str, ...]]:
    """Return a heading and, for each class, what all orders waited; nothing where they were not all simulated now."""
    waits = {order_class.name: replications.all_orders(order_class) for order_class in OrderClass}
    rows = [
        (name, f"{of_class.n:,}", *(shown("wait.mean", value) for value in of_class[1:]))
        for name, of_class in waits.items()
        if of_class is not None
    ]
    return [("class", "orders", *AllOrders._fields[1:]), *rows] if rows else []


def _cells(done: Replications, name: str) -> tuple[str, str, str, str]:
    found = done.estimate(name, CONFIDENCE)
    if found is None:
        return "no data", "", "", "0"
    bound = "≥ " if done.columns.is_bound(name) else ""
    low, high = ("" if end is None else shown(name, _possible(name, end)) for end in (found.low, found.high))
    return f"{bound}{shown(name, found.mean)}", low, high, f"{found.n:,}"


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


def how_often(points: Sequence[Replications]) -> str:
    """Return how many replications some points have of each in words, from the fewest to the most."""
    counts = sorted({len(point.results) for point in points})
    return count(counts[0], "replication") if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,} replications"


def estimate_text(done: Replications, name: str) -> str:
    """Return a metric's mean with its interval as one text."""
    found = done.estimate(name, CONFIDENCE)
    if found is None:
        return "no data"
    return f"{'≥ ' * done.columns.is_bound(name)}{estimate_of(name, found)}"


def estimate_of(metric: str, estimate: Interval | None) -> str:
    """Return an estimate of a metric with its interval, '' for none."""
    if estimate is None:
        return ""
    mean = shown(metric, estimate.mean)
    if estimate.low is None or estimate.high is None:
        return mean
    low, high = (shown(metric, _possible(metric, end)) for end in (estimate.low, estimate.high))
    return f"{mean} ({low} to {high})"


def _possible(metric: str, end: float) -> float:
    """Return the end of an interval without values that a metric cannot have: none is negative, no share above 1."""
    return min(max(end, 0.0), 1.0 if UNITS[metric] == "share" else inf)
