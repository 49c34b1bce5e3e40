"""The laws that durations may follow: the inverse of each, and its mean and mean square, which theory goes by.

To add one, write a class here and name it in `Distribution`; its keys, faults and schema follow from its fields.
"""

import math
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field

from sim.scenario import inverses
from sim.scenario.inverses import Curve
from sim.scenario.mapping import Part
from sim.scenario.parts import Cv, Duration, Positive, PositiveDuration


class Law(Part, ABC):
    """A distribution with parameters, as a scenario names it."""

    @abstractmethod
    def inverse(self) -> Curve:
        """Return its inverse, which makes a number a duration in microseconds."""

    @abstractmethod
    def expected(self) -> float:
        """Return the mean in microseconds."""

    @abstractmethod
    def expected_square(self) -> float:
        """Return the mean of the square in square microseconds."""

    def misfit(self) -> str | None:
        """Return why its parameters do not go together, None where they do."""
        return None


class Exponential(Law):
    """Exponential with the given mean."""

    likely_form: ClassVar = "exponential: {{mean: {}}}"
    likely_unit: ClassVar = "s"

    mean: PositiveDuration

    def inverse(self) -> Curve:
        return inverses.exponential(self.mean)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return 2 * self.mean**2


class Erlang(Law):
    """The sum of `shape` exponentials, with the given mean of the sum."""

    mean: PositiveDuration
    shape: Annotated[int, Field(ge=1, le=1_000_000)]

    def inverse(self) -> Curve:
        return inverses.gamma(self.mean, self.shape)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + 1 / self.shape)


class Gamma(Law):
    """Gamma by mean and coefficient of variation (sd / mean): shape 1/cv², scale mean cv²."""

    mean: PositiveDuration
    cv: Cv

    def inverse(self) -> Curve:
        return inverses.gamma(self.mean, 1 / (self.cv * self.cv))

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + self.cv**2)


class Lognormal(Law):
    """Lognormal by mean and coefficient of variation: sigma² = ln(1 + cv²), mu = ln mean - sigma²/2."""

    mean: PositiveDuration
    cv: Cv

    def inverse(self) -> Curve:
        return inverses.lognormal(self.mean, self.cv)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + self.cv**2)


class Weibull(Law):
    """Weibull by scale and shape."""

    scale: PositiveDuration
    shape: Positive

    def inverse(self) -> Curve:
        return inverses.weibull(self.scale, self.shape)

    def expected(self) -> float:
        try:
            return self.scale * math.gamma(1 + 1 / self.shape)
        except OverflowError:
            return math.inf

    def expected_square(self) -> float:
        try:
            return self.scale**2 * math.gamma(1 + 2 / self.shape)
        except OverflowError:
            return math.inf


class Uniform(Law):
    """Uniform from `low` to `high`."""

    low: Duration
    high: Duration

    def misfit(self) -> str | None:
        return "low is above high; write low <= high" if self.low > self.high else None

    def inverse(self) -> Curve:
        return inverses.uniform(self.low, self.high)

    def expected(self) -> float:
        return (self.low + self.high) / 2

    def expected_square(self) -> float:
        return (self.low**2 + self.low * self.high + self.high**2) / 3


class Estimate(Law):
    """What people say who know no law: the least, the likeliest and the longest duration."""

    low: Duration
    mode: Duration
    high: Duration

    def misfit(self) -> str | None:
        if self.low <= self.mode <= self.high and self.low < self.high:
            return None
        return "low, mode and high are out of order; write low <= mode <= high with low < high"


class Triangular(Estimate):
    """Triangular from `low` over its peak at `mode` to `high`."""

    def inverse(self) -> Curve:
        return inverses.triangular(self.low, self.mode, self.high)

    def expected(self) -> float:
        return (self.low + self.mode + self.high) / 3

    def expected_square(self) -> float:
        corners = (self.low, self.mode, self.high)
        return (sum(corners) ** 2 + sum(corner**2 for corner in corners)) / 12


class Pert(Estimate):
    """Beta from `low` over its peak at `mode`, which weighs four times as much as either end, to `high`.

    Source: Malcolm, Roseboom, Clark and Fazar (1959), Application of a technique for research and development program
    evaluation; the two shapes add up to 6, which makes its mean (low + 4 mode + high) / 6 exact (Vose 2008).
    """

    def inverse(self) -> Curve:
        return inverses.pert(self.low, self.mode, self.high)

    def expected(self) -> float:
        return (self.low + 4 * self.mode + self.high) / 6

    def expected_square(self) -> float:
        mean = self.expected()
        return mean**2 + (mean - self.low) * (self.high - mean) / 7


class Normal(Law):
    """Normal, truncated at 0: without its part below, so the mean lies somewhat above `mean`."""

    mean: Duration
    sd: Duration

    def inverse(self) -> Curve:
        return inverses.normal(self.mean, self.sd)

    def expected(self) -> float:
        if self.sd == 0:
            return self.mean
        below = self.mean / self.sd
        density = math.exp(-(below**2) / 2) / math.sqrt(2 * math.pi)
        return self.mean + self.sd * density / (math.erfc(-below / math.sqrt(2)) / 2)

    def expected_square(self) -> float:
        return self.sd**2 + self.mean * self.expected()
