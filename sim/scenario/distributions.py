"""Distributions of durations: what a scenario may name, and how each is drawn.

Numbers come from the methods of numpy's Generator alone. Each method consumes its generator from front to
back, so the n-th number is the same however many are drawn.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sim import units
from sim.scenario.mapping import Part
from sim.scenario.parts import Context, Duration, DurationShares, Positive, PositiveDuration
from sim.scenario.tables import read_durations
from sim.units import shown

if TYPE_CHECKING:
    from numpy.random import Generator

Floats = NDArray[np.float64]

_CHUNK = 1 << 16  # drawn at once: what fits in a processor's cache takes half the time


def rounded(durations: Floats) -> NDArray[np.int64]:
    """Return durations as whole microseconds, none above `units.LONGEST`; the array is used up."""
    np.minimum(durations, units.LONGEST, out=durations)
    return np.rint(durations, out=durations).astype(np.int64)


class Law(Part, ABC):
    """A distribution with parameters, as a scenario names it."""

    @abstractmethod
    def draw(self, rng: "Generator", n: int) -> Floats:
        """Return `n` durations in microseconds, not yet rounded."""

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


class Triangular(Law):
    """Triangular from `low` over its peak at `mode` to `high`."""

    low: Duration
    mode: Duration
    high: Duration

    def misfit(self) -> str | None:
        if self.low <= self.mode <= self.high and self.low < self.high:
            return None
        return "low, mode and high are out of order; write low <= mode <= high with low < high"

    def draw(self, rng: "Generator", n: int) -> Floats:
        return rng.triangular(self.low, self.mode, self.high, n)

    def expected(self) -> float:
        return (self.low + self.mode + self.high) / 3

    def expected_square(self) -> float:
        corners = (self.low, self.mode, self.high)
        return (sum(corners) ** 2 + sum(corner**2 for corner in corners)) / 12


class Normal(Law):
    """Normal, truncated at 0: negative numbers are drawn again, so the mean lies somewhat above `mean`."""

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


def _read_empirical(value: object, info: ValidationInfo) -> tuple[int, ...]:
    return read_durations(value, cast(Context, info.context))


EmpiricalTimes = Annotated[
    Any, BeforeValidator(_read_empirical), WithJsonSchema({"type": "string", "description": "a CSV file of durations"})
]


def _constant(value: object) -> object:
    """Return what should be a duration; `2m to 4m` is told how to say that."""
    if isinstance(value, str) and (ends := re.fullmatch(r"(\w[\w.]*) *(?:to|-|\u2013|\.\.+) *(\w[\w.]*)", value)):
        raise ValueError(f"{shown(value)} is not a duration; write {{uniform: {{low: {ends[1]}, high: {ends[2]}}}}}")
    return value


class Distribution(Part):
    """One distribution, by its name; a plain duration is a constant."""

    exactly_one: ClassVar = (
        *("exponential", "erlang", "gamma", "lognormal", "weibull"),
        *("uniform", "triangular", "normal", "choice", "empirical"),
    )
    scalar_key: ClassVar = "constant"

    constant: Annotated[Duration | None, BeforeValidator(_constant)] = None
    exponential: Exponential | None = None
    erlang: Erlang | None = None
    gamma: Gamma | None = None
    lognormal: Lognormal | None = None
    weibull: Weibull | None = None
    uniform: Uniform | None = None
    triangular: Triangular | None = None
    normal: Normal | None = None
    choice: DurationShares | None = None
    empirical: EmpiricalTimes | None = None

    @property
    def mean(self) -> float:
        """The mean in microseconds, before rounding."""
        if self.constant is not None:
            return self.constant
        if self.choice is not None:
            return float(sum(value * share for value, share in self.choice.items()))
        if self.empirical is not None:
            return sum(self.empirical) / len(self.empirical)
        return min(float(self._law.expected()), units.LONGEST)

    @property
    def mean_square(self) -> float:
        """The mean of the square in square microseconds, before rounding."""
        if self.constant is not None:
            return float(self.constant) ** 2
        if self.choice is not None:
            return float(sum(value**2 * share for value, share in self.choice.items()))
        if self.empirical is not None:
            return float(sum(value**2 for value in self.empirical)) / len(self.empirical)
        return float(self._law.expected_square())

    @cached_property
    def _law(self) -> Law:
        laws: Iterator[Law | None] = (getattr(self, name) for name in self.exactly_one)
        return next(law for law in laws if law is not None)

    def sample(self, generator: Callable[[], "Generator"], n: int) -> NDArray[np.int64]:
        """Return `n` durations in whole microseconds, each rounded once and none above `units.LONGEST`.

        A constant opens no generator, whose module takes long to import.
        """
        if self.constant is not None:
            return np.full(n, self.constant, np.int64)
        rng = generator()
        if self.choice is not None:
            shares = np.array([float(share) for share in self.choice.values()])
            return rng.choice(np.array(list(self.choice), np.int64), n, p=shares)
        if self.empirical is not None:
            return rng.choice(np.array(self.empirical, np.int64), n)
        if n <= _CHUNK or self.normal is not None:  # which draws again what is below 0, at the end
            return rounded(self._law.draw(rng, n))
        sizes = [min(_CHUNK, n - start) for start in range(0, n, _CHUNK)]
        return np.concatenate([rounded(self._law.draw(rng, size)) for size in sizes])

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a duration, or a mapping with exactly one name."""
        schema = handler.resolve_ref_schema(handler(core))
        constant = schema["properties"].pop("constant")["anyOf"][0]
        for name, optional in schema["properties"].items():
            schema["properties"][name] = optional["anyOf"][0]
        mapping = {**schema, "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [constant, mapping]}
