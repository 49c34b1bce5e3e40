"""`sim runs`: the stored runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.common import (
    FAILED,
    NOT_SAVED,
    DatabaseOption,
    JsonOption,
    RunArgument,
    cannot_write,
    complain,
    existing_database,
    say,
    say_json,
)
from sim.units import parse_duration

if TYPE_CHECKING:
    from sim.events import Event
    from sim.storage import StoredRun

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
    db: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs in the database, the newest first."""
    filters = {"--scenario": scenario, "--since": since, "--tag": tag, "--deleted": deleted or None}
    given = [option for option, value in filters.items() if value is not None]
    if context.invoked_subcommand is not None:
        if given:
            raise typer.BadParameter(
                f"belongs to the list; leave it out of {context.invoked_subcommand}", param_hint=given[0]
            )
        context.default_map = {context.invoked_subcommand: {"db": db, "as_json": as_json}}
        return
    from sim.storage import find_address, list_runs

    with existing_database(db) as database:
        stored = list_runs(database, scenario, None if since is None else _instant(since), tag, deleted)
    if as_json:
        say_json([one._asdict() for one in stored])
        return
    if not stored:
        say(f"{database.address.url} has no {'such runs' if given else 'runs yet; sim run FILE makes one'}")
    marked = not database.address.is_remote and find_address().is_remote
    for one in stored:
        say(_line(one) + "  not pushed" * (marked and one.pushed_at is None))


def _instant(text: str) -> datetime:
    """Return the instant that `--since` names."""
    try:
        try:
            return datetime.now(UTC) - timedelta(microseconds=parse_duration(text))
        except ValueError:
            instant = datetime.fromisoformat(text)
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        problem = f"{text!r} is no instant; write 2h for two hours ago, or a date such as 2026-11-23"
        raise typer.BadParameter(problem, param_hint="--since") from None


def _line(run: "StoredRun") -> str:
    words = [run.id, f"{run.started_at[:19]}Z", run.fingerprint, run.scenario or "(deleted)"]
    words += [f"seed {run.seed}", f"replication {run.replication}"]
    words += [f"{name} {value}" for name, value in run.parameters.items()]
    return "  ".join(words + [f"#{tag}" for tag in run.tags])


@app.command("show")
def show_command(run_id: RunArgument, db: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Show where a run came from, and its metrics."""
    from sim.model import UNITS
    from sim.output.text import aligned
    from sim.storage import find_run, run_metrics

    with existing_database(db) as database:
        stored = find_run(database, run_id)
        metrics = run_metrics(database, stored.id)
    if as_json:
        say_json({**stored._asdict(), "metrics": metrics})
        return
    for label, value in stored._asdict().items():
        if label != "pushed_at" or value is not None:
            say(f"{label:12} {_text(value)}")
    say("", *aligned([(name, _number(value), UNITS.get(name, "")) for name, value in metrics.items()]))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name} {one}" for name, one in value.items())
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
    from sim.output.text import aligned
    from sim.storage import find_run, run_metrics

    with existing_database(db) as database:
        runs = [find_run(database, run_id) for run_id in (first, second)]
        one, other = (run_metrics(database, run.id) for run in runs)
    rows = {name: (one.get(name), other.get(name)) for name in one | other}
    if as_json:
        say_json({"runs": [run.id for run in runs], "metrics": rows})
        return
    for word, run in zip(("first", "second"), runs, strict=True):
        say(f"{word:7} {_line(run)}")
    table = [("metric", "first", "second", "difference", "unit")]
    for name, (left, right) in rows.items():
        difference = "" if left is None or right is None else f"{right - left:+.6g}"
        table.append((name, _number(left), _number(right), difference, UNITS.get(name, "")))
    say("", *aligned(table))


@app.command("reproduce")
def reproduce_command(run_id: RunArgument, db: DatabaseOption = None) -> None:
    """Run it again and compare; show the first event that differs."""
    from sim.storage import find_run, reproduce

    with existing_database(db) as database:
        stored = find_run(database, run_id)
        before, again = reproduce(database, stored)
    row = None if before is None else before.log.first_difference(again.log)
    if row is None and again.fingerprint == stored.fingerprint:
        say(f"run {stored.id} reproduced: fingerprint {again.fingerprint}, {len(again.log)} events")
        return
    say(f"run {stored.id} is not reproduced")
    events = "" if before is None else f", stored events {before.fingerprint}"
    say(f"  fingerprint  stored {stored.fingerprint}{events}, now {again.fingerprint}")
    say(f"  stored with  {_text(stored.versions)}")
    if before is not None and row is not None:
        say(f"  the first event that differs is number {row}:")
        for word, one in (("stored", before), ("now", again)):
            say(f"    {word:7} {next((_event(event) for event in one.log.between(row, row + 1)), 'none')}")
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


@app.command("delete")
def delete_command(run_id: RunArgument, db: DatabaseOption = None) -> None:
    """Delete a run, until it is restored or purged."""
    from sim.storage import delete_run, find_run

    with existing_database(db) as database:
        stored = find_run(database, run_id)
        delete_run(database, stored.id)
    say(f"run {stored.id} deleted; sim runs restore undoes it")


@app.command("restore")
def restore_command(run_id: RunArgument, db: DatabaseOption = None) -> None:
    """Undo delete; `sim runs --deleted` lists those."""
    from sim.storage import find_run, restore_run

    with existing_database(db) as database:
        stored = find_run(database, run_id, deleted=True)
        restore_run(database, stored.id)
    say(f"run {stored.id} restored")


@app.command("purge")
def purge_command(db: DatabaseOption = None) -> None:
    """Remove deleted runs for good.

    Runs whose writing stopped more than a day ago go too.
    """
    from sim.storage import purge

    with existing_database(db) as database:
        count = purge(database)
    say(f"{count} run{'s' * (count != 1)} purged from {database.address.url}")
