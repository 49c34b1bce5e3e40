"""How busy a day is: one factor for each replication, on the rates of random arrivals.

Demand varies more from day to day than Poisson arrivals do, and a crew that is chosen without that looks too good
(Steckley, Henderson and Mehrotra 2009, Forecast errors in service systems).
"""

import re
from fractions import Fraction
from typing import Annotated, ClassVar, cast

from pydantic import BeforeValidator, Field, WithJsonSchema, WrapValidator

from sim.scenario import inverses
from sim.scenario.inverses import Inverse, Numbers, Steps
from sim.scenario.mapping import Finding, Part
from sim.scenario.parts import Cv, Share, distinct, whole_100
from sim.units import SHARE_PATTERN, shown

_FACTOR = r"([0-9]{1,3}(?:\.[0-9]{1,3})?)(%?)"


def _factor(key: str) -> Fraction:
    match = re.fullmatch(_FACTOR, key)
    if match is None:
        raise ValueError(f"{shown(key)} is not a factor; write a number such as 0.8 or 120%")
    return Fraction(match[1]) / (100 if match[2] else 1)


FactorShares = Annotated[
    dict[Annotated[Fraction, BeforeValidator(_factor)], Share],
    WrapValidator(distinct),
    whole_100,
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{_FACTOR}$"},
            "additionalProperties": {"type": "string", "pattern": SHARE_PATTERN},
        }
    ),
]


class Spread(Part):
    """A mean, which must be 1, and a coefficient of variation."""

    mean: Annotated[float, Field(examples=[1])]
    cv: Annotated[Cv, Field(le=1)]


class Busyness(Part):
    """The distribution of the factor."""

    exactly_one: ClassVar = ("gamma", "lognormal", "choice")
    likely_form: ClassVar = "busyness: {{gamma: {{mean: 1, cv: {}}}}}"

    gamma: Spread | None = None
    lognormal: Spread | None = None
    choice: FactorShares | None = None

    @property
    def mean(self) -> float:
        """The mean of the factor."""
        if self.choice is not None:
            return float(sum(factor * share for factor, share in self.choice.items()))
        return cast(Spread, self.gamma or self.lognormal).mean

    def misfit(self) -> Finding:
        """Return what is wrong with a mean other than 1, and where: the rates alone say how many come on average."""
        message = f"has a mean of {self.mean:g}; "
        if self.choice is not None:
            return ("choice",), message + "choose factors around 1 whose mean is 1, and change the rates instead"
        name = "gamma" if self.gamma is not None else "lognormal"
        return (name, "mean"), message + "write mean: 1, and change the rates instead"

    def factor(self, numbers: Numbers) -> float:
        """Return the factor that belongs to the first number; 0 for a day on which nobody comes."""
        return float(self._inverse().values(numbers)[0])

    def _inverse(self) -> Inverse:
        if self.choice is not None:
            return Steps({float(factor): share for factor, share in self.choice.items()})
        if self.gamma is not None:
            return inverses.gamma(1, 1 / (self.gamma.cv * self.gamma.cv))
        return inverses.lognormal(1, cast(Spread, self.lognormal).cv)
