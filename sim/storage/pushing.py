"""Pushing: all runs of an embedded file go to a server, in one call."""

from typing import NamedTuple

from sim.errors import StorageError
from sim.storage.addresses import LOCAL, Address, find_address
from sim.storage.database import open_database, open_existing_database
from sim.storage.reading import Damaged, warn_of
from sim.storage.saving import Progress, push_all

_GOES_ON = "sim push goes on where it stopped"


class PushError(StorageError):
    """A push that a database stopped: it can be called again, and sends what is lacking still."""


class Pushed(NamedTuple):
    """How many runs went from which file to which server."""

    runs: int
    file: Address
    server: Address


def push(
    url: str | None = None, file: str = LOCAL, progress: Progress | None = None, damaged: Damaged = warn_of
) -> Pushed:
    """Copy all runs of an embedded file that a server lacks, as `push_all` does; `url` is by default that of
    `find_address`.

    Raises:
        KeyboardInterrupt: it came meanwhile; its argument says what goes on.
        PushError: a database stopped it.
        StorageError: there is no such file, or `url` is not that of a server, or `file` is.

    """
    server = find_address(url)
    if not server.is_remote:
        problem = "is not a server; set TURSO_DATABASE_URL, or write --db libsql://HOST"
        raise StorageError(f"database {server.url}: {problem}")
    address = find_address(file, "--from")
    if address.is_remote:
        raise StorageError(f"--from {address.url}: is on a server; write --from file:NAME")
    with open_existing_database(file, "--from") as source:
        try:
            with open_database(server) as target:
                return Pushed(push_all(source, target, progress, damaged), address, server)
        except StorageError as error:
            raise PushError(f"{error}; {_GOES_ON}") from None
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_GOES_ON) from None
