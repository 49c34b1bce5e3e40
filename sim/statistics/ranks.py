"""Where real days lie among simulated ones."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.statistics.intervals import Floats


class Ranks(NamedTuple):
    """How likely ranks of real days among simulated ones are by chance: their level, and how far they spread. `above`
    is the share of those above the middle one, and `spread` the standard deviation of their normal scores.
    """

    p_level: float
    p_spread: float
    above: float
    spread: float


def rank_test(real: Floats, simulated: Sequence[float], seed: int, fitted_days: int | None, has_factor: bool) -> Ranks:
    """Rank real days among simulated ones. Of the right model, ranks are uniform, and their normal scores have mean 0
    and variance 1; ties are broken by chance. A scenario that was fitted to m days knows its mean from those alone, and
    how far days spread too where it has a factor for that: then n scores have a mean with a variance of 1/n + 1/m, and
    their variance is over that of m - 1.

    Source: Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness.
    """
    from scipy.special import chdtr, chdtrc, fdtr, fdtrc, ndtr, ndtri

    generator = np.random.Generator(np.random.Philox(seed))
    values = np.sort(np.asarray(simulated, float))
    low, high = np.searchsorted(values, real, side="left"), np.searchsorted(values, real, side="right")
    places = low + generator.random(len(real)) * (high - low + 1)
    scores = ndtri(np.clip(places / (len(values) + 1), 1e-3, 1 - 1e-3))
    n = len(scores)
    level = abs(float(scores.mean())) / math.sqrt(1 / n + (1 / fitted_days if fitted_days else 0))
    variance = float(scores.var(ddof=1))
    if has_factor and fitted_days is not None and fitted_days > 1:
        tails = fdtr(n - 1, fitted_days - 1, variance), fdtrc(n - 1, fitted_days - 1, variance)
    else:
        tails = chdtr(n - 1, variance * (n - 1)), chdtrc(n - 1, variance * (n - 1))
    above = float((places > (len(values) + 1) / 2).mean())
    return Ranks(2 * float(ndtr(-level)), min(1.0, 2 * float(min(tails))), above, math.sqrt(variance))
