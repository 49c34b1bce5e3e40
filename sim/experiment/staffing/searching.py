"""The search for the schedule with the fewest bot-hours that keeps all promises on some days.

More bots help in the mean, so from a schedule that breaks a promise bots are added where they help most (up); from one
that keeps all, bots are taken away where there is most to spare (down); and where neither does, one bot is added and
two near it are taken away (exchange). None of this proves that no other schedule is cheaper: `covering` can.
"""

from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np

from sim.experiment.staffing.trials import Trials
from sim.scenario.schedules import Schedule
from sim.scenario.staffing import BotRange

_NEAR = 2  # slots between a bot that is added and one that is taken away for it


def cheapest(trials: Trials, start: Schedule, margin: float = 0) -> Schedule | None:
    """Return a schedule that keeps all promises on the days of `trials`, each with a margin of so many standard errors;
    None where the search comes to slots that have the most bots and still break one.
    """
    schedule = up(trials, start, margin)
    if schedule is None:
        return None
    schedule = down(trials, schedule, margin)
    while (better := _exchanged(trials, schedule, margin)) is not None:
        schedule = down(trials, better, margin)
    return schedule


def up(trials: Trials, schedule: Schedule, margin: float) -> Schedule | None:
    """Add bots, one at a time, at or beside the first slot that breaks a promise, until none does."""
    most = trials.kitchen.plan.bots.most
    while not (trial := trials.of(schedule)).holds(margin):
        first = int(np.flatnonzero(trial.broken_slots(margin))[0])
        near = [slot for slot in (first, first - 1, first + 1) if 0 <= slot < len(schedule)]
        raised = [_changed(schedule, {slot: 1}) for slot in near if schedule[slot] < most]
        if not raised:  # queues come from before
            raised = [_changed(schedule, {slot: 1}) for slot in range(first - 1, -1, -1) if schedule[slot] < most][:1]
        if not raised:
            return None
        schedule = min(raised, key=lambda candidate: trials.of(candidate).shortfall(margin))
    return schedule


def down(trials: Trials, schedule: Schedule, margin: float) -> Schedule:
    """Take bots away, one at a time, where there is most to spare, as long as all promises are kept."""
    least = trials.kitchen.plan.bots.least
    is_settled = np.array([bots <= least for bots in schedule])  # where one less breaks a promise, it will ever
    while not is_settled.all():
        slack = np.where(is_settled, -np.inf, trials.of(schedule).slack_of_slots(margin))
        slot = int(np.argmax(slack))
        lowered = _changed(schedule, {slot: -1})
        if trials.holds(lowered, margin):
            schedule = lowered
            is_settled[slot] = schedule[slot] <= least
        else:
            is_settled[slot] = True
    return schedule


def _exchanged(trials: Trials, schedule: Schedule, margin: float) -> Schedule | None:
    """Return a schedule with one bot more in a slot and two fewer near it, None where no such one will do."""
    hours = [slot.hours for slot in trials.kitchen.slots]
    limits = trials.kitchen.plan.bots
    for slot, bots in enumerate(schedule):
        if bots == limits.most:
            continue
        near = [place for place in range(slot - _NEAR, slot + _NEAR + 1) if place != slot and 0 <= place < len(hours)]
        # Where one bot less will not do, two fewer will not either.
        spare = [place for place in near if _holds(trials, _changed(schedule, {slot: 1, place: -1}), limits, margin)]
        for pair in combinations_with_replacement(spare, 2):
            if sum(hours[place] for place in pair) <= hours[slot]:
                continue
            candidate = _changed(schedule, {slot: 1, **{place: -pair.count(place) for place in pair}})
            if _holds(trials, candidate, limits, margin):
                return candidate
    return None


def _holds(trials: Trials, schedule: Schedule, limits: BotRange, margin: float) -> bool:
    return min(schedule) >= limits.least and trials.holds(schedule, margin)


def _changed(schedule: Schedule, changes: dict[int, int]) -> Schedule:
    return tuple(bots + changes.get(slot, 0) for slot, bots in enumerate(schedule))


def with_one_less(schedule: Schedule, least: int) -> Iterator[tuple[int, Schedule]]:
    """Yield each slot that may have a bot less, with the schedule that it is then."""
    for slot, bots in enumerate(schedule):
        if bots > least:
            yield slot, _changed(schedule, {slot: -1})


def smallest_constant(trials: Trials) -> Schedule | None:
    """Return the smallest crew that, in all slots alike, keeps all promises; None where even the largest does not."""
    low, high = trials.kitchen.plan.bots
    count = len(trials.kitchen.slots)
    if not trials.of((high,) * count).holds(0):
        return None
    while low < high:
        middle = (low + high) // 2
        if trials.of((middle,) * count).holds(0):
            high = middle
        else:
            low = middle + 1
    return (high,) * count
