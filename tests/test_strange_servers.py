"""Servers that are not to be trusted: they steal, lie, never end, or answer what nobody asked. Each is one clear line.

`python -m tests.test_strange_servers 1000` damages a thousand answers where the suite does so fifty times.
"""

import gc
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import traceback
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from sim import Database, StorageError, load_scenario, open_database, run
from sim.storage import find_address, list_runs, push_all, save_run
from sim.storage.connection import Connection
from sim.storage.rows import read_pages
from tests.helpers.server import Answer, Server, http, port_that

pytestmark = pytest.mark.usefixtures("elsewhere")
JSON = "application/json"
TOKEN = "eyJhbGciOiJFZERTQSJ9.SECRET"
SCENARIO = "scenario: 1\nname: NAME\nbots: {initial: 1}\ntimeline:\n  - {at: 0s, order: VIP}\n"


@pytest.fixture
def stored(elsewhere: Path) -> Path:
    """A run in sim.db, and a scenario file beside it."""
    (elsewhere / "small.yaml").write_text(SCENARIO)
    with open_database("file:sim.db") as database:
        save_run(database, run(load_scenario("small.yaml")))
    return elsewhere / "sim.db"


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
    assert message.startswith("answers with more than 2 MiB; something else than a libSQL server answers there")


def test_a_packed_answer_of_any_other_size_is_read():
    body = gzip.compress(result(["1"], *[[integer("1")]] * 5_000).encode())
    with connected(http("200 OK", JSON, body, content_encoding="gzip")) as connection:
        assert len(connection.query("SELECT 1")) == 5_000


# Answers of another shape

SHAPES = {
    "empty": "{}",
    "list": "[]",
    "number": "5",
    "null": "null",
    "string": '"x"',
    "no results": '{"results": []}',
    "null for results": '{"results": null}',
    "numbers for results": '{"results": [5, 5]}',
    "text for an error": '{"results": [{"type": "error", "error": "boom"}]}',
    "null for an error": '{"results": [{"type": "error", "error": null}]}',
    "numbers in an error": failed(5, 7),
    "a list for a code": failed("x", ["SQLITE_BUSY"]),
    "no rows": result([]),
    "null for rows": result(["a"]).replace('"rows": []', '"rows": null'),
    "null for a row": result(["a"]).replace('"rows": []', '"rows": [null]'),
    "text": result(["a"], [text("abc")]),
    "null for a value": result(["a"], [{"type": "null"}]),
    "4": result(["a"], [integer("4")]),
    "1": result(["a"], [integer("1")]),
    "5,000 digits": result(["a"], [integer("9" * 5000)]),
    "20 digits": result(["a"], [integer("9" * 20)]),
    "not a number": result(["a"], [{"type": "float", "value": "nan"}]),
    "infinity": result(["a"], [{"type": "float", "value": 0.5}]).replace("0.5", "1e999"),
    "a huge float": result(["a"], [{"type": "float", "value": 10**400}]),
    "bytes": result(["a"], [{"type": "blob", "base64": "AAAA"}]),
    "no bytes": result(["a"], [{"type": "blob", "base64": "é"}]),
    "a list for text": result(["a"], [{"type": "text", "value": ["abc"]}]),
    "two columns": result(["a", "b"], *[[integer("4"), integer("4")]] * 2),
    "two columns, but one value": result(["a", "b"], [integer("4")]),
    "many rows": result(["a"], *[[integer("4")]] * 50),
    "deep lists": "[" * 200_000,
    "deep objects": '{"results":' * 50_000,
    "no count": result([]).replace('"affected_row_count": 0', '"affected_row_count": null'),
    "another response": result(["a"], [integer("4")]).replace('"execute"', '"batch"'),
    "an odd base_url": '{"base_url": 5, "results": []}',
    "no base_url": '{"base_url": "http://[", "results": []}',
    "a number beyond all": "1e999",
    "10,000 digits": "9" * 10_000,
    "twice": '{"results": []}{"results": []}',
    "UTF-16": "\ufeff{}",
}


@pytest.mark.parametrize("command", ["db check", "db check --write", "push", "runs", "run"])
def test_json_of_any_other_shape_is_one_line_and_the_right_status(command, stored, here):
    before = stored.read_bytes()
    for shape, body in SHAPES.items():
        args = command.split()
        if command == "run":
            args += ["small.yaml", "--no-charts"]
        with port_that(says(body)) as port:
            if args == ["db", "check"] and shape in {"no rows", "4", "1"}:
                continue  # what it asks first may well be answered so
            line = here(*args, "--db", f"http://127.0.0.1:{port}", status=4 if command in ("push", "run") else 2)
        assert "does not answer " in line or "answers with HTTP status 200 and no JSON; " in line or "boom" in line, (
            shape
        )
    assert command == "run" or stored.read_bytes() == before


STRANGE = (
    *(None, True, -1, 5, 2**70, 0.5, "", "x", "9" * 30, "\x1b[2J", [], {}, [[None]]),
    *({"type": "null"}, {"type": "text", "value": "x"}, {"type": "integer", "value": "-7"}),
)


def test_pages_without_end_are_given_up():
    with connected(says(result(["rows", "last", "count"], [text("[]"), integer("7"), integer("1")]))) as connection:
        pages = read_pages(connection, "events", "a run")
        assert next(pages) == ("[]", 1)
        with pytest.raises(StorageError, match="does not answer what it was asked"):
            next(pages)


def damaged(answer: Any, chance: random.Random) -> Any:
    """Return an answer with damage at a random place: something is missing, is there twice, or is something else."""
    places = list(places_in(answer))
    inside, place = chance.choice(places)
    match chance.randrange(6):
        case 0 if isinstance(inside, list):
            inside.append(inside[-1])
        case 1:
            inside.clear()
        case _:
            inside[place] = chance.choice(STRANGE)
    return answer


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each list or object within an answer with each index or key of it."""
    if isinstance(value, list | dict):
        for place in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, place
            yield from places_in(value[place])


def damage(times: int, folder: Path, server: Server) -> Counter[str]:
    """Let one of a server's true answers in each conversation arrive damaged, and return what that came to.

    Nothing but a StorageError may come of it, of one printable line.
    """
    ends: Counter[str] = Counter()
    (folder / "small.yaml").write_text(SCENARIO)
    done = run(load_scenario(folder / "small.yaml"))
    with open_database(server.url) as target, open_database(f"file:{folder / 'source.db'}") as source:
        for database in (target, source):
            save_run(database, done)
        for seed in range(times):
            with port_that(damaging(server, random.Random(seed))) as port:
                url = f"http://127.0.0.1:{port}"
                try:
                    with open_database(url) as database:
                        exercise(database, source)
                    ends["not noticed"] += 1
                except StorageError as error:
                    [_, message] = str(error).split(f"database {url}: ")
                    assert message.isprintable(), (seed, message)
                    assert len(message) < 700, (seed, message)
                    ends[re.sub(r"[0-9a-f]{4,}[-0-9a-f]*", "ID", message)[:90]] += 1
                except Exception as error:
                    error.add_note(f"damage {seed}")
                    raise
            assert len(list_runs(source)) == 1
    return ends


def damaging(server: Server, chance: random.Random) -> Answer:
    """Pass a server's answers on, one of them damaged."""
    left = chance.randrange(12)

    def answer(head: bytes, body: bytes) -> list[bytes]:
        nonlocal left
        true = passed_on(server, head, body)
        left -= 1
        return [says(json.dumps(damaged(true, chance) if left == 0 else true))]

    return answer


def passed_on(server: Server, head: bytes, body: bytes) -> Any:
    """Return what a real server answers."""
    path = head.split()[1].decode()
    with urllib.request.urlopen(urllib.request.Request(server.url + path, body, {"content-type": JSON})) as response:
        return json.load(response)


def exercise(database: Database, source: Database) -> None:
    """Read and write all kinds of rows."""
    stored_runs = list_runs(database)
    for stored in stored_runs:
        database.run(stored.id)
    database.metrics()
    push_all(source, database)


def test_a_true_answer_with_damage_is_an_error_of_the_database_and_nothing_else(elsewhere, server):
    ends = damage(50, elsewhere, server)
    assert sum(ends.values()) == 50
    assert ends["not noticed"] < 40


# Lies


def test_a_write_counts_only_if_the_server_says_so_of_each_step():
    def answer(lie: Callable[[list, list], object]) -> Answer:
        def of(_: bytes, body: bytes) -> list[bytes]:
            steps = json.loads(body)["requests"][0]["batch"]["steps"]
            carried_out = executed([])["response"]["result"]
            results, errors = [carried_out] * (len(steps) - 1) + [None], [None] * len(steps)
            lie(results, errors)
            response = {"type": "batch", "result": {"step_results": results, "step_errors": errors}}
            return [says(json.dumps({"results": [{"type": "ok", "response": response}]}))]

        return of

    def write(lie: Callable[[list, list], object]) -> int:
        with connected(answer(lie)) as connection:
            return connection.write(
                [("INSERT INTO users VALUES (?)", ("a",)), ("INSERT INTO users VALUES (?)", ("b",))]
            )

    assert write(lambda *_: None) == 0
    unsaid = "does not say that it has stored what it was sent; "
    for step in range(4):  # BEGIN, two statements, COMMIT
        with pytest.raises(StorageError, match=unsaid):
            write(lambda results, _, step=step: results.__setitem__(step, None))
    with pytest.raises(StorageError, match=unsaid):
        write(lambda results, _: results.__setitem__(4, results[0]))  # ROLLBACK
    with pytest.raises(StorageError, match="of that step; "):
        write(lambda _, errors: errors.__setitem__(3, {"message": "of that step"}))
    for lie in (
        lambda results, _: results.pop(),
        lambda _, errors: errors.pop(),
        lambda *both: [x.pop() for x in both],
    ):
        with pytest.raises(StorageError, match="does not answer as libSQL does"):
            write(lie)


@pytest.mark.usefixtures("stored")
def test_a_run_that_the_server_rolls_back_in_silence_is_not_called_pushed(server, here):
    """The last batch of a run is rolled back, and said to be neither carried out nor refused."""

    def answer(head: bytes, body: bytes) -> list[bytes]:
        asked = json.loads(body)
        lies = [
            request
            for request in asked["requests"]
            if request["type"] == "batch" and "INSERT INTO runs" in json.dumps(request)
        ]
        for request in lies:
            request["batch"]["steps"][-2]["stmt"]["sql"] = "ROLLBACK"
        answered = passed_on(server, head, json.dumps(asked).encode())
        if lies:
            answered["results"][0]["response"]["result"]["step_results"][-2] = None
        return [says(json.dumps(answered))]

    with port_that(answer) as port:
        line = here("push", "--db", f"http://127.0.0.1:{port}", status=4)
    assert "does not say that it has stored what it was sent; " in line
    with open_database("file:sim.db") as database:
        assert [one.pushed_at for one in list_runs(database)] == [None]
    with open_database("file:sim.db") as source, open_database(server.url) as target:
        assert push_all(source, target) == 1


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


# A database that is no longer open


def test_a_database_that_was_closed_says_so(backend):
    with backend.open() as database:
        pass
    for use in (database.runs, lambda: database.write([])):
        with pytest.raises(StorageError, match=rf"^database {re.escape(backend.url)}: is closed; open it again$"):
            use()
    database.close()


@pytest.mark.parametrize("backend", ["file", "server"], indirect=True)
def test_a_database_used_in_a_fork_says_so_and_stays_usable_where_it_was_opened(backend):
    code = """
import os, sys
from sim import StorageError, open_database
database = open_database(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        database.runs()
    except StorageError as error:
        print(error, flush=True)
    database.close()
    sys.exit()
os.waitpid(child, 0)
print(len(database.runs()))
"""
    command = [sys.executable, "-c", code, backend.url]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout == (
        f"database {backend.url}: was opened by the process that this one is a fork of; "
        "open it in the process that uses it\n0\n"
    )
    assert said.returncode == 0


# By hand


def main(times: int) -> None:
    """Damage many answers, and print what that came to."""
    with tempfile.TemporaryDirectory() as name, Server(Path(name) / "server") as server:
        for end, count in damage(times, Path(name), server).most_common():
            print(f"{count:6} {end}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))


def test_ctrl_c_right_after_a_database_was_opened_closes_it(monkeypatch, caplog):
    wait = Connection._wait

    def interrupted(connection, work):
        wait(connection, work)
        raise KeyboardInterrupt

    monkeypatch.setattr(Connection, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Connection(find_address("http://127.0.0.1:1"))
    gc.collect()
    assert caplog.text == ""  # where aiohttp tells of sessions that nobody closed
