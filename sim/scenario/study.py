"""What a scenario says of other versions of itself: `sweep`, `compare` and `select`; `staff` is in `staffing`."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from math import isfinite, prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from sim.scenario.hints import did_you_mean
from sim.scenario.mapping import Finding, Part, WrongValueError
from sim.scenario.metric_names import MetricName, metric_of
from sim.scenario.parts import Context
from sim.scenario.replications import Confidence
from sim.scenario.tree import KEY, Steps
from sim.scenario.where import parse_where, quantity
from sim.units import shown

BLOCKS = ("sweep", "compare", "select", "staff")
BOT_HOURS = "bot_hours"
"""The objective that is no parameter and no metric."""

_MOST_POINTS = 10_000


class SweepPlan(NamedTuple):
    """The values of parameters to go through; a point has for each parameter the place of its value in the list."""

    values: dict[str, list[Any]]
    points: tuple[tuple[int, ...], ...]

    def parameters(self, point: tuple[int, ...]) -> dict[str, Any]:
        """Return the parameters of a point."""
        return {name: values[index] for (name, values), index in zip(self.values.items(), point, strict=True)}

    def steps(self, point: tuple[int, ...]) -> dict[str, Steps]:
        """Return the steps that lead to each parameter of a point in its file."""
        return {name: ("sweep", name, index) for name, index in zip(self.values, point, strict=True)}


def _read_sweep(data: object, info: ValidationInfo) -> SweepPlan:
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not a mapping; write a parameter and its values, such as bots: [5, 6]")
    parameters = cast(Context, info.context).parameters
    names = [name for name in data if name != "where"]
    findings = [finding for name in names for finding in _wrong_values(name, data[name], parameters)]
    if not names:
        findings.append(((), "names no parameter; write one and its values, such as bots: [5, 6, 7]"))
    values = {name: list(data[name]) for name in names if isinstance(data[name], list)}
    if (count := prod(map(len, values.values()))) > _MOST_POINTS:
        findings.append(((), f"makes {count} combinations; write fewer values, for at most {_MOST_POINTS}"))
    plan = SweepPlan(values, ())
    # `where` is tried on points only when names and values are right: else it would be told for their faults.
    try:
        holds = parse_where(data["where"]) if "where" in data else lambda _: True
        if not findings:
            points = product(*(range(len(listed)) for listed in values.values()))
            chosen = [point for point in points if holds({**parameters, **plan.parameters(point)})]
            plan = plan._replace(points=tuple(chosen))
            if not chosen:
                message = f"{shown(data['where'])} holds for none of {count} combinations; let one hold"
                findings.append((("where",), message))
    except ValueError as error:
        findings.append((("where",), str(error)))
    if findings:
        raise WrongValueError(*findings)
    return plan


def _wrong_values(name: str, listed: object, parameters: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with one parameter of a sweep and the list of its values."""
    if name not in parameters:
        yield (name, KEY), f"unknown parameter {shown(name)}{_known(name, parameters)}"
    if not isinstance(listed, list) or not listed:
        problem = "is empty" if listed == [] else f"{shown(listed)} is not a list"
        yield (name,), f"{problem}; write values such as [5, 6, 7]"
        return
    earlier = set()
    for index, value in enumerate(listed):
        if not _is_single(value):
            yield (name, index), f"{shown(value)} is not a single value; write one such as 5 or 3m"
        elif (meaning := quantity(value)) in earlier:
            yield (name, index), f"{shown(value)} stands twice in the list; keep one of them"
        else:
            earlier.add(meaning)


def _is_single(value: object) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def _known(name: object, parameters: Mapping[str, Any]) -> str:
    return did_you_mean(name, parameters) if parameters else "; write params: {…} with its value"


def _read_baseline(data: object, info: ValidationInfo) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not a mapping; write parameters and their values, such as bots: 7")
    parameters = cast(Context, info.context).parameters
    findings: list[Finding] = [
        ((name, KEY), f"unknown parameter {shown(name)}{_known(name, parameters)}")
        for name in data
        if name not in parameters
    ]
    findings += [
        ((name,), f"{shown(value)} is not a single value; write one such as 5 or 3m")
        for name, value in data.items()
        if not _is_single(value)
    ]
    if findings:
        raise WrongValueError(*findings)
    return data


_PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_LISTS = {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1}
Sweep = Annotated[
    SweepPlan,
    PlainValidator(_read_sweep),
    WithJsonSchema({"type": "object", "properties": {"where": {"type": "string"}}, "additionalProperties": _LISTS}),
]
Baseline = Annotated[dict[str, Any], BeforeValidator(_read_baseline), WithJsonSchema(_PARAMETERS)]


class ComparePlan(Part):
    """With what the points of the sweep are compared, and by which metrics."""

    baseline: Baseline = Field({})
    metrics: Annotated[list[MetricName], Field(min_length=1)] | None = None
    adjust: Literal["holm"] = "holm"


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class SelectPlan(Part):
    """Which point of the sweep is asked for: the one with the smallest or largest objective.

    That is a parameter, a sum of parameters, the bot-hours, or a metric. Within the `indifference` of a metric, in its
    unit, any candidate is as good as the best.
    """

    exactly_one: ClassVar = ("minimise", "maximise")

    minimise: str | None = None
    maximise: str | None = None
    subject_to: Literal["thresholds"] = "thresholds"
    confidence: Confidence = Field("95%", validate_default=True)
    indifference: Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number"]})] | None = (
        None
    )

    @property
    def objective(self) -> str:
        """What is as small or large as can be."""
        return self.minimise or self.maximise or ""

    @property
    def terms(self) -> list[str]:
        """The names between the + signs of the objective."""
        return [name.strip() for name in self.objective.split("+")]

    def summands(self, swept: Collection[str]) -> list[str]:
        """Return the parameters of the sweep whose sum is the objective; none where that is something else."""
        return self.terms if all(name in swept for name in self.terms) else []

    def metric(self, swept: Collection[str]) -> str | None:
        """Return the full name of the metric that is the objective; None where that is something else.

        Its window is not looked up.
        """
        if self.summands(swept):
            return None
        try:
            return metric_of(self.objective, None)
        except ValueError:
            return None


def sweep_to_write(parameters: Mapping[str, Any]) -> str:
    """Return a sweep that a file with these parameters may have."""
    if not parameters:
        return "write params: {crew: 5}, bots: {initial: $crew} and sweep: {crew: [5, 6]}"
    name, value = next(iter(parameters.items()))
    values = f"{value}, {value + 1}" if type(value) is int else "…"
    return f"write one such as sweep: {{{name}: [{values}]}}"
