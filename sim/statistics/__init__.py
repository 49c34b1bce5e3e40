"""Statistics of simulation output, and queueing theory: numbers in, numbers out. Nothing here knows of kitchens."""

from sim.statistics.comparison import Difference, holm, p_value, paired_difference
from sim.statistics.intervals import (
    DayRange,
    Interval,
    bounds,
    day_range,
    mean_interval,
    replications_for,
    t_quantile,
    unseen_share,
)
from sim.statistics.quantiles import PLACES, Counts, quantile_bounds
from sim.statistics.shares import clopper_pearson, days_needed, share_bounds, share_interval
from sim.statistics.warmup import BatchMeans, batch_means, mser5, mser5_cut

__all__ = [
    "PLACES",
    "BatchMeans",
    "Counts",
    "DayRange",
    "Difference",
    "Interval",
    "batch_means",
    "bounds",
    "clopper_pearson",
    "day_range",
    "days_needed",
    "holm",
    "mean_interval",
    "mser5",
    "mser5_cut",
    "p_value",
    "paired_difference",
    "quantile_bounds",
    "replications_for",
    "share_bounds",
    "share_interval",
    "t_quantile",
    "unseen_share",
]
