"""The client of a libSQL server: Hrana over HTTP, as servers of today speak it.

What a server says is not to be trusted: it may be slow, endless, of another shape, or untrue.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from math import isfinite
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from libsql_client.client import LibsqlError
from libsql_client.hrana.convert import _batch_to_proto, _stmt_to_proto
from libsql_client.http import HttpClient
from libsql_client.result import ResultSet, Row

from sim.storage.addresses import is_loopback
from sim.storage.patience import patiently

T = TypeVar("T")
Value = str | int | float | bytes | None

_CONNECT = 10.0  # seconds for a connection
_SILENCE = 30.0  # seconds without a byte
_TOTAL = 120.0  # seconds for a request and its answer, however they trickle
_LARGEST = 64 << 20  # bytes of an unpacked answer; servers refuse to send more than 10 MB
_VERSIONS = ("v3", "v2")  # of the protocol, in the order in which they are tried
_TOKEN_LENGTH = 16  # letters from which on no text holds a token by chance


class _Connector(aiohttp.TCPConnector):
    """Connections of this process. In a fork they are its parent's, and closing them would cut the parent off."""

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()

    def __del__(self, *arguments: Any) -> None:
        if os.getpid() == self._process:
            super().__del__(*arguments)


class ServerClient(HttpClient):
    """A server's database. It holds nothing open there: each call is one request, and one transaction.

    All that goes wrong raises LibsqlError, whose code says of what kind it is; see `_CURES` in connection.py.
    """

    def __init__(self, url: str, token: str | None) -> None:
        """Name the server by its `https:` or `http:` URL; nothing is asked yet."""
        self._base, self._token = url, token
        self._versions = list(_VERSIONS)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_TOTAL, sock_connect=_CONNECT, sock_read=_SILENCE),
            connector=_Connector(),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def execute(self, stmt: Any, args: Any = None) -> ResultSet:
        """Carry out one statement."""
        return await self._ask({"type": "execute", "stmt": _stmt_to_proto(stmt, args)}, self._result)

    async def batch(self, stmts: Iterable[Any]) -> list[ResultSet]:
        """Carry out all statements or none."""
        batch = _batch_to_proto(list(stmts))
        # a plain BEGIN finds out late that another one is writing, when statements were carried out already
        batch["steps"][0]["stmt"]["sql"] = "BEGIN IMMEDIATE"
        return await self._ask(
            {"type": "batch", "batch": batch}, lambda result: self._batch_results(result, len(batch["steps"]))
        )

    def forget(self) -> None:
        """Let go of the server in a fork, without a word to it."""
        self._session.detach()

    async def _ask(self, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        async def attempt() -> T:
            answer = await self._post({"requests": [request, {"type": "close"}]})
            try:
                self._move(answer.get("base_url"))
                return read(_result_of(request, answer))
            except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
                raise LibsqlError("does not answer as libSQL does", "HTTP_") from None

        return await patiently(attempt)

    def _move(self, url: str | None) -> None:
        """Go on at the URL that the server names, if it is one of its own: the token goes nowhere else."""
        if url is not None and urlsplit(url)[:2] == urlsplit(self._base)[:2]:
            self._base = f"{url.rstrip('/')}/"

    async def _post(self, body: Mapping[str, Any]) -> Any:
        """Return the JSON that the server answers, asked in the newest version of the protocol that it knows."""
        status, data = await self._request(body)
        while status == 404 and len(self._versions) > 1:
            del self._versions[0]
            status, data = await self._request(body)
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            answer = None
        if status == 200 and answer is not None:
            return answer
        says = " and no JSON" if status == 200 else ""
        reason = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
        if isinstance(reason, str):
            says = f" ({reason})"
        raise LibsqlError(f"answers with HTTP status {status}{says}", f"HTTP_{status}")

    async def _request(self, body: Mapping[str, Any]) -> tuple[int, bytes]:
        url = urljoin(self._base, f"{self._versions[0]}/pipeline")
        headers = {"content-type": "application/json"}
        if self._token:  # no header of the session, which would go to a proxy, too
            headers["authorization"] = f"Bearer {self._token}"
        sent = BytesIO(json.dumps(body).encode())  # aiohttp warns of large bodies that are no files
        try:
            async with self._session.post(
                url, data=sent, headers=headers, allow_redirects=False, proxy=_proxy(url)
            ) as response:
                data = bytearray()
                async for piece in response.content.iter_any():
                    data += piece
                    if len(data) > _LARGEST:
                        raise LibsqlError(f"answers with more than {_LARGEST >> 20} MiB", "HTTP_")
                return response.status, bytes(data)
        # told apart where there is more to say than that it cannot be reached
        except aiohttp.ServerTimeoutError:
            raise LibsqlError("does not answer", "UNREACHABLE") from None
        except TimeoutError:
            raise LibsqlError(f"has not finished its answer after {_TOTAL:.0f} s", "UNREACHABLE") from None
        except aiohttp.ClientPayloadError:
            raise LibsqlError("breaks off in the middle of its answer", "UNREACHABLE") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise LibsqlError(f"cannot be reached ({_reason(error)})", "UNREACHABLE") from None

    def _batch_results(self, result: Any, steps: int) -> list[ResultSet]:
        """Return the results of a batch; it counts only if each step, and the commit, says that it was carried out."""
        results, errors = result["step_results"], result["step_errors"]
        for error in errors:
            if error is not None:
                raise _error(error)
        if len(results) != steps or len(errors) != steps:
            raise ValueError
        *carried_out, rolled_back = results
        if None in carried_out or rolled_back is not None:
            raise LibsqlError("does not confirm that it has stored the data", "HTTP_")
        return [self._result(step) for step in carried_out[1:-1]]

    def _result(self, result: Any) -> ResultSet:
        """Return the result of one statement; what has not the shape of one raises one of several errors."""
        names = tuple(str(column["name"]) for column in result["cols"])
        indices = {name: index for index, name in enumerate(names)}
        rows = [Row(indices, tuple(self._value(value) for value in row)) for row in result["rows"]]
        changed = result["affected_row_count"]
        if any(len(row) != len(names) for row in rows) or not isinstance(changed, int):
            raise ValueError
        return ResultSet(names, rows, changed, None)

    def _value(self, value: Any) -> Value:
        match value:
            case {"type": "null"}:
                return None
            case {"type": "text", "value": str(text)}:
                if self._token and len(self._token) >= _TOKEN_LENGTH:
                    return text.replace(self._token, "…")
                return text
            case {"type": "integer", "value": str(digits)} if re.fullmatch("-?[0-9]{1,19}", digits):
                return int(digits)
            case {"type": "float", "value": int(number) | float(number)} if isfinite(number):
                return float(number)
            case {"type": "blob", "base64": str(text)}:
                return base64.b64decode(f"{text}==")
        raise ValueError


def _result_of(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Any:
    """Return the result of a request, the first of an answer."""
    first, *_ = answer["results"]
    if first["type"] == "error":
        raise _error(first["error"])
    if first["type"] != "ok" or first["response"]["type"] != request["type"]:
        raise ValueError
    return first["response"]["result"]


def _error(error: Mapping[str, Any]) -> LibsqlError:
    """Return the error that a server tells of."""
    message, code = error["message"], error.get("code") or "UNKNOWN"
    if not isinstance(message, str) or not isinstance(code, str):
        raise TypeError
    return LibsqlError(message, code)


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL. Nothing else is taken from there, such as ~/.netrc."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if not proxy or is_loopback(host) or proxy_bypass(parts.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not re.fullmatch(r"https?://([^\s/]+@)?[^\s/@]+/?", proxy):
        name = f"{parts.scheme.upper()}_PROXY"
        raise LibsqlError(f"cannot be reached ({name} names no proxy; write http://HOST:PORT)", "UNREACHABLE")
    return proxy


def _reason(error: Exception) -> str:
    """Return why a server cannot be reached, in the system's words where it has some."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS: {getattr(error.certificate_error, 'verify_message', error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "it does not speak TLS; write http://"
    if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, aiohttp.ClientConnectorError):
        return "it hangs up without an answer"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answers with HTTP status {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        return "it does not speak HTTP"
    number = getattr(error, "errno", None) or 0
    return os.strerror(number) if number > 0 else getattr(error, "strerror", None) or "no reason given"
