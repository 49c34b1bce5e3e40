"""Laws of positive durations by maximum likelihood: which of them fits, and whether it fits."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.statistics.dispersion import uniform_distance
from sim.statistics.intervals import Floats

_RESAMPLES = 199
_ENOUGH = 10  # samples that are as far
_MOST_VALUES = 20_000  # by which a fit is tested
_STEPS = 50  # of Newton's method
_BIC_UNITS = 2.0  # in which a simpler law is taken
_LEAST_CV, _MOST_CV_OF_NORMAL = 0.001, 1 / 3


@dataclass(frozen=True)
class FittedLaw:
    """A law with its parameters, as scenarios name them, and the log-likelihood of the values that it was fitted to.

    `rank` orders laws by how simple they are.
    """

    name: str
    parameters: dict[str, float]
    log_likelihood: float
    rank: int

    def bic(self, n: int) -> float:
        """Return the Bayesian information criterion (Schwarz 1978) for `n` values."""
        return len(self.parameters) * math.log(n) - 2 * self.log_likelihood

    def cdf(self, values: Floats) -> Floats:
        """Return the probability of at most each value."""
        from scipy.special import gammainc, ndtr

        match self.name, self.parameters:
            case "exponential", {"mean": mean}:
                result = -np.expm1(-values / mean)
            case "erlang", {"mean": mean, "shape": shape}:
                result = gammainc(shape, values * shape / mean)
            case "gamma", {"mean": mean, "cv": cv}:
                result = gammainc(cv**-2, values / (mean * cv**2))
            case "lognormal", {"mean": mean, "cv": cv}:
                sigma = math.sqrt(math.log1p(cv**2))
                result = ndtr((np.log(values) - math.log(mean) + sigma**2 / 2) / sigma)
            case "weibull", {"scale": scale, "shape": shape}:
                result = -np.expm1(-((values / scale) ** shape))
            case "normal", {"mean": mean, "sd": sd}:
                below = ndtr(-mean / sd)
                result = (ndtr((values - mean) / sd) - below) / (1 - below)
            case _, {"low": low, "high": high}:
                result = np.clip((values - low) / (high - low), 0, 1)
        return np.asarray(result)

    def quantiles(self, shares: Floats) -> Floats:
        """Return the value that each share of values does not exceed."""
        from scipy.special import gammaincinv, ndtr, ndtri

        match self.name, self.parameters:
            case "exponential", {"mean": mean}:
                result = -mean * np.log1p(-shares)
            case "erlang", {"mean": mean, "shape": shape}:
                result = gammaincinv(shape, shares) * mean / shape
            case "gamma", {"mean": mean, "cv": cv}:
                result = gammaincinv(cv**-2, shares) * mean * cv**2
            case "lognormal", {"mean": mean, "cv": cv}:
                sigma = math.sqrt(math.log1p(cv**2))
                result = np.exp(ndtri(shares) * sigma + math.log(mean) - sigma**2 / 2)
            case "weibull", {"scale": scale, "shape": shape}:
                result = scale * (-np.log1p(-shares)) ** (1 / shape)
            case "normal", {"mean": mean, "sd": sd}:
                below = ndtr(-mean / sd)
                result = mean + sd * ndtri(below + shares * (1 - below))
            case _, {"low": low, "high": high}:
                result = low + shares * (high - low)
        return np.asarray(result)


def _exponential(values: Floats) -> FittedLaw:
    mean = float(values.mean())
    return FittedLaw("exponential", {"mean": mean}, -len(values) * (math.log(mean) + 1), 0)


def _gamma_likelihood(values: Floats, shape: float) -> float:
    mean, logs = float(values.mean()), float(np.log(values).mean())
    mean_log_density = (shape - 1) * logs - shape - shape * math.log(mean / shape) - math.lgamma(shape)
    return len(values) * mean_log_density


def _gamma(values: Floats) -> FittedLaw:
    from scipy.special import digamma, polygamma

    mean = float(values.mean())
    gap = max(math.log(mean) - float(np.log(values).mean()), 1e-9)
    shape = (3 - gap + math.sqrt((gap - 3) ** 2 + 24 * gap)) / (
        12 * gap
    )  # Minka (2002), Estimating a gamma distribution
    for _ in range(_STEPS):
        slope = 1 / shape - float(polygamma(1, shape))
        step = (math.log(shape) - float(digamma(shape)) - gap) / slope
        shape = max(shape / 10, shape - step)
        if abs(step) < 1e-9 * shape:
            break
    return FittedLaw("gamma", {"mean": mean, "cv": shape**-0.5}, _gamma_likelihood(values, shape), 2)


def _erlang(values: Floats) -> FittedLaw:
    free = _gamma(values).parameters["cv"] ** -2
    shapes = {max(2, math.floor(free)), max(2, math.ceil(free))}
    shape = max(shapes, key=lambda number: _gamma_likelihood(values, number))
    parameters = {"mean": float(values.mean()), "shape": float(shape)}
    return FittedLaw("erlang", parameters, _gamma_likelihood(values, shape), 1)


def _lognormal(values: Floats) -> FittedLaw:
    logs = np.log(values)
    centre, sigma = float(logs.mean()), float(logs.std())
    likelihood = -len(values) * (centre + math.log(sigma) + (1 + math.log(2 * math.pi)) / 2)
    parameters = {"mean": math.exp(centre + sigma**2 / 2), "cv": math.sqrt(math.expm1(sigma**2))}
    return FittedLaw("lognormal", parameters, likelihood, 2)


def _weibull(values: Floats) -> FittedLaw:
    scale, shape = weibull_parameters(values, np.ones(len(values), bool))
    scaled = np.log(values / scale)
    likelihood = float((math.log(shape / scale) + (shape - 1) * scaled - np.exp(shape * scaled)).sum())
    return FittedLaw("weibull", {"scale": scale, "shape": shape}, likelihood, 2)


def weibull_parameters(values: Floats, is_over: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the scale and the shape of largest likelihood of durations, of which some were not over yet.

    Source: Cohen (1965), Maximum likelihood estimation in the Weibull distribution based on complete and on censored
    samples.
    """
    unit = float(values.max())
    logs = np.log(values / unit)
    mean_log = float(logs[is_over].mean())
    shape = 1.0
    for _ in range(_STEPS):
        weights = np.exp(shape * logs)
        total, first, second = float(weights.sum()), float(weights @ logs), float(weights @ logs**2)
        value = first / total - 1 / shape - mean_log
        slope = (second * total - first**2) / total**2 + shape**-2
        step = value / slope
        shape = max(shape / 10, shape - step)
        if abs(step) < 1e-9 * shape:
            break
    scale = unit * (float(np.exp(shape * logs).sum()) / int(is_over.sum())) ** (1 / shape)
    return scale, shape


def _normal(values: Floats) -> FittedLaw | None:
    mean, sd = float(values.mean()), float(values.std())
    if not sd or sd > _MOST_CV_OF_NORMAL * mean:  # then much of it would lie below 0
        return None
    likelihood = -len(values) * (math.log(sd) + (1 + math.log(2 * math.pi)) / 2)
    return FittedLaw("normal", {"mean": mean, "sd": sd}, likelihood, 2)


def _uniform(values: Floats) -> FittedLaw:
    low, high = float(values.min()), float(values.max())
    return FittedLaw("uniform", {"low": low, "high": high}, -len(values) * math.log(high - low), 2)


_FITS: dict[str, Callable[[Floats], FittedLaw | None]] = {
    "exponential": _exponential,
    "erlang": _erlang,
    "gamma": _gamma,
    "lognormal": _lognormal,
    "weibull": _weibull,
    "normal": _normal,
    "uniform": _uniform,
}


def likeliest_law(values: Floats) -> FittedLaw:
    """Return the law that fits positive `values` best by BIC; the simplest of those within 2 units of it."""
    laws = [law for fit in _FITS.values() if (law := fit(values)) is not None]
    n = len(values)
    best = min(law.bic(n) for law in laws)
    close = [law for law in laws if law.bic(n) <= best + _BIC_UNITS]
    return min(close, key=lambda law: (law.rank, law.bic(n)))


def misfit(law: FittedLaw, values: Floats, generator: "np.random.Generator") -> float:
    """Return how likely values as far from a law are that was fitted to them, by the distance of Kolmogorov and Smirnov
    of samples of the law to which it is fitted anew. No more samples are drawn once ten were as far.

    Source: Stute, Gonzáles Manteiga and Presedo Quindimil (1993), Bootstrap based goodness-of-fit tests; Besag and
    Clifford (1991), Sequential Monte Carlo p-values.
    """
    sample = np.sort(values)
    if len(sample) > _MOST_VALUES:
        sample = sample[np.linspace(0, len(sample) - 1, _MOST_VALUES).round().astype(int)]
    distance = uniform_distance(law.cdf(sample))
    as_far = 0
    for number in range(1, _RESAMPLES + 1):
        drawn = np.sort(law.quantiles(generator.random(len(sample))))
        refitted = _FITS[law.name](np.maximum(drawn, np.finfo(float).tiny))
        as_far += refitted is not None and uniform_distance(refitted.cdf(drawn)) >= distance
        if as_far == _ENOUGH:
            return as_far / number
    return (1 + as_far) / (1 + _RESAMPLES)
