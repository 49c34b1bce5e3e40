"""Crews slot by slot: the slots of `staff`, what does not go together there, and the crew that each schedule makes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sim.scenario.mapping import Finding
from sim.scenario.schema import BotsSection, ScenarioFile, ScheduleStep
from sim.scenario.staffing import ShiftPlan, StaffPlan
from sim.scenario.windows import slot_name
from sim.scenario.workload import crew_changes
from sim.units import HOUR, SECOND, Clock, format_duration

Schedule = tuple[int, ...]
"""How many bots each slot has."""

_MOST_SLOTS = 500
_MOST_BOT_SLOTS = 500_000  # the most bots in all slots together


class Slot(NamedTuple):
    """A stretch of the run with a crew of its own, in microseconds from the start.

    Orders that are created at its beginning or later belong to it, and before its end. A slot that `holds_end` is the
    last of a run, at the end of which orders count too, as they do in a window without `until`.
    """

    name: str
    start: int
    stop: int
    holds_end: bool

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.stop - self.start) / HOUR


class Shift(NamedTuple):
    """A shift that bots may come for: the slots from `first` to before `last`, and what each of its bots costs."""

    first: int
    last: int
    cost: float


def misfits_of_staff(file: ScenarioFile) -> Iterator[Finding]:
    """Yield what does not go together in `staff`, and with the rest of the file."""
    plan = file.staff
    if plan is None:
        return
    start, end = plan.from_, _end(file, plan)
    if end is None:
        yield ("staff", "every"), "has no end, and the run is until drained; write until here, or clock.until"
        return
    if end <= start:
        where, problem = ("until", "is not after from") if plan.until is not None else ("from", "is the end of the run")
        yield ("staff", where), f"{problem}, so there is no slot; write another instant"
        return
    if (file.clock.start.start + start) % SECOND or plan.every % SECOND:
        yield ("staff", "every"), "makes slots that begin between two seconds; write from and every in whole seconds"
        return
    count = len(range(start, end, plan.every))
    if count > _MOST_SLOTS:
        yield ("staff", "every"), f"makes {count:,} slots; write a longer every, for at most {_MOST_SLOTS:,}"
        return
    if count * plan.bots.most > _MOST_BOT_SLOTS:
        most = _MOST_BOT_SLOTS // count
        yield ("staff", "bots"), f"allows too many bots in {count:,} slots; write at most {most:,}"
    for index, entry in enumerate(file.timeline):
        if entry.order is None and start <= entry.at < end:
            cure = "leave it out, or write slots that do not hold it"
            yield ("timeline", index), f"changes the crew in a slot of staff, which decides it there; {cure}"
    yield from _misfits_of_shifts(plan, count)


def _misfits_of_shifts(plan: StaffPlan, slots: int) -> Iterator[Finding]:
    """Yield which shifts do not begin and end with slots, and whether some slot has none."""
    every, is_wrong = plan.every, False
    for index, shift in enumerate(plan.shifts or ()):
        for key, duration in (("length", shift.length), ("start_every", shift.start_every)):
            if duration % every:
                is_wrong = True
                problem = f"is not a multiple of every, {format_duration(every, 6)}"
                nearest = format_duration(max(1, round(duration / every)) * every, 6)
                yield ("staff", "shifts", index, key), f"{problem}; write {nearest}"
        if shift.length > slots * every:
            is_wrong = True
            yield ("staff", "shifts", index, "length"), "is longer than all slots together; write a shorter one"
    if plan.shifts is None or is_wrong:
        return
    covered = {slot for shift in _shifts(plan.shifts, every, slots) for slot in range(shift.first, shift.last)}
    if missing := sorted(set(range(slots)) - covered):
        offset = format_duration(missing[0] * every, 6)
        cure = "write a shorter start_every, or one more shift"
        yield ("staff", "shifts"), f"leave the slot without a bot that begins {offset} after the first; {cure}"


def _end(file: ScenarioFile, plan: StaffPlan) -> int | None:
    return file.clock.until if plan.until is None else plan.until


def plan_of(file: ScenarioFile) -> StaffPlan:
    """Return what a file asks of its crew; whoever comes here has refused a file that asks nothing."""
    assert file.staff is not None
    return file.staff


def slots_of(file: ScenarioFile) -> tuple[Slot, ...]:
    """Return the slots of a file's `staff`, of which the last may be shorter."""
    plan = plan_of(file)
    end = _end(file, plan)
    assert end is not None
    return tuple(
        Slot(
            slot_name(file.clock.start, start),
            start,
            min(start + plan.every, end),
            start + plan.every >= end and plan.until is None,
        )
        for start in range(plan.from_, end, plan.every)
    )


def shifts_of(plan: StaffPlan, slots: int) -> tuple[Shift, ...]:
    """Return the shifts that may be filled, each of which begins and ends with slots; none where no file asks."""
    return tuple(_shifts(plan.shifts or (), plan.every, slots))


def _shifts(plans: Sequence[ShiftPlan], every: int, slots: int) -> Iterator[Shift]:
    for shift in plans:
        length = shift.length // every
        for first in range(0, slots - length + 1, shift.start_every // every):
            yield Shift(first, first + length, shift.price)


def without_crew(file: ScenarioFile) -> ScenarioFile:
    """Return a file in which nobody cooks but who the timeline adds."""
    return file.model_copy(update={"bots": file.bots.model_copy(update={"initial": 0, "schedule": []})})


def with_schedule(file: ScenarioFile, slots: Sequence[Slot], schedule: Schedule) -> ScenarioFile:
    """Return a file whose crew in each slot is that of a schedule; outside of the slots it stays what it is."""
    start, stop = slots[0].start, slots[-1].stop
    steps = [step for step in file.bots.schedule if step.at < start]
    size = None if start == 0 else -1  # of the crew before a slot
    initial = schedule[0] if start == 0 else file.bots.initial
    for slot, bots in zip(slots, schedule, strict=True):
        if bots != size and slot.start > 0:
            steps.append(ScheduleStep.model_construct(at=slot.start, count=bots))
        size = bots
    if file.clock.until is None or stop < file.clock.until:
        steps.append(ScheduleStep.model_construct(at=stop, count=_size_at(file, stop)))
        steps += [step for step in file.bots.schedule if step.at > stop]
    bots_section = file.bots.model_copy(update={"initial": initial, "schedule": steps})
    return file.model_copy(update={"bots": bots_section})


def _size_at(file: ScenarioFile, instant: int) -> int:
    """Return how many bots a file has from an instant on."""
    return [change.size for change in crew_changes(file) if change.time <= instant][-1]


def bots_block(bots: BotsSection, clock: Clock) -> dict[str, Any]:
    """Return a crew over time as a file may say it under `bots`, where nothing but the crew is to be said anew."""
    schedule = [{"at": _written(step.at, clock), "count": step.count} for step in bots.schedule]
    return {"initial": bots.initial, "schedule": schedule}


def _written(instant: int, clock: Clock) -> str:
    """Return an instant as a clock time, or as a duration where a clock time could mean another day."""
    reading = clock.reading(instant)
    return reading if clock.instant(reading) == instant else format_duration(instant, 6)
