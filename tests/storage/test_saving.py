"""The database, on a file and on a server alike: what a run leaves in it, and keys; read back by plain clients."""

import asyncio
import json
import re
import struct
import subprocess
import sys
from hashlib import sha256
from random import Random
from uuid import UUID

import pytest

from sim import StorageError, load_scenario, run
from sim.storage import find_run, list_runs, run_metrics, save_run
from sim.storage.metrics import name_statement, stored_metrics
from tests.helpers import ROOT
from tests.helpers.backends import (
    EMPTY,
    LUNCH,
    TABLES,
    TRACE,
    add_experiment,
    event_rows,
    refuses,
    run_text,
    with_tokens_too,
)


@pytest.fixture
def saved(database, busy) -> str:
    return save_run(database, busy)


# What a run leaves behind


@with_tokens_too
def test_every_value_has_the_type_of_its_column(backend, database, busy, traced):
    save_run(database, busy, ["tag"])
    save_run(database, traced)
    add_experiment(database)
    for table in TABLES.keys() - {"metrics"}:
        for _, column, declared, required, *_ in backend.read(f"PRAGMA table_info({table})"):
            stored = {kind for (kind,) in backend.read(f"SELECT DISTINCT typeof({column}) FROM {table}")}
            allowed = {declared.lower()} if required else {declared.lower(), "null"}
            assert stored, f"{table} is empty"
            assert stored <= allowed, f"{table}.{column}"


def test_ids_are_version_7_uuids_of_36_characters(backend, database, saved):
    tables = ("users", "scenarios", "runs", "orders", "bots")
    ids = [one for table in tables for (one,) in backend.read(f"SELECT id FROM {table}")]
    assert saved in ids
    assert len(set(ids)) == len(ids) == 4 + 1 + 1 + 4 + 4
    assert {(len(one), str(UUID(one)) == one, UUID(one).version, UUID(one).variant) for one in ids} == {
        (36, True, 7, "specified in RFC 4122")
    }
    assert find_run(database, saved).id == saved


@pytest.mark.usefixtures("saved")
def test_an_order_belongs_to_the_customer_of_its_class_and_to_the_bot_of_its_last_attempt(backend):
    orders = backend.read(
        "SELECT order_number, class, users.role, bots.number, orders.status, created_us, picked_up_us, completed_us, "
        "wait_us, attempts, stream FROM orders LEFT JOIN users ON users.id = orders.user_id "
        "LEFT JOIN bots ON bots.id = bot_id ORDER BY order_number"
    )
    second = 1_000_000
    assert orders == [
        (1001, "NORMAL", "NORMAL", 1, "COMPLETE", 1 * second, 1 * second, 11 * second, 0, 1, "timeline"),
        (1002, "NORMAL", "NORMAL", 3, "PROCESSING", 2 * second, 18 * second, None, 13 * second, 2, "timeline"),
        (1003, "VIP", "VIP", 1, "COMPLETE", 3 * second, 11 * second, 21 * second, 8 * second, 1, "timeline"),
        (1004, "VIP", "VIP", 4, "PROCESSING", 20 * second, 20 * second, None, 0, 1, "timeline"),
    ]


@pytest.mark.usefixtures("saved")
def test_bots_belong_to_the_manager_and_a_removed_one_is_deleted_at_its_simulated_instant(backend):
    bots = backend.read(
        "SELECT number, role, bots.status, order_number, bots.created_at, bots.updated_at, bots.deleted_at FROM bots "
        "JOIN users ON users.id = bots.user_id LEFT JOIN orders ON orders.id = current_order_id ORDER BY number"
    )
    assert bots == [
        (1, "MANAGER", "IDLE", None, 0, 0, None),
        (2, "MANAGER", "REMOVED", None, 0, 5_000_000, 5_000_000),
        (3, "MANAGER", "PROCESSING", 1002, 18_000_000, 18_000_000, None),
        (4, "MANAGER", "PROCESSING", 1004, 18_000_000, 18_000_000, None),
    ]


@with_tokens_too
def test_the_stored_events_are_the_log_of_the_run(backend, saved, busy):
    events = backend.read(
        "SELECT seq, time_us, kind, order_number, bot_number FROM events WHERE run_id = ? ORDER BY seq", saved
    )
    assert events == event_rows(busy.log)
    assert {"order_returned", "bot_removed", "remove_ignored"} < {kind for _, _, kind, *_ in events}


def test_the_stored_metrics_are_those_of_the_run_and_come_in_the_order_of_the_run(database, busy, tmp_path):
    empty = run_text(tmp_path / "empty", EMPTY)
    assert None in empty.measures.values.values()
    lunch = run_text(tmp_path / "lunch", LUNCH)
    assert "wait.NORMAL.p98@night" in lunch.measures.values
    for done in (busy, empty, lunch):
        assert list(run_metrics(database, save_run(database, done)).items()) == list(done.measures.values.items())


def test_numbers_come_back_bit_for_bit(backend, database, saved):
    drawn = Random(1)
    floats = [struct.unpack("<d", drawn.randbytes(8))[0] for _ in range(1000)]
    floats = [value for value in floats if abs(value) < float("inf")]
    floats += [drawn.random() * 10 ** drawn.randint(-9, 9) for _ in range(1000)]
    floats += [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2]
    metrics = {f"float {number:04}": value for number, value in enumerate(floats)}
    sql = "UPDATE runs SET metric_set = ?, metrics = ? WHERE id = ?"
    database.write([name_statement(list(metrics)), (sql, (*stored_metrics(metrics), saved))])
    assert {name: value.hex() for name, value in run_metrics(database, saved).items()} == {
        name: value.hex() for name, value in metrics.items()
    }
    [(text,)] = backend.read("SELECT metrics FROM runs")
    assert [value.hex() for value in json.loads(text)] == [value.hex() for value in floats]


def test_the_view_of_metrics_says_in_sql_what_the_rows_of_runs_say(backend, saved, busy):
    rows = backend.read("SELECT name, value FROM metrics WHERE run_id = ?", saved)
    values = dict(rows)
    assert len(rows) == len(values)
    assert values.keys() == busy.measures.values.keys()
    for name, value in busy.measures.values.items():
        assert values[name] == (None if value is None else pytest.approx(value, rel=1e-15)), name
    [(mean,)] = backend.read("SELECT value FROM metrics WHERE name = 'wait.mean'")
    assert mean == busy.measures.values["wait.mean"]


def test_the_largest_numbers_are_stored_as_they_are(backend, database, tmp_path):
    centuries = """
scenario: 1
name: centuries
seed: 9223372036854775807
orders: {first_number: 1999999996}
timeline:
  - {at: 36524d1us, order: VIP, count: 4, service: 36524d1us}
  - {at: 36524d1us, add_bots: 1}
"""
    done = run_text(tmp_path / "centuries", centuries, replication=2**63 - 1)
    saved = save_run(database, done)
    assert backend.read("SELECT seed, replication FROM runs") == [(2**63 - 1, 2**63 - 1)]
    long = 36524 * 86_400_000_000 + 1
    orders = backend.read("SELECT order_number, created_us, completed_us FROM orders ORDER BY order_number")
    assert orders == [(1999999996 + number, long, (number + 2) * long) for number in range(4)]
    assert orders[-1][-1] > 2**53
    assert database.run(saved).fingerprint == done.fingerprint


def test_texts_are_stored_as_they_are(backend, database, busy):
    tags = ["ünï", "it's", 'so "quoted"', "🍔", "a,b", " ", "\\n", "%"]
    saved = save_run(database, busy, [*tags, "it's"])
    [(text,)] = backend.read("SELECT tags FROM runs")
    assert json.loads(text) == sorted(tags)
    assert find_run(database, saved).tags == sorted(tags)
    assert [[one.id for one in list_runs(database, tag=tag)] for tag in tags] == [[saved]] * len(tags)
    assert list_runs(database, tag="a") == []
    assert "🍔" in busy.scenario.text
    assert "Zürich" in busy.scenario.text
    assert backend.read("SELECT name, sha256, yaml FROM scenarios") == [
        ("busy", busy.scenario.sha256, busy.scenario.text)
    ]


def test_the_data_files_of_a_run_are_kept_by_their_sha_256(backend, database, traced):
    save_run(database, traced)
    digest = sha256(TRACE.encode()).hexdigest()
    assert backend.read("SELECT sha256, part, content FROM files") == [(digest, 0, TRACE)]
    assert f"# {json.dumps(next(iter(traced.scenario.files)))} sha256 {digest}\n" in traced.scenario.text
    assert backend.read("SELECT stream, count(*) > 0 FROM orders GROUP BY stream") == [("late", 1), ("measured", 1)]


@with_tokens_too
def test_a_data_file_of_some_megabytes_comes_back_the_same(backend, database, tmp_path):
    (tmp_path / "long.csv").write_bytes("\ufefftime,class\r\n".encode() + (b"1s" + b" " * 99_991 + b",NORMAL\n") * 25)
    (tmp_path / "long.yaml").write_text("scenario: 1\nname: long\nservice: 10s\narrivals:\n  - {trace: long.csv}\n")
    done = run(load_scenario(tmp_path / "long.yaml"))
    saved = save_run(database, done)
    assert backend.read("SELECT part FROM files ORDER BY part") == [(part,) for part in range(6)]
    assert database.run(saved).scenario.files == done.scenario.files


def test_one_scenario_run_twice_is_one_scenario_and_two_runs(backend, database, busy):
    first, second = save_run(database, busy), save_run(database, busy)
    assert [one.id for one in list_runs(database)] == [second, first]
    assert backend.count("scenarios") == (1,)
    assert backend.read("SELECT count(DISTINCT scenario_id), count(scenario_id) FROM runs") == [(1, 2)]
    save_run(database, run(busy.scenario.set(cook="12s")))
    assert backend.count("scenarios") == (2,)


# Keys


@pytest.mark.usefixtures("saved")
def test_a_key_that_leads_nowhere_is_refused(database):
    add_experiment(database)
    keys = {
        "runs": ("scenario_id", "experiment_id"),
        "experiments": ("scenario_id",),
        "orders": ("run_id", "user_id", "bot_id"),
        "bots": ("run_id", "user_id", "current_order_id"),
        "events": ("run_id",),
    }
    wrong = [f"UPDATE {table} SET {column} = 'nobody'" for table, columns in keys.items() for column in columns]
    message = "FOREIGN KEY constraint failed; the scenario or experiment was removed meanwhile; run it again"
    assert [sql for sql in wrong if not refuses(database, sql, message)] == []


@pytest.mark.usefixtures("saved")
def test_what_pointed_to_a_deleted_row_stays_and_points_to_nothing(backend, database):
    for deleted, *columns in (
        ("users", "orders.user_id", "bots.user_id"),
        ("orders WHERE status = 'PROCESSING'", "bots.current_order_id"),
        ("experiments", "runs.experiment_id"),
        ("scenarios", "runs.scenario_id", "experiments.scenario_id"),
        ("bots", "orders.bot_id"),
    ):
        add_experiment(database)
        counts = [f"SELECT count(*), count({column}) FROM {column.partition('.')[0]}" for column in columns]
        before = [backend.read(sql)[0] for sql in counts]
        assert all(pointing > 0 for _, pointing in before), deleted
        database.write([(f"DELETE FROM {deleted}", ())])
        assert [backend.read(sql)[0] for sql in counts] == [(rows, 0) for rows, _ in before], deleted


def test_removing_a_run_for_good_takes_all_that_is_its_own(backend, database, saved, busy):
    kept = save_run(database, busy)
    database.write([("DELETE FROM runs WHERE id = ?", (saved,))])
    for table, rows in (("orders", 4), ("bots", 4), ("events", len(busy.log)), ("metrics", len(busy.measures.values))):
        assert backend.read(f"SELECT run_id, count(*) FROM {table} GROUP BY run_id") == [(kept, rows)]
    assert backend.count("scenarios", "users") == (1, 4)


@pytest.mark.usefixtures("saved")
def test_a_key_is_unique_among_live_rows_only(backend, database):
    for table, clause in (("users", "username = 'vip'"), ("scenarios", "TRUE"), ("orders", "order_number = 1001")):
        columns = [name for _, name, *_ in backend.read(f"PRAGMA table_info({table})") if name != "id"]
        copied = ", ".join("NULL" if name == "deleted_at" else name for name in columns)
        copy = (
            f"INSERT INTO {table} (id, {', '.join(columns)}) SELECT hex(randomblob(18)), {copied} FROM {table} "
            f"WHERE {clause} LIMIT 1"
        )
        assert refuses(database, copy, f"UNIQUE constraint failed: {table}."), table
        database.write([(f"UPDATE {table} SET deleted_at = 'now' WHERE {clause}", ()), (copy, ())])
        assert backend.read(f"SELECT count(*), count(deleted_at) FROM {table} WHERE {clause}") == [(2, 1)]


@pytest.mark.usefixtures("saved")
def test_what_no_row_may_say_is_refused(database):
    said = {
        "UPDATE bots SET number = 2 WHERE number = 3": "UNIQUE constraint failed: bots",
        "UPDATE users SET role = 'KING'": "CHECK constraint failed",
        "UPDATE users SET id = 'short'": "CHECK constraint failed",
        "UPDATE runs SET status = 'lost'": "CHECK constraint failed",
        "UPDATE orders SET status = 'EATEN'": "CHECK constraint failed",
        "UPDATE orders SET class = 'KING'": "CHECK constraint failed",
        "UPDATE orders SET wait_us = 'long'": "cannot store TEXT value in INTEGER column",
        "UPDATE events SET time_us = x'00'": "cannot store BLOB value in INTEGER column",
        "UPDATE events SET kind = NULL": "NOT NULL constraint failed",
        "UPDATE events SET seq = 1 WHERE seq = 2": "UNIQUE constraint failed",
    }
    assert [sql for sql, message in said.items() if not refuses(database, sql, message)] == []


@with_tokens_too
def test_statements_written_together_are_all_written_or_none(backend, database):
    good = ("UPDATE users SET username = 'somebody' WHERE role = 'VIP'", ())
    for bad in ("UPDATE nowhere SET username = 1", "UPDATE users SET role = 'KING'", "SELECT ("):
        with pytest.raises(StorageError):
            database.write([good, (bad, ()), good])
    assert backend.read("SELECT username FROM users WHERE role = 'VIP'") == [("vip",)]
    assert database.write([good, ("UPDATE users SET updated_at = 'now'", ())]) == 4
    assert backend.read("SELECT username FROM users WHERE role = 'VIP'") == [("somebody",)]


# Processes, and their ends


def test_a_process_that_forgot_to_close_databases_or_closed_one_twice_ends_without_a_word(elsewhere, server):
    code = (
        "import gc, sys; from threading import active_count; from sim import open_database\n"
        "for url in sys.argv[1:]:\n"
        "    for _ in range(3):\n"
        "        database = open_database(url); database.runs(); del database; gc.collect()\n"
        "    with open_database(url) as database: database.close()\n"
        "    print(active_count())\n"
        "left = [open_database(url) for url in sys.argv[1:]]\n"
        "print([database.query('SELECT count(*) FROM users') for database in left])"
    )
    command = [sys.executable, "-W", "error", "-c", code, f"file:{elsewhere / 'sim.db'}", server.url]
    program = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (program.returncode, program.stdout, program.stderr) == (0, "1\n1\n[[(4,)], [(4,)]]\n", "")


@with_tokens_too
def test_a_database_opens_where_an_event_loop_is_running(backend, busy):
    async def cell() -> str:
        with backend.open() as database:
            saved = save_run(database, busy)
            assert database.run(saved).fingerprint == busy.fingerprint
            return saved

    saved = asyncio.run(cell())
    assert backend.read("SELECT id FROM runs") == [(saved,)]


def test_no_statement_numbers_its_placeholders():
    """Python 3.12 warns of `?1` beside a sequence of values, and 3.14 refuses it."""
    numbered = re.compile(r"\?\d")
    files = list((ROOT / "sim" / "storage").glob("*.py"))
    assert len(files) > 10
    assert [file.name for file in files if numbered.search(file.read_text())] == []
