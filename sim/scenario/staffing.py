"""What a scenario asks of its crew slot by slot: `staff`."""

import re
from typing import Annotated, NamedTuple, cast

from pydantic import Field, PlainValidator, WithJsonSchema

from sim.model import OrderClass, metric_named, parse_metric
from sim.scenario.mapping import Finding, Part, WrongValueError
from sim.scenario.metric_names import metric_of
from sim.scenario.parts import CLASS_NAMES, MOST_BOTS, Instant, Positive, PositiveDuration
from sim.scenario.replications import Confidence
from sim.scenario.tree import KEY
from sim.units import DURATION_PATTERN, HOUR, SHARE_PATTERN, format_duration, parse_share, shown

_EXAMPLE = "wait.NORMAL.within(5m): 90%"
_PROMISE = rf"wait(?:\.(?:{'|'.join(CLASS_NAMES)}))?\.within\({DURATION_PATTERN[1:-1]}\)"


class Promise(NamedTuple):
    """A share of the orders of a class, None for both, that wait no longer than a limit in microseconds."""

    metric: str
    order_class: OrderClass | None
    limit: int
    share: float

    @property
    def label(self) -> str:
        """The class and the limit in short, such as `NORMAL 5m`."""
        whose = "all" if self.order_class is None else self.order_class.name
        return f"{whose} {format_duration(self.limit, 6)}"

    @property
    def asked(self) -> str:
        """What it asks of the class, such as `within(5m) >= 90%`."""
        return f"within({format_duration(self.limit, 6)}) >= {100 * self.share:.10g}%"


class BotRange(NamedTuple):
    """The least and the most bots of a slot."""

    least: int
    most: int


def _read_promises(data: object) -> tuple[Promise, ...]:
    if not isinstance(data, dict) or not data:
        problem = "is empty" if data == {} else f"{shown(data)} is not a mapping"
        raise ValueError(f"{problem}; write metrics and shares, such as {_EXAMPLE}")
    promises, findings, names = list[Promise](), list[Finding](), dict[str, str]()
    for key, value in data.items():
        try:
            name = _promised_metric(key)
        except ValueError as error:
            findings.append(((key, KEY), str(error)))
            continue
        if (first := names.setdefault(name, key)) != key:
            findings.append(((key, KEY), f"means the same as {first!r}; keep one of them"))
        try:
            share = float(parse_share(value))
        except ValueError as error:
            findings.append(((key,), str(error)))
            continue
        if not 0 < share < 1:
            cure = "write one above 0% and below 100%, such as 95%"
            findings.append(((key,), f"{shown(value)} of all orders cannot be proved by simulated days; {cure}"))
        metric = metric_named(name)
        promises.append(Promise(name, metric.order_class, cast(int, metric.limit), share))
    if findings:
        raise WrongValueError(*findings)
    return tuple(promises)


def _promised_metric(key: object) -> str:
    name = metric_of(key, None)
    metric = parse_metric(name)
    if metric.window:
        short = metric._replace(window="").name
        raise ValueError(f"{shown(key)} names a window, and each slot is one already; write {short}")
    if metric.family.name != "wait" or metric.limit is None:
        raise ValueError(f"{shown(key)} is not a share of orders within a wait; write one such as {_EXAMPLE}")
    return name


def _read_range(data: object) -> BotRange:
    match = re.fullmatch(r"([0-9]{1,6})\.\.([0-9]{1,6})", data) if isinstance(data, str) else None
    if match is None:
        raise ValueError(f"{shown(data)} is not a range of bots; write the least and the most, such as 1..20")
    least, most = int(match[1]), int(match[2])
    if most > MOST_BOTS:
        raise ValueError(f"{most} is too large; write {MOST_BOTS} or less")
    if least > most:
        raise ValueError(f"{shown(data)} is empty; write the lower number first, {most}..{least}")
    if most == 0:
        raise ValueError(f"{shown(data)} leaves no bot; write a larger second number, such as 0..20")
    return BotRange(least, most)


class ShiftPlan(Part):
    """Bots that come together for a time: shifts of a `length`, one starting at each `start_every`, each bot of which
    costs so much; by default the hours of the shift.
    """

    length: PositiveDuration = Field(examples=["4h"])
    start_every: PositiveDuration = Field(examples=["30m"])
    cost: Positive | None = None

    @property
    def price(self) -> float:
        """The cost of a bot for one shift."""
        return self.length / HOUR if self.cost is None else self.cost


class StaffPlan(Part):
    """How many bots each slot needs: what is promised in each slot, and within which range of bots.

    The slots lie between `from` and `until`, by default the whole run. Outside of them the crew stays as the file says.
    """

    every: Annotated[PositiveDuration, Field(examples=["30m"])]
    from_: Instant = Field(0, alias="from")
    until: Instant | None = None
    promise: Annotated[
        tuple[Promise, ...],
        PlainValidator(_read_promises),
        WithJsonSchema(
            {
                "type": "object",
                "propertyNames": {"pattern": f"^{_PROMISE}$"},
                "additionalProperties": {"type": "string", "pattern": SHARE_PATTERN},
                "minProperties": 1,
            }
        ),
        Field(examples=[f"{{{_EXAMPLE}}}"]),
    ]
    bots: Annotated[
        BotRange,
        PlainValidator(_read_range),
        WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,5}\.\.[0-9]{1,5}$"}),
        Field(examples=["1..20"]),
    ]
    confidence: Confidence = Field("95%", validate_default=True)
    shifts: Annotated[list[ShiftPlan], Field(min_length=1)] | None = None
