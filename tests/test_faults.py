"""Real faults of servers, networks, disks and programs: no run is lost, and each fault is one clear line.

`python -m tests.test_faults 200` kills and interrupts two hundred times where the suite does so a few times.
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sim.storage import open_database, push_all
from sim.storage.migrations import MIGRATIONS
from tests.helpers.server import Server, free_ports, http, port_that, read_file

SCENARIO = """
scenario: 1
name: NAME
bots: {initial: 30}
service: 10s
arrivals:
  - {class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 2/s}, limit: ORDERS}
"""
SMALL, LARGE = 60, 4_500  # orders
TABLES = (
    *("schema_migrations", "users", "scenarios", "files", "experiments", "runs"),
    *("bots", "orders", "events", "metrics"),
)
OF_A_RUN = ("bots", "orders", "events", "metrics")
OWN = {"pushed_at", "applied_at"}  # columns in which two databases of the same runs differ
FILES = {"result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json"}
KEPT = "this run is in file:sim.db, not pushed; sim push --db {} sends it"
# small batches, so that a run of this size goes to the server in half a dozen of them, as a very large one does
BATCHES = "import sim.storage.saving; sim.storage.saving._BATCH = 200_000; from sim.__main__ import main; main()"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with scenarios in it, where every command of this file runs, and no settings of the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    scenarios(tmp_path)
    return tmp_path


def scenarios(folder: Path) -> None:
    for name, orders in {"small": SMALL, "large": LARGE}.items():
        text = SCENARIO.replace("NAME", name).replace("ORDERS", str(orders))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def start(*args: str, code: str | None = None, cwd: Path | None = None, **env: str) -> subprocess.Popen:
    """Start `sim`, or a small program, in a process group of its own."""
    command = [sys.executable, *(("-m", "sim") if code is None else ("-c", code)), *args]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, cwd=cwd, env={**os.environ, **env}, start_new_session=True)


def ended(process: subprocess.Popen, seconds: float = 60) -> tuple[int, str, str]:
    """Return the status and the output of a process that must end, and leave no other process behind."""
    with process:
        try:
            out, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert "Traceback" not in errors, errors
    return process.returncode, out, errors


def do(*args: str, status: int = 0, **options) -> subprocess.CompletedProcess:
    """Run `sim` to its end, which must have this status, and without one no complaint."""
    code, out, errors = ended(start(*args, **options))
    assert code == status, errors
    assert len(errors.splitlines()) == (status != 0)
    return subprocess.CompletedProcess(args, code, out, errors)


def push(file: Path, server: Server) -> int:
    """Push by our code, which must not fail."""
    with open_database(f"file:{file}") as source, open_database(server.url) as target:
        return push_all(source, target)


Ask = Callable[..., list[tuple]]


def rows(ask: Ask) -> dict[str, tuple[int, str]]:
    """Return for each table how many rows it has, and a hash over all of them in the order of their keys."""
    found = {}
    for table in TABLES:
        own = {*OWN, "created_at", "updated_at"} if table == "users" else OWN  # users are made by the migration
        names = [name for (name,) in ask(f"SELECT name FROM pragma_table_info('{table}')") if name not in own]
        page, count, digest = [()], 0, sha256()
        while page:
            page = ask(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2 LIMIT 5000 OFFSET ?", count)
            count += len(page)
            digest.update("".join(map(repr, page)).encode())
        found[table] = count, digest.hexdigest()
    return found


def same_rows(file: Path, server: Server) -> bool:
    return rows(partial(read_file, file)) == rows(server.read)


def whole_runs(ask: Ask) -> int:
    """Return how many runs are there; each must be whole, and nothing else be there."""
    assert ask("PRAGMA foreign_key_check") == []
    if not ask("SELECT 1 FROM sqlite_schema WHERE name = 'runs'"):
        return 0
    orders = {"small": SMALL, "large": LARGE}
    counts = ", ".join(f"(SELECT count(*) FROM {table} WHERE run_id = runs.id)" for table in OF_A_RUN)
    runs = ask(f"SELECT name, status, {counts} FROM runs JOIN scenarios ON scenarios.id = scenario_id")
    for name, status, bots, of_the_run, events, metrics in runs:
        assert (status, bots, of_the_run) == ("complete", 30, orders[name])
        assert events > 3 * orders[name]
        assert metrics > 20
    for place, table in enumerate(OF_A_RUN, 2):
        assert ask(f"SELECT count(*) FROM {table}") == [(sum(run[place] for run in runs),)]
    return len(runs)


def whole_file(file: Path) -> int:
    if not file.exists():
        return 0
    assert read_file(file, "PRAGMA integrity_check") == [("ok",)]
    return whole_runs(partial(read_file, file))


def writing(server: Server) -> int:
    """Return how many rows of runs are there that are not complete."""
    if not server.read("SELECT 1 FROM sqlite_schema WHERE name = 'files'"):
        return 0
    counts = " + ".join(f"(SELECT count(*) FROM {table} WHERE run_id = runs.id)" for table in OF_A_RUN)
    [(count,)] = server.read(f"SELECT coalesce(sum({counts}), 0) FROM runs WHERE status = 'writing'")
    return count


def until(condition: Callable[[], object], process: subprocess.Popen) -> None:
    """Wait for a condition, or for the end of a process."""
    while process.poll() is None and not condition():
        time.sleep(0.005)


# Sudden ends


class Sudden:
    """What is killed at random moments while it saves; `anywhere` also long before that."""

    def __init__(self, folder: Path, anywhere: bool = False) -> None:
        self.folder = folder
        self.anywhere = anywhere
        self.source = folder / "source"
        self.source.mkdir()
        scenarios(self.source)
        do("run", "large.yaml", "--no-charts", cwd=self.source)
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in OF_A_RUN)
        [(self._rows,)] = read_file(self.source / "sim.db", f"SELECT {counts}")
        self._count = 0

    def place(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        scenarios(place)
        return place

    def wait(self, process: subprocess.Popen, server: Server) -> None:
        """Wait until the server has a random part of the rows, and then a little."""
        if self.anywhere and random.random() < 0.1:
            time.sleep(random.uniform(0, 1))
        else:
            part = random.randrange(self._rows)
            until(lambda: writing(server) >= part, process)
            time.sleep(random.uniform(0, 0.03))

    def server_killed(self, twice: bool = False) -> str:
        """Kill the server in the middle of a push, start it again, and push again."""
        place = self.place()
        file = shutil.copy(self.source / "sim.db", place / "sim.db")
        with Server(place / "server") as server:
            process = start("push", "--db", server.url, code=BATCHES, cwd=place)
            self.wait(process, server)
            server.kill()
            status, _, errors = ended(process)
            if status:
                assert (status, errors.count("\n")) == (4, 1)
                assert errors.startswith(f"sim: database {server.url}: ")
                assert errors.endswith("; sim push goes on where it stopped\n")
            server.start()
            left = writing(server)
            if twice:
                process = start("push", "--db", server.url, code=BATCHES, cwd=place)
                self.wait(process, server)
                server.kill()
                ended(process)
                server.start()
            push(file, server)
            assert push(file, server) == 0
            assert same_rows(file, server)
            assert whole_runs(server.read) == 1
        shutil.rmtree(place)
        return "middle" if left else "after" if status == 0 else "before"

    def program_killed(self, what: str) -> str:
        """Kill `sim run` into the file, `sim run --db` or `sim push`, and push what is there."""
        place = self.place()
        file, journal = place / "sim.db", place / "sim.db-journal"
        with Server(place / "server") as server:
            args = ["run", "large.yaml", "--no-charts"] if what.startswith("run") else ["push"]
            args += ["--db", server.url] * (what != "run")
            if what == "push":
                shutil.copy(self.source / "sim.db", file)
            process = start(*args, code=BATCHES, cwd=place)
            if what == "run":
                until(journal.exists, process)
                time.sleep(random.uniform(0, 0.5 if self.anywhere else 0.1))
            else:
                self.wait(process, server)
            process.kill()
            status, _, _ = ended(process)
            in_file, in_server = journal.exists(), writing(server)
            runs = whole_file(file)
            assert runs in (0, 1)
            assert runs == 1 or what != "push"
            if file.exists():
                push(file, server)
                assert same_rows(file, server)
            assert whole_runs(server.read) == runs
        shutil.rmtree(place)
        if status == 0:
            return "after"
        return (
            "middle of the file" if in_file else "middle of the push" if in_server else "run whole" * runs or "before"
        )


@pytest.fixture(scope="module")
def sudden(tmp_path_factory: pytest.TempPathFactory) -> Sudden:
    return Sudden(tmp_path_factory.mktemp("sudden"))


def test_a_server_killed_in_the_middle_of_a_push_has_each_row_once_after_the_next_push(sudden):
    ends = [sudden.server_killed(), sudden.server_killed(twice=True)]
    while "middle" not in ends:  # chance decides where a kill comes
        assert len(ends) < 8
        ends.append(sudden.server_killed())


@pytest.mark.parametrize(("what", "middle"), [("run", "file"), ("run --db", "push"), ("push", "push")])
def test_a_program_killed_while_it_saves_leaves_its_run_whole_or_absent_and_push_completes_it(sudden, what, middle):
    ends = [sudden.program_killed(what)]
    while f"middle of the {middle}" not in ends:  # chance decides where a kill comes
        assert len(ends) < 8
        ends.append(sudden.program_killed(what))


# Servers that refuse, and what is no server


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
        line.removeprefix(start_of_it)
        .removesuffix(f"; {KEPT.format(url)}")
        .removesuffix("; sim push goes on where it stopped")
    )


# all the other answers are tried in the next test, by quicker means
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ANSWERS or "HTML" in name])
def test_a_fault_of_the_server_is_one_line_and_the_run_is_kept_until_a_push_succeeds(fault, folder, here, server):
    charts = () if fault == "no token" else ("--no-charts",)  # drawing them takes long
    with FAULTS[fault](folder) as faulty:
        args = ("run", "small.yaml", *charts, "--db", faulty.url)
        said = do(*args, status=4, **faulty.env)
        assert said.stdout.endswith(f"{KEPT.format(faulty.url).removeprefix('this run is ')}\n")
        line = said.stderr.strip()
        assert line.endswith(f"; {KEPT.format(faulty.url)}")
        pushed = here("push", "--db", faulty.url, status=4, **faulty.env)
        assert problem(faulty.url, line) == problem(faulty.url, pushed)
    assert read_file("sim.db", "SELECT count(*), count(pushed_at) FROM runs WHERE status = 'complete'") == [(1, 0)]
    assert {file.name for file in Path("out").rglob("*.*")} >= FILES | (set() if charts else {"bots.png", "waits.png"})
    assert push(folder / "sim.db", server) == 1
    assert same_rows(folder / "sim.db", server)
    assert read_file("sim.db", "SELECT count(*) FROM runs WHERE pushed_at IS NULL") == [(0,)]


def test_every_fault_says_what_is_wrong_and_what_to_do_and_no_run_is_lost(folder, here, golden, monkeypatch, server):
    monkeypatch.setattr("sim.storage.server._SILENCE", 0.2)
    lines = []
    for name, fault in {**FAULTS, "a server that never answers": partial(answering, answer=None)}.items():
        with fault(folder) as faulty:
            of_run = here("run", "small.yaml", "--no-charts", "--db", faulty.url, status=4, **faulty.env)
            line = here("push", "--db", faulty.url, status=4, **faulty.env)
            assert problem(faulty.url, of_run) == problem(faulty.url, line)
            if not faulty.reads:
                checked = here("db", "check", "--write", "--db", faulty.url, status=2, **faulty.env)
                assert f"sim: {checked}" == line.removesuffix("; sim push goes on where it stopped")
        shutil.rmtree(folder / "faulty", ignore_errors=True)
        said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line.replace("sim: ", "", 1))
        if "name" in name:  # each system has other words for why
            said = re.sub(r"cannot be reached \(.*\);", "cannot be reached (REASON);", said)
        lines.append(f"{name}\n    {said}\n")
    assert whole_file(folder / "sim.db") == push(folder / "sim.db", server) == len(lines)
    golden("database-faults.txt", "\n".join(lines))


@pytest.mark.parametrize("host", ["nowhere..invalid", f"{'n' * 64}.invalid"])
def test_a_host_name_that_is_none_is_one_line_before_the_run(host, here):
    line = here("run", "small.yaml", "--no-charts", "--db", f"libsql://{host}", status=2)
    assert line.startswith("database libsql:… (--db): names no valid host and port; ")
    assert not Path("out").exists()


def test_a_quota_that_is_used_up_in_the_middle_of_a_run_leaves_the_earlier_runs_and_a_push_goes_on(
    sudden, folder, server
):
    shutil.copy(sudden.source / "sim.db", "sim.db")
    with open_database(server.url):
        pass
    server.configure(max_db_size="1500KB")
    status, _, errors = ended(start("push", "--db", server.url, code=BATCHES))
    assert (status, errors.count("\n")) == (4, 1)
    assert writing(server) > 1000
    server.configure(max_db_size="1GB")
    do("push", "--db", server.url)
    assert whole_runs(server.read) == 1
    assert same_rows(folder / "sim.db", server)


@pytest.fixture(scope="module", autouse=True)
def unanswered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen]]:
    """A run that waits for a server that never answers: it begins before the other tests, since it takes long."""
    place = tmp_path_factory.mktemp("unanswered")
    scenarios(place)
    with port_that(None) as port:
        url = f"http://127.0.0.1:{port}"
        with start("run", "small.yaml", "--no-charts", "--db", url, cwd=place) as process:
            yield url, process
            process.kill()


# A full disk


@pytest.fixture
def small_disk(folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of one megabyte, or of the size that a test names."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', '1m')}", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here; root may on Linux")
    scenarios(disk)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


FULL = "database or disk is full; make room, or name another place with --db"


def test_a_disk_that_fills_while_a_run_is_saved_keeps_no_part_of_it_and_the_files_are_elsewhere(
    small_disk, folder, server
):
    for options in ((), ("--db", server.url)):
        said = do("run", "large.yaml", "--no-charts", "--out", "../out", *options, cwd=small_disk, status=4)
        assert said.stderr.startswith(f"sim: database file:sim.db: {FULL}; ")
        assert said.stderr.endswith("this run is not in a database\n")
        assert {file.name for file in (folder / "out").iterdir()} == FILES
        shutil.rmtree(folder / "out")
        assert whole_file(small_disk / "sim.db") == 0
    do("run", "small.yaml", "--no-charts", "--out", "../out", "--db", server.url, cwd=small_disk)
    assert same_rows(small_disk / "sim.db", server)


@pytest.mark.parametrize("small_disk", ["4m"], indirect=True)
def test_a_run_that_does_not_fit_gives_its_space_to_the_files(small_disk, here, monkeypatch):
    monkeypatch.chdir(small_disk)
    text = SCENARIO.replace("NAME", "medium").replace("ORDERS", "7600")  # 6.3 MB in a database, 3.7 MB in files
    (small_disk / "medium.yaml").write_text(text)
    line = here("run", "medium.yaml", "--no-charts", status=4)
    assert line.startswith(f"sim: database file:sim.db: {FULL}; ")
    assert {file.name for file in Path("out/medium").iterdir()} == FILES
    assert json.loads(Path("out/medium/metrics.json").read_text())["metrics"]
    assert not Path("sim.db-journal").exists()
    assert whole_file(small_disk / "sim.db") == 0


def test_files_that_fill_the_disk_do_not_keep_the_run_from_the_server(small_disk, folder, server):
    fill(small_disk)
    said = do("run", "small.yaml", "--no-charts", "--out", f"{small_disk}/out", "--db", server.url, status=4)
    assert said.stderr.endswith(": cannot be written (No space left on device); name another place with --out\n")
    assert whole_runs(server.read) == 1
    assert same_rows(folder / "sim.db", server)
    assert said.stdout.endswith(f" in {server.url}\n")


def test_a_migration_on_a_full_disk_changes_nothing_and_is_done_when_there_is_room(small_disk, here, monkeypatch):
    url, file = f"file:{small_disk}/sim.db", small_disk / "sim.db"
    with monkeypatch.context() as patch:
        patch.setattr("sim.storage.migrations.MIGRATIONS", MIGRATIONS[:1])
        with open_database(url):
            pass
    before, ballast = file.read_bytes(), fill(small_disk)
    assert here("runs", "--db", url, status=2) == f"database {url}: {FULL}"
    line = here("run", "small.yaml", "--no-charts", "--db", url, status=4)
    assert line == f"sim: database {url}: {FULL}; this run is not in a database"
    assert read_file(file, "SELECT max(version) FROM schema_migrations") == [(1,)]
    assert file.read_bytes() == before
    ballast.unlink()
    do("run", "small.yaml", "--no-charts", "--db", url)
    assert whole_file(file) == 1
    assert read_file(file, "SELECT max(version) FROM schema_migrations") == [(len(MIGRATIONS),)]


def test_a_new_database_on_a_full_disk_is_one_line_and_the_files_are_there(small_disk):
    fill(small_disk)
    said = do("run", "small.yaml", "--no-charts", "--db", f"file:{small_disk}/sim.db", status=4)
    assert said.stderr == f"sim: database file:{small_disk}/sim.db: {FULL}; this run is not in a database\n"
    assert {file.name for file in Path("out/small").iterdir()} == FILES


def test_a_push_from_a_full_disk_reaches_the_server_and_is_noted_when_there_is_room(small_disk, server):
    do("run", "small.yaml", "--no-charts", "--out", "../out", cwd=small_disk)
    ballast = fill(small_disk)
    said = do("push", "--db", server.url, cwd=small_disk, status=4)
    assert said.stderr == f"sim: database file:sim.db: {FULL}; sim push goes on where it stopped\n"
    assert same_rows(small_disk / "sim.db", server)
    assert read_file(small_disk / "sim.db", "SELECT count(pushed_at) FROM runs") == [(0,)]
    ballast.unlink()
    do("push", "--db", server.url, cwd=small_disk)
    assert read_file(small_disk / "sim.db", "SELECT count(pushed_at) FROM runs") == [(1,)]


# Other writers

HOLD = """
import sqlite3, sys, time
file, statements, seconds = sys.argv[1:]
other = sqlite3.connect(file, isolation_level=None)
for sql in statements.split(";"):
    other.execute(sql).fetchone()
print("held", flush=True)
time.sleep(float(seconds))
other.execute("COMMIT")
"""
WRITES = "BEGIN IMMEDIATE"
READS = "BEGIN; SELECT * FROM users"
ALONE = "BEGIN EXCLUSIVE"
FIVE = """
import sys
from sim import load_scenario, open_database, run
for seed in range(5):
    with open_database() as database:
        database.save(run(load_scenario("small.yaml"), int(sys.argv[1]) + seed))
"""


@contextmanager
def held(file: Path, statements: str, seconds: float) -> Iterator[None]:
    """Let another process hold the lock on the file that these statements take."""
    with start(str(file), statements, str(seconds), code=HOLD) as other:
        assert other.stdout.readline() == "held\n"
        yield
        other.kill()


@pytest.mark.parametrize("statements", [WRITES, READS])
def test_a_run_and_a_push_wait_for_who_holds_the_file(statements, folder, server):
    do("run", "small.yaml", "--no-charts")
    with held(folder / "sim.db", statements, 2.5):
        began = time.monotonic()
        two = [start("run", "small.yaml", "--no-charts", "--db", server.url), start("push", "--db", server.url)]
        for process in two:
            status, _, errors = ended(process)
            assert (status, errors) == (0, "")
        assert time.monotonic() - began > 1.5
    assert whole_file(folder / "sim.db") == 2
    assert push(folder / "sim.db", server) in (0, 1)  # the push may have been before the run
    assert same_rows(folder / "sim.db", server)


def test_processes_that_save_and_push_at_once_lose_nothing_and_see_no_lock(folder, server):
    savers = [start(str(10 * number), code=FIVE) for number in range(2)]
    savers += [start("run", "small.yaml", "--no-charts", "--out", str(seed), "--db", server.url) for seed in range(2)]
    until(lambda: not all(one.poll() is None for one in savers), savers[0])
    pushers = [start("push", "--db", server.url) for _ in range(2)]
    for process in (*savers, *pushers):
        status, _, errors = ended(process)
        assert (status, errors) == (0, "")
    assert whole_file(folder / "sim.db") == 12
    push(folder / "sim.db", server)
    assert whole_runs(server.read) == 12
    assert same_rows(folder / "sim.db", server)


def test_pushes_of_one_large_run_at_once_leave_each_row_once(sudden, folder, server):
    shutil.copy(sudden.source / "sim.db", "sim.db")
    for process in [start("push", "--db", server.url) for _ in range(2)]:
        status, _, errors = ended(process)
        assert (status, errors) == (0, "")
    assert same_rows(folder / "sim.db", server)
    assert whole_runs(server.read) == 1


def ask(server: Server, *statements: str, baton: str | None = None, close: bool = False) -> str | None:
    """Ask a server by plain HTTP in a transaction that may stay open, and return what names it."""
    requests: list[dict] = [{"type": "execute", "stmt": {"sql": sql}} for sql in statements]
    body = json.dumps({"baton": baton, "requests": requests + [{"type": "close"}] * close}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v2/pipeline", body)) as response:
        answer = json.load(response)
    assert all(result["type"] == "ok" for result in answer["results"]), answer
    return answer["baton"]


def test_a_push_waits_for_another_client_in_the_middle_of_a_transaction(folder, server):
    do("run", "small.yaml", "--no-charts")
    with open_database(server.url):
        pass
    baton = ask(server, "BEGIN IMMEDIATE", "INSERT INTO files VALUES ('theirs', 0, '')")
    process = start("push", "--db", server.url)
    time.sleep(2)
    assert process.poll() is None
    ask(server, "COMMIT", baton=baton, close=True)
    assert ended(process)[::2] == (0, "")
    assert server.read("SELECT sha256 FROM files") == [("theirs",)]
    ask(server, "DELETE FROM files", close=True)
    assert same_rows(folder / "sim.db", server)


# Ctrl-C

# `go` comes from where our code has taken over; Ctrl-C before that belongs to Python
GO = "import sys; from sim.__main__ import main; print('go', flush=True); main()"


def interrupt(args: list[str], moment: float | threading.Event, cwd: Path) -> tuple[int, str, float]:
    """Press Ctrl-C after some seconds or behind an event, and return the status, the line and how long the end took."""
    process = start(*args, code=GO, cwd=cwd)
    assert process.stdout.readline() == "go\n"
    if isinstance(moment, threading.Event):
        until(moment.is_set, process)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    status, _, errors = ended(process)
    took = time.monotonic() - began
    if status == 0:
        assert errors == ""
    else:
        assert status == 130, errors
        assert re.fullmatch("sim: interrupted(; .+)?\n", errors), errors
    return status, errors, took


COMMANDS = {
    "run": ["run", "small.yaml", "--no-charts", "--db", "URL"],
    "push": ["push", "--db", "URL"],
    "reproduce": ["runs", "reproduce", "0", "--db", "file:sim.db"],
    "check": ["db", "check", "--write", "--db", "URL"],
}


def interrupted(what: str, moments: int, place: Path, scenario: str = "small") -> Counter[str]:
    """Interrupt a command at random moments between its start and its end, and push what is there."""
    place.mkdir()
    scenarios(place)
    said: Counter[str] = Counter()
    with Server(place / "server") as server:
        args = [server.url if one == "URL" else one.replace("small", scenario) for one in COMMANDS[what]]
        file = place / "sim.db"
        do("run", f"{scenario}.yaml", "--no-charts", cwd=place)
        whole = 0.0
        for moment in range(moments + 1):
            if what == "push":  # there is always something to push
                with closing(sqlite3.connect(file)) as fresh, fresh:
                    fresh.execute("UPDATE runs SET pushed_at = NULL")
                server.kill()
                shutil.rmtree(place / "server")
                server.start()
            if not whole:
                began = time.monotonic()
                do(*args, cwd=place)
                whole = time.monotonic() - began
                continue
            before = whole_file(file)
            status, line, took = interrupt(args, random.uniform(0, whole * moment / moments), place)
            assert took < 3, (what, moment, status, line, took)
            after = whole_file(file)
            assert after - before in ((0, 1) if what == "run" else (0,))
            if "kept of" in line:
                assert ("kept of the simulated run: run " in line) == (after > before), line
            push(file, server)
            assert server.read("SELECT count(*) FROM runs WHERE status = 'writing' AND deleted_at IS NULL") == [(0,)]
            said["done" if status == 0 else line.split(";")[0].strip()] += 1
            said["kept" if "kept of" in line or "goes on" in line else "-"] += 1
            said[f"slowest {what} ms"] = max(said[f"slowest {what} ms"], int(1000 * took))
        if what != "check":  # which leaves no run
            assert same_rows(file, server)
    return said


@pytest.mark.parametrize(("what", "moments"), [("run", 6), ("push", 4), ("reproduce", 3), ("check", 3)])
def test_ctrl_c_at_any_moment_is_one_line_and_nothing_is_lost_or_left_behind(what, moments, folder):
    said = interrupted(what, moments, folder / "work")
    assert said["sim: interrupted"] >= moments / 3


def test_ctrl_c_where_python_cannot_raise_it_is_not_lost():
    swallowed = """
import runpy, sys, time

class Swallows:
    def __del__(self):
        raise KeyboardInterrupt

class CtrlC:
    def find_spec(self, name, *_):
        if name == "sim.cli":
            Swallows()
            time.sleep(10)

sys.meta_path.insert(0, CtrlC())
runpy.run_module("sim", run_name="__main__")
"""
    began = time.monotonic()
    assert ended(start(code=swallowed)) == (130, "", "sim: interrupted\n")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("what", ["run", "push", "check"])
def test_ctrl_c_does_not_wait_for_a_server_that_never_answers(what, folder, server):
    do("run", "small.yaml", "--no-charts")
    asked = threading.Event()
    with port_that(None, asked=asked) as port:
        args = [f"http://127.0.0.1:{port}" if one == "URL" else one for one in COMMANDS[what]]
        status, line, took = interrupt(args, asked, folder)
    assert (status, took < 1.5) == (130, True)
    assert ", not pushed; sim push " in line or what != "run"
    push(folder / "sim.db", server)
    assert same_rows(folder / "sim.db", server)


@pytest.mark.parametrize("what", ["run", "push", "reproduce"])
def test_ctrl_c_does_not_wait_for_another_writer(what, folder, server):
    do("run", "small.yaml", "--no-charts")
    with held(folder / "sim.db", ALONE, 60):
        args = [server.url if one == "URL" else one for one in COMMANDS[what]]
        status, line, took = interrupt(args, 1.0, folder)
        assert (status, took < 1.5) == (130, True)
        assert line.endswith("kept of the simulated run: nothing\n") or "kept of" not in line
    assert whole_file(folder / "sim.db") == 1


def test_a_server_that_never_answers_is_given_up_after_half_a_minute(unanswered):
    url, process = unanswered
    status, out, errors = ended(process)
    assert (status, errors) == (
        4,
        f"sim: database {url}: does not answer; check the URL and the network; {KEPT.format(url)}\n",
    )
    assert "Summary" in out


# By hand


def main(times: int, stories: str = "server program ctrl-c locks") -> None:
    """Kill and interrupt many times at random moments, and print where that hit."""
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name), time.monotonic()
        sudden = Sudden(folder, anywhere=True)

        def tell(what: str, counts: object) -> None:
            print(f"{what}: {counts} ({time.monotonic() - began:.0f} s)", flush=True)  # noqa: T201

        if "server" in stories:
            tell("server killed", Counter(sudden.server_killed(twice=n % 4 == 0) for n in range(times)))
        if "program" in stories:
            for what in ("run", "run --db", "push"):
                counts = Counter(sudden.program_killed(what) for _ in range(-(-times // 3)))
                tell(f"sim {what} killed", counts)
        if "ctrl-c" in stories:
            for what in COMMANDS:
                counts = interrupted(what, times // 4, folder / what, scenario="large")
                tell(f"sim {what} interrupted", dict(counts))
        if "locks" in stories:
            place = sudden.place()
            do("run", "small.yaml", "--no-charts", cwd=place)
            for statements in (WRITES, READS, ALONE):
                with held(place / "sim.db", statements, 25):
                    do("run", "small.yaml", "--no-charts", cwd=place)
            assert whole_file(place / "sim.db") == 4
            tell("locks of 25 s", "all runs saved")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
