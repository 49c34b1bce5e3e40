"""Pushing runs from the embedded file to a file or a server: the same rows in the end, none twice."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import Database, open_database, replicate, run
from sim.scenario import restore_scenario
from sim.storage import (
    DamagedRunError,
    delete_run,
    find_run,
    list_runs,
    purge,
    push_all,
    push_run,
    reproduce,
    restore_run,
    run_metrics,
    save_replications,
    save_run,
    saving,
)
from sim.storage.runs import stored_scenario
from tests.helpers.backends import (
    EMPTY,
    OWN,
    TABLES,
    Backend,
    at_once,
    change,
    of_many_at_once,
    on_a_file,
    own_rows,
    run_text,
    with_tokens_too,
)
from tests.helpers.campaigns import some
from tests.helpers.server import read_file


def assert_same(source: Database, target: Backend, *tables: str) -> None:
    """Assert that the rows are the same; which id a scenario has, and when a run was pushed, is their own."""
    file = Path(source.address.target)
    for table in tables or TABLES:
        names = [name for (name,) in read_file(file, f"SELECT name FROM pragma_table_info('{table}')")]
        own = {"runs": {"pushed_at", "scenario_id"}, "scenarios": {"id", "created_at", "updated_at"}}
        own["users"] = {"created_at", "updated_at"}
        told = ", ".join(name for name in names if name not in own.get(table, ()))
        sql = f"SELECT {told} FROM {table} ORDER BY {TABLES[table]}"
        assert target.read(sql) == read_file(file, sql), table
    sql = "SELECT runs.id, sha256 FROM runs LEFT JOIN scenarios ON scenarios.id = scenario_id ORDER BY runs.id"
    assert target.read(sql) == read_file(file, sql)


def everything(backend: Backend) -> dict[str, list[tuple]]:
    return {table: backend.rows(table) for table in TABLES}


@with_tokens_too
def test_a_push_copies_every_row_and_a_second_one_changes_nothing(backend, database, source, busy, traced, tmp_path):
    runs = [busy, traced, run_text(tmp_path / "empty", EMPTY), run(busy.scenario.set(cook="5s"))]
    saved = [save_run(source, done, ["a", "ü"]) for done in runs]
    assert {one.pushed_at for one in list_runs(source)} == {None}
    assert push_all(source, database) == 4
    assert_same(source, backend)
    assert None not in {one.pushed_at for one in list_runs(source)}
    before, marks = everything(backend), read_file(tmp_path / "source.db", "SELECT id, pushed_at FROM runs")
    assert push_all(source, database) == 0
    for run_id in saved:
        push_run(source, database, run_id)
    assert everything(backend) == before
    assert read_file(tmp_path / "source.db", "SELECT id, pushed_at FROM runs") == marks
    change(source, "UPDATE runs SET pushed_at = NULL")  # as after a push that was killed before its end
    assert push_all(source, database) == 0
    assert None not in {one.pushed_at for one in list_runs(source)}
    for run_id, done in zip(saved, runs, strict=True):
        back = database.run(run_id)
        assert (back.fingerprint, back.measures.values) == (done.fingerprint, done.measures.values)


def test_a_push_tells_how_far_it_is(database, source, busy, traced):
    for done in (busy, traced):
        save_run(source, done)
    said: list[tuple[int, int]] = []
    push_all(source, database, lambda done, total: said.append((done, total)))
    rows = sum(len(read_file(Path(source.address.target), f"SELECT 1 FROM {table}")) for table in OWN[1:4])
    assert {total for _, total in said} == {rows}
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert said[-1] == (rows, rows)


@pytest.mark.parametrize("there", some(["scenario", "run", "bots", "orders", "half the events", "all but the end"], 3))
def test_a_run_that_is_partly_there_is_completed(backend, database, source, busy, there):
    push_run(source, database, save_run(source, busy))
    missing = {
        "scenario": ["runs"],
        "run": ["events", "orders", "bots"],
        "bots": ["events", "orders"],
        "orders": ["events"],
        "half the events": ["events WHERE seq >= 11"],
        "all but the end": [],
    }
    database.write([(f"DELETE FROM {rows}", ()) for rows in missing[there]])
    unfinished = "UPDATE runs SET status = 'writing', metric_set = NULL, metrics = NULL"
    database.write([(unfinished, ()), ("UPDATE bots SET current_order_id = NULL", ())])
    source.write([("UPDATE runs SET pushed_at = NULL", ())])
    assert list_runs(database) == []
    assert push_all(source, database) == 1
    assert_same(source, backend)


def test_a_push_that_begins_where_another_was_stopped_sends_only_the_rest(database, source, busy):
    run_id = save_run(source, busy)
    push_run(source, database, run_id)
    database.write([("DELETE FROM events WHERE seq >= 15", ()), ("UPDATE runs SET status = 'writing'", ())])
    sent: list[int] = []
    push_run(source, database, run_id, sent.append)
    assert sum(sent) == len(busy.log) - 15


@of_many_at_once
def test_pushes_at_once_leave_the_same_rows_once(backend, source, busy, traced):
    for done in (busy, traced, busy, traced):
        save_run(source, done)

    def push() -> None:
        with open_database(source.address.url) as own_source, backend.open() as own_target:
            push_all(own_source, own_target)

    at_once(4, push)
    assert_same(source, backend)
    assert read_file(Path(source.address.target), "SELECT count(*) FROM runs WHERE pushed_at IS NULL") == [(0,)]


def test_a_run_that_is_deleted_on_either_side_stays_away_from_the_other(backend, database, source, busy):
    here, there, both = (save_run(source, busy) for _ in range(3))
    delete_run(source, here)
    push_run(source, database, there)
    delete_run(database, there)
    before = own_rows(backend, there)
    assert push_all(source, database) == 1
    assert own_rows(backend, there) == before
    assert [one.id for one in list_runs(database)] == [both]
    delete_run(source, both)
    assert push_all(source, database) == 0
    assert [one.id for one in list_runs(database)] == [both]
    restore_run(source, here)
    assert push_all(source, database) == 1
    assert {one.id for one in list_runs(database)} == {here, both}


def test_a_run_finds_the_scenario_that_is_there_already_under_another_id(backend, database, source, busy, traced):
    first = save_run(database, busy)
    second = save_run(source, busy)
    save_run(source, traced)
    assert push_all(source, database) == 2
    assert backend.read("SELECT count(*), count(DISTINCT sha256) FROM scenarios") == [(2, 2)]
    sql = "SELECT count(DISTINCT scenario_id), count(scenario_id) FROM runs WHERE id IN (?, ?)"
    assert backend.read(sql, first, second) == [(1, 2)]
    assert database.run(second).scenario.text == busy.scenario.text


def test_a_scenario_that_is_deleted_there_stays_so_and_a_run_of_it_points_to_none(backend, database, source, busy):
    first, second = save_run(source, busy), save_run(source, busy)
    push_run(source, database, first)
    change(database, "UPDATE scenarios SET deleted_at = 'now'")
    push_run(source, database, second)
    assert {one.id: one.scenario for one in list_runs(database)} == {first: None, second: None}
    assert backend.read("SELECT count(*), count(deleted_at) FROM scenarios") == [(1, 1)]
    assert backend.read("SELECT id FROM runs WHERE scenario_id IS NULL") == [(second,)]


def test_orders_of_a_user_who_was_purged_there_belong_to_nobody(backend, database, source, busy):
    change(database, "UPDATE users SET deleted_at = 'now' WHERE role = 'VIP'")
    purge(database)
    save_run(source, busy)
    push_all(source, database)
    owners = "SELECT class, role FROM orders LEFT JOIN users ON users.id = user_id ORDER BY order_number"
    assert backend.read(owners) == [("NORMAL", "NORMAL"), ("NORMAL", "NORMAL"), ("VIP", None), ("VIP", None)]
    assert backend.read("SELECT DISTINCT role FROM bots JOIN users ON users.id = user_id") == [("MANAGER",)]


@pytest.mark.parametrize("gone", ["DELETE FROM scenarios", "UPDATE scenarios SET deleted_at = 'now'"])
def test_a_run_whose_scenario_is_gone_is_pushed_without_one(backend, database, source, busy, gone):
    run_id = save_run(source, busy)
    change(source, gone)
    assert push_all(source, database) == 1
    assert [(one.id, one.scenario) for one in list_runs(database)] == [(run_id, None)]
    assert backend.count("scenarios", "orders") == (0, 4)


def test_what_is_still_being_written_is_not_pushed(backend, database, source, busy):
    save_run(source, busy)
    change(source, "UPDATE runs SET status = 'writing'")
    assert push_all(source, database) == 0
    assert backend.count("runs") == (0,)


# Whatever the scenario


INSTANT = st.sampled_from(["0s", "0s", "1s", "2s", "2500ms", "7s"])
CLASS = st.sampled_from(["VIP", "NORMAL"])
# full of ties, and with all that a run can have
SCENARIOS = st.fixed_dictionaries(
    {
        "scenario": st.just(1),
        "name": st.text("abcXYZ019_-", min_size=1, max_size=20),
        "description": st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
        "seed": st.integers(0, 2**63 - 1),
        "orders": st.fixed_dictionaries({"first_number": st.integers(0, 1_999_999_000)}),
        "service": st.sampled_from(["0s", "1s", "3s", {"exponential": {"mean": "2s"}}]),
        "bots": st.fixed_dictionaries(
            {
                "initial": st.integers(0, 3),
                "on_remove": st.sampled_from(["restart", "resume", "finish"]),
                "dispatch": st.sampled_from(["oldest", "longest-idle"]),
            }
        ),
        "queue": st.fixed_dictionaries({"returned_to": st.sampled_from(["place", "front", "back"])}),
        "timeline": st.lists(
            st.fixed_dictionaries({"at": INSTANT, "order": CLASS, "count": st.integers(0, 3)})
            | st.fixed_dictionaries({"at": INSTANT, "add_bots": st.integers(0, 2)})
            | st.fixed_dictionaries({"at": INSTANT, "remove_bots": st.integers(0, 2)}),
            max_size=12,
        ),
        "arrivals": st.lists(
            st.fixed_dictionaries(
                {
                    "class": CLASS | st.just({"VIP": "30%", "NORMAL": "70%"}),
                    "poisson": st.just({"rate": "1/s"}),
                    "limit": st.integers(0, 12),
                }
            ),
            max_size=2,
        ),
    },
    optional={"clock": st.fixed_dictionaries({"until": st.sampled_from(["7s", "9s"])})},
)


def assert_travels(tree: dict, source: Database, target: Database) -> None:
    """Assert that a scenario's run is the same after it was saved, pushed and read back."""
    done = run(restore_scenario(json.dumps(tree, ensure_ascii=False), {}, "random"))
    run_id = save_run(source, done)
    push_run(source, target, run_id)
    for database in (source, target):
        back = database.run(run_id)
        assert back.fingerprint == done.fingerprint == find_run(database, run_id).fingerprint
        assert back.measures.values == done.measures.values == run_metrics(database, run_id)
        assert back.log.end == done.log.end
        _, _, again = reproduce(database, find_run(database, run_id))
        assert again.fingerprint == done.fingerprint


@pytest.mark.parametrize(("backend", "share"), [("file", 2), ("server", 4)], indirect=["backend"])
def test_a_run_of_any_scenario_is_the_same_when_it_comes_back(share, database, source):
    @settings(max_examples=settings.default.max_examples // share, suppress_health_check=[HealthCheck.too_slow])
    @given(SCENARIOS)
    def travels(tree):
        assert_travels(tree, source, database)

    travels()


# Purging by somebody else meanwhile


@pytest.mark.parametrize("of_experiment", [False, True], ids=["run", "experiment"])
def test_a_purge_between_a_pushs_look_and_its_write_takes_no_data_file(
    database, source, traced, of_experiment, monkeypatch
):
    gone = save_run(database, traced)
    delete_run(database, gone)  # it alone names the scenario and its file, which are purged with it
    if of_experiment:
        [run_id] = save_replications(source, traced.scenario, 1, replicate(traced.scenario, times=1).results)
    else:
        run_id = save_run(source, traced)
    look = saving._parts

    def look_and_somebody_purges(connection, digest):
        parts = look(connection, digest)
        if connection is database:
            purge(database)
        return parts

    monkeypatch.setattr(saving, "_parts", look_and_somebody_purges)
    push_run(source, database, run_id)
    assert stored_scenario(database, find_run(database, run_id)).files == traced.scenario.files


def test_a_purge_between_any_two_transactions_of_saving_takes_nothing_of_what_is_saved(server, traced, monkeypatch):
    monkeypatch.setattr(saving, "_BATCH", 1)  # a transaction for each statement
    results = replicate(traced.scenario, times=2).results
    with open_database(server.url) as database:
        write = database.write

        def write_and_somebody_purges(statements):
            changed = write(statements)
            with open_database(server.url) as somebody:
                purge(somebody)
            return changed

        monkeypatch.setattr(database, "write", write_and_somebody_purges)
        ids = save_replications(database, traced.scenario, 1, results)
        ids.append(save_run(database, traced))
        monkeypatch.undo()
        for run_id in ids:
            assert stored_scenario(database, find_run(database, run_id)).files == traced.scenario.files
            assert run_metrics(database, run_id)
        assert server.read("SELECT count(*) FROM runs WHERE experiment_id IS NOT NULL") == [(2,)]


def test_a_run_that_is_purged_while_it_is_pushed_is_not_made_complete(database, source, busy, backend):
    run_id = save_run(source, busy)
    push_run(source, database, run_id)
    change(
        database, "UPDATE runs SET status = 'writing', deleted_at = 'now'"
    )  # as a purge leaves it when it is stopped
    push_run(source, database, run_id)
    assert backend.read("SELECT status FROM runs") == [("writing",)]
    assert purge(database) == 1


# Damaged runs


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE runs SET replication = 0", "its replication is 0, not a whole number from 1"),
        ("UPDATE runs SET tags = CAST(x'5b22ff225d' AS TEXT)", "its tags is "),
        ("UPDATE runs SET metrics = '[]'", "its metrics is '[]', not a value for each name in metric_names"),
        ("UPDATE orders SET stream = CAST(x'ff' AS TEXT)", "its part of orders is "),
        ("UPDATE scenarios SET yaml = CAST(x'ff' AS TEXT)", "its yaml in scenarios is "),
    ],
)
@on_a_file
def test_a_damaged_run_is_told_and_all_others_are_pushed(database, source, busy, tmp_path, damage, named):
    bad = save_run(source, busy)
    change(source, damage)
    good = save_run(source, run_text(tmp_path / "empty", EMPTY))
    errors: list[DamagedRunError] = []
    assert push_all(source, database, damaged=errors.append) == 1
    assert [
        str(error).startswith(f"database {source.address.url}: run {bad} is damaged: {named}") for error in errors
    ] == [True]
    assert [one.id for one in list_runs(database)] == [good]
    with pytest.warns(UserWarning, match=f"run {bad} is damaged"):
        assert push_all(source, database) == 0
