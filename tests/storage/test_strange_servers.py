"""Servers that are not to be trusted: they steal, lie, never end, or answer what nobody asked. Each is one line."""

import gzip
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from sim import StorageError
from sim.storage import find_address
from sim.storage.connection import Connection
from sim.storage.rows import read_pages
from tests.helpers.answers import JSON, connected, failed, integer, refusal, result, says, text
from tests.helpers.server import http, port_that

pytestmark = pytest.mark.usefixtures("elsewhere")
TOKEN = "eyJhbGciOiJFZERTQSJ9.SECRET"


# What goes out


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A proxy that the environment names; gives the heads of the requests that it got."""
    heads: list[bytes] = []

    def answer(head: bytes, _: bytes) -> list[bytes]:
        heads.append(head.lower())
        return [says(result(["1"], [integer("1")]))]

    with port_that(answer) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        yield heads


@pytest.fixture
def netrc(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords in a ~/.netrc."""
    home = elsewhere / "home"
    home.mkdir()
    (home / ".netrc").write_text("machine x.example login me password SECRET\ndefault login me password SECRET\n")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))


@pytest.mark.usefixtures("netrc")
def test_no_password_of_netrc_goes_out(proxy):
    with Connection(find_address("http://x.example")) as connection:
        assert connection.number("SELECT 1") == 1
    [head] = proxy
    assert head.startswith(b"post http://x.example/v3/pipeline ")
    assert b"authorization" not in head


@pytest.mark.usefixtures("netrc")
def test_the_only_authorization_is_the_token(proxy, monkeypatch):
    monkeypatch.setattr("sim.storage.addresses.is_loopback", lambda _: True)  # else a token goes out encrypted only
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "Token.Of-Mine")
    with Connection(find_address("http://x.example")) as connection:
        assert connection.number("SELECT 1") == 1
    assert re.findall(b"authorization: .*\r\n", proxy[0]) == [b"authorization: bearer token.of-mine\r\n"]


def test_a_proxy_before_an_encrypted_server_does_not_get_the_token(proxy, monkeypatch):
    monkeypatch.setenv("https_proxy", os.environ["http_proxy"])
    monkeypatch.setenv("TURSO_AUTH_TOKEN", TOKEN)
    with Connection(find_address("libsql://x.example")) as connection, pytest.raises(StorageError):
        connection.number("SELECT 1")
    [head] = proxy
    assert head.startswith(b"connect x.example:443 ")
    assert b"authorization" not in head


@pytest.mark.parametrize("hosts", ["x.example", ".example", "*"])
def test_hosts_that_need_no_proxy_get_none(hosts, proxy, monkeypatch):
    monkeypatch.setenv("no_proxy", hosts)
    with (
        Connection(find_address("http://x.example")) as connection,
        pytest.raises(StorageError, match="cannot be reached"),
    ):
        connection.number("SELECT 1")
    assert proxy == []


def test_a_proxy_may_ask_for_a_password_and_be_named_without_its_scheme(proxy, monkeypatch):
    monkeypatch.setenv("http_proxy", os.environ["http_proxy"].replace("http://", "me:password@"))
    with Connection(find_address("http://x.example")) as connection:
        assert connection.number("SELECT 1") == 1
    assert b"proxy-authorization: basic bwu6cgfzc3dvcmq=\r\n" in proxy[0]


@pytest.mark.parametrize("proxy", ["socks5://SECRET@127.0.0.1:1", "http://SECRET@", "http://a b:SECRET@c"])
def test_a_proxy_that_is_none_is_refused_and_not_shown(proxy, monkeypatch):
    monkeypatch.setenv("http_proxy", proxy)
    with Connection(find_address("http://x.example")) as connection, pytest.raises(StorageError) as caught:
        connection.number("SELECT 1")
    assert str(caught.value) == (
        "database http://x.example: cannot be reached (HTTP_PROXY names no proxy; write http://HOST:PORT); "
        "check the URL and the network"
    )


# What a server says


REPEATS: dict[str, Callable[[bytes], bytes]] = {
    "status": lambda token: says(json.dumps({"error": f"invalid token {token.decode()}"}), "401 Unauthorized"),
    "error": lambda token: says(failed(f"jwt {token.decode()} expired")),
    "code": lambda token: says(failed("no", token.decode())),
    "cut": lambda token: says(failed("x" * 490 + token.decode())),
}


@pytest.mark.parametrize("repeats", REPEATS.values(), ids=REPEATS)
def test_a_token_that_the_server_repeats_is_not_shown(repeats, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", TOKEN)

    def answer(head: bytes, _: bytes) -> list[bytes]:
        [token] = re.findall(b"(?i)authorization: (.*)\r\n", head)
        assert token == f"Bearer {TOKEN}".encode()
        return [repeats(token)]

    message = refusal(answer)
    assert "SECRET" not in message
    assert "eyJ" not in message


def test_a_token_that_the_server_hands_out_as_a_value_is_not_shown(monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", TOKEN)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
    answer = result(["name"], [text("TEXT")]).replace("TEXT", f"of {escaped}")
    with connected(says(answer)) as connection:
        assert connection.query("SELECT name FROM scenarios") == [("of …",)]


def test_what_a_server_says_is_one_short_printable_line():
    assert refusal(says(failed("\x1b[2J\x1b]0;title\x07red\n::error::\u202e\x85"))) == (
        r"\x1b[2J\x1b]0;title\x07red ::error::\u202e; see docs/database.md"
    )
    assert refusal(says(failed("A" * 3_000_000))) == f"{'A' * 500}…; see docs/database.md"


# Answers without end


def endless(_: bytes, __: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n"
    yield from repeat(b" ")


def endless_head(_: bytes, __: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(10**9):
        yield f"x-{number}: 1\r\n".encode() if number < 50 else b"\r"


def endless_promise(_: bytes, __: bytes) -> Iterator[bytes]:
    yield from repeat(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("answer", [endless, endless_head, endless_promise])
def test_a_slow_answer_without_end_is_given_up(answer, monkeypatch):
    monkeypatch.setattr("sim.storage.server._TOTAL", 0.3)

    def slowly(head: bytes, body: bytes) -> Iterator[bytes]:
        for piece in answer(head, body):
            yield piece
            never.wait(0.01)

    never = threading.Event()
    assert refusal(slowly) == "has not finished its answer after 0 s; check the URL and the network"


def test_an_answer_that_unpacks_to_more_than_anybody_asked_for_is_given_up(monkeypatch):
    monkeypatch.setattr("sim.storage.server._LARGEST", 2 << 20)
    packed = gzip.compress(bytes(20 << 20))
    assert len(packed) < 30_000
    message = refusal(http("200 OK", JSON, packed, content_encoding="gzip"))
    assert message.startswith("answers with more than 2 MiB; the server there does not speak libSQL")


def test_a_packed_answer_of_any_other_size_is_read():
    body = gzip.compress(result(["1"], *[[integer("1")]] * 5_000).encode())
    with connected(http("200 OK", JSON, body, content_encoding="gzip")) as connection:
        assert len(connection.query("SELECT 1")) == 5_000


def test_pages_without_end_are_given_up():
    with connected(says(result(["rows", "last", "count"], [text("[]"), integer("7"), integer("1")]))) as connection:
        pages = read_pages(connection, "events", "a run")
        assert next(pages) == ("[]", 1)
        with pytest.raises(StorageError, match="gives an answer that does not fit the request"):
            next(pages)


# The protocol


@pytest.fixture
def talk() -> Iterator[tuple[list[str], dict[str, bytes], str]]:
    """A server whose answers are by path, 404 for others: the paths that were asked for, the answers, its URL."""
    paths: list[str] = []
    answers: dict[str, bytes] = {}

    def answer(head: bytes, _: bytes) -> list[bytes]:
        paths.append(head.split()[1].decode())
        return [answers.get(paths[-1], http("404 Not Found", "text/plain", "nothing here"))]

    with port_that(answer) as port:
        yield paths, answers, f"http://127.0.0.1:{port}"


ONE = result(["1"], [integer("1")])


def test_version_3_is_spoken_and_version_2_with_servers_that_do_not_know_it(talk):
    paths, answers, url = talk
    answers["/v2/pipeline"] = answers["/new/v3/pipeline"] = says(ONE)
    for base, asked in (("", ["/v3/pipeline", "/v2/pipeline", "/v2/pipeline"]), ("/new", ["/new/v3/pipeline"] * 2)):
        paths.clear()
        with Connection(find_address(url + base)) as connection:
            assert [connection.number("SELECT 1") for _ in range(2)] == [1, 1]
        assert paths == asked
    with (
        Connection(find_address(f"{url}/none")) as connection,
        pytest.raises(StorageError, match="HTTP status 404; no"),
    ):
        connection.query("SELECT 1")


def test_an_answer_sends_to_another_url_of_the_same_host_only(talk, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", TOKEN)
    paths, answers, url = talk
    stolen: list[bytes] = []

    def steal(head: bytes, _: bytes) -> list[bytes]:
        stolen.append(head)
        return [says(ONE)]

    with port_that(steal) as port:
        elsewhere = [f"http://127.0.0.1:{port}", f"http://localhost:{port}/x", url.replace("http", "https"), "//x", ""]
        elsewhere += [url.replace("127.0.0.1", "127.0.0.1@x"), url.replace("//", "//me@")]
        for other in elsewhere:
            paths.clear()
            answers["/v3/pipeline"] = says(ONE.replace("{", f'{{"base_url": "{other}", ', 1))
            with Connection(find_address(url)) as connection:
                assert [connection.number("SELECT 1") for _ in range(2)] == [1, 1]
            assert paths == ["/v3/pipeline"] * 2
    assert stolen == []
    answers["/v3/pipeline"] = says(ONE.replace("{", f'{{"base_url": "{url}/node", ', 1))
    answers["/node/v3/pipeline"] = says(ONE)
    paths.clear()
    with Connection(find_address(url)) as connection:
        assert [connection.number("SELECT 1") for _ in range(2)] == [1, 1]
    assert paths == ["/v3/pipeline", "/node/v3/pipeline"]
