"""The scenario file as a schema: every key, its type and its limits."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from sim.model import Action, Dispatch, OnRemove, ReturnedTo
from sim.scenario.arrivals import Stream
from sim.scenario.busyness import Busyness
from sim.scenario.distributions import Distribution
from sim.scenario.expectations import Expectations
from sim.scenario.mapping import Part
from sim.scenario.metric_names import Metrics
from sim.scenario.parts import (
    INSTANT_PATTERN,
    BotCount,
    ClassName,
    Context,
    Count,
    Duration,
    Instant,
    Name,
    Number,
    StartClock,
)
from sim.scenario.replications import MOST_REPLICATIONS, ReplicationPlan, WarmUp
from sim.scenario.staffing import StaffPlan
from sim.scenario.study import ComparePlan, SelectPlan, Sweep
from sim.scenario.thresholds import Thresholds
from sim.scenario.uncertainty import UncertaintyTable
from sim.scenario.windows import Windows
from sim.units import DAY, DURATION_PATTERN, Clock, format_duration, parse_duration, shown

_DEFAULT_REPLICATIONS = 30
PARAMETER = r"^\$[A-Za-z_][A-Za-z0-9_]*$"


def _horizon(value: object, info: ValidationInfo) -> int | None:
    if value == "drained":
        return None
    if isinstance(value, str) and value.isalpha():
        raise ValueError(f"{shown(value)} is not known; write drained, a duration such as 3h or a clock time")
    context: Context = info.context  # type: ignore[assignment]
    # The horizon is the one instant that may lie on any later day: it is what others are held against.
    instant = context.clock.instant(value)
    if instant == 0 and ":" in str(value):
        raise ValueError(f"{shown(value)} is clock.start itself; write a later time, or 24h for a whole day")
    if instant > DAY // 2 and context.clock.is_next_day(value):
        context.notes.append(f"clock.until: {shown(value)} is the next day, {format_duration(instant, 6)} into the run")
    return instant


class ClockSection(Part):
    """What t = 0 reads on the clock, and the horizon; None for `drained`. A kitchen that `closes` then serves nobody
    afterwards.
    """

    likely_form: ClassVar = "clock: {{start: {}}}"

    start: StartClock = Field(Clock(), json_schema_extra={"default": "00:00:00"})
    until: Annotated[
        int | None,
        BeforeValidator(_horizon),
        WithJsonSchema({"anyOf": [{"type": "string", "pattern": INSTANT_PATTERN}, {"const": "drained"}]}),
    ] = Field(None, json_schema_extra={"default": "drained"})
    closes: bool = False


class OrdersSection(Part):
    """How orders are numbered."""

    likely_form: ClassVar = "orders: {{first_number: {}}}"

    first_number: Number = 1001


class ByClass(Part):
    """A distribution for each class, None for a class without one."""

    VIP: Distribution | None = None
    NORMAL: Distribution | None = None

    @cached_property
    def is_same(self) -> bool:
        """Whether both classes have the same distribution."""
        return self.VIP == self.NORMAL

    @cached_property
    def is_drawn(self) -> bool:
        """Whether either class has one that is no constant."""
        return any(times is not None and times.constant is None for times in (self.VIP, self.NORMAL))

    @cached_property
    def is_empty(self) -> bool:
        """Whether neither class has one."""
        return self.VIP is None and self.NORMAL is None

    def of(self, order_class: int) -> Distribution | None:
        """Return the distribution of one class."""
        return self.NORMAL if order_class else self.VIP


class Patience(ByClass):
    """How long an order of a class waits before it is ABANDONED; a class that is not named waits for ever."""

    likely_form: ClassVar = "patience: {{NORMAL: {}}}"
    likely_unit: ClassVar = "s"

    @property
    def is_limited(self) -> bool:
        """Whether orders of any class can be ABANDONED."""
        return self.VIP is not None or self.NORMAL is not None


class Service(ByClass):
    """The service time of each class."""

    VIP: Distribution
    NORMAL: Distribution

    def of(self, order_class: int) -> Distribution:
        return self.NORMAL if order_class else self.VIP


def _for_both(value: object) -> object:
    # An empty mapping is left as it is: that both classes are missing says more than that no distribution is named.
    if isinstance(value, dict) and (set(value) & {"VIP", "NORMAL"} or not value):
        return value
    return {"VIP": value, "NORMAL": value}


ServiceByClass = Annotated[Service, BeforeValidator(_for_both)]


def _promotion(value: object) -> int | None:
    try:
        return None if value == "never" else parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or never") from None


class QueueSection(Part):
    """What becomes of returned orders, and at what age NORMAL orders are served as VIPs."""

    returned_to: ReturnedTo = "place"
    promote_after: Annotated[
        int | None,
        BeforeValidator(_promotion),
        WithJsonSchema({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": "never"}]}),
    ] = Field(None, json_schema_extra={"default": "never"})


class ScheduleStep(Part):
    """Reach this many bots at an instant."""

    at: Instant
    count: BotCount


class BotsSection(Part):
    """The crew and how it works."""

    likely_form: ClassVar = "bots: {{initial: {}}}"

    initial: BotCount = 0
    schedule: list[ScheduleStep] = Field([])
    on_remove: OnRemove = "restart"
    dispatch: Dispatch = "oldest"


class TimelineEntry(Part):
    """An exact action, or `count` of them in a row."""

    exactly_one: ClassVar = ("order", "add_bots", "remove_bots")

    at: Instant
    order: ClassName | None = None
    add_bots: BotCount | None = None
    remove_bots: BotCount | None = None
    count: Count = 1
    service: Duration | None = None

    @property
    def bots(self) -> int:
        """How many bots it adds, or removes where that is negative."""
        return self.count * ((self.add_bots or 0) - (self.remove_bots or 0))

    @property
    def action(self) -> Action:
        """What it does."""
        if self.order is not None:
            return Action.CREATE_ORDER
        return Action.ADD_BOT if self.add_bots else Action.REMOVE_BOT


def _version(value: object) -> object:
    if type(value) is not int or value != 1:
        raise ValueError(f"{shown(value)} is not a version of this format; write 1")
    return value


class ScenarioFile(Part):
    """A whole scenario file, with `extends` and `params` already applied."""

    is_root: ClassVar = True

    scenario: Annotated[Literal[1], BeforeValidator(_version), Field(examples=[1])]
    name: Annotated[Name, Field(examples=["lunch"])]
    description: str = ""
    extends: str | None = None
    params: dict[str, Any] = Field({})
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    clock: ClockSection = Field({}, validate_default=True)
    orders: OrdersSection = Field({}, validate_default=True)
    service: ServiceByClass = Field("10s", validate_default=True)
    patience: Patience = Field({}, validate_default=True)
    queue: QueueSection = Field({}, validate_default=True)
    bots: BotsSection = Field({}, validate_default=True)
    timeline: list[TimelineEntry] = Field([])
    arrivals: list[Stream] = Field([])
    busyness: Busyness | None = None
    expect: Expectations = Field([])
    windows: Windows = Field(())  # before all that names metrics
    metrics: Metrics = Field(())
    replications: ReplicationPlan | None = None
    warmup: WarmUp | None = None
    thresholds: Thresholds = Field(())
    sweep: Sweep | None = None
    compare: ComparePlan | None = None
    select: SelectPlan | None = None
    staff: StaffPlan | None = None
    uncertainty: UncertaintyTable | None = None

    @property
    def is_random(self) -> bool:
        """Whether two replications can differ."""
        times = [self.service.VIP, self.service.NORMAL, self.patience.VIP, self.patience.NORMAL]
        return any(time is not None and time.constant is None for time in times) or any(
            stream.is_random for stream in self.arrivals
        )

    @property
    def metric_names(self) -> Iterator[str]:
        """The metrics that it names, by their full names, of a regular window for each slot."""
        yield from self.metrics
        for threshold in self.thresholds:
            yield from threshold.metrics
        if self.replications is not None and self.replications.until is not None:
            yield self.replications.until.metric
        yield from self.metrics_of_study

    @property
    def metrics_of_study(self) -> Iterator[str]:
        """The metrics by which versions of it are compared, or selected."""
        if self.compare is not None:
            yield from self.compare.metrics or ()
        objective = None if self.select is None or self.sweep is None else self.select.metric(self.sweep.values)
        if objective is not None:
            yield objective

    @property
    def default_replications(self) -> int:
        """How often it is run where it does not say: as often as its strictest share needs, if anything is random."""
        if not self.is_random:
            return 1
        needed = max((threshold.replications_needed for threshold in self.thresholds), default=1)
        return min(max(needed, _DEFAULT_REPLICATIONS), MOST_REPLICATIONS)

    @property
    def changes_with_time(self) -> bool:
        """Whether anything but chance and limits makes one part of the run differ from another."""
        horizon = self.clock.until
        instants = [entry.at for entry in self.timeline] + [step.at for step in self.bots.schedule]
        for stream in self.arrivals:
            if stream.changes_with_time:
                return True
            instants += [stream.from_] if stream.until is None else [stream.from_, stream.until]
        return any(instant > 0 and (horizon is None or instant < horizon) for instant in instants)
