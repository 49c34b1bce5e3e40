"""Series with a memory: where the warm-up ends, and means of batches."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.statistics.intervals import Floats, Interval, mean_interval

_MSER_BATCH = 5


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


def mser5_cut(replications: Sequence[Sequence[float] | Floats]) -> int | None:
    """Return how many observations of each replication belong to the warm-up, None where it reaches half of them.

    That is MSER-5 of the series averaged over replications, observation by observation, up to the end of the shortest:
    in a single one, chance hides the warm-up and biases what is left of it (Welch 1983, The statistical analysis of
    simulation results, averages for the same reason).

    Raises:
        ValueError: there are no replications.

    """
    if len(replications) == 0:
        raise ValueError("no replications")
    shortest = min(map(len, replications))
    return mser5(np.mean([np.asarray(series[:shortest], float) for series in replications], axis=0))


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
