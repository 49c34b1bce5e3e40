"""Servers that refuse, and what is no server: each fault is one clear line, and no run is lost."""

import contextlib
import re
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sim.storage import open_database, saving
from sim.storage import server as patient
from tests.helpers.campaigns import some
from tests.helpers.databases import push, same_rows, whole_file, whole_runs, writing
from tests.helpers.pressing import run_whole
from tests.helpers.programs import FILES
from tests.helpers.server import Server, free_ports, http, port_that, read_file

KEPT = "this run is in file:sim.db, not pushed; sim push --db {} sends it"


def self_signed(folder: Path) -> ssl.SSLContext:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(certificate.public_bytes(pem) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


JSON = "application/json"
ANSWERS = {
    "an answer of HTTP 404": http("404 Not Found", "text/plain", "404 page not found"),
    "an answer of HTTP 404 that gives a reason": http("404 Not Found", JSON, '{"error": "no such database"}'),
    "an answer of HTTP 502 in HTML": http("502 Bad Gateway", "text/html", "<html>Bad Gateway</html>"),
    "an answer of HTTP 500 in several lines": http("500 Oh", JSON, '{"error": "first line\\nsecond line"}'),
    "an answer of HTTP 302": http("302 Found\r\nlocation: http://127.0.0.1:1/", "text/html", "<html>over there</html>"),
    "a page of HTML": http("200 OK", "text/html", "<html>Welcome!</html>"),
    "JSON that is a list": http("200 OK", JSON, "[]"),
    "JSON that is null": http("200 OK", JSON, "null"),
    "JSON of another form": http("200 OK", JSON, '{"answer": 42}'),
    "JSON of another result": http("200 OK", JSON, '{"results": [{"type": "ok", "response": {"result": {}}}]}'),
    "JSON of unknown values": http(
        *("200 OK", JSON),
        '{"results": [{"type": "ok", "response": {"result": {"cols": [], "rows": [[{"type": "x"}]]}}}]}',
    ),
    "JSON of an error of another form": http("200 OK", JSON, '{"results": [{"type": "error", "error": "no"}]}'),
    "an error in several lines": http(
        *("200 OK", JSON),
        '{"results": [{"type": "error", "error": {"message": "first\\nsecond", "code": "STRANGE"}}]}',
    ),
    "half of some JSON": http("200 OK", JSON, '{"results": [{"type": '),
    "an answer that breaks off": http("200 OK", JSON, '{"results"', length=1000),
    "bytes that cannot be unpacked": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nabcde",
    "no answer but the end": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
}


class Faulty:
    """Where a push goes wrong: the URL, what of the environment goes with it, and whether only writing is refused."""

    def __init__(self, url: str, *, reads: bool = False, **env: str) -> None:
        self.url = url
        self.reads = reads
        self.env = env


@contextmanager
def token(folder: Path, reads: bool = False, **options) -> Iterator[Faulty]:
    with Server(folder / "faulty", tokens=True) as server:
        env = {"TURSO_AUTH_TOKEN": server.token(**options)} if options else {}
        if reads:
            with pytest.MonkeyPatch.context() as patch, open_with(patch, server):
                pass
        yield Faulty(server.url, reads=reads, **env)


@contextmanager
def open_with(patch: pytest.MonkeyPatch, server: Server) -> Iterator[None]:
    """Make the schema with a good token."""
    patch.setenv("TURSO_AUTH_TOKEN", server.token())
    with open_database(server.url):
        yield


@contextmanager
def rubbish(folder: Path) -> Iterator[Faulty]:
    with Server(folder / "faulty", tokens=True) as server:
        yield Faulty(server.url, TURSO_AUTH_TOKEN="eyJSECRET.rubbish")


@contextmanager
def configured(folder: Path, **settings: object) -> Iterator[Faulty]:
    with Server(folder / "faulty") as server:
        with open_database(server.url):
            pass
        server.configure(**settings)
        yield Faulty(server.url, reads=True)


@contextmanager
def answering(_: Path, answer: bytes | None) -> Iterator[Faulty]:
    with port_that(answer) as port:
        yield Faulty(f"http://127.0.0.1:{port}", TURSO_AUTH_TOKEN="SECRET")


@contextmanager
def nobody(_: Path, url: str) -> Iterator[Faulty]:
    [port] = free_ports(1)
    yield Faulty(url.replace("PORT", str(port)))


@contextmanager
def https(folder: Path, plain: bool) -> Iterator[Faulty]:
    if plain:
        with Server(folder / "faulty") as server:
            yield Faulty(server.url.replace("http:", "https:"), TURSO_AUTH_TOKEN="SECRET")
    else:
        with port_that(http("200 OK", JSON, "[]"), self_signed(folder)) as port:
            yield Faulty(f"https://127.0.0.1:{port}", TURSO_AUTH_TOKEN="SECRET")


@contextmanager
def proxy(_: Path, scheme: str) -> Iterator[Faulty]:
    with port_that(http("502 Bad Gateway", "text/html", "<html>Bad Gateway</html>")) as port:
        address = f"http://somebody:SECRET@127.0.0.1:{port}"
        yield Faulty(f"{scheme}://nowhere.invalid", HTTP_PROXY=address, HTTPS_PROXY=address)


FAULTS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Faulty]]] = {
    "a token that has expired": partial(token, seconds=-3600),
    "a token that is rubbish": rubbish,
    "no token": token,
    "a token that only reads, and no schema yet": partial(token, access="ro"),
    "a token that only reads": partial(token, reads=True, access="ro"),
    "a port where nobody listens": partial(nobody, url="http://127.0.0.1:PORT"),
    "a name that nobody has": partial(nobody, url="libsql://nowhere.invalid"),
    **{name: partial(answering, answer=answer) for name, answer in ANSWERS.items()},
    "a server without TLS": partial(https, plain=True),
    "a certificate that nobody signed": partial(https, plain=False),
    "a proxy that answers HTTP 502": partial(proxy, scheme="http"),
    "a proxy that answers HTTP 502 to CONNECT": partial(proxy, scheme="libsql"),
    "a quota that is used up": partial(configured, block_writes=True, block_reason="the writes of this month are used"),
    "a database of the largest size allowed": partial(configured, max_db_size="100KB"),
}


def problem(url: str, line: str) -> str:
    """Return the middle of a line: what is wrong with the database, and what to do."""
    assert "SECRET" not in line
    assert "eyJ" not in line
    start_of_it = f"sim: database {url}: "
    assert line.startswith(start_of_it)
    return (
        line.removesuffix("\n")
        .removeprefix(start_of_it)
        .removesuffix(f"; {KEPT.format(url)}")
        .removesuffix("; sim push goes on where it stopped")
    )


# all faults are tried in the next test
@pytest.mark.parametrize("fault", some([name for name in FAULTS if name not in ANSWERS or "HTML" in name], 5))
def test_a_fault_of_the_server_is_one_line_and_the_run_is_kept_until_a_push_succeeds(fault, folder, server):
    file, charts = folder / "sim.db", () if fault == "no token" else ("--no-charts",)  # drawing them takes long
    with FAULTS[fault](folder) as faulty:
        status, out, line = run_whole("run", "small.yaml", *charts, "--db", faulty.url, **faulty.env)
        assert (status, line.count("\n")) == (4, 1)
        assert out.endswith(f"{KEPT.format(faulty.url).removeprefix('this run is ')}\n")
        assert line.endswith(f"; {KEPT.format(faulty.url)}\n")
        status, _, pushed = run_whole("push", "--db", faulty.url, **faulty.env)
        assert (status, problem(faulty.url, pushed)) == (4, problem(faulty.url, line))
    assert read_file(file, "SELECT count(*), count(pushed_at) FROM runs WHERE status = 'complete'") == [(1, 0)]
    assert {file.name for file in Path("out").rglob("*.*")} >= FILES | (set() if charts else {"bots.png", "waits.png"})
    assert push(file, server) == 1
    assert same_rows(file, server)
    assert read_file(file, "SELECT count(*) FROM runs WHERE pushed_at IS NULL") == [(0,)]


def test_every_fault_says_what_is_wrong_and_what_to_do_and_no_run_is_lost(folder, here, golden, monkeypatch, server):
    monkeypatch.setattr(patient, "_SILENCE", 0.2)
    lines = []
    faults = {**FAULTS, "a server that never answers": partial(answering, answer=None)}
    of_runs = some([*faults], 12)
    for name, fault in faults.items():
        with fault(folder) as faulty:
            if name in of_runs:
                of_run = here("run", "small.yaml", "--no-charts", "--db", faulty.url, status=4, **faulty.env)
            line = here("push", "--db", faulty.url, status=4, **faulty.env)
            assert name not in of_runs or problem(faulty.url, of_run) == problem(faulty.url, line)
            if not faulty.reads:
                checked = here("db", "check", "--write", "--db", faulty.url, status=2, **faulty.env)
                assert f"sim: {checked}" == line.removesuffix("; sim push goes on where it stopped")
        shutil.rmtree(folder / "faulty", ignore_errors=True)
        said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line.replace("sim: ", "", 1))
        if "name" in name:  # each system has other words for why
            said = re.sub(r"cannot be reached \(.*\);", "cannot be reached (REASON);", said)
        lines.append(f"{name}\n    {said}\n")
    assert whole_file(folder / "sim.db") == push(folder / "sim.db", server) == len(of_runs)
    golden("database-faults.txt", "\n".join(lines))


@pytest.mark.parametrize("host", ["nowhere..invalid", f"{'n' * 64}.invalid"])
def test_a_host_name_that_is_none_is_one_line_before_the_run(host, here):
    line = here("run", "small.yaml", "--no-charts", "--db", f"libsql://{host}", status=2)
    assert line.startswith("database libsql:… (--db): names no valid host and port; ")
    assert not Path("out").exists()


def test_a_quota_that_is_used_up_in_the_middle_of_a_run_leaves_the_earlier_runs_and_a_push_goes_on(
    large_run, server, monkeypatch
):
    monkeypatch.setattr(saving, "_BATCH", 200_000)  # so that a run of this size goes there in half a dozen of them
    file = Path(shutil.copy(large_run, "sim.db"))
    with open_database(server.url):
        pass
    server.configure(max_db_size="1500KB")
    status, _, line = run_whole("push", "--db", server.url)
    assert (status, line.count("\n")) == (4, 1)
    assert writing(server) > 1000
    server.configure(max_db_size="1GB")
    assert run_whole("push", "--db", server.url)[::2] == (0, "")
    assert whole_runs(server.read) == 1
    assert same_rows(file, server)


def test_a_server_that_never_answers_is_given_up_after_half_a_minute(monkeypatch):
    assert patient._SILENCE == 30
    monkeypatch.setattr(patient, "_SILENCE", 0.2)
    with port_that(None) as port:
        url = f"http://127.0.0.1:{port}"
        status, out, line = run_whole("run", "small.yaml", "--no-charts", "--db", url)
    assert status == 4
    assert line == f"sim: database {url}: does not answer; check the URL and the network; {KEPT.format(url)}\n"
    assert "Summary" in out
