"""`result.txt`: the trajectory in words, and a summary."""

from collections.abc import Callable, Iterator

import numpy as np

from sim.events import EventKind
from sim.experiment import Run
from sim.metrics import clock_readings
from sim.model import NONE, OrderClass
from sim.output.layout import WIDTH, aligned
from sim.output.wording import at_least
from sim.units import DAY, SECOND, format_duration

_CLASS_NAMES = tuple(OrderClass.__members__)


def result_lines(run: Run) -> Iterator[str]:
    """Yield the lines of `result.txt` without their ends; they depend on scenario and seed alone."""
    yield from (line for _, line in event_lines(run))
    yield ""
    yield from summary_lines(run)


def event_lines(run: Run) -> Iterator[tuple[int, str]]:
    """Yield the lines of what happened, each with the row of its event in the log; a new day is told with the first
    event of it.
    """
    clock, times = run.scenario.clock, run.log.time
    readings = clock_readings(times, clock)
    days = ((times + clock.start) // DAY + 1).tolist()
    day = 1
    for row, words in _events_in_words(run):
        if days[row] != day:
            day = days[row]
            yield row, f"[00:00:00] Day {day}"
        yield row, f"[{readings[row]}] {words}"


def _events_in_words(run: Run) -> Iterator[tuple[int, str]]:
    """Yield each event that gets a line, with its words; a busy bot's removal and its order's return are one line.

    A run may have millions of events, so they are taken as plain numbers.
    """
    words: dict[EventKind, Callable[[str, int, int, int], str]] = {
        EventKind.ORDER_CREATED: lambda order, *_: f"{order} PENDING",
        EventKind.ORDER_PICKED_UP: lambda order, bot, *_: f"{order} PROCESSING by Bot {bot}",
        EventKind.ORDER_COMPLETED: lambda order, bot, time, _: (
            f"{order} COMPLETE by Bot {bot} after {format_duration(time - picked_up[bot])}"
        ),
        EventKind.ORDER_RETURNED: lambda order, bot, *_: f"Bot {bot} removed; {order} back to PENDING",
        EventKind.ORDER_ABANDONED: lambda order, _, time, number: (
            f"{order} ABANDONED after waiting {format_duration(time - created[number])}"
        ),
        EventKind.ORDER_PROMOTED: lambda order, *_: f"{order} promoted: served as VIP",
        EventKind.BOT_ADDED: lambda _, bot, *__: f"Bot {bot} added",
        EventKind.BOT_IDLE: lambda _, bot, *__: f"Bot {bot} IDLE",
        EventKind.BOT_REMOVED: lambda _, bot, *__: (
            f"Bot {bot} removed while IDLE" if bot in idle else f"Bot {bot} removed"
        ),
        EventKind.REMOVE_IGNORED: lambda *_: "No bot to remove",
    }
    in_words = [words[kind] for kind in EventKind]
    creation, pick_up, idling = (
        kind.value for kind in (EventKind.ORDER_CREATED, EventKind.ORDER_PICKED_UP, EventKind.BOT_IDLE)
    )
    picked_up: dict[int, int] = {}
    created: dict[int, int] = {}
    idle: set[int] = set()
    log = run.log
    removed, returned = EventKind.BOT_REMOVED.value, EventKind.ORDER_RETURNED.value
    returns_order = np.append((log.kind[:-1] == removed) & (log.kind[1:] == returned), False)[: len(log)].tolist()
    for row, (time, kind, number, order_class, bot) in enumerate(log.rows(0, len(log))):
        if not returns_order[row]:
            order = "" if number == NONE else f"Order {number} ({_CLASS_NAMES[order_class]})"
            yield row, in_words[kind](order, bot, time, number)
        if kind == pick_up:
            picked_up[bot] = time
            idle.discard(bot)
        elif kind == idling:
            idle.add(bot)
        elif kind == creation:
            created[number] = time


def summary(run: Run) -> list[tuple[str, str]]:
    """Return the summary as labels and texts: orders by state and class, bots, waits, utilisation, fingerprint."""
    values = run.measures.values
    rows = [
        ("Scenario", f"{run.scenario.name}, seed {run.seed}, replication {run.replication}"),
        ("Simulated time", format_duration(run.log.end)),
    ]
    if run.warmup:
        rows.append(("Warm-up", f"{format_duration(run.warmup)}, left out of what follows"))
    for fate in ("created", "completed", "processing", "pending", "abandoned"):
        word = "complete" if fate == "completed" else fate
        by_class = ", ".join(f"{name} {values[f'orders.{name}.{fate}']}" for name in _CLASS_NAMES)
        rows.append((f"Orders {word}", f"{values[f'orders.{fate}']} ({by_class})"))
    rows.append(("Bots at the end", str(values["bots.end"])))
    rows.append(("Ignored removals", str(int((run.log.kind == EventKind.REMOVE_IGNORED.value).sum()))))
    rows += [(f"Wait {name}", _waits(run, name)) for name in _CLASS_NAMES]
    utilisation = values["utilisation"]
    rows.append(("Utilisation", "no bots" if utilisation is None else f"{utilisation:.1%}"))
    rows.append(("Wasted service time", format_duration(round((values["wasted"] or 0) * SECOND))))
    rows.append(("Fingerprint", run.fingerprint))
    return rows


def _waits(run: Run, class_name: str) -> str:
    """Return the waits of a class, followed to their ends; those that were not over at the last are lower bounds."""
    values, bounds = run.measures.values, run.measures.bounds
    if not values[f"wait.{class_name}.n"]:
        return "no orders"
    parts = []
    for statistic in ("mean", "p50", "p95", "max"):
        name = f"wait.{class_name}.{statistic}"
        seconds = values[name]
        assert seconds is not None
        wait = at_least(format_duration(round(seconds * SECOND)), name in bounds)
        parts.append(f"{statistic} {wait}")
    return ", ".join(parts)


def summary_lines(run: Run, width: int | None = None) -> Iterator[str]:
    """Yield the summary as aligned lines, folded where they are to keep to a width."""
    yield "Summary"
    yield from aligned([(f"{label}:", text) for label, text in summary(run)], width)


def verdict_lines(run: Run, width: int = WIDTH) -> Iterator[str]:
    """Yield a line for each `expect` entry: whether it held, its place, what was expected, and what came instead."""
    if run.scenario.expectations and not run.verdicts:
        yield "Expectations: not judged, since they are facts about replication 1"
    if not run.verdicts:
        return
    held = sum(verdict.held for verdict in run.verdicts)
    yield f"Expectations: {held} of {len(run.verdicts)} held"
    yield from aligned(
        [
            (
                "held" if verdict.held else "FAILED",
                f"{verdict.place.file}:{verdict.place.line}",
                verdict.expected,
                "" if verdict.held else f"got {verdict.got}",
            )
            for verdict in run.verdicts
        ],
        width,
    )
