"""The connection to a database: libsql-client, repaired, behind one class of ours.

The two clients, asyncio and sqlite3 are imported when a database is opened: a command that keeps nothing does without
the 0.1 s of that.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Union
from weakref import finalize

from sim.errors import INSTALL, StorageError
from sim.storage.addresses import Address
from sim.storage.patience import BUSY
from sim.units import printable

if TYPE_CHECKING:
    import asyncio

    from sim.storage.file import FileClient
    from sim.storage.server import ServerClient

T = TypeVar("T")
Value = str | int | float | None
Statement = tuple[str, tuple[Value, ...]]

_LONGEST = 500  # characters of what a database says that are shown
_CURES = {
    **dict.fromkeys(BUSY, "another program is writing; try again when it is done"),
    "CLOSED": "open it again",
    "FORKED": "open it in the process that uses it",
    "BLOCKED": "see in the Turso dashboard what the plan allows",
    "HTTP_401": "put a valid token into TURSO_AUTH_TOKEN; turso db tokens create NAME makes it",
    "HTTP_403": "put a token that may write into TURSO_AUTH_TOKEN; turso db tokens create NAME makes it",
    "HTTP_404": "no libSQL server answers at that URL; check it",
    "HTTP_429": "try again later",
    "HTTP_5": "the server, or a proxy before it, has trouble; try again later",
    "HTTP_": "the server there does not speak libSQL; check the URL, or try again later",
    "DAMAGED": "restore the database, or remove the run with sim runs delete",
    "FOREIGN_KEY": "the scenario or experiment was removed meanwhile; run it again",
    "FOREIGN": "name another database with --db",
    "OTHER_VERSION": "run it again with this one",
    "NEWER": f"upgrade: {INSTALL.format('')}",
    "SCENARIO": "this is a fault of kitchensim; report it with the file",
    "SQLITE_CANTOPEN": "name a file in a folder that exists and is writable",
    "SQLITE_CONSTRAINT": "the database holds something else under that key",
    "SQLITE_CORRUPT": "restore the file, or name another with --db",
    "SQLITE_FULL": "make room, or name another place with --db",
    "SQLITE_IOERR": "the disk cannot be read or written; check it, or name another place with --db",
    "SQLITE_NOTADB": "name another file with --db",
    "SQLITE_READONLY": "the file cannot be written; change its permissions, or name another with --db",
    "TEXT": "use other characters",
    "UNREACHABLE": "check the URL and the network",
}


class _Call(Generic[T]):
    """Work for the thread of a connection. Ctrl-C may come as soon as it is handed over, before it has a future."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._stopped, self._ended = Event(), Event()

    async def run(self) -> T:
        import asyncio

        self._task = asyncio.current_task()
        try:
            if self._stopped.is_set():
                raise asyncio.CancelledError
            return await self._work()
        finally:
            self._ended.set()

    def stop(self, loop: "asyncio.AbstractEventLoop") -> None:
        """Stop it, and wait until what was begun is undone, so that nothing is written behind our back."""
        self._stopped.set()
        loop.call_soon_threadsafe(self._cancel)
        self._ended.wait(1)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


class Connection:
    """An open database; every call is one transaction. Use it in a `with` block, or close it."""

    def __init__(self, address: Address) -> None:
        """Open the database at `address`; a file is made when something is written, a server is not asked yet."""
        import asyncio

        self.address = address
        self._process = os.getpid()
        self._interrupted = Event()
        self._loop = asyncio.new_event_loop()
        # libsql-client's own thread keeps a process alive when it is not closed; a daemon thread does not
        thread = Thread(target=self._loop.run_forever, name="libsql", daemon=True)
        thread.start()
        self._wait(lambda: self._open(thread))

    async def _open(self, thread: Thread) -> None:
        """Make the client, and have it closed whatever becomes of this connection, also when Ctrl-C comes right now."""
        self._client = _client_of(self.address, self._interrupted)
        self._close = finalize(self, _close, self._client, self._loop, thread, self._process)

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def query(self, sql: str, *values: Value, width: int = 1) -> list[tuple[Any, ...]]:
        """Return the rows of one statement, each of `width` values.

        Raises:
            StorageError: the database refuses it, cannot be reached, or answers something else.

        """
        result = self._wait(lambda: self._client.execute(sql, values))
        rows = [tuple(row) for row in result.rows]
        if any(len(row) != width for row in rows):  # a server may answer anything
            raise self.untrue()
        return rows

    def row(self, sql: str, *values: Value, width: int = 1) -> tuple[Any, ...]:
        """Return the only row of one statement, of `width` values.

        Raises:
            StorageError: the database refuses it, cannot be reached, or answers something else.

        """
        rows = self.query(sql, *values, width=width)
        if len(rows) != 1:
            raise self.untrue()
        return rows[0]

    def number(self, sql: str, *values: Value) -> int:
        """Return the whole number that is all that one statement gives.

        Raises:
            StorageError: the database refuses it, cannot be reached, or answers something else.

        """
        [number] = self.row(sql, *values)
        if not isinstance(number, int):
            raise self.untrue()
        return number

    def untrue(self) -> StorageError:
        """Return the error for an answer that no libSQL database gives."""
        return self.error("gives an answer that does not fit the request", "HTTP_")

    def write(self, statements: Iterable[Statement]) -> int:
        """Carry out all statements or, when one fails or the process dies, none; return the rows that the last changed.

        They are taken one by one where the database is a file.

        Raises:
            StorageError: the database refuses one, or cannot be reached.

        """
        results = self._wait(lambda: self._client.batch(statements))
        return results[-1].rows_affected if results else 0

    def close(self) -> None:
        """Let go of the database."""
        self._close()

    def _wait(self, work: Callable[[], Awaitable[T]]) -> T:
        import asyncio
        import sqlite3

        from libsql_client.client import LibsqlError

        if os.getpid() != self._process:  # the thread that would do the work is not in this fork
            raise self.error("was opened before this process was forked", "FORKED")
        if self._loop.is_closed():
            raise self.error("is closed", "CLOSED")
        call = _Call(work)
        try:
            return asyncio.run_coroutine_threadsafe(call.run(), self._loop).result()
        except KeyboardInterrupt:
            self._interrupted.set()
            call.stop(self._loop)
            self._interrupted.clear()
            raise
        except LibsqlError as error:
            # `from None`: what a server said raw, perhaps with the token, would stand in the traceback
            raise self.error(error.explanation.removeprefix("SQLite error: "), error.code) from None
        except UnicodeEncodeError as error:
            raise self.error("holds text in UTF-8 only", "TEXT") from error
        except sqlite3.Error as error:
            raise self.error(str(error), getattr(error, "sqlite_errorname", "")) from error

    def error(self, explanation: str, code: str = "") -> StorageError:
        """Return an error about this database, with what to do about it.

        The explanation may be a stranger's: it becomes one short line, without the token, should that be repeated.
        """
        if "FOREIGN KEY" in explanation:  # servers have no code of its own for that
            code = "FOREIGN_KEY"
        cure = next((cure for prefix, cure in _CURES.items() if code.startswith(prefix)), "see docs/database.md")
        if self.address.is_remote and code.startswith("SQLITE_FULL"):
            cure = "purge deleted runs, or see in the Turso dashboard what the plan allows"
        if code == "HTTP_401" and self.address.token_left:
            cure = self.address.token_left
        if self.address.token:
            explanation = explanation.replace(self.address.token, "…")
        explanation = printable(" ".join(explanation.split()))
        if len(explanation) > _LONGEST:
            explanation = f"{explanation[:_LONGEST]}…"
        return StorageError(f"database {self.address.url}: {explanation}; {cure}")


def _client_of(address: Address, interrupted: Event) -> Union["FileClient", "ServerClient"]:
    if address.is_remote:
        from sim.storage.server import ServerClient

        return ServerClient(address.target, address.token)
    from sim.storage.file import FileClient

    return FileClient(address.target, interrupted)


def _close(
    client: Union["FileClient", "ServerClient"], loop: "asyncio.AbstractEventLoop", thread: Thread, process: int
) -> None:
    """Close a client and end its thread; also called when nobody holds the connection any more, or at exit."""
    import asyncio

    if os.getpid() != process:  # a fork has no such thread
        client.forget()
        return

    async def close() -> None:
        await client.close()
        loop.stop()

    asyncio.run_coroutine_threadsafe(close(), loop)
    if current_thread() is not thread:
        try:
            thread.join(1)
        except KeyboardInterrupt:
            thread.join(1)  # what is not closed complains at the end of the process
            raise
    if not loop.is_running():
        loop.close()
