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
    mean = float(observed.sum()) / n
    if n == 1:
        return Interval(mean, None, None, 1)
    if observed.min() == observed.max():
        value = float(observed[0])  # rounding keeps it from being the mean
        away = unseen_share(n, level) * reach
        return Interval(value, value - away, value + away, n)
    centred = observed - mean
    sd = math.sqrt(float((centred * centred).sum()) / (n - 1))
    scaled = centred / sd
    skewness = float((scaled * scaled * scaled).sum()) / n
    t = t_quantile(1 - 2 * level, n - 1)
    low, high = (mean - sd * hall_distance(sign * t, skewness, n) for sign in (1, -1))
    return Interval(mean, low, high, n)


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
