"""Whether counts and instants are those of Poisson arrivals, and how much days differ."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.statistics.intervals import Floats, Interval, t_quantile


class Dispersion(NamedTuple):
    """The variance of counts over that of Poisson counts, and how likely one as high, or one as low, is by chance."""

    ratio: float
    p_high: float
    p_low: float


class Departure(NamedTuple):
    """The largest distance between a distribution and the one that should be, how likely it is, and of how many."""

    distance: float
    p: float
    n: int


class DayFactor(NamedTuple):
    """How much days differ beyond chance: the coefficient of variation of their factor with its interval, and how
    likely so much is by chance alone.
    """

    cv: float
    low: float
    high: float
    p: float


def table_dispersion(counts: NDArray[np.int64] | Floats) -> Dispersion:
    """Return the dispersion of a table of counts, a row for each day and a column for each slot, in which days may
    differ as a whole and slots too.

    It is Pearson's chi-square of the table over its degrees of freedom: 1 for Poisson counts, above for rushes, below
    for regular gaps. Rows and columns without a count say nothing.
    """
    table = counts[counts.sum(1) > 0][:, counts.sum(0) > 0].astype(float)
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1) if table.size else 0
    if freedom < 1:
        return Dispersion(1.0, 1.0, 1.0)
    from scipy.special import chdtr, chdtrc

    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Dispersion(statistic / freedom, float(chdtrc(freedom, statistic)), float(chdtr(freedom, statistic)))


def lewis_test(cells: Iterable[Floats]) -> Departure:
    """Test whether the instants within each cell are those of Poisson arrivals; they are sorted, between 0 and 1.

    Given how many there are, they would be uniform. Durbin's transformation of the sorted gaps makes regular or
    clustered gaps visible, which the plain test of Kolmogorov and Smirnov does not see.
    Source: Lewis (1965), Some results on tests for Poisson processes; Durbin (1961), Some methods of constructing
    exact tests; Kim and Whitt (2014), Are call center and hospital arrivals well modeled by nonhomogeneous Poisson
    processes?
    """
    parts = [_durbin(instants) for instants in cells if len(instants) >= 2]
    if not parts:
        return Departure(0.0, 1.0, 0)
    values = np.sort(np.concatenate(parts))
    distance = uniform_distance(values)
    from scipy.special import kolmogorov

    n = len(values)
    scaled = distance * (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n))  # Stephens (1970)
    return Departure(distance, float(kolmogorov(scaled)), n)


def _durbin(instants: Floats) -> Floats:
    gaps = np.sort(np.diff(np.concatenate(([0.0], instants, [1.0]))))
    steps = np.diff(np.concatenate(([0.0], gaps))) * np.arange(len(gaps), 0, -1)
    return np.asarray(np.cumsum(steps)[:-1], float)


def uniform_distance(values: Floats) -> float:
    """Return the distance of Kolmogorov and Smirnov between sorted values and the uniform distribution on 0 to 1."""
    n = len(values)
    ranks = np.arange(1, n + 1)
    return float(max((ranks / n - values).max(), (values - (ranks - 1) / n).max()))


def day_factor(totals: Floats, groups: Sequence[int], within: float = 1.0) -> DayFactor:
    """Return how much the totals of days differ beyond chance, around the mean of the group that each belongs to.

    Chance is that of Poisson counts times the dispersion `within` days, at least 1. The interval is that of a variance
    of normal values.

    Raises:
        ValueError: there are not two days more than groups.

    """
    labels = np.asarray(groups)
    names = np.unique(labels)
    freedom = len(totals) - len(names)
    if freedom < 1:
        raise ValueError("too few days")
    from scipy.special import chdtrc, chdtri

    means = np.empty(len(totals))
    for name in names:
        means[labels == name] = totals[labels == name].mean()
    scale = max(1.0, within)
    squares = float((((totals - means) / means) ** 2).sum())
    chance = scale * float((1 / means).mean())
    p = float(chdtrc(freedom, float(((totals - means) ** 2 / means).sum()) / scale))
    variances = [squares / freedom, squares / float(chdtri(freedom, 0.025)), squares / float(chdtri(freedom, 0.975))]
    cv, low, high = (math.sqrt(max(0.0, variance - chance)) for variance in variances)
    return DayFactor(cv, low, high, p)


def ratio_interval(sums: Floats, counts: Floats, confidence: float = 0.95) -> Interval:
    """Return the ratio of two totals over days, with Student's interval that takes days as clusters.

    Source: Cochran (1977), Sampling Techniques, section 6.5.

    Raises:
        ValueError: nothing was counted.

    """
    total = float(np.sum(counts))
    if not total:
        raise ValueError("no counts")
    ratio, n = float(np.sum(sums)) / total, len(sums)
    if n < 2:
        return Interval(ratio, None, None, n)
    deviations = np.asarray(sums, float) - ratio * np.asarray(counts, float)
    error = math.sqrt(float((deviations**2).sum()) * n / (n - 1)) / total
    half = t_quantile(confidence, n - 1) * error
    return Interval(ratio, ratio - half, ratio + half, n)
