"""Shares: of runs, and of the orders of many days."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from sim.statistics.intervals import FEW_DAYS, Floats, Interval, Ints, hall_distance, t_quantile, unseen_share

_LEVEL = 0.025  # of a verdict on one side
_TOLERANCE = 1e-10


def clopper_pearson(hits: int, n: int, level: float) -> Interval:
    """Return the share of `n` runs that `hits` are, between two bounds, each wrong at most with probability `level`.

    Source: Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26.

    Raises:
        ValueError: there are no runs.

    """
    if n == 0:
        raise ValueError("no runs")
    from scipy.special import betaincinv

    low = float(betaincinv(hits, n - hits + 1, level)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - level)) if hits < n else 1.0
    return Interval(hits / n, low, high, n)


def days_needed(share: float) -> int:
    """Return the least number of days after which it can be proved, at 2.5%, that `share` of all orders are hits.

    If one day in 1 / (1 - share) is lost with all its orders, fewer days have too good a chance to show none of them.

    Raises:
        ValueError: the share is not between 0 and 1.

    """
    return days_to_show(share, _LEVEL)


def days_to_show(share: float, level: float) -> int:
    """Return what `days_needed` does for another level.

    Raises:
        ValueError: the share is not between 0 and 1.

    """
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} is not between 0 and 1")
    return max(2, math.ceil(math.log(level) / math.log(share)))


def share_bounds(hits: Sequence[int] | Ints, orders: Sequence[int] | Ints, level: float) -> Interval:
    """Return the share of all orders that are hits, between two bounds, each wrong at most with probability `level`.

    `hits` and `orders` are counts by day. Orders of a day depend on each other, so the day is the unit: the share is
    the ratio of sums, and its interval holds each p for which `hall_bounds` of hits - p * orders, which is 0 on average
    where p is the truth, do not exclude 0 (Fieller 1954). Days without orders count nothing, and `n` is the number of
    the others.

    Where fewer than ten days had a miss, they tell too little of the days that were not seen, and Hall's bound alone is
    wrong far too often. So the lower bound is no higher than the worst that such days leave possible. A share of hits
    is as easily underrated from few days with a hit, so the upper bound has the same guard: turned into the share of
    misses, the interval is the mirror of this one.

    Raises:
        ValueError: there are no orders, or a day has more hits than orders.

    """
    all_hits, all_orders = np.asarray(hits, np.int64), np.asarray(orders, np.int64)
    if ((all_hits < 0) | (all_hits > all_orders)).any():
        raise ValueError("a day has more hits than orders, or fewer than none")
    counted = all_orders > 0
    hit, created = all_hits[counted], all_orders[counted]
    days, total, total_hit = len(created), int(created.sum()), int(hit.sum())
    if days == 0:
        raise ValueError("no orders")
    share = total_hit / total
    if days == 1:
        return Interval(share, None, None, 1)
    if (hit * total == created * total_hit).all():
        unseen = unseen_share(days, level)
        return Interval(share, share * (1 - unseen), share + (1 - share) * unseen, days)
    low, high = _hall_ends(hit.astype(float), created.astype(float), share, level)
    return Interval(
        share,
        min(low, 1 - _worst(created - hit, created, level)),
        max(high, _worst(hit, created, level)),
        days,
    )


def _hall_ends(hits: Floats, orders: Floats, share: float, level: float) -> tuple[float, float]:
    """Return the ends of the interval of each p that Hall's bounds of hits - p * orders do not exclude."""
    days, mean = len(orders), float(orders.mean())
    t = t_quantile(1 - 2 * level, days - 1)
    # With p = share + shift, a day's hits - p * orders differ from their mean, -shift * mean, by x - shift * y.
    x, y = hits - share * orders, orders - mean
    xx, xy, yy = x * x, x * y, y * y
    sum_xx, sum_xy, sum_yy = float(xx.sum()), float(xy.sum()), float(yy.sum())
    sum_xxx, sum_xxy, sum_xyy, sum_yyy = (float(terms.sum()) for terms in (xx * x, xx * y, x * yy, yy * y))

    def margin(shift: float, side: int) -> float:
        """Return how far the bound on a side, 1 the lower and -1 the upper one, lies beyond 0; below 0 it does not."""
        sd = math.sqrt(max(0.0, sum_xx - 2 * shift * sum_xy + shift**2 * sum_yy) / (days - 1))
        if sd == 0:
            return -shift * mean * side
        third = sum_xxx - 3 * shift * sum_xxy + 3 * shift**2 * sum_xyy - shift**3 * sum_yyy
        return side * (-shift * mean - sd * hall_distance(side * t, third / days / sd**3, days))

    low = _last_below_0(lambda shift: margin(shift, 1), -share)
    high = _last_below_0(lambda shift: margin(shift, -1), 1 - share)
    return share + low, share + high


def _last_below_0(function: Callable[[float], float], end: float) -> float:
    """Return where, from 0 to `end`, a function rises above 0, or `end`: to within 1e-10, by bisection."""
    inside, outside = 0.0, end
    if function(end) <= 0:
        return end
    while abs(outside - inside) > _TOLERANCE:
        middle = (inside + outside) / 2
        if function(middle) <= 0:
            inside = middle
        else:
            outside = middle
    return outside


def _worst(misses: Ints, orders: Ints, level: float) -> float:
    """Return the largest share of orders that misses may be, as far as few days with a miss tell: 0 if many had one.

    On days that were not seen all orders may be missed. The bound is that of Stringer (1963), Practical aspects of
    statistical sampling in auditing: from one count of days with a miss to the next, the bound of Clopper and Pearson
    grows by a step, and each such day counts for its step by its share of misses. (Were all orders of such days taken
    for missed, the bound would be as safe and much wider.) Such days have their own number of orders, but no fewer than
    an average day.
    """
    is_missed = misses > 0
    count, days = int(is_missed.sum()), len(orders)
    if count >= FEW_DAYS:
        return 0.0
    if count == 0:
        return unseen_share(days, level)
    ends = np.array([clopper_pearson(hits, days, level).high for hits in range(count + 1)])
    shares = np.sort(misses[is_missed] / orders[is_missed])[::-1]
    size = max(1.0, float(orders[is_missed].mean() / orders.mean()))
    return min(1.0, size * float(ends[0] + np.diff(ends) @ shares))
