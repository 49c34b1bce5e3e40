"""What replications say of a metric: the estimate, and the interval that every table and verdict uses."""

import math

import numpy as np

from sim.experiment.results import Floats, Results
from sim.model import Ints, Metric, OrderClass, metric_named
from sim.scenario import Scenario, never_varies
from sim.statistics import (
    Counts,
    Interval,
    bounds,
    quantile_bounds,
    replications_for,
    replications_to_tell,
    share_bounds,
    t_quantile,
    woodruff_bounds,
)
from sim.units import SECOND

_LEVEL = 0.025  # of the interval whose width tells how steep the distribution is at a percentile


def interval_of(scenario: Scenario, results: Results, name: str, level: float, reach: float = 0) -> Interval | None:
    """Return the estimate of a metric between two bounds, each wrong at most with probability `level`; None where
    nothing was observed. Durations are in seconds.

    A percentile is that of all orders of all replications (`quantile_bounds`), without bounds where no file names it; a
    share of orders is a ratio of sums (`share_bounds`); all else is the mean over replications (`bounds`). Where all
    means are equal, others may lie up to `reach` away. What no chance can change is known exactly, and so is what one
    replication has, of which nothing is pooled.
    """
    metric = metric_named(name)
    if scenario.is_random and never_varies(name, scenario.file):
        observed: list[float] = observed_values(results, name).tolist()
        return Interval(observed[0], observed[0], observed[0], len(observed)) if observed else None
    if metric.is_pooled and scenario.is_random and len(results) > 1:
        return _of_percentile(results, metric, level)
    if metric.weight is not None:
        hits, orders = _hits_and_orders(results, metric)
        return share_bounds(hits, orders, level) if orders.any() else None
    values = observed_values(results, name)
    return bounds(values, level, reach if scenario.is_random else 0) if len(values) else None


def day_values(results: Results, name: str) -> Floats:
    """Return what each replication says of a metric, NaN where nothing was observed; their mean is its estimate.

    All are NaN of a percentile of all orders that has no interval. What a day says of a percentile or a share of all
    orders is linearised: the estimate, and how far the day would move it (Woodruff 1971, A simple method for
    approximating the variance of a complicated estimate; for percentiles Francisco and Fuller 1991, Quantile estimation
    with a complex survey design, Annals of Statistics 19).
    """
    metric = metric_named(name)
    if metric.weight is not None:
        hits, orders = _hits_and_orders(results, metric)
        share = hits.sum() / orders.sum() if orders.any() else np.nan
        return np.where(orders > 0, share + (hits - share * orders) / orders[orders > 0].mean(), np.nan)
    if not metric.is_pooled:
        return results.of_metric(name)
    nowhere = np.full(len(results), np.nan)
    days = results.counts.get(metric.distribution)
    if days is None or not days.n.any():
        return nowhere
    interval = woodruff_bounds(days, _share(metric), _LEVEL)
    if interval.low is None or interval.high in (None, np.inf):
        return nowhere
    orders, below = days.n, days.up_to(interval.estimate)
    moves = (below - below.sum() / orders.sum() * orders) / orders[orders > 0].mean()
    n, filled = interval.n, moves[orders > 0]
    error = t_quantile(1 - 2 * _LEVEL, n - 1) * float(filled.std(ddof=1)) / n**0.5  # of the share up to the percentile
    slope = (interval.high - interval.low) / (2 * error) if error else 0.0
    return np.where(orders > 0, (interval.estimate - slope * moves) / SECOND, np.nan)


def observed_values(results: Results, name: str) -> Floats:
    """Return the value of a metric in each replication in which something was observed."""
    column = results.of_metric(name)
    return column[~np.isnan(column)]


def replications_to_settle(results: Results, name: str, limit: float) -> int | None:
    """Return about how many replications would tell a metric from a limit, None where its estimate is the limit.

    Of a percentile, it is the share of orders up to the limit that must be told from the percentile's own share.
    """
    metric = metric_named(name)
    if metric.is_pooled:
        days = results.counts[metric.distribution]
        return days_to_settle(days.up_to(limit * SECOND), days.n, _share(metric))
    if metric.weight is not None:
        return days_to_settle(*_hits_and_orders(results, metric), limit)
    values = observed_values(results, name)
    if values.mean() == limit:
        return None
    return math.ceil(replications_to_tell(values, limit) * len(results) / len(values))


def _of_percentile(results: Results, metric: Metric, level: float) -> Interval | None:
    if metric.distribution in results.counts:
        days = results.counts[metric.distribution]
        if not days.n.any():
            return None
        interval = quantile_bounds(days, _share(metric), level)
        low, high = (None if end is None else end / SECOND for end in (interval.low, interval.high))
        return Interval(interval.estimate / SECOND, low, high, interval.n)
    pools = results.pools or {}
    classes = OrderClass if metric.order_class is None else (metric.order_class,)
    names = [metric._replace(order_class=order_class).distribution for order_class in classes]
    pool = Counts.join([pools[name] for name in names if name in pools])
    if not pool.n:
        return None
    return Interval(pool.quantile(_share(metric)) / SECOND, None, None, len(observed_values(results, metric.name)))


def _share(metric: Metric) -> float:
    assert metric.per_mille is not None
    return metric.per_mille / 1000


def _hits_and_orders(results: Results, metric: Metric) -> tuple[Ints, Ints]:
    """Return how many orders of each replication count in a share of orders, and of how many it is the share."""
    assert metric.weight is not None
    orders = np.nan_to_num(results.of_metric(metric.weight))
    hits = np.rint(np.nan_to_num(results.of_metric(metric.name)) * orders)
    return hits.astype(np.int64), orders.astype(np.int64)


def days_to_settle(hits: Ints, orders: Ints, limit: float) -> int | None:
    """Return about how many days would tell a share of orders from a limit, None where it is the limit; hits and orders
    are by day.
    """
    distance = abs(hits.sum() / orders.sum() - limit)
    if not distance:
        return None
    return replications_for((hits - hits.sum() / orders.sum() * orders) / orders.mean(), distance)
