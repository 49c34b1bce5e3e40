"""Expectations: the facts that a scenario file says of orders and bots, against what happened."""

from typing import NamedTuple

import numpy as np

from sim.events import EventKind, EventLog
from sim.metrics import Orders
from sim.model import NONE
from sim.scenario import Expectation, Place, Scenario
from sim.units import Clock, ClockTime, format_duration

_INSTANTS = ("picked_up", "completed")
_FACTS_OF_ORDER = ("picked_up", "completed", "bot", "attempts", "status")
_FACTS_OF_BOT = ("status",)

# The status in which an event leaves its order, and its bot.
ORDER_STATUS = {
    EventKind.ORDER_CREATED: "PENDING",
    EventKind.ORDER_PICKED_UP: "PROCESSING",
    EventKind.ORDER_COMPLETED: "COMPLETE",
    EventKind.ORDER_RETURNED: "PENDING",
    EventKind.ORDER_ABANDONED: "ABANDONED",
    EventKind.ORDER_PROMOTED: "PENDING",
}
BOT_STATUS = {
    EventKind.ORDER_PICKED_UP: "PROCESSING",
    EventKind.ORDER_RETURNED: "REMOVED",
    EventKind.BOT_IDLE: "IDLE",
    EventKind.BOT_REMOVED: "REMOVED",
}


class Verdict(NamedTuple):
    """Whether one expectation held: where it stands, what it says, and what came instead."""

    place: Place
    expected: str
    got: str
    held: bool


def judge_expectations(scenario: Scenario, orders: Orders, log: EventLog) -> list[Verdict]:
    """Return a verdict on each expectation of a scenario, in the order of the file."""
    return [_judge(expectation, orders, log, scenario.clock) for expectation in scenario.expectations]


def _judge(expectation: Expectation, orders: Orders, log: EventLog, clock: Clock) -> Verdict:
    moment = log.end if expectation.at is None else expectation.at
    expected = _expected_facts(expectation, clock)
    if expectation.order is None:
        actual = {"status": _status_of_bot(log, expectation.bot, moment)}
    elif expectation.order in orders.number:
        actual = {name: _actual_fact(name, expectation, orders, log, moment, clock) for name in expected}
    else:  # another seed or replication than the one the file was checked with
        actual = dict.fromkeys(expected, "of an order that was never created")
    differences = [f"{name} {actual[name]}" for name in expected if actual[name] != expected[name]]
    got = ", ".join(differences) or "as expected"
    return Verdict(expectation.place, expectation_text(expectation, clock), got, held=not differences)


def expectation_text(expectation: Expectation, clock: Clock) -> str:
    """Return what an entry of `expect` says, with clock times where it has them."""
    subject = f"bot {expectation.bot}" if expectation.order is None else f"order {expectation.order}"
    when = "" if expectation.at is None else f" at {_instant_text(expectation.at, expectation.at, clock)}"
    facts = (f"{name} {text}" for name, text in _expected_facts(expectation, clock).items())
    return f"{subject}{when}: {', '.join(facts)}"


def _expected_facts(expectation: Expectation, clock: Clock) -> dict[str, str]:
    """Return the facts that an entry names, in words."""
    names = _FACTS_OF_BOT if expectation.order is None else _FACTS_OF_ORDER
    facts = {name: getattr(expectation, name) for name in names}
    return {name: _fact_text(name, expectation, fact, clock) for name, fact in facts.items() if fact is not None}


def _actual_fact(name: str, expectation: Expectation, orders: Orders, log: EventLog, moment: int, clock: Clock) -> str:
    """Return a fact of the order that an entry is about, as it was at a moment, in words."""
    if name == "status":
        return _status_of_order(log, expectation.order, moment)
    if name == "bot":
        is_pick_up = log.kind == EventKind.ORDER_PICKED_UP.value
        pick_ups = np.flatnonzero((log.order == expectation.order) & (log.time <= moment) & is_pick_up)
        return _fact_text(name, expectation, int(log.bot[pick_ups[-1]]) if len(pick_ups) else NONE, clock)
    [row] = np.flatnonzero(orders.number == expectation.order)
    return _fact_text(name, expectation, int(getattr(orders, name)[row]), clock)


def _fact_text(name: str, expectation: Expectation, fact: int | str, clock: Clock) -> str:
    """Return a fact in the form in which an entry asks for it, since the two texts are compared."""
    if fact == NONE:
        return "never" if name in _INSTANTS else "none"
    return _instant_text(int(fact), getattr(expectation, name), clock) if name in _INSTANTS else str(fact)


def _instant_text(instant: int, written: int, clock: Clock) -> str:
    """Return an instant in the form in which another one was written: on the clock, or as time since the start."""
    return clock.exact_reading(instant) if isinstance(written, ClockTime) else format_duration(instant, 6)


def _status_of_order(log: EventLog, order: int | None, moment: int) -> str:
    kinds = log.kind[(log.order == order) & (log.time <= moment)]
    return ORDER_STATUS[EventKind(kinds[-1])] if len(kinds) else "not created yet"


def _status_of_bot(log: EventLog, bot: int | None, moment: int) -> str:
    kinds = [kind for kind in log.kind[(log.bot == bot) & (log.time <= moment)] if kind in BOT_STATUS]
    return BOT_STATUS[EventKind(kinds[-1])] if kinds else "not added yet"
