"""Statistics of simulation output, and queueing theory: numbers in, numbers out. Nothing here knows of kitchens."""

from sim.statistics.comparison import Difference, difference_bounds, holm, p_value, paired_difference
from sim.statistics.dispersion import (
    DayFactor,
    Departure,
    Dispersion,
    day_factor,
    lewis_test,
    ratio_interval,
    table_dispersion,
)
from sim.statistics.intervals import (
    DayRange,
    Interval,
    bounds,
    day_range,
    hall_bounds,
    hall_level,
    mean_interval,
    replications_for,
    replications_to_tell,
    t_quantile,
    unseen_share,
)
from sim.statistics.lifetimes import FittedLaw, likeliest_law, misfit, weibull_parameters
from sim.statistics.partition import change_points
from sim.statistics.quantiles import PLACES, Counts, DailyCounts, quantile_bounds, woodruff_bounds
from sim.statistics.queueing import late_share
from sim.statistics.ranks import Ranks, rank_test
from sim.statistics.shares import clopper_pearson, days_needed, days_to_show, share_bounds
from sim.statistics.warmup import BatchMeans, batch_means, mser5, mser5_cut

__all__ = [
    "PLACES",
    "BatchMeans",
    "Counts",
    "DailyCounts",
    "DayFactor",
    "DayRange",
    "Departure",
    "Difference",
    "Dispersion",
    "FittedLaw",
    "Interval",
    "Ranks",
    "batch_means",
    "bounds",
    "change_points",
    "clopper_pearson",
    "day_factor",
    "day_range",
    "days_needed",
    "days_to_show",
    "difference_bounds",
    "hall_bounds",
    "hall_level",
    "holm",
    "late_share",
    "lewis_test",
    "likeliest_law",
    "mean_interval",
    "misfit",
    "mser5",
    "mser5_cut",
    "p_value",
    "paired_difference",
    "quantile_bounds",
    "rank_test",
    "ratio_interval",
    "replications_for",
    "replications_to_tell",
    "share_bounds",
    "t_quantile",
    "table_dispersion",
    "unseen_share",
    "weibull_parameters",
    "woodruff_bounds",
]
