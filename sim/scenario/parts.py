"""What the parts of the schema are made of: the types of values, and what reading them needs to know."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from sim import units
from sim.model import OrderClass
from sim.scenario.hints import one_of
from sim.scenario.tree import Node
from sim.units import Clock, shown

MOST_ORDERS = 10_000_000
MOST_BOTS = 10_000
LARGEST_NUMBER = 2_000_000_000  # of the first order of a run
UNKNOWN = units.LONGEST + 1  # the horizon, where nobody can say


@dataclass(slots=True)
class Context:
    """What validation needs to know beside the value: the clock, the scenario's folder and its parameters.

    `horizon` is None for a run until drained, and UNKNOWN where the clock is wrong; `has_service` says whether the
    scenario states service times. `label` is the folder as faults name it. `known` holds files by name that need not be
    read any more; `files` collects what is in those that the scenario names, `notes` what is right and easily
    overlooked. `parameters` are those in force. `root` is the tree of the file as written, where `$name` still stands.
    `windows` has for each name that a metric may have behind its `@` the window, or all slots of a regular one; it is
    None while they are unknown or wrong. `metrics` counts those that the scenario names, slot by slot.
    """

    clock: Clock
    horizon: int | None
    has_service: bool
    folder: Path
    label: str
    known: Mapping[str, bytes]
    parameters: Mapping[str, Any]
    root: Node
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    windows: Mapping[str, tuple[str, ...]] | None = None
    metrics: int = 0


def text_schema(pattern: str, example: str) -> WithJsonSchema:
    """Return the JSON Schema of a text of our own grammar."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _instant(value: object, info: ValidationInfo) -> int:
    context = cast(Context, info.context)
    return context.clock.instant_of_run(value, context.horizon)


def _written_instant(value: object, info: ValidationInfo) -> int:
    instant = _instant(value, info)
    return units.ClockTime(instant) if isinstance(value, str) and ":" in value else instant


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError("0s is too short; write a duration above 0s")
    return value


def _possible_rate(value: float) -> float:
    if value * units.LONGEST < units.SECOND:
        raise ValueError("brings no order in 100 years; write a higher rate, such as 12/h, or leave this out")
    return value


def _check_whole(shares: dict[Any, Fraction]) -> dict[Any, Fraction]:
    total = sum(shares.values(), Fraction(0))
    if total != 1:
        raise ValueError(f"the shares add up to {float(total * 100):g}%; make them add up to 100%")
    return shares


def distinct(data: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Return shares of distinct things."""
    shares = handler(data)
    if len(shares) < len(data):
        raise ValueError("two keys mean the same; keep one of them")
    return shares


def _class_shares(value: object) -> object:
    if isinstance(value, list):
        raise ValueError("a list is not a class; write shares such as {VIP: 20%, NORMAL: 80%}")
    return value if isinstance(value, dict) else {one_of(value, CLASS_NAMES): "100%"}


def _batch_shares(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return {str(value): "100%"}
    if not isinstance(value, dict):
        raise ValueError(f"{shown(value)} is not a batch size; write a whole number, or shares as {{1: 90%, 2: 10%}}")
    return value


def _batch_size(key: str) -> int:
    if not (re.fullmatch("[0-9]{1,8}", key) and 1 <= int(key) <= MOST_ORDERS):
        raise ValueError(f"{shown(key)} is not a batch size; write a whole number from 1 to {MOST_ORDERS}")
    return int(key)


def _ratio(value: object) -> object:
    match = re.fullmatch(units.SHARE_PATTERN, value) if isinstance(value, str) else None
    return float(Fraction(match[1]) / 100) if match else value


def _class(word: object) -> OrderClass:
    return OrderClass[one_of(word, CLASS_NAMES)]


_SHARE_SCHEMA = {"type": "string", "pattern": units.SHARE_PATTERN}


def _shares_schema(keys: dict[str, Any], single: dict[str, Any]) -> WithJsonSchema:
    """Return the JSON Schema of shares of what `keys` describes, or of a `single` one for all."""
    shares = {"type": "object", "propertyNames": keys, "additionalProperties": _SHARE_SCHEMA}
    return WithJsonSchema({"anyOf": [single, shares]})


INSTANT_PATTERN = f"{units.DURATION_PATTERN}|{units.CLOCK_PATTERN}"
CLASS_NAMES = [order_class.name for order_class in OrderClass]
_parsed: Callable[..., BeforeValidator] = BeforeValidator

whole_100 = AfterValidator(_check_whole)
"""Refuses shares that do not add up to 100%."""

Duration = Annotated[int, _parsed(units.parse_duration), text_schema(units.DURATION_PATTERN, "1m30s")]
PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
Instant = Annotated[
    int,
    _parsed(_instant),
    WithJsonSchema({"type": "string", "pattern": INSTANT_PATTERN}),
]
WrittenInstant = Annotated[
    int,
    PlainValidator(_written_instant),  # pydantic's own would make plain numbers of clock times
    WithJsonSchema({"type": "string", "pattern": INSTANT_PATTERN}),
]
"""An instant that knows whether it was written as a clock time."""
StartClock = Annotated[Clock, _parsed(Clock.parse), text_schema(units.CLOCK_PATTERN, "11:30:00")]
Rate = Annotated[
    float, _parsed(units.parse_rate), AfterValidator(_possible_rate), text_schema(units.RATE_PATTERN, "12/h")
]
PhaseRate = Annotated[float, _parsed(units.parse_rate), text_schema(units.RATE_PATTERN, "12/h")]
Share = Annotated[Fraction, _parsed(units.parse_share), text_schema(units.SHARE_PATTERN, "85%")]
ClassName = Annotated[OrderClass, _parsed(_class), WithJsonSchema({"enum": CLASS_NAMES})]
ClassShares = Annotated[
    dict[ClassName, Share],
    _parsed(_class_shares),
    whole_100,
    _shares_schema({"enum": CLASS_NAMES}, {"enum": CLASS_NAMES}),
]
BatchShares = Annotated[
    dict[Annotated[int, _parsed(_batch_size)], Share],
    WrapValidator(distinct),
    _parsed(_batch_shares),
    whole_100,
    _shares_schema({"pattern": "^[0-9]+$"}, {"type": "integer", "minimum": 1}),
]
DurationShares = Annotated[
    dict[Duration, Share],
    WrapValidator(distinct),
    whole_100,
    WithJsonSchema({"type": "object", "additionalProperties": _SHARE_SCHEMA}),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
Count = Annotated[int, Field(ge=0, le=MOST_ORDERS)]
BotCount = Annotated[int, Field(ge=0, le=MOST_BOTS)]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Positive = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
Cv = Annotated[
    Positive,
    _parsed(_ratio),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0.001, "maximum": 1_000_000},
                {"type": "string", "pattern": units.SHARE_PATTERN},
            ]
        }
    ),
]
"""A coefficient of variation, 15% or 0.15."""
