"""Fixtures that all tests share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from textwrap import dedent
from typing import Any
from zlib import crc32

import pytest
from libsql_client.sqlite3_utils import Sqlite3Client

import sim.cli
import sim.engines
import sim.storage.database
from sim import Database, Run, load_scenario, open_database, run
from sim.experiment import workers
from sim.storage.connection import Connection
from sim.storage.migrations import migrate
from tests.helpers import ROOT
from tests.helpers.backends import BUSY, KINDS, TRACED, Backend, run_text
from tests.helpers.browser import Browser
from tests.helpers.campaigns import is_whole
from tests.helpers.javascript import JavaScriptEngine
from tests.helpers.programs import fork
from tests.helpers.server import Server, read_file
from tests.helpers.stories import with_service
from tests.helpers.turso import connects_to, read_turso
from tests.helpers.waiting import wait_for

TESTS = ROOT / "tests"
GOLDEN = TESTS / "golden"
MIGRATING = (
    *("cli/runs/test_db_check.py", "cli/runs/test_lists.py", "docs/test_database_guide.py", "docs/test_docs.py"),
    *("storage/faults", "storage/test_connections.py", "storage/test_migrations.py"),
)
"""Where tests are that make the schema of each database anew."""


@pytest.fixture
def golden(request):
    """Compare a text with a file in tests/golden, or rewrite the file with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"tests/golden/{name}: where this is meant, --update-golden"

    return compare


@pytest.fixture
def scenario(tmp_path):
    """Load a scenario from the text of its keys; `scenario: 1` and a name stand before them, a service time behind."""

    def load(keys: str, **parameters):
        path = tmp_path / "story.yaml"
        path.write_text(f"scenario: 1\nname: story\n{with_service(dedent(keys))}", encoding="utf-8")
        return load_scenario(path, **parameters)

    return load


@pytest.fixture
def story(scenario):
    """Run a scenario from the text of its keys."""
    return lambda keys, **options: run(scenario(keys), **options)


@pytest.fixture
def server(tmp_path, empty):
    """A real libSQL server that asks for no token."""
    with Server(tmp_path / "server", empty("server")) as running:
        yield running


@pytest.fixture
def token_server(tmp_path, empty):
    """A real libSQL server that asks for a token."""
    with Server(tmp_path / "token-server", empty("server"), tokens=True) as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, away from the settings of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in ("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def here(monkeypatch, capsys) -> Callable[..., str]:
    """Run `sim` in this process, quicker than in one of its own, and return its one line on standard error."""

    def run(*args: str, status: int, **env: str) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["sim", *args])
            for name, value in env.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                sim.cli.main()
        errors = capsys.readouterr().err
        assert left.value.code == status, errors
        [line] = errors.splitlines()
        return line

    return run


def pytest_generate_tests(metafunc):
    """Let a test of databases run on each kind that it names; else on all in CI, and every day on a file or a server.

    It is the same each day: its name decides.
    """
    is_named = any("backend" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "backend" in metafunc.fixturenames and not is_named:
        everyday = ("file", "server")[crc32(metafunc.definition.name.encode()) % 2]
        metafunc.parametrize("backend", KINDS if is_whole() else [everyday], indirect=True)


@pytest.fixture
def backend(request, elsewhere, monkeypatch, empty) -> Backend:
    """An empty database of each kind."""
    file = elsewhere / "backend.db"
    if request.param == "file":
        return Backend(f"file:{file}", partial(read_file, file))
    if request.param == "turso":
        copy = empty("turso")
        if copy is not None:
            shutil.copy(copy, file)
        monkeypatch.setattr(Sqlite3Client, "_connect", connects_to(file, Sqlite3Client._connect))
        return Backend(f"file:{file}", partial(read_turso, file))
    server = request.getfixturevalue(request.param)
    if request.param == "token_server":
        monkeypatch.setenv("TURSO_AUTH_TOKEN", server.token())
    return Backend(server.url, server.read)


@pytest.fixture
def database(backend) -> Iterator[Database]:
    with backend.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str], Path]:
    """Return a database with its schema and nothing else, of each kind: a file, or the folder of a server."""

    @cache
    def make(kind: str) -> Path:
        folder = tmp_path_factory.mktemp("empty")
        file = folder / "empty.db"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sim.storage.database, "migrate", migrate)
            if kind == "server":
                with Server(folder) as running:
                    open_database(running.url).close()
                return folder / "data"
            if kind == "turso":
                patch.setattr(Sqlite3Client, "_connect", connects_to(file, Sqlite3Client._connect))
            open_database(f"file:{file}").close()
        return file

    return make


@pytest.fixture(scope="module")
def empty(request, made_once) -> Callable[[str], Path | None]:
    """Return what a database of a kind begins as a copy of: to make its schema takes longer than most tests.

    None where tests make it themselves, since they look at what can happen meanwhile.
    """
    makes = any(request.path.is_relative_to(TESTS / place) for place in MIGRATING)
    return (lambda _: None) if makes else made_once


@pytest.fixture(scope="session", autouse=True)
def _small_charts(pytestconfig):
    """Draw charts that are files with few dots, and let nobody look for their best layout; --quick draws hardly any.

    Tests of charts look at figures that have theirs.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not pytestconfig.getoption("--quick"):
            from matplotlib.figure import Figure

            from sim.output.charts import files

            def save(figure: Figure, path: Path) -> None:
                figure.set_layout_engine("none")
                whole(figure, path)

            whole = files._save
            patch.setattr(files, "DPI", 50)
            patch.setattr(files, "_save", save)
        yield


@pytest.fixture(scope="module", autouse=True)
def _files_begin_as_copies(empty) -> Iterator[None]:
    """Let a new database file be a copy of an empty one."""

    def copy_and_migrate(connection: Connection) -> None:
        if not connection.address.is_remote and not Path(connection.address.target).exists():
            copy = empty("file")
            with suppress(OSError):  # which our code tells in its own words
                if copy is not None:
                    shutil.copy(copy, connection.address.target)
        migrate(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sim.storage.database, "migrate", copy_and_migrate)
        yield


@pytest.fixture
def source(tmp_path) -> Iterator[Database]:
    """The embedded file that is pushed from."""
    with open_database(f"file:{tmp_path / 'source.db'}") as opened:
        yield opened


@pytest.fixture
def forked_workers(monkeypatch) -> None:
    """Let worker processes be forks of this process, which have loaded what it has: that spares most of their time.

    Workers that are started anew have tests of their own, in experiment/test_workers.py.
    """

    def start(command: list[str], **streams: Any) -> subprocess.Popen:
        return fork(code=command[-1], streams=streams, new_session=False)

    monkeypatch.setattr(workers, "Popen", start)


@pytest.fixture(scope="session")
def compiled_engine(tmp_path_factory) -> None:
    """The compiled engine, compiled: in a new checkout by the first worker of xdist that wants it, not by each."""
    from sim.engines.compiled import jit
    from sim.experiment.compiling import compile_now

    mark, session = jit.kept_mark(), os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    if mark is not None and not mark.exists():
        try:
            (tmp_path_factory.getbasetemp().parent / f"compiling-{session}").touch(exist_ok=False)
        except FileExistsError:
            wait_for(mark.exists)
    compile_now()


@pytest.fixture(scope="module")
def compiled_from_the_first_replication_on(request) -> Iterator[None]:
    """Let `auto` be the compiled engine, which makes the same numbers in a fraction of the time; not with `--quick`."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.config.getoption("--quick"):
            request.getfixturevalue("compiled_engine")
            patch.setattr(sim.engines, "LONG", 0)
        yield


@pytest.fixture(scope="session")
def javascript() -> Iterator[JavaScriptEngine]:
    """The engine in kitchen.js, in one node process for all tests of a worker."""
    with JavaScriptEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium for all tests of a worker."""
    with Browser() as running:
        yield running


@pytest.fixture(scope="session")
def busy(tmp_path_factory) -> Run:
    return run_text(tmp_path_factory.mktemp("busy"), BUSY)


@pytest.fixture(scope="session")
def traced(tmp_path_factory) -> Run:
    return run_text(tmp_path_factory.mktemp("traced"), TRACED)
