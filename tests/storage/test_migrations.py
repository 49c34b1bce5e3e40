"""The schema, on a file and on a server alike: migrations, and a database of an earlier version."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from sim import StorageError, open_database
from sim.output.folder import write_run
from sim.storage import (
    fellow_replications,
    find_address,
    find_run,
    list_runs,
    load_run,
    migrations,
    push_all,
    reproduce,
    run_metrics,
    save_run,
)
from sim.storage.connection import Connection
from tests.helpers import DATA
from tests.helpers.backends import TABLES, at_once, of_many_at_once, with_tokens_too
from tests.helpers.programs import ended, fork
from tests.helpers.server import read_file

EARLIER = DATA / "schema-1.sql"
FOURTH = DATA / "schema-4.sql"


# The schema


@with_tokens_too
def test_every_table_of_the_schema_is_there_and_each_version_is_noted(backend, database):
    assert list_runs(database) == []
    tables = {name for (name,) in backend.read("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables | {"metrics"} == {"schema_migrations", *TABLES}
    assert backend.read("SELECT name FROM sqlite_schema WHERE type = 'view'") == [("metrics",)]
    noted = backend.read("SELECT version, name FROM schema_migrations ORDER BY version")
    assert noted == [
        *((1, "first schema"), (2, "push and lineage"), (3, "replications"), (4, "models")),
        *((5, "a row a replication"), (6, "followed orders"), (7, "staffings")),
    ]
    strict = {name for _, name, kind, _, _, is_strict in backend.read("PRAGMA table_list") if is_strict}
    assert strict == tables
    assert backend.read("SELECT name FROM pragma_table_list WHERE wr") == []  # which Turso's new engine refuses


def test_there_is_a_sample_user_for_each_role_and_it_has_the_same_id_everywhere(backend, database):
    assert list_runs(database) == []
    users = backend.read("SELECT role, username, id FROM users WHERE deleted_at IS NULL ORDER BY id")
    assert users == [
        (role, role.lower(), f"019aa000-0000-7000-8000-00000000000{number}")
        for number, role in enumerate(("NORMAL", "VIP", "MANAGER", "BOT"))
    ]


def test_a_migration_that_fails_half_way_leaves_nothing_of_it(backend, monkeypatch):
    before = migrations.MIGRATIONS
    half = ("CREATE TABLE half (one TEXT)", ())
    broken = [half, ("INSERT INTO nowhere VALUES (1)", ())]
    monkeypatch.setattr(migrations, "MIGRATIONS", [*before, ("broken", lambda _: broken)])
    with pytest.raises(StorageError, match="no such table: nowhere"):
        backend.open()
    assert backend.read("SELECT max(version) FROM schema_migrations") == [(len(before),)]
    assert backend.read("SELECT name FROM sqlite_schema WHERE name = 'half'") == []
    monkeypatch.setattr(migrations, "MIGRATIONS", [*before, ("mended", lambda _: [half])])
    backend.open().close()
    assert backend.read("SELECT version, name FROM schema_migrations WHERE version > 7") == [(8, "mended")]
    assert backend.count("half", "users") == (0, 4)


@of_many_at_once
def test_many_that_migrate_at_once_do_it_once(backend):
    at_once(6, lambda: backend.open().close())
    assert backend.read("SELECT version FROM schema_migrations ORDER BY version") == [(n,) for n in range(1, 8)]
    assert backend.count("users") == (4,)


def test_a_database_of_a_newer_program_is_refused_and_left_alone(backend, database):
    database.write([("INSERT INTO schema_migrations VALUES (99, 'of the future', 'tomorrow')", ())])
    with pytest.raises(StorageError) as caught:
        backend.open()
    cure = "upgrade: pip install '.' in a checkout of kitchensim"
    assert str(caught.value) == f"database {backend.url}: was written by a newer kitchensim; {cure}"
    assert backend.read("SELECT max(version) FROM schema_migrations") == [(99,)]


@pytest.mark.usefixtures("elsewhere")
def test_a_token_that_may_only_read_reads_a_database_that_is_up_to_date(token_server, busy, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token("ro"))
    cure = "put a token that may write into TURSO_AUTH_TOKEN; turso db tokens create NAME makes it"
    with pytest.raises(StorageError, match=rf"^database {token_server.url}: .*403.*; {cure}$"):
        open_database(token_server.url)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token("rw"))
    with open_database(token_server.url) as database:
        saved = save_run(database, busy)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token("ro"))
    with open_database(token_server.url) as database:
        assert [one.id for one in list_runs(database)] == [saved]
        assert database.run(saved).fingerprint == busy.fingerprint
        with pytest.raises(StorageError, match=cure):
            save_run(database, busy)
    assert token_server.read("SELECT count(*) FROM runs") == [(1,)]


def test_opening_a_database_that_is_up_to_date_writes_nothing(tmp_path):
    file = tmp_path / "sim.db"
    open_database(f"file:{file}").close()
    before = file.read_bytes(), file.stat().st_mtime_ns
    with open_database(f"file:{file}") as database:
        assert list_runs(database) == []
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


# A database of another program


@pytest.mark.parametrize(
    "foreign",
    [
        ["CREATE TABLE customers (name TEXT)"],
        ["CREATE VIEW customers AS SELECT 1"],
        # as Rails and others have it
        ["CREATE TABLE schema_migrations (version TEXT)", "INSERT INTO schema_migrations VALUES ('20260101')"],
        [
            "CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)",
            "INSERT INTO schema_migrations VALUES (1, 'first', 'then')",
        ],
    ],
)
def test_a_database_of_another_program_is_refused_and_left_alone(backend, foreign):
    with Connection(find_address(backend.url)) as connection:
        connection.write([(sql, ()) for sql in foreign])
    before = backend.read("SELECT name, sql FROM sqlite_schema")
    with pytest.raises(StorageError) as caught:
        backend.open()
    table = "schema_migrations" if "schema" in foreign[0] else "customers"
    problem = f"belongs to another program, with the tables '{table}'; name another database with --db"
    assert str(caught.value) == f"database {backend.url}: {problem}"
    assert backend.read("SELECT name, sql FROM sqlite_schema") == before


def test_an_sqlite_file_says_whose_it_is(tmp_path):
    file = tmp_path / "sim.db"
    open_database(f"file:{file}").close()
    assert read_file(file, "PRAGMA application_id") == [(int.from_bytes(b"ksim"),)]
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("PRAGMA application_id = 5")
    with pytest.raises(StorageError, match=r"belongs to another program; name another database with --db$"):
        open_database(f"file:{tmp_path / 'other.db'}")


@pytest.mark.parametrize("lost", ["version = 2", "version = 6", "TRUE"])
def test_a_database_that_lost_notes_of_its_schema_is_damaged(tmp_path, lost):
    file = tmp_path / "sim.db"
    open_database(f"file:{file}").close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"DELETE FROM schema_migrations WHERE {lost}")
    with pytest.raises(StorageError, match=r"restore the file, or name another with --db$|see docs/database.md$"):
        open_database(f"file:{file}")


# A database of schema 4, as the version before schema 5 wrote it


@pytest.fixture
def fourth(elsewhere) -> Path:
    file = elsewhere / "fourth.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(FOURTH.read_text(encoding="utf-8"))
    return file


def column_names(file: Path, table: str) -> str:
    return ", ".join(name for (name,) in read_file(file, f"SELECT name FROM pragma_table_info('{table}')"))


def metrics_of_schema_4(file: Path) -> dict[str, dict[str, float | None]]:
    metrics: dict[str, dict[str, float | None]] = {}
    sql = "SELECT run_id, name, value FROM metrics JOIN runs ON runs.id = run_id WHERE status = 'complete'"
    for run_id, name, value in read_file(file, sql):
        metrics.setdefault(run_id, {})[name] = value
    return metrics


def test_a_database_of_schema_4_is_carried_over_with_the_same_numbers_bit_for_bit(fourth):
    before = metrics_of_schema_4(fourth)
    tables = {table: TABLES[table] for table in ("scenarios", "experiments", "bots", "orders", "events", "files")}
    columns = {table: column_names(fourth, table) for table in tables}

    def rows() -> dict[str, list[tuple]]:
        return {
            table: read_file(fourth, f"SELECT {columns[table]} FROM {table} ORDER BY {key}")
            for table, key in tables.items()
        }

    rows_before = rows()
    assert read_file(fourth, "SELECT count(*) FROM pragma_table_list WHERE wr") == [(3,)]
    with open_database(f"file:{fourth}") as database:
        assert {run_id: run_metrics(database, run_id) for run_id in before} == before
        assert len(before) == 9
        assert rows() == rows_before
        assert read_file(fourth, "SELECT count(*) FROM pragma_table_list WHERE wr") == [(0,)]
        assert read_file(fourth, "PRAGMA application_id") == [(int.from_bytes(b"ksim"),)]
        assert read_file(fourth, "PRAGMA foreign_key_check") == []
        assert len(list_runs(database)) == 8
        [stored] = list_runs(database, scenario="fourth")
        runs = (load_run(database, stored), *reproduce(database, stored))
        assert [one.fingerprint for one in runs] == [stored.fingerprint] * 4
        for stored in list_runs(database, tag="batch"):
            with pytest.raises(
                StorageError, match="of another version, whose metrics mean something else; run it again"
            ):
                fellow_replications(database, stored)


def test_a_database_of_schema_4_has_the_schema_of_a_new_one_in_the_end(fourth, tmp_path):
    sql = "SELECT type, name, replace(sql, '\"', '') FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
    for file in (fourth, tmp_path / "new.db"):
        open_database(f"file:{file}").close()
    assert read_file(fourth, sql) == read_file(tmp_path / "new.db", sql)


def test_what_was_half_pushed_under_schema_4_is_completed_after_it(fourth, busy):
    [(half,)] = read_file(fourth, "SELECT id FROM runs WHERE status = 'writing'")
    with open_database("file:source.db") as source, open_database(f"file:{fourth}") as database:
        save_run(source, busy, run_id=half)
        assert push_all(source, database) == 1
        assert run_metrics(database, half) == busy.measures.values
        assert load_run(database, find_run(database, half)).fingerprint == busy.fingerprint


def test_a_run_that_an_earlier_version_writes_while_its_database_is_carried_over_is_not_lost(fourth, monkeypatch):
    read = migrations._carried_metrics
    late = "01a00000-0000-7000-8000-000000000000"

    def read_and_then_somebody_writes(connection):
        carried = list(read(connection))
        with closing(sqlite3.connect(fourth)) as earlier, earlier:
            columns = ", ".join(name for _, name, *_ in earlier.execute("PRAGMA table_info(runs)") if name != "id")
            run = "SELECT id FROM runs WHERE status = 'complete' LIMIT 1"
            earlier.execute(
                f"INSERT INTO runs (id, {columns}) SELECT ?, {columns} FROM runs WHERE id = ({run})", [late]
            )
            earlier.execute("INSERT INTO metrics VALUES (?, 'wait.mean', 7.0)", [late])
        return carried

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_carried_metrics", read_and_then_somebody_writes)
        with pytest.raises(StorageError):
            open_database(f"file:{fourth}")
    assert read_file(fourth, "SELECT max(version) FROM schema_migrations") == [(4,)]
    with open_database(f"file:{fourth}") as database:
        assert run_metrics(database, late) == {"wait.mean": 7.0}


KILLED = """
import os, signal, sys
from sim.storage import migrations, open_database
name, statements = migrations.MIGRATIONS[4]
def killed(connection):
    for number, statement in enumerate(statements(connection)):
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
migrations.MIGRATIONS[4] = name, killed
open_database(sys.argv[1])
"""


@pytest.mark.parametrize("number", [3, 12, 20])
def test_a_migration_that_is_killed_in_the_middle_is_as_if_it_had_not_begun_and_goes_well_later(fourth, number):
    with closing(sqlite3.connect(fourth)) as connection:
        dump = list(connection.iterdump())
    status, _, _ = ended(fork(f"file:{fourth}", str(number), code=KILLED))
    assert status == -signal.SIGKILL
    before = metrics_of_schema_4(fourth)
    with closing(sqlite3.connect(fourth)) as connection:
        assert list(connection.iterdump()) == dump
    with open_database(f"file:{fourth}") as database:
        assert {run_id: run_metrics(database, run_id) for run_id in before} == before


# A database of the first schema, as the first version of this program wrote it


@pytest.fixture
def earlier(elsewhere) -> Path:
    file = elsewhere / "earlier.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(EARLIER.read_text(encoding="utf-8"))
    return file


def test_a_database_of_the_first_schema_is_carried_over_and_its_rows_say_the_same(earlier):
    columns = {table: column_names(earlier, table) for table in TABLES.keys() - {"files", "metric_names"}}

    def rows() -> dict[str, list[tuple]]:
        return {
            table: read_file(earlier, f"SELECT {names} FROM {table} ORDER BY {TABLES[table]}")
            for table, names in columns.items()
        }

    first = rows()
    roles = {user: role for user, _, role, *_ in first["users"]}
    assert read_file(earlier, "SELECT version FROM schema_migrations") == [(1,)]
    open_database(f"file:{earlier}").close()
    now = rows()
    for table in ("experiments", "events", "scenarios", "runs"):
        assert now[table] == first[table]
    assert now["metrics"] == [(*key, value and pytest.approx(value, rel=1e-15)) for *key, value in first["metrics"]]
    added = "tags, pushed_at, warmup_us, bounds, counts, followed_us"
    assert read_file(earlier, f"SELECT DISTINCT {added} FROM runs") == [("[]", None, 0, None, None, None)]
    ids = {role: user for user, _, role, *_ in now["users"]}
    assert ids == migrations.USERS
    for table in ("orders", "bots"):
        renamed = [tuple(ids[roles[value]] if value in roles else value for value in row) for row in first[table]]
        assert now[table] == renamed != first[table]
    assert read_file(earlier, "PRAGMA foreign_key_check") == []
    noted = read_file(earlier, "SELECT version FROM schema_migrations ORDER BY version")
    assert noted == [(number,) for number in range(1, 8)]


def test_what_is_deleted_or_own_in_a_database_of_the_first_schema_stays_so(earlier):
    with closing(sqlite3.connect(earlier)) as connection, connection:
        connection.execute("UPDATE runs SET deleted_at = 'then' WHERE seed = 7")
        connection.execute("UPDATE users SET deleted_at = 'then' WHERE role = 'BOT'")
        own = (str(UUID(int=1)), "anna", "VIP", "then", "then")
        connection.execute("INSERT INTO users (id, username, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?)", own)
        connection.execute("UPDATE orders SET user_id = ? WHERE order_number = 1004", own[:1])
    with open_database(f"file:{earlier}") as database:
        assert [one.scenario for one in list_runs(database)] == ["traced"]
    users = read_file(earlier, "SELECT username, role FROM users WHERE deleted_at IS NULL ORDER BY username")
    assert users == [("anna", "VIP"), *((role.lower(), role) for role in ("BOT", "MANAGER", "NORMAL", "VIP"))]
    assert read_file(earlier, "SELECT user_id FROM orders WHERE order_number = 1004") == [own[:1]]


def test_a_run_of_the_first_schema_can_be_shown_exported_reproduced_and_pushed(earlier, server):
    with open_database(f"file:{earlier}") as database, open_database(server.url) as target:
        [stored] = list_runs(database, scenario="earlier")
        assert (stored.seed, stored.parameters, stored.tags, stored.pushed_at) == (7, {"cook": "10s"}, [], None)
        before = load_run(database, stored)
        assert [one.fingerprint for one in (before, *reproduce(database, stored))] == [stored.fingerprint] * 4
        assert run_metrics(database, stored.id)["flow.NORMAL.mean"] == 10  # of the orders that were complete then
        assert before.measures.values["flow.NORMAL.mean"] == 16.5  # of all, which nobody followed further
        assert "flow.NORMAL.mean" in before.measures.bounds
        write_run(before, Path("out"), charts=False)
        assert "1004" in Path("out/orders.csv").read_text()
        assert push_all(database, target) == 2
        assert load_run(target, find_run(target, stored.id)).fingerprint == stored.fingerprint
    for table in TABLES:
        columns = [name for (name,) in read_file(earlier, f"SELECT name FROM pragma_table_info('{table}')")]
        told = ", ".join(name for name in columns if (table, name) != ("runs", "pushed_at"))
        sql = f"SELECT {told} FROM {table} ORDER BY {TABLES[table]}"
        if table != "users":
            assert server.read(sql) == read_file(earlier, sql)


def test_a_run_with_a_trace_of_the_first_schema_cannot_be_reproduced_since_its_file_was_not_kept(earlier):
    Path("orders.csv").write_text("time,class\n7s,VIP\n")  # what lies there now is another one
    with open_database(f"file:{earlier}") as database:
        [stored] = list_runs(database, scenario="traced")
        for read in (reproduce, load_run):
            with pytest.raises(StorageError) as caught:
                read(database, stored)
            reason = f"run {stored.id} cannot be read back, since its data file orders.csv is not in the database"
            assert str(caught.value).startswith(f"database file:{earlier}: {reason}; ")
        assert run_metrics(database, stored.id)["orders.created"] == 2
