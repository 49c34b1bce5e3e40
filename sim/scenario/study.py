"""What a scenario says of other versions of itself: `sweep`, `compare` and `select`."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import isfinite, prod
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError, ValidationInfo, WithJsonSchema

from sim.scenario.analysis import Confidence, MetricName
from sim.scenario.hints import did_you_mean
from sim.scenario.mapping import Part, line_error
from sim.scenario.parts import Context
from sim.scenario.where import parse_where, quantity
from sim.units import shown

BLOCKS = ("sweep", "compare", "select")
_MOST_POINTS = 10_000


class SweepPlan(NamedTuple):
    """The values of parameters to go through; a point has for each parameter the place of its value in the list."""

    values: dict[str, list[Any]]
    points: tuple[tuple[int, ...], ...]

    def parameters(self, point: tuple[int, ...]) -> dict[str, Any]:
        """Return the parameters of a point."""
        return {name: values[index] for (name, values), index in zip(self.values.items(), point, strict=True)}


def _read_sweep(data: object, info: ValidationInfo) -> SweepPlan:
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not a mapping; write a parameter and its values, such as bots: [5, 6]")
    context: Context = info.context  # type: ignore[assignment]
    errors = [
        line_error(*fault) for name in data if name != "where" for fault in _faults_of_values(name, data, context)
    ]
    where = None
    try:
        where = parse_where(data["where"]) if "where" in data else None
    except ValueError as error:
        errors.append(line_error(str(error), ("where",)))
    values = {name: list(listed) for name, listed in data.items() if name != "where" and isinstance(listed, list)}
    if not data.keys() - {"where"}:
        errors.append(line_error("names no parameter; write one and its values, such as bots: [5, 6, 7]", ()))
    if (count := prod(map(len, values.values()))) > _MOST_POINTS:
        errors.append(line_error(f"makes {count} combinations; write fewer values, for at most {_MOST_POINTS}", ()))
    if errors:
        raise ValidationError.from_exception_data("sweep", errors)
    plan = SweepPlan(values, tuple(product(*(range(len(listed)) for listed in values.values()))))
    if where is None:
        return plan
    try:
        chosen = [point for point in plan.points if where({**context.parameters, **plan.parameters(point)})]
    except ValueError as error:
        raise ValidationError.from_exception_data("sweep", [line_error(str(error), ("where",))]) from None
    if not chosen:
        message = f"{shown(data['where'])} holds for none of {count} combinations; let one hold"
        raise ValidationError.from_exception_data("sweep", [line_error(message, ("where",))])
    return plan._replace(points=tuple(chosen))


def _faults_of_values(name: str, data: dict[str, Any], context: Context) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """Yield what is wrong with one parameter of a sweep, and where."""
    if name not in context.parameters:
        yield f"unknown parameter {shown(name)}{_known(name, context.parameters)}", (name, "[key]")
    listed = data[name]
    if not isinstance(listed, list) or not listed:
        yield (
            f"{'is empty' if listed == [] else f'{shown(listed)} is not a list'}; write values such as [5, 6, 7]",
            (name,),
        )
        return
    earlier = set()
    for index, value in enumerate(listed):
        if not _is_single(value):
            yield f"{shown(value)} is no single value; write one such as 5 or 3m", (name, index)
        elif (meaning := quantity(value)) in earlier:
            yield f"{shown(value)} stands twice in the list; keep one of them", (name, index)
        else:
            earlier.add(meaning)


def _is_single(value: object) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))


def _known(name: object, parameters: Mapping[str, Any]) -> str:
    return did_you_mean(name, parameters) if parameters else "; write params: {…} with its value"


def _read_baseline(data: object, info: ValidationInfo) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not a mapping; write parameters and their values, such as bots: 7")
    context: Context = info.context  # type: ignore[assignment]
    errors = [
        line_error(f"unknown parameter {shown(name)}{_known(name, context.parameters)}", (name, "[key]"))
        for name in data
        if name not in context.parameters
    ]
    errors += [
        line_error(f"{shown(value)} is no single value; write one such as 5 or 3m", (name,))
        for name, value in data.items()
        if not _is_single(value)
    ]
    if errors:
        raise ValidationError.from_exception_data("baseline", errors)
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


class SelectPlan(Part):
    """Which point of the sweep is asked for: a parameter's smallest or largest value, or the best by a metric."""

    exactly_one: ClassVar = ("minimise", "maximise")

    minimise: str | None = None
    maximise: str | None = None
    subject_to: Literal["thresholds"] = "thresholds"
    confidence: Confidence = Field("95%", validate_default=True)

    @property
    def objective(self) -> str:
        """The parameter or metric that is as small or large as can be."""
        return self.minimise or self.maximise or ""
