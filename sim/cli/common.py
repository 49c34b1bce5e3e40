"""What all commands share: exit statuses, options, the progress bar."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from sim.engines import Progress
from sim.errors import StorageError

if TYPE_CHECKING:
    from sim.storage import Database

FAILED, WRONG, NOT_SAVED, INTERRUPTED = 1, 2, 4, 130

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Database: file:NAME, libsql://HOST or https://HOST. Default: TURSO_DATABASE_URL, else file:sim.db. "
        "The token of a server is TURSO_AUTH_TOKEN.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
RunArgument = Annotated[str, typer.Argument(metavar="ID", help="The run's id, or how it starts.")]


class InterruptedWorkError(Exception):
    """Ctrl-C when there is more to say than that; the message tells what is kept."""


def existing_database(db: str | None, option: str = "--db") -> "Database":
    """Return the database to read from, which `option` names; a file must be there already."""
    from sim.storage import find_address, open_database

    address = find_address(db)
    if not address.is_remote and not os.path.exists(address.target):  # noqa: PTH110  # False also where Path.exists raises
        raise StorageError(
            f"database {address.url}: there is none yet; sim run FILE makes it, or name another with {option}"
        )
    return open_database(db)


@contextmanager
def progress_bar(doing: str) -> Iterator[Progress | None]:
    """Show a bar from the second second on, when a person is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    began = monotonic()
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, visible=False, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=monotonic() - began > 1)
