"""Distributions of durations: what a scenario may name, and how a number becomes a duration."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, cast

import numpy as np
from pydantic import BeforeValidator, GetJsonSchemaHandler, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sim import units
from sim.scenario.inverses import Curve, Ints, Inverse, Numbers, Sample, Steps
from sim.scenario.laws import (
    Erlang,
    Exponential,
    Gamma,
    Law,
    Lognormal,
    Normal,
    Pert,
    Triangular,
    Uniform,
    Weibull,
)
from sim.scenario.mapping import Part
from sim.scenario.parts import Context, Duration, DurationShares
from sim.scenario.tables import read_durations
from sim.units import shown


def _read_empirical(value: object, info: ValidationInfo) -> tuple[int, ...]:
    return read_durations(value, cast(Context, info.context))


EmpiricalTimes = Annotated[
    tuple[int, ...],
    PlainValidator(_read_empirical),
    WithJsonSchema({"type": "string", "description": "a CSV file of durations"}),
]


def _constant(value: object) -> object:
    """Return what should be a duration; `2m to 4m` is told how to say that."""
    if isinstance(value, str) and (ends := re.fullmatch(r"(\w[\w.]*) *(?:to|-|\u2013|\.\.+) *(\w[\w.]*)", value)):
        raise ValueError(f"{shown(value)} is not a duration; write {{uniform: {{low: {ends[1]}, high: {ends[2]}}}}}")
    return value


class Distribution(Part):
    """One distribution, by its name; a plain duration is a constant."""

    scalar_key: ClassVar = "constant"

    constant: Annotated[Duration | None, BeforeValidator(_constant)] = None
    exponential: Exponential | None = None
    erlang: Erlang | None = None
    gamma: Gamma | None = None
    lognormal: Lognormal | None = None
    weibull: Weibull | None = None
    uniform: Uniform | None = None
    triangular: Triangular | None = None
    pert: Pert | None = None
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

    @cached_property
    def _list(self) -> Inverse | None:
        """The inverse of a list of values."""
        if self.choice is not None:
            return Steps(self.choice)
        return None if self.empirical is None else Sample(self.empirical)

    @property
    def curve(self) -> Curve | None:
        """The inverse of a continuous law, None where the distribution is of a few values or of given ones."""
        return None if self.constant is not None or self._list is not None else self._law.inverse()

    def durations(self, numbers: Numbers) -> Ints:
        """Return the duration of each number in whole microseconds, none above `units.LONGEST`."""
        if self.constant is not None:
            return np.full(len(numbers), self.constant, np.int64)
        inverse = self._list or self._law.inverse()  # whose table is not for this distribution alone
        return inverse.durations(numbers)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a duration, or a mapping with exactly one name."""
        schema = handler.resolve_ref_schema(handler(core))
        constant = schema["properties"].pop("constant")["anyOf"][0]
        for name, optional in schema["properties"].items():
            schema["properties"][name] = optional["anyOf"][0]
        mapping = {**schema, "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [constant, mapping]}


Distribution.exactly_one = tuple(name for name in Distribution.model_fields if name != Distribution.scalar_key)
