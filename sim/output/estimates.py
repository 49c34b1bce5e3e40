"""What replications say together, in words: means with their intervals, and what all their orders waited."""

from collections.abc import Iterator

from sim.experiment import AllOrders, Replications, key_metrics
from sim.model import OrderClass
from sim.output.layout import WIDTH, Row, aligned, folded
from sim.output.wording import BOUND, CONFIDENCE, at_least, how_often, interval_ends, shown
from sim.statistics import Histogram

ALL_ORDERS = f"waits of all orders together, quantiles to within {Histogram.relative_error:.3%}"


def head_lines(replications: Replications) -> Iterator[str]:
    """Yield what was run, and what its estimates are."""
    scenario = replications.scenario
    yield f"{scenario.name}, seed {replications.seed}, {how_often([replications])}"
    if len(replications.results) > 1:
        yield "means over replications with 95% intervals (Student's t)"
    elif scenario.is_random:
        yield "one run of a random scenario has no interval; run more with -n"
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
    mean = at_least(shown(name, estimate.mean), replications.columns.is_bound(name))
    low, high = interval_ends(name, estimate) or ("", "")
    return mean, low, high, f"{estimate.n:,}"
