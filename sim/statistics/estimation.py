"""Estimates from simulation output: intervals, the end of the warm-up, batch means, and counts that merge."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MSER_BATCH = 5
_NO_SKEWNESS = 1e-6  # below which its correction is lost in rounding


class Interval(NamedTuple):
    """An estimate and its confidence interval; the ends are None where there are too few observations for one."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval, None without one."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def mean_interval(values: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """Return the mean of independent observations with Student's t interval (Student 1908).

    Raises:
        ValueError: there are no values.

    """
    observed = np.asarray(values, float)
    n = len(observed)
    if n == 0:
        raise ValueError("no values")
    mean = float(observed.mean())
    if n == 1:
        return Interval(mean, None, None, 1)
    half = t_quantile(confidence, n - 1) * float(observed.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def bounds(values: Sequence[float] | Floats, level: float, reach: float = 0) -> Interval:
    """Return the mean of independent observations between two one-sided bounds, each of which is wrong at most with
    probability `level`, also where observations are skewed and the level is small.

    Student's t is corrected for skewness by Hall's transformation (Hall 1992, On the removal of skewness by
    transformation; Zhou and Dinh 2005, Nonparametric confidence intervals for the one- and two-sample problems).
    Equal values do not prove that there are no others: what n of them did not show comes with a probability of at most
    1 - level^(1/n) (Clopper and Pearson 1934), and is taken to lie up to `reach` away.

    Raises:
        ValueError: there are no values.

    """
    interval = mean_interval(values, 1 - 2 * level)
    if interval.low is None:
        return interval
    if interval.low == interval.high:
        unseen = (1 - level ** (1 / interval.n)) * reach
        return interval._replace(low=interval.mean - unseen, high=interval.mean + unseen)
    observed = np.asarray(values, float)
    sd = float(observed.std(ddof=1))
    skewness = float((((observed - interval.mean) / sd) ** 3).mean())
    reach, root = t_quantile(1 - 2 * level, interval.n - 1), math.sqrt(interval.n)

    def distance(t: float) -> float:
        """Return how many standard deviations the bound lies below the mean."""
        shift = t / root - skewness / (6 * interval.n)
        if abs(skewness) < _NO_SKEWNESS:
            return shift
        return 3 * (math.cbrt(1 + skewness * shift) - 1) / skewness

    return interval._replace(low=interval.mean - sd * distance(reach), high=interval.mean - sd * distance(-reach))


def share_interval(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the share of `n` runs that `hits` are, with Wilson's interval (Wilson 1927).

    Raises:
        ValueError: there are no runs.

    """
    if n == 0:
        raise ValueError("no runs")
    from scipy.special import ndtri

    share, z = hits / n, float(ndtri((1 + confidence) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(share, centre - half if hits else 0.0, centre + half if hits < n else 1.0, n)


def t_quantile(confidence: float, freedom: int) -> float:
    """Return how many standard errors a two-sided interval reaches to each side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))


def replications_for(values: Sequence[float] | Floats, half_width: float, confidence: float = 0.95) -> int:
    """Return how many replications would likely bring the half-width down to `half_width`, from those seen so far.

    Source: the fixed-sample-size estimate of Law (2015), Simulation Modeling and Analysis, section 9.4.1.

    Raises:
        ValueError: there are fewer than two values, or the half-width is not above 0.

    """
    observed = np.asarray(values, float)
    if len(observed) < 2 or half_width <= 0:
        raise ValueError("give two values or more, and a half-width above 0")
    from scipy.special import ndtri

    sd = float(observed.std(ddof=1))
    n = max(2, math.ceil((float(ndtri((1 + confidence) / 2)) * sd / half_width) ** 2))
    while t_quantile(confidence, n - 1) * sd / math.sqrt(n) > half_width:
        n += 1
    return n


def mser5(series: Sequence[float] | Floats) -> int | None:
    """Return how many observations at the beginning belong to the warm-up, None when it reaches half of the series.

    Means of batches of five are cut where the standard error of what is left is smallest (White 1997, An effective
    truncation heuristic for bias reduction in simulation output). Only the first half is searched: a few quiet batches
    at the very end have the smallest error of all, and mean nothing.
    """
    observed = np.asarray(series, float)
    batches = observed[: len(observed) // _MSER_BATCH * _MSER_BATCH].reshape(-1, _MSER_BATCH).mean(axis=1)
    count = len(batches)
    if count < 2:
        return None
    remaining = np.arange(count, 0, -1)
    centred = batches - batches[-1]  # so that equal values at the end have no variance at all
    sums, squares = (np.cumsum(values[::-1])[::-1] for values in (centred, centred**2))
    errors = (squares - sums**2 / remaining) / remaining.astype(float) ** 2
    half = count // 2
    cut = int(np.argmin(errors[: half + 1]))
    return cut * _MSER_BATCH if cut < half else None


class BatchMeans(NamedTuple):
    """An interval from one long run, and the correlation of neighbouring batches, which should be near 0."""

    interval: Interval
    batches: int
    correlation: float


def batch_means(series: Sequence[float] | Floats, confidence: float = 0.95, batches: int = 20) -> BatchMeans:
    """Return the mean of a series that depends on its past, with an interval from the means of equal batches.

    Source: Schmeiser (1982), Batch size effects in the analysis of simulation output: 10 to 30 batches are enough.
    The correlation of neighbouring batches is near 0 when batches are long enough.

    Raises:
        ValueError: there are fewer observations than batches, or fewer than two batches.

    """
    observed = np.asarray(series, float)
    if not 2 <= batches <= len(observed):
        raise ValueError(f"{len(observed)} observations make no {batches} batches")
    size = len(observed) // batches
    means = observed[len(observed) - size * batches :].reshape(batches, size).mean(axis=1)
    spread = float(((means - means.mean()) ** 2).sum())
    centred = means - means.mean()
    correlation = float((centred[1:] * centred[:-1]).sum()) / spread if spread else 0.0
    return BatchMeans(mean_interval(means, confidence), batches, correlation)


class Histogram:
    """How many whole numbers from 0 on lie in each of many ranges: exact counts that merge exactly, in any order.

    Numbers below 8,192 have a range each; each power of two above is cut into 4,096, so that a quantile is off by less
    than 1.2e-4 of itself. Source: the log-linear form of HdrHistogram (Tene 2012).
    """

    bits = 12
    relative_error = 2.0 ** -(bits + 1)

    def __init__(self) -> None:
        self.n = self.total = 0  # how many numbers, and their sum
        self.counts = np.zeros((64 - self.bits) << self.bits, np.int64)

    def add(self, numbers: NDArray[np.int64]) -> None:
        """Count each of some numbers."""
        power = np.maximum(np.frexp(numbers.astype(np.float64))[1] - (self.bits + 1), 0)
        np.add.at(self.counts, (power << self.bits) + (numbers >> power), 1)
        self.n += len(numbers)
        self.total += int(numbers.sum())

    def merge(self, histogram: "Histogram") -> None:
        """Count all that another histogram has counted."""
        self.counts += histogram.counts
        self.n += histogram.n
        self.total += histogram.total

    def quantile(self, share: float) -> float:
        """Return the smallest number that at least this share of all does not exceed: the middle of its range.

        Raises:
            ValueError: nothing was counted.

        """
        if not self.n:
            raise ValueError("no numbers")
        rank = max(1, math.ceil(share * self.n))
        place = int(np.searchsorted(np.cumsum(self.counts), rank))
        power = max((place >> self.bits) - 1, 0)
        low = (place - (power << self.bits)) << power
        return low + ((1 << power) - 1) / 2

    def __getstate__(self) -> tuple[int, int, NDArray[np.intp], NDArray[np.int64]]:
        """Return what is not 0, as workers send it."""
        places = np.flatnonzero(self.counts)
        return self.n, self.total, places, self.counts[places]

    def __setstate__(self, state: tuple[int, int, NDArray[np.intp], NDArray[np.int64]]) -> None:
        self.__init__()  # type: ignore[misc]
        self.n, self.total, places, counts = state
        self.counts[places] = counts
