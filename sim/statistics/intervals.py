"""Means with their intervals, how many replications settle a question, and where a coming day lies."""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_SKEWNESS = 1e-6  # below which its correction is lost in rounding
_LEVEL, _POWER = 0.025, 0.8  # of the test that `replications_for` plans
_FARTHER = 5  # times as far away as Student's bound is one where large values are few
FEW_DAYS = 10
"""Fewer observations with something large, or something bad, tell too little of those that were not seen."""


class Interval(NamedTuple):
    """An estimate and its confidence interval; the ends are None where there are too few observations for one."""

    estimate: float
    low: float | None
    high: float | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval, None without one."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


class DayRange(NamedTuple):
    """Where a coming day lies: between `low` and `high`, with a probability of `coverage`."""

    low: float
    high: float
    coverage: float


def mean_interval(values: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """Return the mean of independent observations with Student's t interval (Student 1908).

    Raises:
        ValueError: there are no values.

    """
    observed = np.asarray(values, float)
    n = len(observed)
    if n == 0:
        raise ValueError("no values")
    mean = float(observed.sum()) / n  # equal to `mean`, which takes three times as long
    if n == 1:
        return Interval(mean, None, None, 1)
    sd = math.sqrt(float(((observed - mean) ** 2).sum()) / (n - 1))
    half = t_quantile(confidence, n - 1) * sd / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def bounds(values: Sequence[float] | Floats, level: float, reach: float = 0) -> Interval:
    """Return the mean of independent observations between two one-sided bounds, each of which is wrong at most with
    probability `level` (below 40%), also where observations are skewed and the level is small.

    They are those of `hall_bounds`. Where few observations are large (see `_is_large_rare`), these tell too little of
    how skewed others are. Then the upper bound lies at least `_FARTHER` times as far away as Student's, and where few
    are small, the lower one does. Whatever the skewness, Hall's bounds lie at most about four times as far. No number
    is right for all distributions (Bahadur and Savage 1956, The nonexistence of certain statistical procedures in
    nonparametric problems); docs/coverage.md shows how often this one is.

    Raises:
        ValueError: there are no values.

    """
    observed = np.asarray(values, float)
    interval = hall_bounds(observed, level, reach)
    student = mean_interval(observed, 1 - 2 * level).half_width
    mean, low, high, n = interval
    if low is None or high is None or student is None:
        return interval
    if _is_large_rare(-observed):
        low = min(low, mean - _FARTHER * student)
    if _is_large_rare(observed):
        high = max(high, mean + _FARTHER * student)
    return Interval(mean, low, high, n)


def hall_bounds(values: Sequence[float] | Floats, level: float, reach: float = 0) -> Interval:
    """Return the mean of independent observations between two one-sided bounds, each wrong at most with probability
    `level` (below 40%) if the observations tell how skewed others are.

    Student's t is corrected for skewness by Hall's transformation (Hall 1992, On the removal of skewness by
    transformation; Zhou and Dinh 2005, Nonparametric confidence intervals for the one- and two-sample problems).
    Equal values do not prove that there are no others: those that they did not show are taken to lie up to `reach`
    away. A value alone has no bounds.

    Raises:
        ValueError: there are no values.

    """
    observed = np.asarray(values, float)
    n = len(observed)
    if n == 0:
        raise ValueError("no values")
    if n == 1:
        return Interval(float(observed[0]), None, None, 1)
    if observed.min() == observed.max():
        value = float(observed[0])  # rounding keeps it from being the mean
        away = unseen_share(n, level) * reach
        return Interval(value, value - away, value + away, n)
    mean, sd, skewness = _moments(observed)
    t = t_quantile(1 - 2 * level, n - 1)
    low, high = (mean - sd * hall_distance(sign * t, skewness, n) for sign in (1, -1))
    return Interval(mean, low, high, n)


def hall_level(values: Sequence[float] | Floats, limit: float) -> float:
    """Return the level at which one of `hall_bounds` is the limit: the p-value of "the mean lies on its other side".

    Raises:
        ValueError: there are fewer than two values, or all are equal.

    """
    from scipy.special import stdtr

    observed = np.asarray(values, float)
    n = len(observed)
    if n < 2 or observed.min() == observed.max():
        raise ValueError("give two different values or more")
    mean, sd, skewness = _moments(observed)
    distance = (mean - limit) / sd
    t = math.sqrt(n) * (distance + skewness * distance**2 / 3 + skewness**2 * distance**3 / 27 + skewness / (6 * n))
    return float(stdtr(n - 1, -t if distance > 0 else t))


def _moments(observed: Floats) -> tuple[float, float, float]:
    """Return the mean, the standard deviation and the skewness of two or more values, not all equal."""
    n, mean = len(observed), float(observed.sum()) / len(observed)
    centred = observed - mean
    sd = math.sqrt(float((centred * centred).sum()) / (n - 1))
    scaled = centred / sd
    return mean, sd, float((scaled * scaled * scaled).sum()) / n


def _is_large_rare(observed: Floats) -> bool:
    """Tell whether large observations are fewer than ten, and than a third of all."""
    return _number_of_large(observed) < min(FEW_DAYS, len(observed) / 3)


def _number_of_large(observed: Floats) -> float:
    """Return how many equally large observations would carry as unevenly what all are above the smallest.

    Of 30 days, of which 4 have a wait and all the same one, it is 4. It is `n` where all are equal.
    Source: the effective sample size of Kish (1965), Survey sampling.
    """
    excess = observed - observed.min()
    squares = float((excess * excess).sum())
    return float(excess.sum()) ** 2 / squares if squares else float(len(observed))


def hall_distance(t: float, skewness: float, n: int) -> float:
    """Return how many standard deviations of one of `n` values their mean exceeds its bound, `t` a quantile of Student.

    It grows with `t`, however skewed the values are. Source: the cubic transformation of Hall (1992).
    """
    shift = t / math.sqrt(n) - skewness / (6 * n)
    if abs(skewness) < _NO_SKEWNESS:
        return shift
    return 3 * (math.cbrt(1 + skewness * shift) - 1) / skewness


def unseen_share(n: int, level: float) -> float:
    """Return the largest share of days that can be unlike all `n` observed ones, wrong with probability `level`.

    Source: Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, with no hit.
    """
    return 1 - math.pow(level, 1 / n)


@cache
def t_quantile(confidence: float, freedom: int) -> float:
    """Return how many standard errors a two-sided interval reaches to each side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))


def replications_for(values: Sequence[float] | Floats, distance: float) -> int:
    """Return how many replications would tell a mean from a limit at this distance, judged by the values so far.

    The one-sided test at 2.5% then has a power of 80%: four experiments in five are decided.
    Source: the sample size of Sokal and Rohlf (1995), Biometry, section 9.8, for paired values, with both quantiles
    taken from Student's t.

    Raises:
        ValueError: there are fewer than two values, or the distance is not above 0.

    """
    observed = np.asarray(values, float)
    if len(observed) < 2 or distance <= 0:
        raise ValueError("give two values or more, and a distance above 0")
    from scipy.special import ndtri

    sd = float(observed.std(ddof=1))
    n = max(2, math.ceil((float(ndtri(1 - _LEVEL) + ndtri(_POWER)) * sd / distance) ** 2))
    while (t_quantile(1 - 2 * _LEVEL, n - 1) + t_quantile(2 * _POWER - 1, n - 1)) * sd / math.sqrt(n) > distance:
        n += 1
    return n


def replications_to_tell(values: Sequence[float] | Floats, limit: float) -> int:
    """Return how many replications would tell a mean from a limit, judged by the values so far.

    They are those of `replications_for`. Where values that are large on the limit's side are few, they are so many that
    these are no longer few, or that the farther bound (see `bounds`) does not reach to the limit.

    Raises:
        ValueError: there are fewer than two values, or their mean is the limit.

    """
    observed = np.asarray(values, float)
    mean = float(observed.mean()) if len(observed) else limit
    distance, towards = abs(limit - mean), observed if limit > mean else -observed
    n = replications_for(observed, distance)
    if not _is_large_rare(towards):
        return n
    enough_large = math.ceil(FEW_DAYS * len(observed) / _number_of_large(towards))
    return max(n, min(enough_large, replications_for(observed, distance / _FARTHER)))


def day_range(values: Sequence[float] | Floats) -> DayRange:
    """Return the two values between which the value of a coming day lies with 95%.

    They are the j-th smallest and the j-th largest of n days, j = (n + 1) / 40 rounded down: the smallest and the
    largest of 39. Of fewer days, these hold the coming one with (n - 1) / (n + 1) only, as `coverage` says.
    Source: Wilks (1941), Determination of sample sizes for setting tolerance limits.

    Raises:
        ValueError: there are no values.

    """
    ordered = np.sort(np.asarray(values, float))
    n = len(ordered)
    if n == 0:
        raise ValueError("no values")
    rank = max(1, (n + 1) // 40)
    return DayRange(float(ordered[rank - 1]), float(ordered[-rank]), (n + 1 - 2 * rank) / (n + 1))
