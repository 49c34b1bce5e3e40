"""What a scenario says about its analysis: replications, warm-up, thresholds."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from sim.model import UNITS, full_metric_name
from sim.scenario.hints import did_you_mean
from sim.scenario.mapping import Part, line_error
from sim.scenario.parts import Context
from sim.scenario.tree import Place
from sim.units import DURATION_PATTERN, HOUR, SECOND, parse_duration, parse_rate, parse_share, shown, with_decimal_point

OPERATORS = ("<=", ">=", "==", "!=", "<", ">")  # the longer ones first, as they are looked for
_MOST_REPLICATIONS = 1_000_000
_NAMES = sorted(
    {name for full in UNITS for name in (full, full.removesuffix(".mean"))}
    | {f"{full}.count" for full in UNITS if full.startswith("orders.") and not full.endswith(".rate")}
)
_OTHER_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "≠": "!="} | dict.fromkeys("“”„\u2018\u2019'\"", ""))
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_EXAMPLES = {"s": "2m", "share": "85%", "orders/h": "40/h", "orders": "40", "bots": "7"}


class Condition(NamedTuple):
    """A comparison of a metric with a limit, or with two; limits are in the unit of the metric."""

    operator: Literal["<", "<=", ">", ">=", "==", "!=", "between"]
    low: float
    high: float
    text: str


class Threshold(NamedTuple):
    """What must hold of a metric, which is named in full, and where a file says so; `warn` only warns."""

    metric: str
    condition: Condition
    severity: Literal["fail", "warn"]
    place: Place

    def __str__(self) -> str:
        """Return what it says."""
        return f"{self.metric} {self.condition.text}"


def metric_of(text: object) -> str:
    """Return the full name of a metric; the first statistic is the default.

    Raises:
        ValueError: there is no such metric.

    """
    name = full_metric_name(text) if isinstance(text, str) else None
    if name is None:
        hint = did_you_mean(text, _NAMES)
        if not hint.startswith("; did"):
            hint = "; write one such as wait.VIP.p95, queue.max, orders.completed or utilisation"
        raise ValueError(f"unknown metric {shown(text)}{hint}")
    return name


def limit(text: str, unit: str, written: str = "{}") -> float:
    """Return a limit in the unit of its metric: seconds, share, orders an hour, or a plain number.

    `written` is the form in which a fault says what to write in its place.

    Raises:
        ValueError: it is in another unit.

    """
    try:
        return _parse_limit(text, unit)
    except ValueError:
        kind = {"s": "a duration", "share": "a share", "orders/h": "a rate"}.get(unit, "a number")
        raise ValueError(f"{shown(text)} is not {kind}; write {written.format(_in_unit(text, unit))}") from None


def _parse_limit(text: str, unit: str) -> float:
    if unit == "s":
        return parse_duration(text) / SECOND
    if unit == "share":
        return float(parse_share(text))
    if unit == "orders/h":
        return parse_rate(text) * (HOUR // SECOND)
    if re.fullmatch(_NUMBER, text) is None:
        raise ValueError
    return float(text)


def _in_unit(text: str, unit: str) -> str:
    """Return a limit in the unit of a metric: `text`, or the number in it with that unit, or else an example."""
    text = with_decimal_point(text)
    with suppress(ValueError):
        _parse_limit(text, unit)
        return text
    number = re.fullmatch(rf"({_NUMBER})[a-z%/]*", text)
    if number is None:
        return _EXAMPLES[unit]
    if unit == "share" and 0 < float(number[1]) < 1:
        return f"{float(number[1]) * 100:g}%"
    return number[1] + {"s": "s", "share": "%", "orders/h": "/h"}.get(unit, "")


def condition(text: object, unit: str) -> Condition:
    """Return a condition such as `< 2m` or `between 60% and 85%`.

    Raises:
        ValueError: it is none, or its limit is in another unit than the metric.

    """
    if not isinstance(text, str):
        number = text if isinstance(text, int | float) and not isinstance(text, bool) else ""
        raise ValueError(f'{shown(text)} is not a condition; write "< {_in_unit(str(number), unit)}"')
    if match := re.fullmatch(r"\s*between\s+(\S+)\s+and\s+(\S+)\s*", text):
        low, high = (limit(bound, unit) for bound in match.groups())
        if low > high:
            raise ValueError(f"{shown(text)} is never true; write the lower limit first")
        return Condition("between", low, high, f"between {match[1]} and {match[2]}")
    if match := re.fullmatch(rf"\s*({'|'.join(OPERATORS)})\s*(\S+)\s*", text):
        value = limit(match[2], unit, f'"{match[1]} {{}}"')
        return Condition(match[1], value, value, f"{match[1]} {match[2]}")  # type: ignore[arg-type]  # one of OPERATORS
    if (meant := text.translate(_OTHER_SIGNS).replace("=<", "<=").replace("=>", ">=")) != text:
        raise ValueError(f'{shown(text)} is not a condition; write "{condition(meant, unit).text}"')
    raise ValueError(f'{shown(text)} is not a condition; write "< {_in_unit(text.strip(), unit)}"')


class _Checked(Part):
    """Conditions with a severity."""

    check: Any
    severity: Literal["fail", "warn"] = "fail"


def _conditions(
    key: str, metric: str, value: object, context: Context, errors: list[InitErrorDetails]
) -> Iterator[Threshold]:
    """Yield the conditions on a metric that stand at a key; `errors` gets what is wrong with others."""
    try:
        checked = _Checked.model_validate(value if isinstance(value, dict) else {"check": value})
    except ValidationError as error:
        errors += [line_error(line["msg"], (key, *line["loc"])) for line in error.errors()]
        return
    steps = (key, "check") if isinstance(value, dict) else (key,)
    texts: dict[tuple[int | str, ...], object] = {steps: checked.check}
    if isinstance(checked.check, list):
        texts = {(*steps, index): text for index, text in enumerate(checked.check)}
    if not texts:
        errors.append(line_error(f'is empty; write "< {_EXAMPLES[UNITS[metric]]}"', steps))
    for steps_of_text, text in texts.items():
        is_listed = isinstance(checked.check, list)
        place = context.place("thresholds", *steps_of_text) if is_listed else context.place_of_key("thresholds", key)
        try:
            yield Threshold(metric, condition(text, UNITS[metric]), checked.severity, place)
        except ValueError as error:
            errors.append(line_error(str(error), steps_of_text))


def _read_thresholds(data: object, info: ValidationInfo) -> tuple[Threshold, ...]:
    if not isinstance(data, dict):
        raise ValueError(f'{shown(data)} is not a mapping; write metrics and conditions, such as wait.VIP.p95: "< 2m"')
    thresholds: list[Threshold] = []
    errors: list[InitErrorDetails] = []
    names: dict[str, str] = {}
    for key, value in data.items():
        try:
            metric = metric_of(key)
        except ValueError as error:
            errors.append(line_error(str(error), (key, "[key]")))
            continue
        if (first := names.setdefault(metric, key)) != key:
            errors.append(line_error(f"means the same as {first!r}; write one list of conditions", (key, "[key]")))
            continue
        thresholds += _conditions(key, metric, value, cast(Context, info.context), errors)
    if errors:
        raise ValidationError.from_exception_data("thresholds", errors)
    return tuple(thresholds)


_CONDITIONS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Thresholds = Annotated[
    tuple[Threshold, ...],
    PlainValidator(_read_thresholds),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"enum": _NAMES},
            "additionalProperties": {
                "anyOf": [
                    *_CONDITIONS["anyOf"],
                    {
                        "type": "object",
                        "properties": {"check": _CONDITIONS, "severity": {"enum": ["fail", "warn"]}},
                        "required": ["check"],
                        "additionalProperties": False,
                    },
                ]
            },
        }
    ),
]


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
        raise ValueError(f"{shown(value)} is no confidence; write one from 50% to below 100%, such as 95%")
    return share


MetricName = Annotated[str, BeforeValidator(metric_of), WithJsonSchema({"enum": _NAMES})]
Confidence = Annotated[float, BeforeValidator(_confidence), WithJsonSchema({"type": "string"})]


class Precision(Part):
    """When a metric is known well enough: the half-width of its interval, as a share of its mean or in its unit."""

    metric: MetricName
    half_width: Annotated[str, BeforeValidator(_half_width)]
    confidence: Confidence = Field("95%", validate_default=True)

    def misfits(self) -> Iterator[tuple[str, str]]:
        try:
            self.reached(0, 0)
        except ValueError as error:
            yield "half_width", str(error)

    def reached(self, mean: float, half_width: float) -> bool:
        """Whether an interval is narrow enough."""
        if self.half_width.endswith("%"):
            return half_width <= float(parse_share(self.half_width)) * abs(mean)
        return half_width <= limit(self.half_width, UNITS[self.metric])


class ReplicationPlan(Part):
    """How often a random scenario is run: a number of times, or from `min` to `max` times until a metric is known."""

    scalar_key: ClassVar = "times"

    times: Annotated[int, Field(ge=1, le=_MOST_REPLICATIONS)] | None = None
    min: Annotated[int, Field(ge=20, le=_MOST_REPLICATIONS)] = 20
    max: Annotated[int, Field(ge=20, le=_MOST_REPLICATIONS)] | None = None
    until: Precision | None = None

    @classmethod
    def clashes(cls, data: dict[str, Any]) -> list[str]:
        return [f"missing key {key!r}; write '{key}: …' here" for key in ("max", "until") if key not in data]

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe a number, or a mapping with `max` and `until`."""
        schema = handler.resolve_ref_schema(handler(core))
        times = schema["properties"].pop("times")["anyOf"][0]
        return {"anyOf": [times, {**schema, "required": ["max", "until"]}]}

    def misfits(self) -> Iterator[tuple[str, str]]:
        if self.max is not None and self.max < self.min:
            yield "max", f"is below min; write {self.min} or more"


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
