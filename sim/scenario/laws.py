"""The laws that durations may follow: how each is drawn, and its mean and mean square, which theory goes by.

To add one, write a class here and name it in `Distribution`; its keys, faults and schema follow from its fields.
"""

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.scenario.mapping import Part
from sim.scenario.parts import Duration, Positive, PositiveDuration

if TYPE_CHECKING:
    from numpy.random import Generator

Floats = NDArray[np.float64]


class Law(Part, ABC):
    """A distribution with parameters, as a scenario names it."""

    is_drawn_at_once: ClassVar[bool] = False
    """Whether the n-th duration would be another one if they were drawn in several calls."""

    @abstractmethod
    def draw(self, rng: "Generator", n: int) -> Floats:
        """Return `n` durations in microseconds, not yet rounded, by the methods of numpy's Generator alone.

        Each of them consumes its generator from front to back, so the n-th duration is the same however many are drawn.
        """

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

    def draw(self, rng: "Generator", n: int) -> Floats:
        return self.mean * rng.standard_exponential(n)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return 2 * self.mean**2


class Erlang(Law):
    """The sum of `shape` exponentials, with the given mean of the sum."""

    mean: PositiveDuration
    shape: Annotated[int, Field(ge=1, le=1_000_000)]

    def draw(self, rng: "Generator", n: int) -> Floats:
        return rng.gamma(self.shape, self.mean / self.shape, n)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + 1 / self.shape)


class Gamma(Law):
    """Gamma by mean and coefficient of variation (sd / mean): shape 1/cv², scale mean cv²."""

    mean: PositiveDuration
    cv: Positive

    def draw(self, rng: "Generator", n: int) -> Floats:
        with np.errstate(over="ignore"):
            return rng.gamma(self.cv**-2, self.mean * self.cv**2, n)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + self.cv**2)


class Lognormal(Law):
    """Lognormal by mean and coefficient of variation: sigma² = ln(1 + cv²), mu = ln mean - sigma²/2."""

    mean: PositiveDuration
    cv: Positive

    def draw(self, rng: "Generator", n: int) -> Floats:
        variance = math.log1p(self.cv**2)
        with np.errstate(over="ignore"):
            return rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), n)

    def expected(self) -> float:
        return self.mean

    def expected_square(self) -> float:
        return self.mean**2 * (1 + self.cv**2)


class Weibull(Law):
    """Weibull by scale and shape."""

    scale: PositiveDuration
    shape: Positive

    def draw(self, rng: "Generator", n: int) -> Floats:
        with np.errstate(over="ignore"):
            return self.scale * rng.weibull(self.shape, n)

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

    def draw(self, rng: "Generator", n: int) -> Floats:
        return rng.uniform(self.low, self.high, n)

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

    def draw(self, rng: "Generator", n: int) -> Floats:
        return rng.triangular(self.low, self.mode, self.high, n)

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

    def draw(self, rng: "Generator", n: int) -> Floats:
        span = self.high - self.low
        shapes = (1 + 4 * (self.mode - self.low) / span, 1 + 4 * (self.high - self.mode) / span)
        return self.low + span * rng.beta(*shapes, n)

    def expected(self) -> float:
        return (self.low + 4 * self.mode + self.high) / 6

    def expected_square(self) -> float:
        mean = self.expected()
        return mean**2 + (mean - self.low) * (self.high - mean) / 7


class Normal(Law):
    """Normal, truncated at 0: negative numbers are drawn again, so the mean lies somewhat above `mean`."""

    is_drawn_at_once: ClassVar = True  # what is below 0 is drawn again at the end

    mean: Duration
    sd: Duration

    def draw(self, rng: "Generator", n: int) -> Floats:
        positive = np.empty(0)
        while len(positive) < n:
            drawn = rng.normal(self.mean, self.sd, n)
            positive = np.concatenate((positive, drawn[drawn >= 0]))
        return positive[:n]

    def expected(self) -> float:
        if self.sd == 0:
            return self.mean
        below = self.mean / self.sd
        density = math.exp(-(below**2) / 2) / math.sqrt(2 * math.pi)
        return self.mean + self.sd * density / (math.erfc(-below / math.sqrt(2)) / 2)

    def expected_square(self) -> float:
        return self.sd**2 + self.mean * self.expected()
