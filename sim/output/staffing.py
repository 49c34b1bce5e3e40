"""What a staffing says as text: a table of the slots, the crew as a file may have it, and a scenario with that crew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import ArgumentError, ScenarioError
from sim.experiment.staffing import CHANCE, Cell, Rival, Staffing
from sim.output.files import refuse_sources, write_text
from sim.output.layout import WIDTH, Report, Row
from sim.output.wording import estimate_of, in_unit
from sim.scenario import Scenario
from sim.scenario.schedules import Shift
from sim.units import count, format_duration
from sim.verdicts import Judgement

_AVERAGE = "no busyness in the file: every day is taken for an average day, and real days differ more"
_SEED = "the confidence is that of this answer; for another promise, take another seed"


def staffing_report(staffing: Staffing) -> Report:
    """Return the answer, its slots in a table, and what stands beside it."""
    plan, scenario = staffing.plan, staffing.scenario
    head = [
        f"{scenario.name}, seed {staffing.seed}, {count(len(staffing.slots), 'slot')} of "
        f"{format_duration(plan.every, 6)}, {plan.bots.least} to {plan.bots.most} bots",
        _answer(staffing),
        *_open_cells(staffing),
    ]
    headings = [f"{promise.label} >= {100 * promise.share:.10g}%" for promise in plan.promise]
    rows: list[Row] = [("slot", "load", "bots", "1 less", "Erlang", *headings)]
    of_slot = len(plan.promise)
    for place, slot in enumerate(staffing.slots):
        cells = staffing.cells[place * of_slot : (place + 1) * of_slot]
        rows.append(
            (
                slot.name,
                in_unit("bots", staffing.offered[place]),
                str(staffing.schedule[place]),
                "breaks" if slot.name in staffing.needed else "",
                str(staffing.erlang.schedule[place]),
                *(_share(cell) for cell in cells),
            )
        )
    return Report(head, rows, list(_notes(staffing)))


def _answer(staffing: Staffing) -> str:
    """Return in a sentence what is certified, or why nothing is."""
    crew = f"this crew of {_hours(staffing.bot_hours)}"
    slots = f"in each of {count(len(staffing.slots), 'slot')}"
    sure = f"with {100 * staffing.plan.confidence:.4g}% confidence"
    if not staffing.scenario.is_random:
        sure = "nothing is random, so for sure"
    if staffing.verdict is Judgement.PASS:
        needed = f", and with one bot less in {', '.join(staffing.needed)} it does not" if staffing.needed else ""
        return f"PASS, {sure}: {crew} keeps each promise {slots}{needed}"
    if staffing.verdict is Judgement.FAIL:
        return f"FAIL, {sure}: {staffing.plan.bots.most} bots in all slots do not keep each promise, nor do fewer"
    if not staffing.days:
        return f"INCONCLUSIVE, interrupted before this was certified: {crew} keeps each promise {slots}"
    return f"INCONCLUSIVE, since fresh days do not show that {crew} keeps each promise {slots}"


def _open_cells(staffing: Staffing) -> Iterator[str]:
    """Yield the promises that are broken, or open, and what would settle these."""
    if not staffing.days and staffing.verdict is Judgement.INCONCLUSIVE:  # all are open
        return
    is_open = staffing.verdict is Judgement.INCONCLUSIVE
    for cell in staffing.cells:
        if cell.judgement is Judgement.FAIL or (is_open and cell.judgement is Judgement.INCONCLUSIVE):
            note = f"; {cell.note}" if cell.note else ""
            share = f"{100 * cell.promise.share:.10g}%"
            word = "breaks" if cell.judgement is Judgement.FAIL else "open"
            yield (
                f"{word}  {cell.slot.name}, {cell.promise.label}: {estimate_of('share', cell.share)} of {share}{note}"
            )
    if is_open:
        yield "to settle it, give more --orders, allow more bots, promise a little less or write longer slots"


def _share(cell: Cell) -> str:
    """Return the share of a promise with the lower end of its interval."""
    if cell.share is None:
        return "no orders"
    if cell.share.low is None or cell.share.low == cell.share.estimate:
        return in_unit("share", cell.share.estimate)
    return f"{in_unit('share', cell.share.estimate)} (from {in_unit('share', max(cell.share.low, 0))})"


def _notes(staffing: Staffing) -> Iterator[str]:
    """Yield what stands beside the answer."""
    scenario = staffing.scenario
    yield (
        "load: bots that orders keep busy on average; 1 less: whether one bot less is shown to break a promise; from: "
        f"the lower end of a {CHANCE:.0%} interval, of each share alone"
    )
    if staffing.fills:
        fills = ", ".join(_shift_text(staffing, shift, bots) for shift, bots in staffing.fills)
        yield f"Shifts: {fills}; together they cost {_number(staffing.cost)}"
    yield f"Erlang C by slots: {_rival(staffing, staffing.erlang)}"
    same_crew = "no crew that is the same in all slots seems to keep all promises"
    if staffing.constant is not None:
        same_crew = f"{staffing.constant.schedule[0]} bots, {_rival(staffing, staffing.constant)}"
    yield f"Same crew all day: {same_crew}"
    if staffing.least is not None:
        unit = "cost" if staffing.plan.shifts else "bot-hours"
        days = f"on the {count(staffing.days_of_search, 'day')} of the search"
        yield f"Proved: {days} no crew keeps all promises with less than {_number(staffing.least)} {unit}"
    if scenario.is_random:
        yield f"{staffing.days_before:,} days searched, {staffing.days:,} fresh ones to certify; {_SEED}"
    if staffing.takes_average_days:
        yield _AVERAGE


def _rival(staffing: Staffing, rival: Rival) -> str:
    hours = _hours(staffing.hours_of(rival.schedule))
    return (
        f"{hours}, breaks a promise in {', '.join(rival.broken)}"
        if rival.broken
        else f"{hours}, seems to keep all promises"
    )


def _hours(hours: float) -> str:
    return f"{_number(hours)} bot-hours"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _shift_text(staffing: Staffing, shift: Shift, bots: int) -> str:
    slots = staffing.slots[shift.first : shift.last]
    clock = staffing.scenario.clock
    return f"{bots} from {clock.reading(slots[0].start)[:5]} to {clock.reading(slots[-1].stop)[:5]}"


def staffing_lines(staffing: Staffing, width: int = WIDTH) -> Iterator[str]:
    """Yield the report, and the crew as a file may have it, ready to paste."""
    yield from staffing_report(staffing).lines(width)
    yield ""
    yield from bots_lines(staffing.bots)


def bots_lines(bots: dict[str, Any]) -> Iterator[str]:
    """Yield the `bots` of a file in YAML."""
    yield "bots:"
    for key, value in bots.items():
        if key != "schedule":
            yield f"  {key}: {value}"
    if bots["schedule"]:
        yield "  schedule:"
        yield from (f'    - {{at: "{step["at"]}", count: {step["count"]}}}' for step in bots["schedule"])
    else:
        yield "  schedule: []"


def refuse_target(scenario: Scenario, path: Path) -> None:
    """Refuse a place for a scenario with the crew that this one gets: where this one is read from, and where no file
    can extend it.

    Raises:
        ArgumentError: it is such a place.

    """
    refuse_sources([path], scenario.sources, "write")
    _name_of_base(scenario, path)


def _name_of_base(scenario: Scenario, path: Path) -> str:
    """Return how a scenario that is written to `path` names the file of this one, which it extends; the file lies in
    the folder of `path` or below, or cannot be named from there.
    """
    source = Path(scenario.root.place.file)
    try:
        return source.resolve().relative_to(path.parent.resolve()).as_posix()
    except ValueError:
        problem = f"{path} could not name {source}, which it extends; write it in {source.parent} or in a folder above"
        raise ArgumentError("write", problem) from None


def write_scenario(staffing: Staffing, path: Path, settings: Sequence[str] = ()) -> None:
    """Write a scenario that extends the file of a staffing, has its crew, and tests its promise in each slot;
    `settings` are the parameters that it was given.

    Raises:
        ArgumentError: as in `refuse_target`.
        OSError: the file cannot be written.

    """
    write_text(path, "".join(f"{line}\n" for line in _scenario_lines(staffing, path, settings)))


def _scenario_lines(staffing: Staffing, path: Path, settings: Sequence[str]) -> Iterator[str]:
    yield f"# {_answer(staffing)}"
    yield f"# Found by sim staff, seed {staffing.seed}."
    yield "scenario: 1"
    yield f"name: {staffing.scenario.name[:92]}-staffed"
    yield f"extends: {json.dumps(_name_of_base(staffing.scenario, path))}"
    if settings:
        yield f"params: {json.dumps({name: staffing.scenario.parameters[name] for name in settings})}"
    yield from bots_lines({key: staffing.bots[key] for key in ("initial", "schedule")})
    checks = promise_as_checks(staffing)
    if staffing.days and staffing.scenario.is_random and checks:
        # On as many days as have shown a promise, another test of it may stay open; on twice as many it rarely does.
        yield f"replications: {2 * staffing.days}  # twice the days on which sim staff tested this crew"
    for key, entries in checks.items():
        yield f"{key}:"
        yield from (f"  {name}: {json.dumps(value)}" for name, value in entries.items())


def promise_as_checks(staffing: Staffing) -> dict[str, Mapping[str, Any]]:
    """Return `windows` and `thresholds` with which a file that extends that of a staffing tests its promise in each
    slot; nothing where the file has windows beside which these cannot stand, such as others with slots of one name.
    """
    plain = staffing.scenario.plain
    windows, thresholds = plain.get("windows", {}), plain.get("thresholds", {})
    slots = {key: plain["staff"][key] for key in ("every", "from", "until") if key in plain["staff"]}
    name = next((name for name, window in windows.items() if window == slots), "staffed")
    promise = {
        f"{promise.metric}@{name}": f">= {100 * promise.share:.10g}%"
        for promise in staffing.plan.promise
        if f"{promise.metric}@{name}" not in thresholds
    }
    checks: dict[str, Mapping[str, Any]] = {"windows": {} if name in windows else {name: slots}, "thresholds": promise}
    try:
        staffing.staffed.with_keys(windows=windows | {name: slots}, thresholds=thresholds | promise)
    except ScenarioError:
        return {}
    return {key: entries for key, entries in checks.items() if entries}
