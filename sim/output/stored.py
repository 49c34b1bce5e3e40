"""Stored runs and experiments in words: the lists and tables of `sim runs` and `sim db size`."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sim.model import unit_text
from sim.output.layout import WIDTH, Row, aligned, folded
from sim.units import count, printable

if TYPE_CHECKING:
    from sim.events import Event
    from sim.storage import Address, ComparedRuns, Entry, ExperimentDetails, Reproduced, RunDetails, TableSize

MOST_LISTED = 20  # runs that are listed unless all are wanted
_SHORT = 13  # characters of an id: the millisecond in which it was made


def size_text(size: int) -> str:
    """Return a number of bytes as a person reads it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"


def entry_lines(entries: "Sequence[Entry]", width: int = WIDTH, marks_unpushed: bool = False) -> Iterator[str]:
    """Yield runs and experiments as lines below a header; ids are as long as it takes to tell them apart.

    What does not fit into `width` signs stands on the next line.
    """
    length = _SHORT
    while len({entry.id[:length] for entry in entries}) < len(entries):
        length += 1
    rows = [("id", "began (UTC)", "what", "scenario", "seed", "size")]
    tails = [""]
    for entry in entries:
        began = datetime.fromisoformat(entry.started_at).astimezone(UTC)
        kind = "run" if entry.kind == "run" else f"{entry.kind} {entry.runs:,}"
        facts = (kind, entry.scenario or "(deleted)", str(entry.seed), size_text(entry.size))
        rows.append((entry.id[:length], f"{began:%Y-%m-%d %H:%M}", *facts))
        tails.append("  ".join(map(printable, _details(entry, marks_unpushed))))
    for line, tail in zip(aligned(rows, indent=""), tails, strict=True):
        if len(line) + len(tail) + 2 <= width:
            yield f"{line}  {tail}".rstrip()
        else:
            yield line
            if tail:
                yield from folded(tail, width, indent=2)


def list_lines(
    address: "Address", entries: "Sequence[Entry]", total: int, width: int = WIDTH, of_all: bool = True
) -> Iterator[str]:
    """Yield runs and experiments, the newest of `total` in a database, and which are not pushed where runs usually are;
    or that there are none, `of_all` or of those that were asked for.
    """
    from sim.storage import find_address

    if total:
        yield from entry_lines(entries, width, not address.is_remote and find_address().is_remote)
    else:
        yield f"{address.url} has no {'runs yet; sim run FILE makes one' if of_all else 'such runs'}"


def _details(entry: "Entry", marks_unpushed: bool) -> Iterator[str]:
    """Yield what stands behind the columns: a replication, parameters, tags, and whether runs are not pushed."""
    if entry.replication is not None and entry.replication > 1:
        yield f"replication {entry.replication}"
    for name, value in (entry.parameters or {}).items():
        yield f"{name} {value}"
    for tag in entry.tags:
        yield f"#{tag}"
    lacking = entry.runs - entry.pushed
    if marks_unpushed and lacking:
        yield "not pushed" if lacking == entry.runs else f"{lacking:,} not pushed"


def details_lines(details: "RunDetails | ExperimentDetails") -> Iterator[str]:
    """Yield where a run came from, and the values of its metrics; or what an experiment is, and its first runs."""
    from sim.storage import RunDetails

    yield from _run_lines(details) if isinstance(details, RunDetails) else _experiment_lines(details)


def _run_lines(details: "RunDetails") -> Iterator[str]:
    for label, value in details.run._asdict().items():
        if value is not None or label not in ("pushed_at", "experiment"):
            yield _fact(label, value)
    yield ""
    yield from aligned([(name, _number(value), unit_text(name)) for name, value in details.values.items()])


def _experiment_lines(details: "ExperimentDetails") -> Iterator[str]:
    for label, value in details.entry._asdict().items():
        if value is not None:
            yield _fact(label, size_text(value) if label == "size" else value)
    if details.answer is not None:
        yield from (_fact(label, value) for label, value in details.answer.items() if value not in ("", []))
    rows = [("run", "replication", "fingerprint", "parameters")]
    rows += [
        (run.id, str(run.replication), run.fingerprint, _text(run.parameters)) for run in details.members[:MOST_LISTED]
    ]
    yield ""
    yield from aligned(rows)
    if len(details.members) > MOST_LISTED:
        yield f"{len(details.members) - MOST_LISTED:,} more; --json has all of them"


def _fact(label: str, value: object) -> str:
    return f"{label:12} {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name} {setting}" for name, setting in value.items())
    elif isinstance(value, list):
        value = ", ".join(value)
    return "none" if value in (None, "") else str(value)


def _number(value: float | None) -> str:
    return "no data" if value is None else f"{value:.6g}"


def compared_lines(compared: "ComparedRuns") -> Iterator[str]:
    """Yield two runs, and their metrics side by side."""
    for word, run in (("first", compared.first), ("second", compared.second)):
        facts = [run.id, f"{run.started_at[:19]}Z", run.fingerprint, run.scenario or "(deleted)"]
        facts += [f"seed {run.seed}", f"replication {run.replication}"]
        facts += [f"{name} {value}" for name, value in run.parameters.items()]
        facts += [f"#{tag}" for tag in run.tags]
        yield f"{word:7} {'  '.join(facts)}"
    rows: list[Row] = [("metric", "first", "second", "difference", "unit")]
    for name, (first, second) in compared.metrics.items():
        difference = "" if first is None or second is None else f"{second - first:+.6g}"
        rows.append((name, _number(first), _number(second), difference, unit_text(name)))
    yield ""
    yield from aligned(rows)


def entry_text(kind: str, key: str, runs: int) -> str:
    """Return how a run, or an experiment of so many runs, is named."""
    return f"{kind} {key}" if kind == "run" else f"{kind} {key} with {count(runs, 'run')}"


def reproduced_lines(reproduced: "Reproduced") -> Iterator[str]:
    """Yield whether a run that was run again is as it was; if not, fingerprints, versions, and the first event that
    differs, where its events were stored.
    """
    stored, stored_run, new_run = reproduced
    if reproduced.is_same:
        yield f"run {stored.id} reproduced: fingerprint {new_run.fingerprint}, {len(new_run.log)} events"
        return
    yield f"run {stored.id} is not reproduced"
    events = "" if stored_run is None else f", stored events {stored_run.fingerprint}"
    yield f"  fingerprint  stored {stored.fingerprint}{events}, now {new_run.fingerprint}"
    yield f"  stored with  {_text(stored.versions)}"
    row = None if stored_run is None else stored_run.log.first_difference(new_run.log)
    if stored_run is not None and row is not None:
        yield f"  the first event that differs is number {row}:"
        for word, run in (("stored", stored_run), ("now", new_run)):
            event = next((_event(event) for event in run.log.between(row, row + 1)), "none")
            yield f"    {word:7} {event}"


def _event(event: "Event") -> str:
    words = [f"t_us {event.time}", event.kind.label]
    if event.order is not None and event.order_class is not None:
        words.append(f"order {event.order}  {event.order_class.name}")
    return "  ".join(words if event.bot is None else [*words, f"bot {event.bot}"])


def size_lines(
    url: str, file: tuple[int, int], tables: "Sequence[TableSize]", deleted: "Sequence[TableSize]"
) -> Iterator[str]:
    """Yield how many bytes a database has, of which so many are free, what each table takes of them, and what deleted
    runs do.
    """
    yield f"{url}: {size_text(file[0])}, of which {size_text(file[1])} are free"
    yield ""
    rows = [("table", "rows", "about"), *((table.table, f"{table.rows:,}", size_text(table.size)) for table in tables)]
    yield from aligned(rows)
    runs = next(table.rows for table in deleted if table.table == "runs")
    if runs:
        size = size_text(sum(table.size for table in deleted))
        yield ""
        yield f"{count(runs, 'deleted run')}: about {size} of that; sim runs purge gives them back"
