"""`sim runs`: the stored runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.common import (
    FAILED,
    NOT_SAVED,
    WRONG,
    DatabaseOption,
    JsonOption,
    KeyArgument,
    RunArgument,
    cannot_write,
    columns,
    complain,
    existing_database,
    say,
    say_json,
    size_text,
)
from sim.units import parse_duration, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.errors import StorageError
    from sim.events import Event
    from sim.storage import Database, Entry, StoredRun

_MOST = 20  # runs and experiments that are listed by default
_SHORT = 13  # characters of an id: the millisecond in which it was made

app = typer.Typer(help="List the runs in the database, or do something with one.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def list_command(
    context: typer.Context,
    scenario: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this scenario.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only runs begun since then: 2h (ago), or an ISO date or time, UTC."),
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="WORD", help="Only runs with this tag.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the deleted runs instead.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="List all of them, not only the last 20.")] = False,
    db: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs in the database, the newest first, and each experiment in one line."""
    filters = {"--scenario": scenario, "--since": since, "--tag": tag, "--deleted": deleted or None}
    given = [option for option, value in filters.items() if value is not None]
    if context.invoked_subcommand is not None:
        for option in [*given, "--all"] if everything else given:
            problem = f"belongs to the list; leave it out of {context.invoked_subcommand}"
            raise typer.BadParameter(problem, param_hint=option)
        context.default_map = {context.invoked_subcommand: {"db": db, "as_json": as_json}}
        return
    from sim.storage import find_address, list_entries

    begun = None if since is None else instant_of(since, "--since")
    most = None if everything else _MOST
    damaged: list[StorageError] = []
    with existing_database(db) as database:
        entries, total = list_entries(database, scenario, begun, tag, deleted, most, damaged.append)
    hint = [] if everything or total <= _MOST else [f"{total - _MOST:,} older; --all lists them"]
    if as_json:
        say_json([entry._asdict() for entry in entries])
        complain(*hint)
    elif total:
        marked = not database.address.is_remote and find_address().is_remote
        say(*_table(entries, marked), *hint)
    else:
        say(f"{database.address.url} has no {'such runs' if given else 'runs yet; sim run FILE makes one'}")
    _leave(damaged)


def _leave(damaged: "Sequence[StorageError]") -> None:
    """Tell of damaged runs, and exit with their status where there are any."""
    complain(*damaged)
    if damaged:
        raise typer.Exit(WRONG)


def _table(entries: "Sequence[Entry]", marked: bool) -> "Iterator[str]":
    """Yield runs and experiments as lines below a header; ids are as long as it takes to tell them apart.

    What does not fit into the width of the terminal stands on the next line. `marked` asks for a word on what was not
    pushed.
    """
    from sim.output.layout import aligned, folded

    width, length = columns(), _SHORT
    while len({entry.id[:length] for entry in entries}) < len(entries):
        length += 1
    rows = [("id", "began (UTC)", "what", "scenario", "seed", "size")]
    tails = [""]
    for entry in entries:
        began = datetime.fromisoformat(entry.started_at).astimezone(UTC)
        kind = "run" if entry.kind == "run" else f"{entry.kind} {entry.runs:,}"
        facts = (kind, entry.scenario or "(deleted)", str(entry.seed), size_text(entry.size))
        rows.append((entry.id[:length], f"{began:%Y-%m-%d %H:%M}", *facts))
        tails.append("  ".join(map(printable, _words(entry, marked))))
    for line, tail in zip(aligned(rows, indent=""), tails, strict=True):
        if len(line) + len(tail) + 2 <= width:
            yield f"{line}  {tail}".rstrip()
        else:
            yield line
            if tail:
                yield from folded(tail, width, indent=2)


def _words(entry: "Entry", marked: bool) -> "Iterator[str]":
    """Yield what stands behind the columns: a replication, parameters, tags, and what was not pushed if `marked`."""
    if entry.replication is not None and entry.replication > 1:
        yield f"replication {entry.replication}"
    for name, value in (entry.parameters or {}).items():
        yield f"{name} {value}"
    for tag in entry.tags:
        yield f"#{tag}"
    lacking = entry.runs - entry.pushed
    if marked and lacking:
        yield "not pushed" if lacking == entry.runs else f"{lacking:,} not pushed"


def instant_of(text: str, option: str) -> datetime:
    """Return the instant that an option names."""
    try:
        try:
            return datetime.now(UTC) - timedelta(microseconds=parse_duration(text))
        except ValueError:
            instant = datetime.fromisoformat(text)
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        problem = f"{text!r} is no instant; write 2h for two hours ago, or a date such as 2026-11-23"
        raise typer.BadParameter(problem, param_hint=option) from None


def _line(run: "StoredRun") -> str:
    words = [run.id, f"{run.started_at[:19]}Z", run.fingerprint, run.scenario or "(deleted)"]
    words += [f"seed {run.seed}", f"replication {run.replication}"]
    words += [f"{name} {value}" for name, value in run.parameters.items()]
    return "  ".join(words + [f"#{tag}" for tag in run.tags])


@app.command("show")
def show_command(key: KeyArgument, db: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Show where a run came from, and its metrics; or an experiment with its runs."""
    from sim.model import UNITS
    from sim.output.layout import aligned
    from sim.storage import find_entry, find_run, run_metrics

    with existing_database(db) as database:
        entry = find_entry(database, key)
        if entry.kind != "run":
            _show_experiment(database, entry, as_json)
            return
        stored = find_run(database, entry.id)
        metrics = run_metrics(database, stored.id)
    if as_json:
        say_json({**stored._asdict(), "metrics": metrics})
        return
    for label, value in stored._asdict().items():
        if value is not None or label not in ("pushed_at", "experiment"):
            say(f"{label:12} {_text(value)}")
    say("", *aligned([(name, _number(value), UNITS.get(name, "")) for name, value in metrics.items()]))


def _show_experiment(database: "Database", entry: "Entry", as_json: bool) -> None:
    from sim.output.layout import aligned
    from sim.storage import runs_of

    damaged: list[StorageError] = []
    members = runs_of(database, entry.id, damaged.append)
    if as_json:
        say_json({**entry._asdict(), "members": [run._asdict() for run in members]})
        _leave(damaged)
        return
    for label, value in entry._asdict().items():
        if value is not None:
            say(f"{label:12} {size_text(entry.size) if label == 'size' else _text(value)}")
    title = ("run", "replication", "fingerprint", "parameters")
    rows = [(run.id, str(run.replication), run.fingerprint, _text(run.parameters)) for run in members[:_MOST]]
    say("", *aligned([title, *rows]))
    if len(members) > _MOST:
        say(f"{len(members) - _MOST:,} more; --json has all of them")
    _leave(damaged)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name} {setting}" for name, setting in value.items())
    elif isinstance(value, list):
        value = ", ".join(value)
    return "none" if value in (None, "") else str(value)


def _number(value: float | None) -> str:
    return "no data" if value is None else f"{value:.6g}"


@app.command("compare")
def compare_command(
    first: RunArgument, second: RunArgument, db: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Show the metrics of two runs side by side."""
    from sim.model import UNITS
    from sim.output.layout import aligned
    from sim.storage import find_run, run_metrics

    with existing_database(db) as database:
        runs = [find_run(database, run_id) for run_id in (first, second)]
        first_values, second_values = (run_metrics(database, run.id) for run in runs)
    rows = {name: (first_values.get(name), second_values.get(name)) for name in first_values | second_values}
    if as_json:
        say_json({"runs": [run.id for run in runs], "metrics": rows})
        return
    for word, run in zip(("first", "second"), runs, strict=True):
        say(f"{word:7} {_line(run)}")
    table = [("metric", "first", "second", "difference", "unit")]
    for name, (old, new) in rows.items():
        difference = "" if old is None or new is None else f"{new - old:+.6g}"
        table.append((name, _number(old), _number(new), difference, UNITS.get(name, "")))
    say("", *aligned(table))


@app.command("reproduce")
def reproduce_command(run_id: RunArgument, db: DatabaseOption = None) -> None:
    """Run it again and compare; show the first event that differs."""
    from sim.storage import find_run, reproduce

    with existing_database(db) as database:
        stored = find_run(database, run_id)
        stored_run, new_run = reproduce(database, stored)
    row = None if stored_run is None else stored_run.log.first_difference(new_run.log)
    if row is None and new_run.fingerprint == stored.fingerprint:
        say(f"run {stored.id} reproduced: fingerprint {new_run.fingerprint}, {len(new_run.log)} events")
        return
    say(f"run {stored.id} is not reproduced")
    events = "" if stored_run is None else f", stored events {stored_run.fingerprint}"
    say(f"  fingerprint  stored {stored.fingerprint}{events}, now {new_run.fingerprint}")
    say(f"  stored with  {_text(stored.versions)}")
    if stored_run is not None and row is not None:
        say(f"  the first event that differs is number {row}:")
        for word, run in (("stored", stored_run), ("now", new_run)):
            say(f"    {word:7} {next((_event(event) for event in run.log.between(row, row + 1)), 'none')}")
    raise typer.Exit(FAILED)


def _event(event: "Event") -> str:
    words = [f"t_us {event.time}", event.kind.label]
    if event.order is not None and event.order_class is not None:
        words.append(f"order {event.order}  {event.order_class.name}")
    return "  ".join(words if event.bot is None else [*words, f"bot {event.bot}"])


@app.command("export")
def export_command(
    run_id: RunArgument,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where the files go.")],
    db: DatabaseOption = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw the charts.")] = True,
) -> None:
    """Write the files of a run as `sim run` wrote them."""
    from sim.output.files import claimed
    from sim.output.folder import write_run
    from sim.storage import find_run, load_run

    with existing_database(db) as database:
        run = load_run(database, find_run(database, run_id))
    try:
        with claimed(to, "--to"):
            write_run(run, to, charts=charts)
    except OSError as error:
        complain(f"sim: {cannot_write(error, to, '--to')}")
        raise typer.Exit(NOT_SAVED) from None
    say(f"Files: {to}/")
