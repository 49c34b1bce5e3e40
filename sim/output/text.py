"""`result.txt`: the trajectory in words, and a summary."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from textwrap import TextWrapper

from sim.events import Event, EventKind
from sim.experiment import Run
from sim.metrics import clock_readings
from sim.model import OrderClass
from sim.units import DAY, SECOND, format_duration, printable

_CLASS_NAMES = tuple(OrderClass.__members__)
_DAY_SECONDS = DAY // SECOND
WIDTH = 80  # signs in a line of what is no terminal
_GLUE = "\N{NO-BREAK SPACE}"
_SIGN = re.compile(r"([≥<>=]) (?=\S)")
_INTERVAL = re.compile(r"\([^()]* to [^()]*\)")


def result_lines(run: Run) -> Iterator[str]:
    """Yield the lines of `result.txt` without their ends; they depend on scenario and seed alone."""
    clock, day = run.scenario.clock, 1
    readings = clock_readings(run.log.time, clock)
    for event, words in _told(run):
        today = clock.second(event.time) // _DAY_SECONDS + 1
        if today != day:
            day = today
            yield f"[00:00:00] Day {day}"
        yield f"[{readings[event.seq]}] {words}"
    yield ""
    yield from summary_lines(run)


def _told(run: Run) -> Iterator[tuple[Event, str]]:
    """Yield each event that gets a line, with its words; a busy bot's removal and its order's return are one line."""
    tellers: dict[EventKind, Callable[[Event], str]] = {
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
    removed: Event | None = None
    for event in run.log:
        if removed is not None and event.kind is not EventKind.ORDER_RETURNED:
            yield removed, tellers[removed.kind](removed)
        removed = event if event.kind is EventKind.BOT_REMOVED else None
        if removed is None:
            yield event, tellers[event.kind](event)
        if event.kind is EventKind.ORDER_PICKED_UP:
            picked_up[event.bot] = event.time
            idle.discard(event.bot)
        elif event.kind is EventKind.BOT_IDLE:
            idle.add(event.bot)
        elif event.kind is EventKind.ORDER_CREATED:
            created[event.order] = event.time
    if removed is not None:
        yield removed, tellers[removed.kind](removed)


def _order(event: Event) -> str:
    assert event.order_class is not None
    return f"Order {event.order} ({_CLASS_NAMES[event.order_class]})"


def summary(run: Run) -> list[tuple[str, str]]:
    """Return the summary as labels and texts: orders by state and class, bots, waits, utilisation, fingerprint."""
    values = run.measures.values
    rows = [("Scenario", f"{run.scenario.name}, seed {run.seed}, replication {run.replication}")]
    rows.append(("Simulated time", format_duration(run.log.end)))
    if run.measures.warmup:
        rows.append(("Warm-up", f"{format_duration(run.measures.warmup)}, left out of what follows"))
    for fate in ("created", "completed", "processing", "pending", "abandoned"):
        word = "complete" if fate == "completed" else fate
        by_class = ", ".join(f"{one.name} {values[f'orders.{one.name}.{fate}']}" for one in OrderClass)
        rows.append((f"Orders {word}", f"{values[f'orders.{fate}']} ({by_class})"))
    rows.append(("Bots at the end", str(values["bots.end"])))
    rows.append(("Ignored removals", str(int((run.log.kind == EventKind.REMOVE_IGNORED.value).sum()))))
    rows += [(f"Wait {one.name}", _waits(run, one)) for one in OrderClass]
    utilisation = values["utilisation"]
    rows.append(("Utilisation", "no bots" if utilisation is None else f"{utilisation:.1%}"))
    rows.append(("Wasted service time", format_duration(round((values["wasted"] or 0) * SECOND))))
    rows.append(("Fingerprint", run.fingerprint))
    return rows


def _waits(run: Run, order_class: OrderClass) -> str:
    """Return the waits of a class; `≥` marks lower bounds, since orders PENDING at the end still wait."""
    values, name = run.measures.values, f"wait.{order_class.name}"
    if not values[f"{name}.n"]:
        return "no orders"
    bound = "≥ " if values[f"orders.{order_class.name}.pending"] else ""
    parts = []
    for statistic in ("mean", "p50", "p95", "max"):
        seconds = values[f"{name}.{statistic}"]
        assert seconds is not None
        parts.append(f"{statistic} {bound}{format_duration(round(seconds * SECOND))}")
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


def count(n: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def folded(text: str, width: int | None, indent: int = 0, hanging: int = 0) -> Iterator[str]:
    """Yield a text as lines of at most `width` signs, broken between words; those after the first are indented by
    `hanging` more. A longer word has a line of its own.
    """
    lines = [text] if width is None else _wrapped(_glued(text), width - indent - hanging, hanging)
    for number, line in enumerate(lines):
        yield " " * (indent + hanging * (number > 0)) + line


def aligned(rows: Sequence[tuple[str, ...]], width: int | None = None, indent: str = "  ") -> Iterator[str]:
    """Yield rows as indented lines whose columns stand under each other; a row of one cell stands alone.

    To keep to `width` signs, cells are folded between words, where there is room with intervals in one piece. Where
    that is not enough, each row becomes a list of its cells, with the headings of the first row.
    """
    columns = [column for column in zip(*(row for row in rows if len(row) > 1), strict=True) if any(column)]
    if width is None:
        cells, widths = columns, [max(map(len, column)) for column in columns]
    else:
        tables = (
            [tuple(_glued(cell, intervals) for cell in column) for column in columns] for intervals in (True, False)
        )
        fitting = ((table, sizes) for table in tables if (sizes := _widths(table, width - 2 * len(columns))))
        cells, widths = next(fitting, ([], []))
        if rows and not widths:
            yield from _listed(rows, width)
            return
    several = zip(*cells, strict=True)
    for row in rows:
        if len(row) == 1:
            yield from _alone(row[0], width)
            continue
        lines = [_wrapped(cell, size) for cell, size in zip(next(several), widths, strict=True)]
        for line in zip_longest(*lines, fillvalue=""):
            yield indent + "  ".join(part.ljust(size) for part, size in zip(line, widths, strict=True)).rstrip()


def _listed(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Yield rows as lists: their first two cells, and the others below each other."""
    headings = rows[0]
    for row in rows[1:]:
        if len(row) == 1:
            yield from _alone(row[0], width)
            continue
        yield from folded("  ".join(filter(None, row[:2])), width, indent=2, hanging=4)
        cells = zip(headings[2:], row[2:], strict=True)
        yield from (f"    {line}" for line in aligned([cell for cell in cells if cell[1]], width - 4))


def _alone(cell: str, width: int | None) -> Iterator[str]:
    """Yield a row of one cell, indented by two more than the cell is."""
    text = cell.lstrip()
    yield from folded(text, width, indent=2 + len(cell) - len(text))


def _widths(columns: Sequence[tuple[str, ...]], room: int) -> list[int]:
    """Return how wide columns are that have so much room together, the widest narrowed first, but none to less than
    its longest word; nothing where they have not enough.
    """
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    if room < sum(least):
        return []
    for _ in range(sum(widths) - room):
        _, widest = max((size, at) for at, size in enumerate(widths) if size > least[at])
        widths[widest] -= 1
    return widths


def _glued(text: str, intervals: bool = True) -> str:
    """Return a text in which a sign such as `≥` stays with its number, and an interval, if wanted, is one piece."""
    text = _SIGN.sub(rf"\1{_GLUE}", text)
    return _INTERVAL.sub(lambda interval: interval[0].replace(" ", _GLUE), text) if intervals else text


def _wrapped(text: str, width: int, more: int = 0) -> list[str]:
    """Return the lines of a glued text, the first of which has room for `more`."""
    wrapper = TextWrapper(width + more, subsequent_indent=" " * more, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_GLUE, " ").strip() for line in wrapper.wrap(printable(text))] or [""]
