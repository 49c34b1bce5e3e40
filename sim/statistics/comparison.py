"""Comparison of systems: paired differences, and many tests at once."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.statistics.intervals import Floats, Interval, hall_bounds, hall_level, mean_interval


class Difference(NamedTuple):
    """A mean difference with its interval and the p-value of "there is none".

    `correlation` is that of the pairs, and `variance_ratio` how many times as large the variance of the difference
    would be if they were independent; both are None where values do not vary.
    """

    interval: Interval
    p: float
    correlation: float | None
    variance_ratio: float | None


def paired_difference(
    values: Sequence[float] | Floats, baseline: Sequence[float] | Floats, confidence: float = 0.95
) -> Difference:
    """Return how much `values` exceed those of the `baseline`, pair by pair, with the interval of `difference_bounds`.

    Pairs under common random numbers have a smaller variance than independent ones where their correlation is above 0
    (Law 2015, Simulation Modeling and Analysis, section 11.2). One pair alone has no interval and
    p = 1.

    Raises:
        ValueError: there are no pairs.

    """
    treated, untreated = np.asarray(values, float), np.asarray(baseline, float)
    differences = treated - untreated
    interval = difference_bounds(differences, (1 - confidence) / 2)
    if interval.n == 1:
        return Difference(interval, 1.0, None, None)
    variance, unpaired = float(differences.var(ddof=1)), float(treated.var(ddof=1) + untreated.var(ddof=1))
    sd = float(treated.std(ddof=1) * untreated.std(ddof=1))
    correlation = float(np.cov(treated, untreated)[0, 1]) / sd if sd else None
    p = p_value(interval.estimate, variance, interval.n)
    if differences.min() < differences.max():
        p = max(p, min(1.0, 2 * hall_level(differences, 0)))
    return Difference(interval, p, correlation, unpaired / variance if variance else None)


def difference_bounds(differences: Sequence[float] | Floats, level: float, reach: float = 0) -> Interval:
    """Return the mean of differences between two one-sided bounds, each wrong at most with probability `level`.

    It is the wider of two intervals. Where two systems are alike, differences are symmetric and Student's is right;
    `hall_bounds` takes a few large ones for skewness, and is wrong too often. Where systems differ much on few days,
    `hall_bounds` are right more often than Student's (docs/coverage.md). Where all differences are equal, others may
    lie up to `reach` away.

    Raises:
        ValueError: there are no differences.

    """
    hall, student = hall_bounds(differences, level, reach), mean_interval(differences, 1 - 2 * level)
    if hall.low is None or hall.high is None or student.low is None or student.high is None:
        return hall
    return hall._replace(low=min(hall.low, student.low), high=max(hall.high, student.high))


def p_value(mean: float, variance: float, n: int) -> float:
    """Return the two-sided p-value of a mean of 0 (Student 1908), of equal values that of a sign test (Fisher 1925)."""
    from scipy.special import stdtr

    if variance == 0:
        return 2.0 ** (1 - n) if mean else 1.0
    return float(2 * stdtr(n - 1, -abs(mean) / math.sqrt(variance / n)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for being many: those up to 5% are significant with at most 5% false alarms in all.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
