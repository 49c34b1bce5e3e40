"""The database: what a run leaves in it, read back with plain sqlite3, and what happens when something goes wrong."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from sim import Run, StorageError, load_scenario, run
from sim.storage import Database, find_run, list_runs, open_database, run_metrics, save_run

# Ends with an order that is PENDING, one that is PROCESSING after a return, an idle removal and an ignored one.
BUSY = """
scenario: 1
name: busy
params: {cook: 10s}
service: $cook
clock: {until: 25s}
timeline:
  - {at: 0s, remove_bots: 1}
  - {at: 0s, add_bots: 2}
  - {at: 1s, order: NORMAL}
  - {at: 2s, order: NORMAL}
  - {at: 3s, order: VIP}
  - {at: 5s, remove_bots: 1}
  - {at: 18s, add_bots: 1}
  - {at: 24s, order: VIP}
"""
LARGE = """
scenario: 1
name: large
bots: {initial: 30}
arrivals:
  - {class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 2/s}, limit: 40000}
"""
# Saves one run in child after child, each killed a little later into its save, and says how many died.
KILLER = """
import os, random, signal, sys, time
from sim import load_scenario, run
done = run(load_scenario(sys.argv[1]))
done.measures, done.fingerprint
def save(url):
    from sim.storage import open_database, save_run
    with open_database(url) as database:
        save_run(database, done)
def child(url):
    pid = os.fork()
    if pid == 0:
        save(url)
        os._exit(0)
    return pid
began = time.monotonic()
os.waitpid(child(sys.argv[2]), 0)
whole = time.monotonic() - began
died = journals = 0
for part in range(6):
    pid = child(sys.argv[2])
    time.sleep(whole * (part + random.random()) / 6)
    os.kill(pid, signal.SIGKILL)
    died += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    journals += os.path.exists(sys.argv[2].removeprefix("file:") + "-journal")
print(died, journals)
"""


def scenario_file(folder: Path, text: str = BUSY) -> Path:
    file = folder / "scenario.yaml"
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(load_scenario(scenario_file(tmp_path_factory.mktemp("busy"))))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"file:{tmp_path / 'sim.db'}") as opened:
        yield opened


@pytest.fixture
def saved(database: Database, busy: Run) -> str:
    return save_run(database, busy)


def read(database: Database | Path, sql: str, *values: object) -> list[tuple]:
    """Ask the file itself, without our code."""
    file = database if isinstance(database, Path) else database.url.removeprefix("file:")
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return connection.execute(sql, values).fetchall()


def python(code: str, *args: object, **options) -> subprocess.Popen:
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, args)], **streams, **options)


def answer(process: subprocess.Popen, said: str | None = None, seconds: float = 60) -> str:
    """Wait for a process that must end well, and return what it printed."""
    with process:
        try:
            out, errors = process.communicate(said, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert (process.returncode, errors) == (0, "")
    return out


# What a run leaves behind


def test_every_table_of_the_schema_is_there_and_its_version_is_noted(database):
    tables = {name for (name,) in read(database, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == {
        *("schema_migrations", "users", "scenarios", "experiments", "runs"),
        *("orders", "bots", "events", "metrics"),
    }
    assert read(database, "SELECT version, name FROM schema_migrations") == [(1, "first schema")]


def test_ids_are_version_7_uuids_of_36_characters(database, saved):
    ids = [
        one
        for table in ("users", "scenarios", "runs", "orders", "bots")
        for (one,) in read(database, f"SELECT id FROM {table}")
    ]
    assert saved in ids
    assert len(set(ids)) == len(ids) == 4 + 1 + 1 + 4 + 3
    assert {(len(one), UUID(one).version) for one in ids} == {(36, 7)}


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("table", ["users", "scenarios", "runs", "orders", "bots", "events", "metrics"])
def test_every_value_has_the_type_of_its_column(database, table):
    for _, column, declared, required, *_ in read(database, f"PRAGMA table_info({table})"):
        stored = {kind for (kind,) in read(database, f"SELECT typeof({column}) FROM {table}")}
        allowed = {declared.lower()} if required else {declared.lower(), "null"}
        assert stored, f"{table} is empty"
        assert stored <= allowed, f"{table}.{column}"


def test_there_is_a_sample_user_for_each_role(database):
    users = read(database, "SELECT role, username FROM users WHERE deleted_at IS NULL")
    assert sorted(users) == [("BOT", "bot"), ("MANAGER", "manager"), ("NORMAL", "normal"), ("VIP", "vip")]


@pytest.mark.usefixtures("saved")
def test_an_order_belongs_to_the_customer_of_its_class_and_to_the_bot_of_its_last_attempt(database):
    orders = read(
        database,
        "SELECT order_number, class, users.role, bots.number, orders.status, created_us, picked_up_us, completed_us, "
        "wait_us, attempts, stream FROM orders LEFT JOIN users ON users.id = orders.user_id "
        "LEFT JOIN bots ON bots.id = bot_id ORDER BY order_number",
    )
    second = 1_000_000
    assert orders == [
        (1001, "NORMAL", "NORMAL", 1, "COMPLETE", 1 * second, 1 * second, 11 * second, 0, 1, "timeline"),
        (1002, "NORMAL", "NORMAL", 3, "PROCESSING", 2 * second, 18 * second, None, 13 * second, 2, "timeline"),
        (1003, "VIP", "VIP", 1, "COMPLETE", 3 * second, 11 * second, 21 * second, 8 * second, 1, "timeline"),
        (1004, "VIP", "VIP", 1, "PROCESSING", 24 * second, 24 * second, None, 0, 1, "timeline"),
    ]


@pytest.mark.usefixtures("saved")
def test_bots_belong_to_the_manager_and_a_removed_one_is_deleted_at_its_simulated_instant(database):
    bots = read(
        database,
        "SELECT number, role, bots.status, order_number, bots.created_at, bots.updated_at, bots.deleted_at FROM bots "
        "JOIN users ON users.id = bots.user_id LEFT JOIN orders ON orders.id = current_order_id ORDER BY number",
    )
    assert bots == [
        (1, "MANAGER", "PROCESSING", 1004, 0, 0, None),
        (2, "MANAGER", "REMOVED", None, 0, 5_000_000, 5_000_000),
        (3, "MANAGER", "PROCESSING", 1002, 18_000_000, 18_000_000, None),
    ]


def test_the_stored_events_are_the_log_of_the_run(database, saved, busy):
    events = read(
        database,
        "SELECT seq, time_us, kind, order_number, bot_number FROM events WHERE run_id = ? ORDER BY seq",
        saved,
    )
    assert events == [(one.seq, one.time, one.kind.label, one.order, one.bot) for one in busy.log]
    assert {"order_returned", "bot_removed", "remove_ignored"} < {kind for _, _, kind, *_ in events}


def test_the_stored_metrics_are_those_of_the_run(database, saved, busy):
    assert dict(read(database, "SELECT name, value FROM metrics WHERE run_id = ?", saved)) == busy.measures.metrics
    assert run_metrics(database, saved) == busy.measures.metrics


def test_a_stored_run_tells_where_it_came_from(database, saved, busy):
    stored = find_run(database, saved[:30])
    assert stored.id == saved
    assert (stored.scenario, stored.seed, stored.replication, stored.engine) == ("busy", 0, 1, "reference")
    assert (stored.fingerprint, stored.parameters) == (busy.fingerprint, {"cook": "10s"})
    assert set(stored.versions) == {"ordersim", "numpy", "simpy", "python"}
    assert read(database, "SELECT yaml FROM scenarios") == [(busy.scenario.text,)]
    assert read(database, "SELECT status FROM runs") == [("complete",)]


def test_one_scenario_run_twice_is_one_scenario_and_two_runs(database, busy):
    first, second = save_run(database, busy), save_run(database, busy)
    assert [one.id for one in list_runs(database)] == [second, first]
    assert read(database, "SELECT count(*) FROM scenarios") == [(1,)]
    assert read(database, "SELECT count(DISTINCT scenario_id), count(scenario_id) FROM runs") == [(1, 2)]
    other = run(busy.scenario.set(cook="12s"))
    save_run(database, other)
    assert read(database, "SELECT count(*) FROM scenarios") == [(2,)]


def test_a_deleted_run_is_not_found_any_more(database, saved):
    database.write([("UPDATE runs SET deleted_at = 'now' WHERE id = ?", (saved,))])
    assert list_runs(database) == []
    with pytest.raises(StorageError, match=r"no run starts with id .*; sim runs lists them$"):
        find_run(database, saved)


def test_a_prefix_of_two_ids_finds_neither(database, busy):
    first, second = save_run(database, busy), save_run(database, busy)
    assert first[:2] == second[:2]
    with pytest.raises(StorageError, match="more than one run starts with id"):
        find_run(database, first[:2])


# Keys


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE runs SET scenario_id = 'nobody'",
        "UPDATE runs SET experiment_id = 'nobody'",
        "UPDATE orders SET run_id = 'nobody'",
        "UPDATE orders SET user_id = 'nobody'",
        "UPDATE orders SET bot_id = 'nobody'",
        "UPDATE bots SET run_id = 'nobody'",
        "UPDATE bots SET user_id = 'nobody'",
        "UPDATE bots SET current_order_id = 'nobody'",
        "UPDATE events SET run_id = 'nobody'",
        "UPDATE metrics SET run_id = 'nobody'",
        "INSERT INTO experiments (id, kind, scenario_id, parameters, created_at, updated_at) "
        "VALUES (hex(randomblob(18)), 'sweep', 'nobody', '{}', '', '')",
    ],
)
def test_a_key_that_leads_nowhere_is_refused(database, wrong):
    with pytest.raises(StorageError, match="FOREIGN KEY constraint failed"):
        database.write([(wrong, ())])


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("deleted", "column"),
    [
        ("scenarios", "runs.scenario_id"),
        ("scenarios", "experiments.scenario_id"),
        ("experiments", "runs.experiment_id"),
        ("users", "orders.user_id"),
        ("users", "bots.user_id"),
        ("bots", "orders.bot_id"),
        ("orders", "bots.current_order_id"),
    ],
)
def test_what_pointed_to_a_deleted_row_stays_and_points_to_nothing(database, deleted, column):
    database.write(
        [
            (
                "INSERT INTO experiments (id, kind, scenario_id, parameters, created_at, updated_at) "
                "SELECT hex(randomblob(18)), 'sweep', id, '{}', '', '' FROM scenarios",
                (),
            ),
            ("UPDATE runs SET experiment_id = (SELECT id FROM experiments)", ()),
        ]
    )
    table = column.partition(".")[0]
    counts = f"SELECT count(*), count({column}) FROM {table}"
    [(rows, pointing)] = read(database, counts)
    assert pointing > 0
    database.write([(f"DELETE FROM {deleted}", ())])
    assert read(database, counts) == [(rows, 0)]


def test_purging_a_run_takes_all_that_is_its_own(database, saved, busy):
    kept = save_run(database, busy)
    database.write([("DELETE FROM runs WHERE id = ?", (saved,))])
    for table, rows in (("orders", 4), ("bots", 3), ("events", len(busy.log)), ("metrics", len(busy.measures.metrics))):
        assert read(database, f"SELECT run_id, count(*) FROM {table} GROUP BY run_id") == [(kept, rows)]
    assert read(database, "SELECT count(*) FROM scenarios") == [(1,)]


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("table", "key", "clause"),
    [
        ("users", "username", "username = 'vip'"),
        ("scenarios", "sha256", "TRUE"),
        ("orders", "run_id, order_number", "order_number = 1001"),
    ],
)
def test_a_key_is_unique_among_live_rows_only(database, table, key, clause):
    columns = [name for _, name, *_ in read(database, f"PRAGMA table_info({table})") if name != "id"]
    copied = ", ".join("NULL" if name == "deleted_at" else name for name in columns)
    copy = (
        f"INSERT INTO {table} (id, {', '.join(columns)}) SELECT hex(randomblob(18)), {copied} FROM {table} "
        f"WHERE {clause} LIMIT 1"
    )
    with pytest.raises(StorageError, match=f"UNIQUE constraint failed: {table}.{key.split(',')[0]}"):
        database.write([(copy, ())])
    database.write([(f"UPDATE {table} SET deleted_at = 'now' WHERE {clause}", ()), (copy, ())])
    assert read(database, f"SELECT count(*), count(deleted_at) FROM {table} WHERE {clause}") == [(2, 1)]


@pytest.mark.usefixtures("saved")
def test_a_bot_number_is_used_once_in_a_run_even_after_the_bot_is_removed(database):
    with pytest.raises(StorageError, match="UNIQUE constraint failed: bots"):
        database.write([("UPDATE bots SET number = 2 WHERE number = 3", ())])


def test_statements_written_together_are_all_written_or_none(database):
    good = ("UPDATE users SET username = 'somebody' WHERE role = 'VIP'", ())
    with pytest.raises(StorageError, match="no such table"):
        database.write([good, ("UPDATE nowhere SET username = 1", ())])
    assert read(database, "SELECT username FROM users WHERE role = 'VIP'") == [("vip",)]


# Many at once, and sudden ends


def test_a_killed_process_leaves_its_run_whole_or_not_at_all(tmp_path):
    scenario = scenario_file(tmp_path, LARGE)
    files = [tmp_path / "one.db", tmp_path / "two.db"]
    killers = [python(KILLER, scenario, f"file:{file}") for file in files]
    counts = [[int(word) for word in answer(killer).split()] for killer in killers]
    died, journals = map(sum, zip(*counts, strict=True))
    assert died >= 6, "the kills came too late"
    assert journals >= 1, "no kill hit a write"
    rows = (
        "SELECT runs.status, (SELECT count(*) FROM orders WHERE run_id = runs.id), "
        "(SELECT count(*) FROM bots WHERE run_id = runs.id), (SELECT count(*) FROM metrics WHERE run_id = runs.id), "
        "(SELECT count(*) FROM events WHERE run_id = runs.id) FROM runs"
    )
    for file, (died_here, _) in zip(files, counts, strict=True):
        assert read(file, "PRAGMA integrity_check") == [("ok",)]
        assert read(file, "PRAGMA foreign_key_check") == []
        runs = read(file, rows)
        assert 7 - died_here <= len(runs) < 7
        [(status, orders, bots, metrics, events)] = set(runs)
        assert (status, orders, bots) == ("complete", 40_000, 30)
        assert events > 120_000
        for table, each in (("orders", orders), ("bots", bots), ("metrics", metrics), ("events", events)):
            assert read(file, f"SELECT count(*) FROM {table}") == [(each * len(runs),)]
        with open_database(f"file:{file}") as database:
            next_run = save_run(database, run(load_scenario(scenario_file(tmp_path))))
        assert read(file, "SELECT count(*) FROM orders WHERE run_id = ?", next_run) == [(4,)]


def test_processes_that_make_and_fill_one_database_at_once_all_succeed(tmp_path):
    code = (
        "import sys; from sim import load_scenario, run; from sim.storage import open_database, save_run\n"
        "done = run(load_scenario(sys.argv[1])); print('ready', flush=True)\n"
        "for url in sys.stdin:\n"
        "    with open_database(url.strip()) as database: save_run(database, done)\n"
    )
    files = [tmp_path / f"{number}.db" for number in range(10)]
    processes = [python(code, scenario_file(tmp_path)) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("".join(f"file:{file}\n" for file in files))
        process.stdin.flush()
    for process in processes:
        answer(process)
    for file in files:
        assert read(file, "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM orders)") == [(3, 12)]
        assert read(file, "SELECT (SELECT count(*) FROM scenarios), (SELECT count(*) FROM users)") == [(1, 4)]
        assert read(file, "SELECT version FROM schema_migrations") == [(1,)]


def test_a_save_waits_for_another_writer(database, busy):
    file = database.url.removeprefix("file:")
    code = (
        "import sqlite3, sys, time; other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "other.execute('BEGIN IMMEDIATE'); print('locked', flush=True); time.sleep(0.5); other.execute('COMMIT')"
    )
    with python(code, file) as other:
        assert other.stdout.readline() == "locked\n"
        save_run(database, busy)
        answer(other)
    assert read(database, "SELECT count(*) FROM runs") == [(1,)]


def test_a_process_ends_that_never_closed_its_database(tmp_path):
    code = (
        "import sys; from sim.storage import open_database\n"
        "database = open_database(sys.argv[1]); print(database.query('SELECT count(*) FROM users'))"
    )
    assert answer(python(code, f"file:{tmp_path / 'sim.db'}")) == "[(4,)]\n"


def test_a_database_opens_where_an_event_loop_is_running(tmp_path, busy):
    async def cell() -> str:
        with open_database(f"file:{tmp_path / 'sim.db'}") as database:
            return save_run(database, busy)

    saved = asyncio.run(cell())
    assert read(tmp_path / "sim.db", "SELECT id FROM runs") == [(saved,)]


# Which database, and what is none


def test_the_database_is_the_one_asked_for_else_of_the_environment_else_of_env_file_else_sim_db(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TURSO_DATABASE_URL", raising=False)

    def opened(url: str | None = None) -> str:
        with open_database(url) as database:
            return database.url

    assert opened() == "file:sim.db"
    Path(".env").write_text("TURSO_DATABASE_URL=file:of-file.db\n")
    assert opened() == "file:of-file.db"
    monkeypatch.setenv("TURSO_DATABASE_URL", "file:of-environment.db")
    assert opened() == "file:of-environment.db"
    assert opened("file:asked.db") == "file:asked.db"
    assert {file.name for file in tmp_path.glob("*.db")} == {"sim.db", "of-file.db", "of-environment.db", "asked.db"}


def refusal(url: str) -> str:
    """Return the message with which a database is refused: one line."""
    with pytest.raises(StorageError) as caught:
        open_database(url)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_a_database_of_a_newer_program_is_refused(database):
    database.write([("INSERT INTO schema_migrations VALUES (99, 'of the future', 'tomorrow')", ())])
    message = refusal(database.url)
    assert message == f"database {database.url}: was written by a newer ordersim; upgrade with pip install -U"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 100)
    assert refusal(f"file:{file}") == f"database file:{file}: file is not a database; name another file with --db"
    assert file.read_text() == "Dear reader, " * 100


@pytest.mark.usefixtures("saved")
def test_a_damaged_database_is_refused(database):
    file = Path(database.url.removeprefix("file:"))
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert refusal(database.url).startswith(f"database {database.url}: database disk image is malformed; restore")


@pytest.mark.parametrize("name", ["missing/sim.db", "folder"])
def test_a_folder_is_no_database_and_is_not_made_for_one(tmp_path, name):
    (tmp_path / "folder").mkdir()
    url = f"file:{tmp_path / name}"
    cure = "name a file in a folder that exists and is writable"
    assert refusal(url) == f"database {url}: unable to open database file; {cure}"
    assert [one.name for one in tmp_path.rglob("*")] == ["folder"]


def test_a_read_only_file_can_be_read_but_not_written(database, saved, busy):
    file = Path(database.url.removeprefix("file:"))
    file.chmod(0o444)
    if os.geteuid() == 0 and os.access(file, os.W_OK):
        pytest.skip("root may write to a read-only file")
    with open_database(database.url) as reading:
        assert [one.id for one in list_runs(reading)] == [saved]
        with pytest.raises(StorageError, match="readonly database; the file cannot be written; change its permissions"):
            save_run(reading, busy)


@pytest.mark.parametrize(
    "url",
    [
        *("sim.db", "file:", "file::memory:", "file://sim.db", "file://elsewhere/sim.db", "file:sim.db?mode=ro"),
        *("file:sim.db#1", "file://[", "sqlite:sim.db", ":memory:", "libsql://x.turso.io", "https://x.turso.io"),
    ],
)
def test_a_url_of_no_file_is_refused_with_what_to_write(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal(url).endswith("; write file:NAME, such as file:sim.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "libsql://x.turso.io?authToken=SECRET",
        "libsql://x.turso.io/#SECRET",
        "libsql:x.turso.io?authToken=SECRET",
        "https://user:SECRET@x.turso.io/db",
        "https://user:SEC?SECRET@x.turso.io/db",
        "https://x.turso.io?authToken=SECRET@SECRET",
        "wss://SECRET@x.turso.io",
        "http://SECRET:@[",
        "user:SECRET@x.turso.io",
        "file:sim.db?authToken=SECRET",
        "file://user:SECRET@x/sim.db",
    ],
)
def test_no_password_and_no_token_is_ever_shown(url):
    message = refusal(url)
    assert "SECRET" not in message
    assert "SEC" not in message
    assert message.startswith(f"database {url.partition(':')[0]}:")
