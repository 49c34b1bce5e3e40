"""What the parts of the schema are made of: the base class of every mapping, and the types of values."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from sim import units
from sim.errors import Fault
from sim.model import OrderClass
from sim.units import Clock, shown

MOST_ORDERS = 10_000_000
MOST_BOTS = 10_000
LARGEST_NUMBER = 2_000_000_000  # of the first order of a run

_MOST_HINTS = 10
_MOST_COMPARED = 1_000
_MOST_LISTED = 30
_LONGEST_WORD = 60
_hints_given: ContextVar[Counter[tuple[str, int]]] = ContextVar("hints_given")


@dataclass(slots=True)
class Context:
    """What validation needs to know beside the value: the clock, the scenario's folder and its parameters.

    `horizon` is None for a run until drained, `has_service` says whether the scenario states service times. `label` is
    the folder as faults name it. `known` holds files by name that need not be read any more; `files` collects what is
    in those that the scenario names, `faults` what is wrong in them, `notes` what is right and easily overlooked.
    `parameters` are those in force.
    """

    clock: Clock
    horizon: int | None
    has_service: bool
    folder: Path
    label: str
    known: Mapping[str, bytes]
    parameters: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@contextmanager
def few_hints() -> Iterator[None]:
    """Give at most ten hints for each collection of known words inside this context, since each takes its time."""
    token = _hints_given.set(Counter())
    try:
        yield
    finally:
        _hints_given.reset(token)


def did_you_mean(word: object, known: Collection[str]) -> str:
    """Return `; did you mean 'x'?`, or a list of what there is when nothing is close."""
    kind = (next(iter(known)), len(known))
    given = _hints_given.get(Counter())
    given[kind] += 1
    if isinstance(word, str) and len(word) <= _LONGEST_WORD and given[kind] <= _MOST_HINTS:
        by_lower = {name.lower(): name for name in islice(known, _MOST_COMPARED)}
        if close := get_close_matches(word.lower(), by_lower, n=1, cutoff=0.65):
            return f"; did you mean {by_lower[close[0]]!r}?"
    names = [name[:_LONGEST_WORD] for name in islice(known, _MOST_LISTED)]
    more = ", …" if len(known) > _MOST_LISTED else ""
    return f"; write one of {', '.join(names)}{more}" if len(known) > 1 else f"; write {names[0]}"


def custom_error(message: str) -> PydanticCustomError:
    """Return an error that pydantic passes on word by word."""
    return PydanticCustomError("fault", "{message}", {"message": message})


def one_of(word: object, known: list[str]) -> str:
    """Return `word` if it is one of `known`.

    Raises:
        ValueError: it is not.

    """
    if not isinstance(word, str) or word not in known:
        raise ValueError(f"{shown(word)} is not known{did_you_mean(word, known)}")
    return word


class Part(BaseModel):
    """A mapping of the scenario file. Unknown, missing and clashing keys are all reported at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)

    exactly_one: ClassVar[tuple[str, ...]] = ()
    """The keys of which a mapping has one."""
    scalar_key: ClassVar[str | None] = None
    """The key that a value written without a mapping stands for."""

    @classmethod
    def clashes(cls, data: dict[str, Any]) -> list[str]:  # noqa: ARG003 - most parts have none
        """Return what is wrong with the keys that stand together."""
        return []

    def misfits(self) -> Iterator[tuple[str, str]]:
        """Yield each key whose value does not go with the others, and why."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _check_keys(cls, data: Any, handler: ModelWrapValidatorHandler["Part"]) -> "Part":
        if not isinstance(data, dict):
            if cls.scalar_key is not None:
                return handler({cls.scalar_key: data})
            raise custom_error(f"{shown(data)} is not a mapping; write keys and values")
        fields = {info.alias or name: info for name, info in cls.model_fields.items() if name != cls.scalar_key}
        errors = [
            line_error(f"unknown key {shown(key)}{did_you_mean(key, fields)}", (key,))
            for key in data
            if key not in fields
        ]
        errors += [
            line_error(f"missing key {name!r}; write '{name}: …' here", ())
            for name, info in fields.items()
            if info.is_required() and name not in data
        ]
        unknown = len(errors)
        named = [name for name in cls.exactly_one if name in data]
        if len(named) > 1 or (cls.exactly_one and not named and not unknown):
            what = f"{' and '.join(named)} exclude each other" if named else "nothing says what this is"
            errors.append(line_error(f"{what}; write one of {', '.join(cls.exactly_one)}", ()))
        errors += [line_error(message, ()) for message in cls.clashes(data)]
        errors += [
            line_error("has no value; write one, or leave the key out", (key,))
            for key, value in data.items()
            if value is None and key in fields
        ]
        known = {key: value for key, value in data.items() if key in fields and value is not None}
        try:
            part = handler(known)
            errors += [line_error(message, (key,)) for key, message in part.misfits() if key or not errors]
        except ValidationError as error:
            found = [line for line in error.errors() if line["type"] != "missing"]
            errors += [*map(_passed_on, found), *cls._misfits_of_the_rest(known, found, handler)]
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return part

    @classmethod
    def _misfits_of_the_rest(cls, data: dict[str, Any], found: list[Any], handler: Any) -> list[InitErrorDetails]:
        """Return the misfits among the keys that nothing else is wrong with."""
        if cls.misfits is Part.misfits:
            return []
        wrong = {line["loc"][0] for line in found}
        try:
            part = handler({key: value for key, value in data.items() if key not in wrong})
        except ValidationError:
            return []
        return [line_error(message, (key,)) for key, message in part.misfits() if key]


def line_error(message: str, loc: tuple[int | str, ...], value: Any = None) -> InitErrorDetails:
    """Return one of several errors that pydantic passes on word by word, at its place."""
    return InitErrorDetails(type=custom_error(message), loc=loc, input=value)


def _passed_on(line: Any) -> InitErrorDetails:
    return line_error(_wording(line), line["loc"], line["input"])


_WORDINGS = {
    "fault": "{message}",
    "value_error": "{error}",
    "greater_than_equal": "{value} is too small; write {ge} or more",
    "less_than_equal": "{value} is too large; write {le} or less",
    "int_type": "{value} is not a whole number; write a number such as 3",
    "float_type": "{value} is not a number; write a number such as 1.5",
    "finite_number": "{value} is not a number; write a number such as 1.5",
    "too_short": "is empty; write {min_length} or more",
    "list_type": "{value} is not a list; write items that start with '- '",
    "dict_type": "{value} is not a mapping; write keys and values",
    "string_type": "{value} is not text; write text, in quotes if it looks like a number",
    "string_pattern_mismatch": "{value} has other characters; write up to 100 letters, digits, '-' and '_'",
    "literal_error": "{value} is not known{hint}",
}


def _wording(line: Mapping[str, Any]) -> str:
    """Return our message for an error of pydantic's."""
    context = line.get("ctx", {}).items()
    details: dict[str, Any] = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in context
    }
    if line["type"] == "literal_error":
        known = details["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        details["hint"] = did_you_mean(line["input"], known)
    wording: str = _WORDINGS.get(line["type"], line["msg"].replace("{", "{{").replace("}", "}}") + "; got {value}")
    return wording.format(**details, value=shown(line["input"]))


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
        raise ValueError(f"comes less than once in {units.LONGEST // units.DAY}d; write a higher rate, such as 12/h")
    return value


def _whole_100(shares: dict[Any, Fraction]) -> dict[Any, Fraction]:
    total = sum(shares.values(), Fraction(0))
    if total != 1:
        raise ValueError(f"the shares add up to {float(total * 100):g}%; make them add up to 100%")
    return shares


def _distinct(data: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    shares = handler(data)
    if len(shares) < len(data):
        raise ValueError("two keys mean the same; keep one of them")
    return shares


def _class_shares(value: object) -> object:
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


def _class(word: object) -> OrderClass:
    return OrderClass[one_of(word, CLASS_NAMES)]


INSTANT_PATTERN = f"{units.DURATION_PATTERN}|{units.CLOCK_PATTERN}"
CLASS_NAMES = [order_class.name for order_class in OrderClass]
_parsed: Callable[..., BeforeValidator] = BeforeValidator

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
    AfterValidator(_whole_100),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": CLASS_NAMES},
                {
                    "type": "object",
                    "propertyNames": {"enum": CLASS_NAMES},
                    "additionalProperties": {"type": "string", "pattern": units.SHARE_PATTERN},
                },
            ]
        }
    ),
]
BatchShares = Annotated[
    dict[Annotated[int, _parsed(_batch_size)], Share],
    WrapValidator(_distinct),
    _parsed(_batch_shares),
    AfterValidator(_whole_100),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {
                    "type": "object",
                    "propertyNames": {"pattern": "^[0-9]+$"},
                    "additionalProperties": {"type": "string", "pattern": units.SHARE_PATTERN},
                },
            ]
        }
    ),
]
DurationShares = Annotated[
    dict[Duration, Share],
    WrapValidator(_distinct),
    AfterValidator(_whole_100),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string", "pattern": units.SHARE_PATTERN}}),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
Count = Annotated[int, Field(ge=0, le=MOST_ORDERS)]
BotCount = Annotated[int, Field(ge=0, le=MOST_BOTS)]
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Positive = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
