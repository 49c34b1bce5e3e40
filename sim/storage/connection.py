"""The connection to a database: libsql-client, repaired, behind one class of ours.

Its file mode opens SQLite anew for each call, without foreign keys and without patience for other writers, and its HTTP
mode speaks a form that the cloud has given up: see docs/decisions/0003.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import closing
from io import BytesIO
from random import random
from threading import Event, Thread, current_thread
from time import monotonic
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit
from weakref import finalize

import aiohttp
from libsql_client.client import Client, LibsqlError
from libsql_client.hrana.convert import (
    _batch_results_from_proto,
    _batch_to_proto,
    _error_from_proto,
    _result_set_from_proto,
    _stmt_to_proto,
)
from libsql_client.http import HttpClient
from libsql_client.result import ResultSet
from libsql_client.sqlite3_utils import Sqlite3Client, _execute_stmt

from sim.errors import INSTALL, StorageError
from sim.storage.addresses import Address, is_loopback

T = TypeVar("T")
Value = str | int | float | None
Statement = tuple[str, tuple[Value, ...]]

_JSON = {"content-type": "application/json"}
_PATIENCE = 30.0  # seconds to wait for other writers, or for a server to answer
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_TIMEOUT", "TRANSACTION_BUSY")
_CURES = {
    **dict.fromkeys(_BUSY, "another program is writing; try again when it is done"),
    "BLOCKED": "see in the Turso dashboard what the plan allows",
    "HTTP_401": "put a valid token into TURSO_AUTH_TOKEN; turso db tokens create NAME makes it",
    "HTTP_403": "put a token that may write into TURSO_AUTH_TOKEN; turso db tokens create NAME makes it",
    "HTTP_404": "no libSQL server answers at that URL; check it",
    "HTTP_429": "try again later",
    "HTTP_5": "the server, or a proxy before it, has trouble; try again later",
    "HTTP_": "something else than a libSQL server answers there; check the URL, or try again later",
    "NEWER": f"upgrade: {INSTALL.format('')}",
    "SQLITE_CANTOPEN": "name a file in a folder that exists and is writable",
    "SQLITE_CONSTRAINT": "the database holds something else under that key",
    "SQLITE_CORRUPT": "restore the file, or name another with --db",
    "SQLITE_FULL": "make room, or name another place with --db",
    "SQLITE_IOERR": "the disk cannot be read or written; check it, or name another place with --db",
    "SQLITE_NOTADB": "name another file with --db",
    "SQLITE_READONLY": "the file cannot be written; change its permissions, or name another with --db",
    "TEXT": "write it in other letters",
    "UNREACHABLE": "check the URL and the network",
}


async def _patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat what fails only because somebody else is writing; a busy statement or batch has had no effect."""
    deadline = monotonic() + _PATIENCE
    while True:
        try:
            return await attempt()
        except LibsqlError as error:
            if not error.code.startswith(_BUSY) or monotonic() > deadline:
                raise
        await asyncio.sleep(0.02 + 0.1 * random())  # noqa: S311  # no secret, only unlike other writers


class _FileClient(Sqlite3Client):
    def __init__(self, path: str, interrupted: Event) -> None:
        super().__init__(path)
        self._interrupted = interrupted

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA foreign_keys = ON")
        connection.set_progress_handler(self._interrupted.is_set, 100_000)
        return connection

    async def execute(self, stmt: Any, args: Any = None) -> ResultSet:
        with closing(self._connect()) as connection:
            return await self._attempt(connection, stmt, args)

    async def batch(self, stmts: Iterable[Any]) -> list[ResultSet]:
        """Carry out all statements or none; they may be made one by one while this goes on."""
        with closing(self._connect()) as connection:
            await self._attempt(connection, "BEGIN IMMEDIATE")
            results = []
            for stmt in stmts:
                results.append(_execute_stmt(connection, stmt))
                await asyncio.sleep(0)  # where an interrupt gets in
            await self._attempt(connection, "COMMIT")
            return results

    async def _attempt(self, connection: sqlite3.Connection, stmt: Any, args: Any = None) -> ResultSet:
        async def attempt() -> ResultSet:
            return _execute_stmt(connection, stmt, args)

        return await _patiently(attempt)


class _ServerClient(HttpClient):
    """Hrana over HTTP as servers of today speak it: POST /v2/pipeline, and a token only where there is one."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = f"{url}v2/pipeline"
        self._session = aiohttp.ClientSession(
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_PATIENCE),
            trust_env=not is_loopback(urlsplit(url).hostname or ""),  # proxies of the environment
        )

    async def execute(self, stmt: Any, args: Any = None) -> ResultSet:
        return await self._ask({"type": "execute", "stmt": _stmt_to_proto(stmt, args)}, _result_set_from_proto)

    async def batch(self, stmts: Iterable[Any]) -> list[ResultSet]:
        stmts = list(stmts)
        batch = _batch_to_proto(stmts)
        batch["steps"][0]["stmt"]["sql"] = "BEGIN IMMEDIATE"
        request = {"type": "batch", "batch": batch}
        return await self._ask(request, lambda result: _batch_results_from_proto(result, len(stmts)))

    async def _ask(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        async def attempt() -> T:
            answer = await self._post({"requests": [request, {"type": "close"}]})
            try:
                [first, *_] = answer["results"]
                if first["type"] == "error":
                    raise _error_from_proto(first["error"])
                return read(first["response"]["result"])
            except (AttributeError, KeyError, TypeError, ValueError):
                raise LibsqlError("does not answer as libSQL does", "HTTP_") from None

        return await _patiently(attempt)

    async def _post(self, body: Mapping[str, Any]) -> Any:
        try:
            sent = BytesIO(json.dumps(body).encode())  # aiohttp warns of large bodies that are no files
            async with self._session.post(self._url, data=sent, headers=_JSON, allow_redirects=False) as response:
                status, data = response.status, await response.read()
        except TimeoutError:
            raise LibsqlError("does not answer", "UNREACHABLE") from None
        except aiohttp.ClientPayloadError:
            raise LibsqlError("breaks off in the middle of its answer", "UNREACHABLE") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise LibsqlError(f"cannot be reached ({_reason(error)})", "UNREACHABLE") from None
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if status == 200 and answer is not None:
            return answer
        told = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
        says = f" ({' '.join(str(told).split())[:200]})" if told else " and no JSON" if status == 200 else ""
        raise LibsqlError(f"answers with HTTP status {status}{says}", f"HTTP_{status}")


def _reason(error: Exception) -> str:
    """Return why a server cannot be reached, in the system's words where it has some."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS: {getattr(error.certificate_error, 'verify_message', error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "it speaks no TLS; http:// does without"
    if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, aiohttp.ClientConnectorError):
        return "it hangs up without an answer"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answers with HTTP status {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        return "it does not speak HTTP"
    number = getattr(error, "errno", None) or 0
    return os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error) or "no reason given"


class Connection:
    """An open database; every call is one transaction. Use it in a `with` block, or close it."""

    def __init__(self, address: Address) -> None:
        """Open the database at `address`; a file is made when something is written, a server is not asked yet."""
        self.address = address
        self._interrupted = Event()
        self._loop = asyncio.new_event_loop()
        # libsql-client's own thread keeps a process alive when it is not closed; a daemon thread does not
        thread = Thread(target=self._loop.run_forever, name="libsql", daemon=True)
        thread.start()
        self._client = self._wait(self._open)
        self._close = finalize(self, _close, self._client, self._loop, thread)

    async def _open(self) -> Client:
        if self.address.is_remote:
            return _ServerClient(self.address.target, self.address.token)
        return _FileClient(self.address.target, self._interrupted)

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def query(self, sql: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return the rows of one statement.

        Raises:
            StorageError: the database refuses it, or cannot be reached.

        """
        result = self._wait(lambda: self._client.execute(sql, values))
        return [tuple(row) for row in result.rows]

    def write(self, statements: Iterable[Statement]) -> int:
        """Carry out all statements or, when one fails or the process dies, none; return the rows that the last changed.

        They are taken one by one where the database is a file.

        Raises:
            StorageError: the database refuses one, or cannot be reached.

        """
        results = self._wait(lambda: self._client.batch(statements))  # type: ignore[arg-type]  # it only iterates
        return results[-1].rows_affected if results else 0

    def close(self) -> None:
        """Let go of the database."""
        self._close()

    def _wait(self, work: Callable[[], Awaitable[T]]) -> T:
        ended = Event()

        async def watched() -> T:
            try:
                return await work()
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(watched(), self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._interrupted.set()
            future.cancel()
            ended.wait(1)  # until what was begun is undone, so that nothing is written behind our back
            self._interrupted.clear()
            raise
        except LibsqlError as error:
            raise self.error(error.explanation.removeprefix("SQLite error: "), error.code) from error
        except UnicodeEncodeError as error:
            raise self.error("holds text in UTF-8 only", "TEXT") from error
        except sqlite3.Error as error:
            raise self.error(str(error), getattr(error, "sqlite_errorname", "")) from error

    def error(self, explanation: str, code: str = "") -> StorageError:
        """Return an error about this database, with what to do about it."""
        cure = next((cure for prefix, cure in _CURES.items() if code.startswith(prefix)), "see docs/database.md")
        if self.address.is_remote and code.startswith("SQLITE_FULL"):
            cure = "purge deleted runs, or see in the Turso dashboard what the plan allows"
        return StorageError(f"database {self.address.url}: {' '.join(explanation.split())}; {cure}")


def _close(client: Client, loop: asyncio.AbstractEventLoop, thread: Thread) -> None:
    """Close a client and end its thread; also called when nobody holds the connection any more, or at exit."""

    async def close() -> None:
        await client.close()
        loop.stop()

    asyncio.run_coroutine_threadsafe(close(), loop)
    if current_thread() is not thread:
        thread.join(1)
    if not loop.is_running():
        loop.close()
