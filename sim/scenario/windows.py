"""Windows: the stretches of the run that have metrics of their own, by name or at regular intervals."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple, cast

from pydantic import Field, PlainValidator, ValidationInfo

from sim.model import OF_SLOTS, Window, metric_named
from sim.scenario.mapping import Finding, Part, WrongValueError
from sim.scenario.parts import UNKNOWN, Context, Instant, PositiveDuration
from sim.scenario.tree import KEY
from sim.units import DAY, SECOND, Clock, shown

NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_-]{0,99}$"
_MOST_SLOTS = 2_000
_MOST_SPANS = 100_000  # over all windows and days


class WindowPlan(Part):
    """From when to when a window lasts, whether on each day, and how long its slots are if it has some."""

    from_: Instant = Field(0, alias="from")
    until: Instant | None = None
    every: PositiveDuration | None = None
    daily: bool = False


class _Run(NamedTuple):
    """When a run begins on the clock, and its horizon, None for one until drained."""

    clock: Clock
    horizon: int | None


def slot_name(clock: Clock, start: int) -> str:
    """Return the name of the slot that starts at an instant: what the clock reads then, `12:30` or `12:30:15`, and from
    the second time on that it reads so the days since the first, `12:30+1d`.
    """
    days = f"+{start // DAY}d" if start >= DAY else ""
    return clock.reading(start).removesuffix(":00") + days


def _read_windows(data: object, info: ValidationInfo) -> tuple[Window, ...]:
    context = cast(Context, info.context)
    if not isinstance(data, dict):
        raise ValueError(f"{shown(data)} is not a mapping; write names and windows, such as slots: {{every: 30m}}")
    plans = {name: WindowPlan.model_validate(value, context=context) for name, value in data.items()}
    findings: list[Finding] = [
        ((name, *steps), problem)
        for name, plan in plans.items()
        for steps, problem in (*_wrong_name(name), *plan.findings)
    ]
    if context.horizon == UNKNOWN:  # nothing can be held against it
        raise WrongValueError(*findings)
    run = _Run(context.clock, context.horizon)
    sound = {name: plan for name, plan in plans.items() if not plan.findings}
    findings += [((name, *steps), problem) for name, plan in sound.items() for steps, problem in _misfits(plan, run)]
    if findings:
        raise WrongValueError(*findings)
    _check_limits(plans, run)
    windows = tuple(window for name, plan in plans.items() for window in _windows(name, plan, run))
    if clashes := list(_clashes(windows)):
        raise WrongValueError(*clashes)
    context.windows = by_name(windows)
    return windows


def _wrong_name(name: str) -> Iterator[Finding]:
    if not re.fullmatch(NAME_PATTERN, name):
        cure = "begin with a letter, and write up to 100 letters, digits, '-' and '_'"
        yield (KEY,), f"{shown(name)} is not a name of a window; {cure}"


def _misfits(plan: WindowPlan, run: _Run) -> Iterator[Finding]:
    """Yield what does not go together in a window, of which every value is right on its own."""
    if plan.until is not None and plan.until < plan.from_ and not plan.daily:
        yield ("until",), "lies before from; write a later instant"
    elif plan.until == plan.from_:
        yield ("until",), "is from itself, so the window is empty; write a later instant"
    elif plan.from_ == run.horizon:
        yield ("from",), "is the end of the run, so the window is empty; write an earlier instant"
    if plan.daily and run.horizon is None:
        yield ("daily",), "needs to know how many days there are; write clock.until, or leave daily out"
    elif plan.daily and plan.until is not None and plan.until - plan.from_ > DAY:
        yield ("until",), "is more than a day after from; write an earlier instant, or leave daily out"
    if plan.every is not None:
        if plan.until is None and run.horizon is None:
            yield ("every",), "has no end, and the run is until drained; write until here, or clock.until"
        if (run.clock.start + plan.from_) % SECOND or plan.every % SECOND:
            yield (
                ("every",),
                "makes slots that begin between two seconds; write from and every in whole seconds",
            )


def _check_limits(plans: Mapping[str, WindowPlan], run: _Run) -> None:
    """Refuse more slots, or stretches of time over all days, than a file may have.

    Raises:
        WrongValueError: at the window that breaks a limit.

    """
    slots = spans = 0
    for name, plan in plans.items():
        starts = len(_starts(plan, run))
        days = len(range(plan.from_, cast(int, run.horizon), DAY)) if plan.daily else 1
        slots += starts if plan.every is not None else 0
        spans += starts * days
        if slots > _MOST_SLOTS:
            problem = f"brings the file to {slots:,} slots; write a longer every, for at most {_MOST_SLOTS:,}"
            raise WrongValueError(((name, "every"), problem))
        if spans > _MOST_SPANS:
            problem = f"brings the file to {spans:,} stretches of time in {days:,} days"
            raise WrongValueError(((name, "daily"), f"{problem}; write a longer every, or leave daily out"))


def _end(plan: WindowPlan, horizon: int | None) -> int | None:
    """Return the end of a window that begins on the first day.

    One without `until` lasts to the horizon, or for a whole day. A daily one may go on after midnight.
    """
    if plan.until is None:
        return plan.from_ + DAY if plan.daily else horizon
    return plan.until + DAY if plan.until < plan.from_ else plan.until


def _starts(plan: WindowPlan, run: _Run) -> range:
    """Return when the slots of a window start on its first day; one without slots has one start."""
    if plan.every is None:
        return range(plan.from_, plan.from_ + 1)
    end = min(end for end in (_end(plan, run.horizon), run.horizon) if end is not None)
    return range(plan.from_, end, plan.every)


def _windows(name: str, plan: WindowPlan, run: _Run) -> Iterator[Window]:
    """Yield a window, or in its place its slots, of which the last may be shorter."""
    end = _end(plan, run.horizon)
    for start in _starts(plan, run):
        if plan.every is None:
            yield Window(name, tuple(_spans(plan, start, end, run.horizon)))
        else:
            stop = start + plan.every if end is None else min(start + plan.every, end)
            # A slot of each day is named by the time of day alone.
            slot = slot_name(run.clock, start % DAY if plan.daily else start)
            yield Window(slot, tuple(_spans(plan, start, stop, run.horizon)), name)


def _spans(plan: WindowPlan, start: int, end: int | None, horizon: int | None) -> Iterator[tuple[int, int | None]]:
    """Yield from when to when a window or slot lasts, on each day if it is daily.

    What ends with the run, because it has no `until` or is cut there, holds the horizon too.
    """
    if end is None or horizon is None:
        yield start, end
        return
    end_of_window = cast(int, _end(plan, horizon))
    for day in range(0, horizon - start if plan.daily else 1, DAY):
        ends_with_run = plan.until is None or end_of_window + day > horizon
        yield start + day, None if end + day > horizon or (end + day == horizon and ends_with_run) else end + day


def _clashes(windows: Iterable[Window]) -> Iterator[Finding]:
    """Yield which regular windows have a slot whose name is taken, once for each."""
    groups, clashing = dict[str, str](), set[str]()
    for window in windows:
        earlier = groups.setdefault(window.name, window.group)
        if earlier != window.group and window.group not in clashing:
            clashing.add(window.group)
            problem = f"has a slot {window.name}, which {earlier!r} has too; write another from, or keep one of them"
            yield (window.group, "every"), problem


def by_name(windows: Iterable[Window]) -> dict[str, tuple[str, ...]]:
    """Return what each name behind an `@` stands for: a window, or all slots of a regular one."""
    names: dict[str, tuple[str, ...]] = {window.name: (window.name,) for window in windows}
    slots = dict[str, list[str]]()
    for window in windows:
        if window.group:
            slots.setdefault(window.group, []).append(window.name)
    return names | {group: tuple(members) for group, members in slots.items()}


def shown_by_slots(names: Sequence[str], windows: Iterable[Window]) -> Iterator[str]:
    """Yield the metrics of orders, queue and crew that a chart over the time of day shows beside metrics by slots."""
    groups = {window.name: window.group for window in windows if window.group}
    in_use = {groups.get(metric_named(name).window) for name in names}
    slots = [name for name, group in groups.items() if group in in_use]
    yield from (f"{name}@{slot}" for slot in slots for name in OF_SLOTS)


Windows = Annotated[
    tuple[Window, ...],
    PlainValidator(_read_windows, json_schema_input_type=dict[str, WindowPlan]),
    Field(json_schema_extra={"propertyNames": {"pattern": NAME_PATTERN}}),
]
