"""Answers of servers, true and untrue, as Hrana over HTTP has them."""

import json
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sim import StorageError
from sim.storage import find_address
from sim.storage.connection import Connection
from tests.helpers.server import Answer, Server, http, port_that

JSON = "application/json"


def result(columns: list[str], *rows: list[Any]) -> str:
    """Return the answer to a statement."""
    return json.dumps({"results": [executed(columns, *rows), {"type": "ok", "response": {"type": "close"}}]})


def executed(columns: list[str], *rows: list[Any]) -> dict[str, Any]:
    statement = {"cols": [{"name": name} for name in columns], "rows": rows, "affected_row_count": 0}
    return {"type": "ok", "response": {"type": "execute", "result": statement}}


def text(value: str) -> dict[str, str]:
    return {"type": "text", "value": value}


def integer(digits: str) -> dict[str, str]:
    return {"type": "integer", "value": digits}


def failed(message: object, code: object = "STRANGE") -> str:
    return json.dumps({"results": [{"type": "error", "error": {"message": message, "code": code}}]})


def says(body: str, status: str = "200 OK") -> bytes:
    return http(status, JSON, body)


@contextmanager
def connected(answer: bytes | Answer) -> Iterator[Connection]:
    with port_that(answer) as port, Connection(find_address(f"http://127.0.0.1:{port}")) as connection:
        yield connection


def refusal(answer: bytes | Answer) -> str:
    """Return what is wrong with a server that answers so."""
    with connected(answer) as connection, pytest.raises(StorageError) as caught:
        connection.query("SELECT 1")
    told = "".join(traceback.format_exception(caught.value))
    assert told.endswith(f"StorageError: {caught.value}\n")
    assert "LibsqlError" not in told
    url = connection.address.url
    assert str(caught.value).startswith(f"database {url}: ")
    return str(caught.value).removeprefix(f"database {url}: ")


def passed_on(server: Server, head: bytes, body: bytes) -> Any:
    """Return what a real server answers."""
    path = head.split()[1].decode()
    with urllib.request.urlopen(urllib.request.Request(server.url + path, body, {"content-type": JSON})) as response:
        return json.load(response)
