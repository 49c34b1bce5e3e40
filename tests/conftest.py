"""Fixtures that all tests share."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings
from libsql_client.sqlite3_utils import Sqlite3Client

import sim.cli
import sim.engines
import sim.storage.database
from sim import Database, Run, load_scenario, open_database, run
from sim.experiment import workers
from sim.storage.connection import Connection
from sim.storage.migrations import migrate
from tests.helpers.backends import BUSY, KINDS, TRACED, Backend, run_text
from tests.helpers.browser import Browser
from tests.helpers.campaigns import EVERYDAY, THOROUGH
from tests.helpers.javascript import JavaScriptEngine
from tests.helpers.programs import fork
from tests.helpers.server import Server, read_file
from tests.helpers.stories import with_service
from tests.helpers.turso import connects_to, read_turso
from tests.helpers.waiting import wait_for

gc.set_threshold(100_000)  # each 700 objects, as usual, it took a fifth of the time of all tests

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
collect_ignore = ["outside"]  # another team's repository, whose tests are run by test_outside.py


# Property tests try some examples every day, many in CI (`--coverage`), and thousands in campaigns (`benchmarks/`).
# No example has a deadline: machines are busy.
settings.register_profile("everyday", max_examples=EVERYDAY, deadline=None)
settings.register_profile("thorough", max_examples=THOROUGH, deadline=None)
settings.load_profile("everyday")

# A shell lets what runs in the background ignore Ctrl-C, and nohup lets it ignore SIGHUP. Programs that tests start
# would inherit that; a handler they do not, and it ignores a signal as well.
for _name in ("SIGINT", "SIGHUP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

QUICK = (
    *("checking", "experiment", "live", "metrics", "scenario", "statistics", "verdicts", "project/test_names.py"),
    *("engines/test_contract.py", "engines/test_engine.py", "engines/test_patience_and_promotion.py"),
    *("engines/test_rules.py", "engines/test_traces.py", "cli/test_printing.py", "storage/test_addresses.py"),
)
NOT_QUICK = (
    *("checking/test_workers.py", "experiment/test_cluster.py", "experiment/test_replications.py"),
    "experiment/test_workers.py",
    *("experiment/test_bisection.py", "experiment/test_selections.py", "checking/test_against.py"),
)
"""Where tests are that `--quick` runs and, there, does not run: those are for the inner loop that start no program."""
SLOW = {
    "browser",
    "server",
    "token_server",
    "backend",
    "database",
    "compiled_engine",
    "handed_out",
    "javascript",
    "small_disk",
}
"""Fixtures that start a server or another program, or compile, or mount a disk; what asks for them is not quick."""
MIGRATING = (
    *("cli/runs/test_db_check.py", "cli/runs/test_lists.py", "docs/test_database_guide.py", "docs/test_docs.py"),
    *("storage/faults", "storage/test_connections.py", "storage/test_migrations.py"),
)
"""Where tests are that make the schema of each database anew."""


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden, and the outputs of notebooks"
    )
    parser.addoption(
        "--quick", action="store_true", help="run what starts no program, server or cluster, in half a minute"
    )


def pytest_configure(config):
    """With `--update-golden`, try all that is otherwise tried in part, so that all is written anew."""
    if config.getoption("--update-golden"):
        settings.load_profile("thorough")


@pytest.fixture(scope="session", autouse=True)
def _no_programs(pytestconfig):
    """With `--quick`, let a test fail that starts a program."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a quick test starts a program: mark it slow")

    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.getoption("--quick"):
            patch.setattr(subprocess.Popen, "__init__", refuse)
        yield


def pytest_ignore_collect(collection_path, config):
    """With `--quick`, do not even import what is not quick."""
    if not config.getoption("--quick") or collection_path.is_dir() or not collection_path.name.startswith("test_"):
        return None
    is_quick = any(collection_path.is_relative_to(TESTS / place) for place in QUICK)
    return None if is_quick and not any(collection_path == TESTS / place for place in NOT_QUICK) else True


def pytest_collection_modifyitems(config, items):
    """With `--quick`, leave out what is slow."""
    if config.getoption("--quick"):
        slow = [item for item in items if SLOW & {*item.fixturenames} or item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_collection_finish():
    """Spare the garbage collector all that was imported, which stays: it would go through it hundreds of times."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(params=KINDS)
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
    """Draw charts that are files with few dots, which take a third of the time of a chart; --quick draws hardly any."""
    with pytest.MonkeyPatch.context() as patch:
        if not pytestconfig.getoption("--quick"):
            from sim.output.charts import files

            patch.setattr(files, "DPI", 50)
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
