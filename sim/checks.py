"""Verdicts: what a scenario expects, held against what happened."""

from typing import NamedTuple

import numpy as np

from sim.events import EventKind, EventLog
from sim.metrics import Orders
from sim.model import NONE
from sim.scenario import Expectation, Place
from sim.units import format_duration

_ORDER_STATUS = {
    EventKind.ORDER_CREATED: "PENDING",
    EventKind.ORDER_PICKED_UP: "PROCESSING",
    EventKind.ORDER_COMPLETED: "COMPLETE",
    EventKind.ORDER_RETURNED: "PENDING",
    EventKind.ORDER_ABANDONED: "ABANDONED",
    EventKind.ORDER_PROMOTED: "PENDING",
}
_BOT_STATUS = {
    EventKind.ORDER_PICKED_UP: "PROCESSING",
    EventKind.ORDER_RETURNED: "REMOVED",
    EventKind.BOT_IDLE: "IDLE",
    EventKind.BOT_REMOVED: "REMOVED",
}


class Verdict(NamedTuple):
    """Whether one expectation held: where it stands, what it says, and what came."""

    place: Place
    expected: str
    got: str
    held: bool


def judge(expectations: list[tuple[Place, Expectation]], orders: Orders, log: EventLog) -> list[Verdict]:
    """Return a verdict on each expectation, in the order of the file."""
    return [_judge(place, entry, orders, log) for place, entry in expectations]


def _judge(place: Place, entry: Expectation, orders: Orders, log: EventLog) -> Verdict:
    at = log.end if entry.at is None else entry.at
    asked: dict[str, str] = {}
    came: dict[str, str] = {}
    if entry.order is None:
        subject = f"bot {entry.bot}"
        asked["status"], came["status"] = str(entry.status), _status_of_bot(log, entry.bot, at)
    else:
        subject = f"order {entry.order}"
        asked = {name: _shown(name, value) for name, value in _facts(entry).items()}
        if entry.order in orders.number:
            came = {name: _fact(name, entry.order, orders, log, at) for name in asked}
        else:  # another seed or replication than the one the file was checked with
            came = dict.fromkeys(asked, "of an order that was never created")
    when = "" if entry.at is None else f" at {format_duration(at, 6)}"
    expected = ", ".join(f"{name} {value}" for name, value in asked.items())
    got = ", ".join(f"{name} {came[name]}" for name in asked if came[name] != asked[name])
    return Verdict(place, f"{subject}{when}: {expected}", got or "as expected", held=not got)


def _facts(entry: Expectation) -> dict[str, int | str]:
    names = ("picked_up", "completed", "bot", "attempts", "status")
    return {name: getattr(entry, name) for name in names if getattr(entry, name) is not None}


def _shown(name: str, value: int | str) -> str:
    if value == NONE:
        return "never" if name in ("picked_up", "completed") else "none"
    return format_duration(int(value), 6) if name in ("picked_up", "completed") else str(value)


def _fact(name: str, order: int, orders: Orders, log: EventLog, at: int) -> str:
    if name == "status":
        return _status_of_order(log, order, at)
    if name == "bot":
        seen = np.flatnonzero((log.order == order) & (log.time <= at) & (log.kind == EventKind.ORDER_PICKED_UP))
        return _shown(name, int(log.bot[seen[-1]]) if len(seen) else NONE)
    [row] = np.flatnonzero(orders.number == order)
    return _shown(name, int(getattr(orders, name)[row]))


def _status_of_order(log: EventLog, order: int, at: int) -> str:
    seen = log.kind[(log.order == order) & (log.time <= at)]
    return _ORDER_STATUS[EventKind(seen[-1])] if len(seen) else "not created yet"


def _status_of_bot(log: EventLog, bot: int | None, at: int) -> str:
    kinds = [kind for kind in log.kind[(log.bot == bot) & (log.time <= at)] if kind in _BOT_STATUS]
    return _BOT_STATUS[EventKind(kinds[-1])] if kinds else "not added yet"
