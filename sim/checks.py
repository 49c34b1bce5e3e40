"""Verdicts: what a scenario expects, and what must hold of its metrics, against what happened."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from sim.events import EventKind, EventLog
from sim.metrics import Orders
from sim.model import NONE
from sim.scenario import Condition, Expectation, Place, Scenario, Threshold
from sim.statistics import Interval, mean_interval, replications_for, share_interval
from sim.units import Clock, ClockTime, format_duration

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


def judge(scenario: Scenario, orders: Orders, log: EventLog) -> list[Verdict]:
    """Return a verdict on each expectation of a scenario, in the order of the file."""
    return [_judge(place, entry, orders, log, scenario.clock) for place, entry in scenario.expectations]


def _judge(place: Place, entry: Expectation, orders: Orders, log: EventLog, clock: Clock) -> Verdict:
    at, asked = log.end if entry.at is None else entry.at, _facts(entry, clock)
    if entry.order is None:
        came = {"status": _status_of_bot(log, entry.bot, at)}
    elif entry.order in orders.number:
        came = {name: _fact(name, entry, orders, log, at, clock) for name in asked}
    else:  # another seed or replication than the one the file was checked with
        came = dict.fromkeys(asked, "of an order that was never created")
    got = ", ".join(f"{name} {came[name]}" for name in asked if came[name] != asked[name])
    return Verdict(place, in_words(entry, clock), got or "as expected", held=not got)


def in_words(entry: Expectation, clock: Clock) -> str:
    """Return what an entry of `expect` says, with clock times where it has them."""
    subject = f"bot {entry.bot}" if entry.order is None else f"order {entry.order}"
    when = "" if entry.at is None else f" at {_time_shown(entry.at, entry.at, clock)}"
    return f"{subject}{when}: {', '.join(f'{name} {value}' for name, value in _facts(entry, clock).items())}"


def _facts(entry: Expectation, clock: Clock) -> dict[str, str]:
    names = ("status",) if entry.order is None else ("picked_up", "completed", "bot", "attempts", "status")
    return {
        name: _shown(name, entry, getattr(entry, name), clock) for name in names if getattr(entry, name) is not None
    }


def _shown(name: str, entry: Expectation, value: int | str, clock: Clock) -> str:
    """Return a fact in the form in which an entry asks for it."""
    if value == NONE:
        return "never" if name in ("picked_up", "completed") else "none"
    return _time_shown(int(value), getattr(entry, name), clock) if name in ("picked_up", "completed") else str(value)


def _time_shown(time: int, written: int, clock: Clock) -> str:
    """Return an instant in the form in which another one was written."""
    return clock.exact_reading(time) if isinstance(written, ClockTime) else format_duration(time, 6)


def _fact(name: str, entry: Expectation, orders: Orders, log: EventLog, at: int, clock: Clock) -> str:
    if name == "status":
        return _status_of_order(log, entry.order, at)
    if name == "bot":
        is_pick_up = log.kind == EventKind.ORDER_PICKED_UP.value
        rows = np.flatnonzero((log.order == entry.order) & (log.time <= at) & is_pick_up)
        return _shown(name, entry, int(log.bot[rows[-1]]) if len(rows) else NONE, clock)
    [row] = np.flatnonzero(orders.number == entry.order)
    return _shown(name, entry, int(getattr(orders, name)[row]), clock)


def _status_of_order(log: EventLog, order: int | None, at: int) -> str:
    seen = log.kind[(log.order == order) & (log.time <= at)]
    return _ORDER_STATUS[EventKind(seen[-1])] if len(seen) else "not created yet"


def _status_of_bot(log: EventLog, bot: int | None, at: int) -> str:
    kinds = [kind for kind in log.kind[(log.bot == bot) & (log.time <= at)] if kind in _BOT_STATUS]
    return _BOT_STATUS[EventKind(kinds[-1])] if kinds else "not added yet"


NOTHING_OBSERVED = "nothing was observed"
STILL_PENDING = "orders still PENDING could carry it over the limit; run longer"


class Judgement(StrEnum):
    """What became of a threshold."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_DATA = "NO DATA"


class ThresholdVerdict(NamedTuple):
    """What became of one condition of a threshold: `note` says why, or what would settle it."""

    place: Place
    threshold: Threshold
    judgement: Judgement
    estimate: Interval | None
    note: str


def judge_threshold(
    place: Place,
    threshold: Threshold,
    values: Sequence[float | None],
    worst: Sequence[float | None],
    is_random: bool,
    interval: Callable[[Sequence[float]], Interval] = mean_interval,
) -> ThresholdVerdict:
    """Return the verdict on a threshold from a metric's value in each replication, None where nothing was observed.

    PASS and FAIL ask that the whole interval of the mean, by default that of 95%, lies on that side. `worst` are the
    values that orders still PENDING at the end could bring about, None where there are none. `==` and `!=` must hold in
    each replication.
    """
    seen = [value for value in values if value is not None]
    single = is_random and len(values) == 1
    estimate = interval(seen) if seen and not single else None

    def verdict(judgement: Judgement, note: str = "") -> ThresholdVerdict:
        return ThresholdVerdict(place, threshold, judgement, estimate, note)

    if not seen:
        return verdict(Judgement.NO_DATA, NOTHING_OBSERVED)
    condition = threshold.condition
    if condition.operator in ("==", "!="):
        held = sum((value == condition.low) == (condition.operator == "==") for value in seen)
        if held < len(seen):
            return verdict(Judgement.FAIL, _share_of_runs(held, len(seen)) if is_random else "")
        return verdict(Judgement.INCONCLUSIVE, _SINGLE) if single else verdict(Judgement.PASS)
    if single:
        return verdict(Judgement.INCONCLUSIVE, _SINGLE)
    assert estimate is not None
    if is_random and estimate.low is None:
        return verdict(Judgement.INCONCLUSIVE, "only one replication observed it; run more")
    judgement = _side(condition, estimate)
    if judgement is Judgement.INCONCLUSIVE:
        return verdict(judgement, _what_settles(condition, seen))
    carried = [value if bound is None else bound for value, bound in zip(values, worst, strict=True)]
    if (
        judgement is Judgement.PASS
        and condition.operator in ("<", "<=", "between")
        and not _bounded(condition, carried, interval)
    ):
        return verdict(Judgement.INCONCLUSIVE, STILL_PENDING)
    return verdict(judgement)


def _bounded(
    condition: Condition, carried: Sequence[float | None], interval: Callable[[Sequence[float]], Interval]
) -> bool:
    """Whether the mean of these values, of which some may be infinite, lies on the right side too."""
    values = [value for value in carried if value is not None]
    return all(map(math.isfinite, values)) and _side(condition, interval(values)) is Judgement.PASS


_SINGLE = "one run of a random scenario has no interval; run more with -n"


def _side(condition: Condition, estimate: Interval) -> Judgement:
    """Tell on which side of its limits an interval lies; a single value is an interval without width."""
    low = estimate.mean if estimate.low is None else estimate.low
    high = estimate.mean if estimate.high is None else estimate.high
    right, wrong = {
        "<": (high < condition.high, low >= condition.high),
        "<=": (high <= condition.high, low > condition.high),
        ">": (low > condition.low, high <= condition.low),
        ">=": (low >= condition.low, high < condition.low),
        "between": (condition.low <= low and high <= condition.high, high < condition.low or low > condition.high),
    }[condition.operator]
    return Judgement.PASS if right else Judgement.FAIL if wrong else Judgement.INCONCLUSIVE


def _what_settles(condition: Condition, seen: Sequence[float]) -> str:
    mean = mean_interval(seen).mean
    distance = min(abs(mean - condition.low), abs(mean - condition.high))
    if distance == 0:
        return "its mean is the limit; no number of replications is likely to settle it"
    needed = replications_for(seen, distance)
    return f"about {needed:,} replications (-n {needed}) would likely settle it; a verdict after extending is nominal"


def _share_of_runs(held: int, n: int) -> str:
    share = share_interval(held, n)
    return f"held in {held} of {n} replications ({share.mean:.0%}, 95% interval {share.low:.0%} to {share.high:.0%})"
