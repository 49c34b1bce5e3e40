"""The rules of a scenario file: what must hold between its values, when each of them is right on its own.

A rule looks at a part of the file and yields what breaks it, with the steps that lead there from that part. Rules of
parts in others come first, those of the whole file last. What breaks a rule is unknown to all rules after it, like what
was wrong in the first place: a rule that asks for it is passed over.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from sim.errors import SimulationError
from sim.model import Action, OrderStatus
from sim.scenario.arrivals import Stream
from sim.scenario.busyness import Busyness
from sim.scenario.expectations import Expectation
from sim.scenario.laws import Law
from sim.scenario.mapping import Finding, Part, WrongValueError, forget, parts
from sim.scenario.objectives import misfits_of_select
from sim.scenario.parts import MOST_BOTS, MOST_ORDERS
from sim.scenario.processes import Mmpp
from sim.scenario.replications import Precision, ReplicationPlan
from sim.scenario.schedules import misfits_of_staff
from sim.scenario.schema import ClockSection, ScenarioFile, TimelineEntry
from sim.scenario.tree import Steps
from sim.scenario.workload import crew_changes, first_workload, stream_name
from sim.units import format_duration

Rule = Callable[[Any], Iterator[Finding]]

_MOST_BOT_CHANGES = 1_000_000
_MOST_STATES = 10_000_000
_LATEST = 2**61  # microseconds
_BOT_STATUSES = ("IDLE", "PROCESSING", "REMOVED")
_RESERVED = {"timeline": "the timeline", "day": "how busy the day is"}
_RULES: list[tuple[type[Part], Rule]] = []


def _rule(kind: type[Part]) -> Callable[[Rule], Rule]:
    """Make a function a rule for all parts of a kind, after those that stand above it."""

    def add(rule: Rule) -> Rule:
        _RULES.append((kind, rule))
        return rule

    return add


@cache
def _rules_of(kind: type[Part]) -> list[Rule]:
    return [rule for base, rule in _RULES if issubclass(kind, base)]


def broken_rules(file: ScenarioFile) -> Iterator[Finding]:
    """Yield what breaks a rule in a file, which nobody may use then."""
    for steps, part in parts(file):
        for rule in _rules_of(type(part)):
            broken: list[Steps] = []
            with suppress(WrongValueError):
                for steps_in_part, problem in rule(part):
                    yield (*steps, *steps_in_part), problem
                    broken.append(steps_in_part)
            for steps_in_part in broken:  # only now, since the rule may still have looked at it
                forget(part, steps_in_part)


@_rule(Law)
def _parameters_go_together(law: Law) -> Iterator[Finding]:
    if misfit := law.misfit():
        yield (), misfit


@_rule(Mmpp)
def _some_state_has_a_rate(mmpp: Mmpp) -> Iterator[Finding]:
    if not any(state.rate for state in mmpp.states):
        yield ("states",), "no state has a rate above 0; write one, such as 12/h"


@_rule(Busyness)
def _the_mean_factor_is_1(busyness: Busyness) -> Iterator[Finding]:
    if busyness.mean != 1:
        yield busyness.misfit()


@_rule(ClockSection)
def _a_kitchen_closes_at_a_horizon(clock: ClockSection) -> Iterator[Finding]:
    if clock.closes and clock.until is None:
        cure = "write until, such as until: 22h, or leave it out"
        yield ("closes",), f"needs a time, and the run is until drained; {cure}"


@_rule(Stream)
def _busyness_is_of_rates(stream: Stream) -> Iterator[Finding]:
    if stream.busyness is not None and not stream.has_rates:
        yield ("busyness",), "changes rates, and this stream has none; write poisson, mmpp or rates, or leave it out"


@_rule(Stream)
def _class_or_trace(stream: Stream) -> Iterator[Finding]:
    keys = stream.model_fields_set & {"order_class", "trace"}  # given, be they right or wrong
    if len(keys) > 1:
        yield (), "class and trace exclude each other; leave class out, the trace names that of each order"
    elif not keys:
        yield (), "missing key 'class'; write class: NORMAL, class: VIP or shares of both"


@_rule(Stream)
def _gaps_take_time(stream: Stream) -> Iterator[Finding]:
    if stream.renewal is not None and stream.renewal.mean < 1:
        yield ("renewal",), "has a mean of 0s; write gaps that take time"


@_rule(Stream)
def _until_is_after_from(stream: Stream) -> Iterator[Finding]:
    if stream.until is not None and stream.until < stream.from_:
        yield ("until",), "lies before from; write a later instant"


@_rule(TimelineEntry)
def _service_is_of_an_order(entry: TimelineEntry) -> Iterator[Finding]:
    keys = entry.model_fields_set
    if "service" in keys and keys & {"add_bots", "remove_bots"}:
        yield (), "service belongs to an order; leave it out here"


@_rule(Expectation)
def _has_a_subject(expectation: Expectation) -> Iterator[Finding]:
    if expectation.order is None and expectation.bot is None:
        yield (), "names neither an order nor a bot; write order: NUMBER or bot: NUMBER"


@_rule(Expectation)
def _status_is_one_of_its_subject(expectation: Expectation) -> Iterator[Finding]:
    is_of_bot = expectation.order is None
    known = _BOT_STATUSES if is_of_bot else tuple(OrderStatus.__members__)
    if expectation.status is not None and expectation.status not in known:
        subject = "a bot" if is_of_bot else "an order"
        yield ("status",), f"{expectation.status} is not a status of {subject}; write one of {', '.join(known)}"


@_rule(Expectation)
def _facts_belong_together(expectation: Expectation) -> Iterator[Finding]:
    facts = expectation.model_fields_set & {"picked_up", "completed", "attempts"}
    is_of_bot = expectation.order is None
    if facts and is_of_bot:
        yield (), "picked_up, completed and attempts are facts of an order; write order: NUMBER"
    if facts and "at" in expectation.model_fields_set:
        yield ("at",), "picked_up, completed and attempts cannot have at; use at with status or bot"
    if expectation.status is None and (is_of_bot or (expectation.bot is None and not facts)):
        yield (), "nothing is expected; write status, or picked_up, completed, bot or attempts of an order"


@_rule(Precision)
def _half_width_is_in_the_unit_of_the_metric(precision: Precision) -> Iterator[Finding]:
    try:
        precision.reached(0, 0)
    except ValueError as error:
        yield ("half_width",), str(error)


@_rule(ReplicationPlan)
def _range_is_complete(plan: ReplicationPlan) -> Iterator[Finding]:
    if "times" not in plan.model_fields_set:
        for key in ("max", "until"):
            if key not in plan.model_fields_set:
                yield (), f"missing key {key!r}; write '{key}: …' here"


@_rule(ReplicationPlan)
def _max_is_above_min(plan: ReplicationPlan) -> Iterator[Finding]:
    if plan.max is not None and plan.max < plan.min:
        yield ("max",), f"is below min; write {plan.min} or more"


@_rule(ScenarioFile)
def _warm_up_makes_sense(file: ScenarioFile) -> Iterator[Finding]:
    horizon = file.clock.until
    if file.warmup == "mser5":
        if file.changes_with_time:
            yield ("warmup",), "mser5 needs constant demand and a constant crew; write 30m, or leave it out"
    elif file.warmup and horizon is not None and file.warmup >= horizon:
        yield ("warmup",), f"is not over before the horizon at {format_duration(horizon, 6)}; write a shorter one"


@_rule(ScenarioFile)
def _runs_are_finite(file: ScenarioFile) -> Iterator[Finding]:
    horizon = file.clock.until
    demand, states = float(_orders_of_timeline(file)), 0.0
    if demand > MOST_ORDERS:
        yield ("timeline",), f"makes {demand:,.0f} orders; one run holds at most {MOST_ORDERS:,}; use a smaller count"
    for index, stream in enumerate(file.arrivals):
        steps: Steps = ("arrivals", index)
        with suppress(WrongValueError):
            if stream.is_endless(horizon):
                yield steps, "never ends, and the run is until drained; write clock.until, until or limit"
                continue
            if stream.expected_end(horizon) > _LATEST:
                yield steps, "lasts longer than 70,000 years; write a higher rate or a lower limit"
                continue
            # Streams share the limits of a run; the one that breaks a limit is told, and not those after it.
            earlier_demand, earlier_states = demand, states
            demand += stream.expected_orders(horizon)
            states += stream.expected_states(horizon)
            if demand > MOST_ORDERS >= earlier_demand:
                total = f"{_count(demand)} orders; one run holds at most {MOST_ORDERS:,}"
                yield steps, f"brings the run to {total}; set a limit"
            if states > _MOST_STATES >= earlier_states:
                total = f"{_count(states)} changes of state; one run holds at most {_MOST_STATES:,}"
                yield (*steps, "mmpp"), f"brings the run to {total}; write longer stays"


def _orders_of_timeline(file: ScenarioFile) -> int:
    """Return how many orders the timeline makes, as far as that is known."""
    orders = 0
    with suppress(WrongValueError):
        for entry in file.timeline:
            with suppress(WrongValueError):
                orders += 0 if entry.order is None else entry.count
    return orders


def _count(number: float) -> str:
    """Return a number that may be beyond all sense."""
    return f"about {number:,.0f}" if number < 10**15 else "more than 10^15"


@_rule(ScenarioFile)
def _names_of_streams_are_unique(file: ScenarioFile) -> Iterator[Finding]:
    earlier = set[str]()
    for index, stream in enumerate(file.arrivals):
        with suppress(WrongValueError):
            name = stream_name(stream, index + 1)
            steps: Steps = ("arrivals", index, "name")
            if name in _RESERVED:
                yield steps, f"name {name!r} is reserved for {_RESERVED[name]}; write another name"
            elif name in earlier:
                yield steps, f"name {name!r} is taken by an earlier stream; write another name"
            earlier.add(name)


@_rule(ScenarioFile)
def _some_stream_is_busier_or_quieter(file: ScenarioFile) -> Iterator[Finding]:
    if file.busyness is not None and not any(stream.has_rates for stream in file.arrivals):
        cure = "write poisson, mmpp or rates in arrivals, or leave it out"
        yield ("busyness",), f"changes rates, and no stream has any; {cure}"


@_rule(ScenarioFile)
def _crew_is_possible(file: ScenarioFile) -> Iterator[Finding]:
    changes = crew_changes(file)
    if max(change.size for change in changes) > MOST_BOTS:
        yield ("timeline",), f"more than {MOST_BOTS:,} bots at once; add fewer"
    if sum(abs(change.bots) for change in changes) > _MOST_BOT_CHANGES:
        steps: Steps = ("timeline",) if file.timeline else ("bots", "schedule")
        yield steps, f"more than {_MOST_BOT_CHANGES:,} bots added and removed; write fewer changes"


@_rule(ScenarioFile)
def _baseline_has_alternatives(file: ScenarioFile) -> Iterator[Finding]:
    if file.compare is not None and file.compare.baseline and file.sweep is None:
        yield ("compare", "baseline"), "has nothing to be compared with; write sweep: {…} with other values"


_rule(ScenarioFile)(misfits_of_select)
_rule(ScenarioFile)(misfits_of_staff)


@_rule(ScenarioFile)
def _expectations_are_of_what_comes(file: ScenarioFile) -> Iterator[Finding]:
    if not file.expect:
        return
    first, last, bots = file.orders.first_number, None, None
    with suppress(WrongValueError):  # what replication 1 has is known only when it can be drawn
        try:
            workload = first_workload(file)
        except SimulationError as error:
            yield (), str(error)
            return
        last = first + len(workload.service) - 1
        bots = int((workload.action == Action.ADD_BOT.value).sum())
    for index, expectation in enumerate(file.expect):
        with suppress(WrongValueError):
            order, bot = expectation.order, expectation.bot
            if order is not None and (order < first or (last is not None and order > last)):
                advice = f"orders are numbered from {first}"
                if last is not None:
                    advice = f"its orders are {first} to {last}" if last >= first else "it creates none, leave this out"
                yield ("expect", index, "order"), f"order {order} is never created by this scenario; {advice}"
            if bot is not None and bots is not None and bot > bots:
                advice = f"name one of bots 1 to {bots}" if bots else "it adds none, leave this out"
                yield ("expect", index, "bot"), f"bot {bot} is never added by this scenario; {advice}"


@_rule(ScenarioFile)
def _service_has_no_default_for_streams(file: ScenarioFile) -> Iterator[Finding]:
    makes_orders = any("trace" not in stream.model_fields_set for stream in file.arrivals)
    if makes_orders and "service" not in file.model_fields_set:
        yield (), "missing key 'service'; write how long an order takes, such as 'service: 3m'"
