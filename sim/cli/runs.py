"""`sim runs`, `sim db` and `sim push`: the stored runs, where they are, and getting them there."""

from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import typer

import sim
from sim import output
from sim.cli.options import CHARTS, DATABASE, JSON, KEY, KEY_HELP, RUN, SETTINGS, argument, flag, option
from sim.cli.statuses import FAILED, NOT_SAVED, WRONG, leave
from sim.cli.work import write_or_leave
from sim.errors import StorageError
from sim.output.terminal import columns, complain, progress_bar, say, show
from sim.units import count

app = typer.Typer(name="runs", help="List, show, compare, replay and delete stored runs.", **SETTINGS)


def _instant(text: str, *names: str) -> Any:
    help_text = f"{text}: 2h (ago), or an ISO date or time, UTC."
    # The storage is loaded when there is an instant to read, not when --help reads this module.
    return option(help_text, "WHEN", *names, parse=lambda when: sim.storage.parse_instant(when))  # noqa: PLW0108


@app.callback(invoke_without_command=True)
def list_command(
    context: typer.Context,
    scenario: str | None = option("Only runs of this scenario.", "NAME"),
    since: datetime | None = _instant("Only runs started since then"),
    tag: str | None = option("Only runs with this tag.", "WORD"),
    deleted: bool = flag("List the deleted runs instead.", "--deleted"),
    everything: bool = flag("List all runs, not only the last 20.", "--all"),
    db: str | None = DATABASE,
    as_json: bool = JSON,
) -> None:
    """List the runs in the database, the newest first, and each experiment in one line."""
    filters = {"--scenario": scenario, "--since": since, "--tag": tag, "--deleted": deleted, "--all": everything}
    given = [name for name, value in filters.items() if value not in (None, False)]
    if context.invoked_subcommand is not None:
        if given:
            problem = f"belongs to the list; leave it out of {context.invoked_subcommand}"
            raise typer.BadParameter(problem, param_hint=given[0])
        context.default_map = {context.invoked_subcommand: {"db": db, "as_json": as_json}}
        return
    most = None if everything else output.stored.MOST_LISTED
    damaged: list[StorageError] = []
    with sim.storage.open_existing_database(db) as database:
        entries, total = sim.storage.list_entries(database, scenario, since, tag, deleted, most, damaged.append)
    older = [] if most is None or total <= most else [f"{total - most:,} older; --all lists them"]
    lines = output.stored.list_lines(database.address, entries, total, columns(), of_all=given in ([], ["--all"]))
    show(chain(lines, older), partial(output.documents.entries_document, entries), as_json)
    complain(*(older if as_json else ()), *damaged)
    leave(WRONG if damaged else 0)


@app.command("show")
def show_command(key: str = KEY, db: str | None = DATABASE, as_json: bool = JSON) -> None:
    """Show a run with its metrics, or an experiment with its runs."""
    damaged: list[StorageError] = []
    with sim.storage.open_existing_database(db) as database:
        details = sim.storage.find_details(database, key, damaged.append)
    show(output.stored.details_lines(details), partial(output.documents.details_document, details), as_json)
    complain(*damaged)
    leave(WRONG if damaged else 0)


@app.command("compare")
def compare_command(first: str = RUN, second: str = RUN, db: str | None = DATABASE, as_json: bool = JSON) -> None:
    """Show the metrics of two runs side by side.

    The difference is that of the second run from the first.
    """
    with sim.storage.open_existing_database(db) as database:
        compared = sim.storage.compare_runs(database, first, second)
    show(output.stored.compared_lines(compared), partial(output.documents.compared_document, compared), as_json)


@app.command("reproduce")
def reproduce_command(run_id: str = RUN, db: str | None = DATABASE) -> None:
    """Run a stored run again, and show the first event that differs."""
    with sim.storage.open_existing_database(db) as database:
        reproduced = database.reproduce(run_id)
    say(*output.stored.reproduced_lines(reproduced))
    leave(0 if reproduced.is_same else FAILED)


@app.command("export")
def export_command(
    run_id: str = RUN,
    to: Path = option("Folder for the files.", "DIR", default=...),
    db: str | None = DATABASE,
    charts: bool = CHARTS,
) -> None:
    """Write the files of a run again, without the page."""
    with sim.storage.open_existing_database(db) as database:
        run = database.run(run_id)
    with output.files.claimed(to, "--to"):
        write_or_leave(to, partial(output.folder.write_run, run, charts=charts, page=False), "--to")
    say(f"Files: {to}/")


@app.command("page")
def page_command(
    run_id: str = RUN, to: Path | None = option("The file. Default: ID.html.", "FILE"), db: str | None = DATABASE
) -> None:
    """Write the page that replays a run, if it can be reproduced."""
    with sim.storage.open_existing_database(db) as database:
        reproduced = database.reproduce(run_id)
    if not reproduced.is_same:
        complain(*output.stored.reproduced_lines(reproduced))
        leave(FAILED)
    path = to or Path(f"{reproduced.stored.id}.html")
    html = output.page.run_page(reproduced.new_run)
    write_or_leave(path, partial(output.files.write_text, text=html), "--to")
    say(f"Page: {path}")


@app.command("delete")
def delete_command(
    key: str | None = argument(KEY_HELP, "[ID]", None),
    instant: datetime | None = _instant("Delete all runs started before", "--before"),
    db: str | None = DATABASE,
) -> None:
    """Delete runs until they are restored or purged."""
    if (key is None) == (instant is None):
        raise typer.BadParameter("write the id of a run or of an experiment, or --before WHEN", param_hint="ID")
    with sim.storage.open_existing_database(db) as database:
        if instant is not None:
            number = sim.storage.delete_before(database, instant)
            say(f"{count(number, 'run')} deleted; sim runs restore ID undoes it")
        else:
            kind, entry_id = sim.storage.find_id(database, str(key))
            runs = sim.storage.delete_run(database, entry_id)
            say(f"{output.stored.entry_text(kind, entry_id, runs)} deleted; sim runs restore undoes it")


@app.command("restore")
def restore_command(key: str = KEY, db: str | None = DATABASE) -> None:
    """Undo delete; `sim runs --deleted` lists the deleted runs."""
    with sim.storage.open_existing_database(db) as database:
        kind, entry_id = sim.storage.find_id(database, key, deleted=True)
        runs = sim.storage.restore_run(database, entry_id)
    say(f"{output.stored.entry_text(kind, entry_id, runs)} restored")


@app.command("purge")
def purge_command(db: str | None = DATABASE) -> None:
    """Remove deleted runs for good, and free their disk space.

    It also removes runs whose writing stopped more than a day ago.
    """
    with sim.storage.open_existing_database(db) as database:
        say(f"{count(sim.storage.purge(database), 'run')} purged from {database.address.url}")
        freed = sim.storage.shrink(database)
    if freed > 0:
        say(f"the file is {output.stored.size_text(freed)} smaller")


database_app = typer.Typer(name="db", help="Test the database, or show its size.", no_args_is_help=True, **SETTINGS)


@database_app.command("check")
def check_command(
    db: str | None = DATABASE,
    write: bool = flag("Also write a small run, read it back and remove it.", "--write"),
) -> None:
    """Show where runs are stored, and test the connection."""
    for label, text in sim.storage.check(sim.storage.find_address(db), write):
        say(f"{label:11} {text}")


@database_app.command("size")
def size_command(db: str | None = DATABASE) -> None:
    """Show how much space the tables take."""
    storage = sim.storage
    with storage.open_existing_database(db) as database:
        tables, deleted = storage.table_sizes(database), storage.table_sizes(database, deleted=True)
        say(*output.stored.size_lines(database.address.url, storage.file_size(database), tables, deleted))


def push_command(
    db: str | None = option("Server: libsql://HOST or https://HOST. Default: TURSO_DATABASE_URL.", "URL"),
    source: str = option("Embedded file to push from.", "URL", "--from", default="file:sim.db"),
) -> None:
    """Copy runs from the local file to the server.

    It can be stopped and repeated at any time.
    """
    damaged: list[StorageError] = []
    try:
        with progress_bar("pushing") as progress:
            pushed = sim.storage.push(db, source, progress, damaged.append)
    except sim.storage.PushError as error:
        complain(f"sim: {error}")
        raise typer.Exit(NOT_SAVED) from None
    complain(*(f"sim: {error}; it is not pushed" for error in damaged))
    if pushed.runs:
        say(f"{count(pushed.runs, 'run')} pushed from {pushed.file.url} to {pushed.server.url}")
    elif not damaged:
        say(f"nothing to push: {pushed.server.url} has all runs of {pushed.file.url}")
    leave(NOT_SAVED if damaged else 0)
