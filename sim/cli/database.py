"""`sim db` and `sim push`: where runs go, and getting them there."""

import typer

import sim
from sim import output
from sim.cli.options import DATABASE, SETTINGS, flag, option
from sim.cli.statuses import NOT_SAVED, InterruptedWorkError, leave
from sim.errors import StorageError
from sim.output.terminal import complain, progress_bar, say
from sim.units import count

app = typer.Typer(name="db", help="Test the database, or show its size.", no_args_is_help=True, **SETTINGS)


@app.command("check")
def check_command(
    db: str | None = DATABASE,
    write: bool = flag("Also write a small run, read it back and remove it.", "--write"),
) -> None:
    """Show where runs are stored, and test the connection."""
    for label, text in sim.storage.check(sim.storage.find_address(db), write):
        say(f"{label:11} {text}")


@app.command("size")
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
    address = sim.storage.find_address(db)
    if not address.is_remote:
        problem = "is not a server; set TURSO_DATABASE_URL, or write --db libsql://HOST"
        raise StorageError(f"database {address.url}: {problem}")
    if (of := sim.storage.find_address(source, "--from")).is_remote:
        raise StorageError(f"--from {of.url}: is on a server; write --from file:NAME")
    damaged: list[StorageError] = []
    with sim.storage.open_existing_database(source, "--from") as local:
        try:
            with sim.storage.open_database(address) as target, progress_bar("pushing") as progress:
                pushed = sim.storage.push_all(local, target, progress, damaged.append)
        except StorageError as error:
            complain(f"sim: {error}; sim push goes on where it stopped")
            raise typer.Exit(NOT_SAVED) from None
        except KeyboardInterrupt:
            raise InterruptedWorkError("sim push goes on where it stopped") from None
    complain(*(f"sim: {error}; it is not pushed" for error in damaged))
    if pushed:
        say(f"{count(pushed, 'run')} pushed from {local.address.url} to {address.url}")
    elif not damaged:
        say(f"nothing to push: {address.url} has all runs of {local.address.url}")
    leave(NOT_SAVED if damaged else 0)
