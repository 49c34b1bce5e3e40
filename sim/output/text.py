"""`result.txt`: the trajectory in words, and a summary."""

from collections.abc import Callable, Iterator

from sim.events import Event, EventKind
from sim.experiment import Run
from sim.metrics import clock_readings
from sim.model import OrderClass
from sim.output.layout import WIDTH, aligned
from sim.output.wording import at_least
from sim.units import DAY, SECOND, format_duration

_CLASS_NAMES = tuple(OrderClass.__members__)
_DAY_SECONDS = DAY // SECOND


def result_lines(run: Run) -> Iterator[str]:
    """Yield the lines of `result.txt` without their ends; they depend on scenario and seed alone."""
    yield from (line for _, line in event_lines(run))
    yield ""
    yield from summary_lines(run)


def event_lines(run: Run) -> Iterator[tuple[int, str]]:
    """Yield the lines of what happened, each with the row of its event in the log; a new day is told with the first
    event of it.
    """
    clock = run.scenario.clock
    day = 1
    readings = clock_readings(run.log.time, clock)
    for event, words in _events_in_words(run):
        today = clock.second(event.time) // _DAY_SECONDS + 1
        if today != day:
            day = today
            yield event.seq, f"[00:00:00] Day {day}"
        yield event.seq, f"[{readings[event.seq]}] {words}"


def _events_in_words(run: Run) -> Iterator[tuple[Event, str]]:
    """Yield each event that gets a line, with its words; a busy bot's removal and its order's return are one line."""
    words: dict[EventKind, Callable[[Event], str]] = {
        EventKind.ORDER_CREATED: lambda event: f"{_order(event)} PENDING",
        EventKind.ORDER_PICKED_UP: lambda event: f"{_order(event)} PROCESSING by Bot {event.bot}",
        EventKind.ORDER_COMPLETED: lambda event: (
            f"{_order(event)} COMPLETE by Bot {event.bot} after {format_duration(event.time - picked_up[event.bot])}"
        ),
        EventKind.ORDER_RETURNED: lambda event: f"Bot {event.bot} removed; {_order(event)} back to PENDING",
        EventKind.ORDER_ABANDONED: lambda event: (
            f"{_order(event)} ABANDONED after waiting {format_duration(event.time - created[event.order])}"
        ),
        EventKind.ORDER_PROMOTED: lambda event: f"{_order(event)} promoted: served as VIP",
        EventKind.BOT_ADDED: lambda event: f"Bot {event.bot} added",
        EventKind.BOT_IDLE: lambda event: f"Bot {event.bot} IDLE",
        EventKind.BOT_REMOVED: lambda event: (
            f"Bot {event.bot} removed while IDLE" if event.bot in idle else f"Bot {event.bot} removed"
        ),
        EventKind.REMOVE_IGNORED: lambda _: "No bot to remove",
    }
    picked_up: dict[int | None, int] = {}
    created: dict[int | None, int] = {}
    idle: set[int | None] = set()
    kinds = [*run.log.kind.tolist(), None]
    for event in run.log:
        brings_order_back = kinds[event.seq + 1] == EventKind.ORDER_RETURNED
        if not (event.kind is EventKind.BOT_REMOVED and brings_order_back):
            yield event, words[event.kind](event)
        if event.kind is EventKind.ORDER_PICKED_UP:
            picked_up[event.bot] = event.time
            idle.discard(event.bot)
        elif event.kind is EventKind.BOT_IDLE:
            idle.add(event.bot)
        elif event.kind is EventKind.ORDER_CREATED:
            created[event.order] = event.time


def _order(event: Event) -> str:
    assert event.order_class is not None
    return f"Order {event.order} ({_CLASS_NAMES[event.order_class]})"


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
