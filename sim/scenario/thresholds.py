"""Thresholds: what must hold of metrics, as a scenario says it and where it says so."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from sim.model import Metric, metric_named
from sim.scenario.mapping import Finding, Part, WrongValueError
from sim.scenario.metric_names import NAMES_SCHEMA, in_slots, metric_in
from sim.scenario.parts import Context
from sim.scenario.tree import KEY, Node, Place, Steps
from sim.statistics import days_needed
from sim.units import HOUR, SECOND, parse_duration, parse_rate, parse_share, shown, with_decimal_point

OPERATORS = ("<=", ">=", "==", "!=", "<", ">")  # the longer ones first, as they are looked for
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
    """What must hold of a metric, which is named in full, and where a file says so; `warn` only warns.

    Where the metric is one of a regular window, it must hold in each of its `slots`. With `days`, the condition is one
    for the metric's value in each replication, and `days` for the share of replications in which it holds.
    """

    metric: str
    condition: Condition
    severity: Literal["fail", "warn"]
    place: Place
    slots: tuple[str, ...] = ()
    days: Condition | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of which it must hold: one for each slot, or the only one."""
        return in_slots(self.metric, self.slots)

    @property
    def replications_needed(self) -> int:
        """How many replications it takes to prove it if all goes well in each; 1 where it is about no share."""
        condition = self.days
        if condition is None and metric_named(self.metric).weight is not None:
            condition = self.condition
        if condition is None:
            return 1
        shares = {
            "<": (1 - condition.high,),
            "<=": (1 - condition.high,),
            ">": (condition.low,),
            ">=": (condition.low,),
            "between": (condition.low, 1 - condition.high),
        }.get(condition.operator, ())
        return max((days_needed(share) for share in shares if 0 < share < 1), default=1)

    @property
    def asked(self) -> str:
        """What it asks of its metric."""
        return self.condition.text if self.days is None else f"{self.condition.text} on {self.days.text} of days"

    def __str__(self) -> str:
        """Return what it says."""
        return f"{self.metric} {self.asked}"


def limit(text: str, unit: str, written: str = "{}") -> float:
    """Return a limit in the unit of its metric: seconds, share, orders an hour, or a plain number.

    `written` is the form in which a fault says what to write in its place.

    Raises:
        ValueError: it is in another unit.

    """
    try:
        return _parse_limit(text, unit)
    except ValueError:
        if unit == "share" and (percentage := re.fullmatch(rf"({_NUMBER})%", text)) and float(percentage[1]) > 100:
            problem = f"{shown(text)} is more than 100%, and a share is not"
            raise ValueError(f"{problem}; write {written.format(_EXAMPLES[unit])}") from None
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


def condition(text: object, unit: str, likely: str = "<") -> Condition:
    """Return a condition such as `< 2m` or `between 60% and 85%`; `likely` is the operator that a limit alone lacks.

    Raises:
        ValueError: it is none, or its limit is in another unit than the metric.

    """
    if not isinstance(text, str):
        number = text if isinstance(text, int | float) and not isinstance(text, bool) else ""
        raise ValueError(f'{shown(text)} is not a condition; write "{likely} {_in_unit(str(number), unit)}"')
    if match := re.fullmatch(r"\s*between\s+(\S+)\s+and\s+(\S+)\s*", text):
        low, high = (limit(bound, unit) for bound in match.groups())
        if low > high:
            raise ValueError(f"{shown(text)} is never true; write the lower limit first")
        return Condition("between", low, high, f"between {match[1]} and {match[2]}")
    if match := re.fullmatch(rf"\s*({'|'.join(OPERATORS)})\s*(\S+)\s*", text):
        value = limit(match[2], unit, f'"{match[1]} {{}}"')
        if (match[1] == "<" and value == 0) or (match[1] == ">" and value == 1 and unit == "share"):
            raise ValueError(f'{shown(text)} is never true; write "{match[1]}= {match[2]}"')
        return Condition(match[1], value, value, f"{match[1]} {match[2]}")  # type: ignore[arg-type]  # one of OPERATORS
    if (meant := text.translate(_OTHER_SIGNS).replace("=<", "<=").replace("=>", ">=")) != text:
        raise ValueError(f'{shown(text)} is not a condition; write "{condition(meant, unit).text}"')
    raise ValueError(f'{shown(text)} is not a condition; write "{likely} {_in_unit(text.strip(), unit)}"')


def _share_of_days(text: object) -> Condition:
    share = condition(text, "share", ">=")
    if share.operator not in (">=", ">", "between"):
        raise ValueError(f'{shown(text)} is not a share of days; write the least one, such as ">= 90%"')
    return share


class _Checked(Part):
    """Conditions with a severity, for the replications together or for a share of them."""

    check: Any
    severity: Literal["fail", "warn"] = "fail"
    days: Annotated[Condition | None, PlainValidator(_share_of_days)] = None


def _read_thresholds(data: object, info: ValidationInfo) -> tuple[Threshold, ...]:
    if not isinstance(data, dict):
        raise ValueError(f'{shown(data)} is not a mapping; write metrics and conditions, such as wait.VIP.p95: "< 2m"')
    context = cast(Context, info.context)
    thresholds, findings, names = list[Threshold](), list[Finding](), dict[str, str]()
    for key, value in data.items():
        try:
            metric, slots = metric_in(key, context)
        except ValueError as error:
            findings.append(((key, KEY), str(error)))
            continue
        if (first := names.setdefault(metric, key)) != key:
            findings.append(((key, KEY), f"means the same as {first!r}; write one list of conditions"))
            continue
        checked = _Checked.model_validate(value if isinstance(value, dict) else {"check": value})
        findings += [((key, *steps), problem) for steps, problem in checked.findings]
        if not checked.findings:
            steps: Steps = (key, "check") if isinstance(value, dict) else (key,)
            for written, place in _conditions(checked.check, steps, metric_named(metric), context.root, findings):
                thresholds.append(Threshold(metric, written, checked.severity, place, slots, checked.days))
    if findings:
        raise WrongValueError(*findings)
    return tuple(thresholds)


def _conditions(
    check: object, steps: Steps, metric: Metric, root: Node, findings: list[Finding]
) -> Iterator[tuple[Condition, Place]]:
    """Yield each condition on a metric with its place; `steps` lead to `check`, `findings` gets what is wrong."""
    likely = ">=" if metric.worse < 0 else "<"
    is_list = isinstance(check, list)
    if check == []:
        findings.append((steps, f'is empty; write "{likely} {_EXAMPLES[metric.unit]}"'))
    for index, text in enumerate(check) if isinstance(check, list) else [(KEY, check)]:
        # Each condition of a list stands at a place of its own, a single one at that of its metric.
        steps_to_text = (*steps, index) if is_list else steps
        place = root.place_of(("thresholds", *steps_to_text) if is_list else ("thresholds", steps[0], KEY))
        try:
            yield condition(text, metric.unit, likely), place
        except ValueError as error:
            findings.append((steps_to_text, str(error)))


_CONDITIONS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Thresholds = Annotated[
    tuple[Threshold, ...],
    PlainValidator(_read_thresholds),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": NAMES_SCHEMA,
            "additionalProperties": {
                "anyOf": [
                    *_CONDITIONS["anyOf"],
                    {
                        "type": "object",
                        "properties": {
                            "check": _CONDITIONS,
                            "severity": {"enum": ["fail", "warn"]},
                            "days": {"type": "string", "examples": [">= 90%"]},
                        },
                        "required": ["check"],
                        "additionalProperties": False,
                    },
                ]
            },
        }
    ),
]
