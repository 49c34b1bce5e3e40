"""Statistics of simulation output, and queueing theory: numbers in, numbers out. Nothing here knows of kitchens."""

from sim.statistics.comparison import Difference, holm, p_value, paired_difference
from sim.statistics.estimation import (
    BatchMeans,
    Histogram,
    Interval,
    batch_means,
    bounds,
    mean_interval,
    mser5,
    replications_for,
    share_interval,
    t_quantile,
)

__all__ = [
    "BatchMeans",
    "Difference",
    "Histogram",
    "Interval",
    "batch_means",
    "bounds",
    "holm",
    "mean_interval",
    "mser5",
    "p_value",
    "paired_difference",
    "replications_for",
    "share_interval",
    "t_quantile",
]
