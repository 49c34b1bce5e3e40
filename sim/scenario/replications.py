"""How often a scenario is run, until how much is known, and what is left out of the beginning of each run."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sim.model import unit_of
from sim.scenario.mapping import Part
from sim.scenario.metric_names import MetricName
from sim.scenario.thresholds import limit
from sim.units import DURATION_PATTERN, parse_duration, parse_share, shown

MOST_REPLICATIONS = 1_000_000


def _half_width(value: object) -> str:
    if isinstance(value, str):
        for parse in (parse_share, parse_duration, float):
            try:
                if parse(value) > 0:
                    return value
            except ValueError:
                continue
    raise ValueError(
        f"{shown(value)} is not a half-width; write 10% of the mean, or one in the metric's unit such as 5s"
    )


def _confidence(value: object) -> float:
    share = float(parse_share(value))
    if not 0.5 <= share < 1:
        raise ValueError(f"{shown(value)} is not a confidence; write one from 50% to below 100%, such as 95%")
    return share


Confidence = Annotated[float, BeforeValidator(_confidence), WithJsonSchema({"type": "string"})]


class Precision(Part):
    """When a metric is known well enough: the half-width of its interval, as a share of its mean or in its unit."""

    metric: MetricName
    half_width: Annotated[str, BeforeValidator(_half_width)]
    confidence: Confidence = Field("95%", validate_default=True)

    def reached(self, mean: float, half_width: float) -> bool:
        """Whether an interval is narrow enough.

        Raises:
            ValueError: the half-width is in another unit than the metric.

        """
        if self.half_width.endswith("%"):
            return half_width <= float(parse_share(self.half_width)) * abs(mean)
        return half_width <= limit(self.half_width, unit_of(self.metric))


class ReplicationPlan(Part):
    """How often a random scenario is run: a number of times, or from `min` to `max` times until a metric is known."""

    scalar_key: ClassVar = "times"

    times: Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)] | None = None
    min: Annotated[int, Field(ge=20, le=MOST_REPLICATIONS)] = 20
    max: Annotated[int, Field(ge=20, le=MOST_REPLICATIONS)] | None = None
    until: Precision | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a number, or a mapping with `max` and `until`."""
        schema = handler.resolve_ref_schema(handler(core))
        times = schema["properties"].pop("times")["anyOf"][0]
        return {"anyOf": [times, {**schema, "required": ["max", "until"]}]}


def _warmup(value: object) -> object:
    try:
        return value if value == "mser5" else parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or mser5") from None


WarmUp = Annotated[
    int | Literal["mser5"],
    BeforeValidator(_warmup),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": "mser5"}]}),
]
