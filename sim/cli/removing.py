"""`sim runs delete`, `restore` and `purge`."""

from typing import Annotated

import typer

from sim.cli.common import KEY, DatabaseOption, KeyArgument, existing_database, say, size_text
from sim.cli.runs import instant_of


def delete_command(
    key: Annotated[str | None, typer.Argument(metavar="[ID]", help=KEY)] = None,
    instant: Annotated[
        str | None,
        typer.Option("--before", metavar="WHEN", help="All runs begun before: 30d (ago), or an ISO date or time, UTC."),
    ] = None,
    db: DatabaseOption = None,
) -> None:
    """Delete a run, an experiment with its runs, or all that is old, until it is restored or purged."""
    from sim.storage import delete_before, delete_run, find_id
    from sim.units import count

    if (key is None) == (instant is None):
        raise typer.BadParameter("write the id of a run or of an experiment, or --before WHEN", param_hint="ID")
    with existing_database(db) as database:
        if instant is not None:
            number = delete_before(database, instant_of(instant, "--before"))
            say(f"{count(number, 'run')} deleted; sim runs restore ID undoes it")
        else:
            kind, entry_id = find_id(database, str(key))
            say(f"{_named(kind, entry_id, delete_run(database, entry_id))} deleted; sim runs restore undoes it")


def restore_command(key: KeyArgument, db: DatabaseOption = None) -> None:
    """Undo delete; `sim runs --deleted` lists what is deleted."""
    from sim.storage import find_id, restore_run

    with existing_database(db) as database:
        kind, entry_id = find_id(database, key, deleted=True)
        say(f"{_named(kind, entry_id, restore_run(database, entry_id))} restored")


def _named(kind: str, key: str, runs: int) -> str:
    """Return how a run, or an experiment of so many runs, is named."""
    from sim.units import count

    return f"{kind} {key}" if kind == "run" else f"{kind} {key} with {count(runs, 'run')}"


def purge_command(db: DatabaseOption = None) -> None:
    """Remove deleted runs for good, and give their room back to the disk.

    Runs whose writing stopped more than a day ago go too.
    """
    from sim.storage import purge, shrink
    from sim.units import count

    with existing_database(db) as database:
        say(f"{count(purge(database), 'run')} purged from {database.address.url}")
        freed = shrink(database)
    if freed > 0:
        say(f"the file is {size_text(freed)} smaller")
