"""Stored runs, on a file and on a server alike: finding, reading back, running again, deleting."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pandas as pd
import pytest

from sim import StorageError, replicate, run
from sim.experiment import Replication
from sim.model import STANDARD
from sim.storage import (
    DamagedRunError,
    delete_run,
    earlier_replications,
    fellow_replications,
    find_id,
    find_run,
    list_runs,
    load_run,
    purge,
    push_all,
    reproduce,
    restore_run,
    run_metrics,
    save_replications,
    save_run,
)
from tests.helpers.backends import (
    BUSY,
    EMPTY,
    LUNCH,
    OWN,
    TRACED,
    add_experiment,
    change,
    event_rows,
    on_a_file,
    own_rows,
    run_text,
    with_tokens_too,
)

NO_COUNTS = [f'{{"wait": "{text}"}}' for text in ("", "AAAA", "AQE", "AQH/", "AgQA", "gICAgICAgICAfw==", "ä")]
NOBODY = "00000000-0000-7000-8000-000000000000"


# Reading back


@pytest.mark.parametrize("text", [BUSY, TRACED, EMPTY, LUNCH], ids=["busy", "traced", "empty", "lunch"])
def test_a_run_that_is_read_back_is_the_run_that_was_saved(database, tmp_path, text):
    done = run_text(tmp_path / "original", text, replication=3)
    saved = save_run(database, done)
    for file in tmp_path.joinpath("original").iterdir():
        file.unlink()  # it reads no file
    back = database.run(saved[:20])
    assert back.fingerprint == done.fingerprint
    assert event_rows(back.log) == event_rows(done.log)
    assert back.measures.values == done.measures.values
    assert back.measures.bounds == done.measures.bounds
    for table in ("orders", "attempts", "events", "metrics"):
        pd.testing.assert_frame_equal(getattr(back, table), getattr(done, table))
    for fact in ("seed", "replication", "engine", "warmup", "started_at", "finished_at"):
        assert getattr(back, fact) == getattr(done, fact)
    for fact in ("name", "text", "sha256", "parameters", "files", "clock"):
        assert getattr(back.scenario, fact) == getattr(done.scenario, fact)


def test_a_run_is_reproduced_from_what_is_stored_of_it(database, busy, traced, tmp_path):
    others = [run(traced.scenario, seed=2**62, replication=7), run(busy.scenario.set(cook="3s"))]
    for done in (busy, traced, *others):
        stored = find_run(database, save_run(database, done))
        _, before, again = reproduce(database, stored)
        assert again.fingerprint == before.fingerprint == done.fingerprint == stored.fingerprint
        assert (again.seed, again.replication, again.engine) == (done.seed, done.replication, done.engine)
        assert again.log.first_difference(before.log) is None
    assert list(tmp_path.glob("*.csv")) == []


def test_runs_are_listed_the_newest_first_by_scenario_by_when_and_by_tag(database, busy, traced, monkeypatch):
    first = save_run(database, busy, ["a", "b"])
    second = save_run(database, traced, ["b"])
    third = save_run(database, run(busy.scenario))

    def listed(**wanted) -> list[str]:
        return [one.id for one in list_runs(database, **wanted)]

    newest = [one.id for one in sorted(list_runs(database), key=lambda one: (one.started_at, one.id), reverse=True)]
    assert listed() == newest
    assert set(newest) == {first, second, third}
    assert newest[0] == third
    assert set(listed(scenario="busy")) == {first, third}
    assert listed(scenario="Busy") == listed(scenario="bus") == listed(scenario="") == []
    assert set(listed(tag="b")) == {first, second}
    assert listed(tag="a", scenario="traced") == []
    assert listed(tag="a", scenario="busy") == [first]
    started = datetime.fromisoformat(find_run(database, third).started_at)
    east = timezone(timedelta(hours=9))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EST5")  # where this machine is does not matter
        time.tzset()
        for instant in (started, started.astimezone(east), started.replace(tzinfo=None)):
            assert listed(since=instant) == [third]
            assert listed(since=instant + timedelta(microseconds=1)) == []
    time.tzset()
    assert listed(since=datetime(2000, 1, 1, tzinfo=UTC)) == newest
    delete_run(database, second)
    assert listed(deleted=True) == [second]
    assert listed(deleted=True, tag="b", scenario="traced") == [second]
    assert listed(deleted=True, tag="a") == []


def test_a_run_is_found_by_how_its_id_starts_if_no_other_starts_so(database, busy, backend):
    first, second = save_run(database, busy), save_run(database, busy)
    shared = next(length for length in count() if first[:length] != second[:length])
    assert find_run(database, first).id == find_run(database, first[:shared]).id == first
    with pytest.raises(StorageError, match="more than one run starts with id"):
        find_run(database, first[: shared - 1])
    for wrong in (NOBODY, f"{first}0", first.upper(), "%", "_" * 36, "x", f"{first}'", "~", "é", f" {first}", ""):
        with pytest.raises(StorageError) as caught:
            find_run(database, wrong)
        problem = f"no run starts with id {wrong!r}; sim runs lists them"
        assert str(caught.value) == f"database {backend.url}: {problem}"
    with pytest.raises(StorageError, match=r"no deleted run starts with id '.*'; sim runs --deleted lists them$"):
        find_run(database, first, deleted=True)


# DataFrames


def test_the_runs_are_a_table(database, busy, traced):
    first, second = save_run(database, busy, ["a"]), save_run(database, traced)
    runs = database.runs()
    assert list(runs.columns) == [
        *("id", "scenario", "tags", "seed", "replication", "engine", "fingerprint"),
        *("started_at", "finished_at", "pushed_at", "parameters", "versions", "experiment"),
    ]
    runs = runs.set_index("id")
    assert runs.loc[first, ["scenario", "seed", "replication", "fingerprint"]].tolist() == [
        *("busy", 2**63 - 1, 1, busy.fingerprint)
    ]
    assert (runs.loc[first, "tags"], runs.loc[first, "parameters"]) == (["a"], {"cook": "10s"})
    assert runs.loc[second, "started_at"] == pd.Timestamp(traced.started_at)
    assert runs["pushed_at"].isna().all()
    assert database.runs(scenario="traced")["id"].tolist() == [second]
    assert database.runs(tag="a")["id"].tolist() == [first]
    assert len(database.runs(since=datetime(2000, 1, 1, tzinfo=UTC))) == 2
    assert len(database.runs(since=datetime(3000, 1, 1, tzinfo=UTC))) == 0


def test_orders_events_and_metrics_are_tables(database, busy, traced):
    first, second = save_run(database, busy), save_run(database, traced)
    pd.testing.assert_frame_equal(database.orders(second), traced.orders)
    pd.testing.assert_frame_equal(database.events(first), busy.events)
    metrics = database.metrics()
    assert list(metrics.columns) == ["run", "scenario", "seed", "replication", "metric", "value", "unit"]
    assert len(metrics) == 2 * len(STANDARD)
    mine = metrics[metrics["run"] == first].set_index("metric")
    assert mine["value"].dropna().to_dict() == {k: v for k, v in busy.measures.values.items() if v is not None}
    assert mine["unit"].to_dict() == {metric.name: metric.unit for metric in STANDARD}
    assert set(mine["seed"]) == {2**63 - 1}
    assert mine["value"].notna().all()


def test_a_database_without_runs_has_tables_without_rows_of_the_same_types(database, busy):
    runs, metrics = database.runs(), database.metrics()
    assert (len(runs), len(metrics)) == (0, 0)
    save_run(database, busy)
    for empty, filled in ((runs, database.runs()), (metrics, database.metrics())):
        assert list(empty.columns) == list(filled.columns)
        assert len(pd.concat([empty, filled])) == len(filled)
    assert runs["started_at"].dtype.kind == runs["pushed_at"].dtype.kind == "M"
    assert metrics["value"].dtype == "Float64"
    assert metrics.groupby("metric")["value"].mean().empty


def test_two_runs_stand_side_by_side(database, busy, tmp_path):
    first, second = save_run(database, busy), save_run(database, run_text(tmp_path / "empty", EMPTY))
    table = database.compare(first, second)
    assert list(table.columns) == ["metric", "first", "second", "difference", "unit"]
    assert table["metric"].tolist() == [metric.name for metric in STANDARD]
    rows = table.set_index("metric")
    assert rows.loc["orders.created"].tolist() == [4, 0, -4, "orders"]
    assert rows.loc["wait.max", "first"] == 13
    assert pd.isna(rows.loc["wait.max", "second"])
    assert pd.isna(rows.loc["wait.max", "difference"])


# Another run than was stored


@pytest.mark.parametrize(
    ("alteration", "first"),
    [
        ("UPDATE events SET time_us = time_us + 1 WHERE seq >= 17", 17),
        ("UPDATE events SET bot_number = 1 WHERE bot_number = 4", 16),
        ("UPDATE events SET order_number = NULL WHERE seq = 8", 8),
        ("DELETE FROM events WHERE seq = 0", 0),
        ("DELETE FROM events WHERE seq > 20", 21),
        ("UPDATE runs SET fingerprint = '0123456789abcdef'", None),
    ],
)
@on_a_file
def test_a_run_that_somebody_altered_is_not_taken_for_the_run_and_shown_beside_what_it_is(
    database, busy, alteration, first
):
    saved = save_run(database, busy)
    change(database, alteration)
    for read in (database.run, database.orders, database.events):
        with pytest.raises(StorageError) as caught:
            read(saved)
        reason = f"run {saved} cannot be read back, since its events do not match its fingerprint"
        assert str(caught.value) == f"database {database.address.url}: {reason}; see docs/database.md"
    stored = find_run(database, saved)
    _, before, again = reproduce(database, stored)
    assert again.fingerprint == busy.fingerprint
    assert before.fingerprint != stored.fingerprint
    assert before.log.first_difference(again.log) == again.log.first_difference(before.log) == first


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        *(
            (damage, "its rows are damaged")
            for damage in (
                "UPDATE events SET kind = 'order_eaten' WHERE seq = 7",
                "UPDATE events SET order_number = 99999 WHERE seq = 7",
                "UPDATE events SET order_number = 99999999999 WHERE seq = 7",
                "UPDATE events SET order_number = 7 WHERE seq = 7",
                "UPDATE events SET bot_number = -99999999999 WHERE seq = 7",
                "DELETE FROM orders WHERE order_number = 1001",
                "DELETE FROM orders WHERE order_number = 1004",
                "UPDATE orders SET stream = '' WHERE order_number = 1004",
                "UPDATE orders SET final_status = NULL WHERE order_number = 1004",
            )
        ),
        ("DELETE FROM scenarios", "its scenario was deleted"),
        ("UPDATE scenarios SET yaml = 'scenario: 2'", "this version cannot read its scenario: scenario of run "),
        ("DELETE FROM files", "its data file Küche 'Ost' 🍔.csv is not in the database"),
        ("UPDATE files SET content = content || '3s,VIP,'", "its data file Küche 'Ost' 🍔.csv is not in the database"),
        ("UPDATE files SET content = CAST(x'ff22' AS TEXT)", "its data file Küche 'Ost' 🍔.csv is not in the database"),
    ],
)
@on_a_file
def test_a_run_that_is_damaged_can_be_listed_and_is_refused_in_one_line(database, traced, damage, reason):
    saved = save_run(database, traced)
    change(database, damage)
    [stored] = list_runs(database)
    assert run_metrics(database, saved) == traced.measures.values
    for read in (load_run, reproduce):
        with pytest.raises(StorageError) as caught:
            read(database, stored)
        [line] = str(caught.value).splitlines()
        assert line.startswith(f"database {database.address.url}: run {saved} cannot be read back, since {reason}")


# What no run may say


@pytest.fixture(scope="module")
def twice(traced) -> list[Replication]:
    return replicate(traced.scenario, seed=1, times=2).results


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        *((f"UPDATE runs SET replication = {value}", "replication") for value in (0, -1)),
        *((f"UPDATE runs SET {column} = -1", column) for column in ("seed", "warmup_us")),
        *((f"UPDATE runs SET started_at = '{value}'", "started_at") for value in ("", "yesterday", "2026-01-01")),
        *((f"UPDATE runs SET tags = '{value}'", "tags") for value in ("", "{}", "5", "[1]", "[" * 100_000)),
        *((f"UPDATE runs SET parameters = '{value}'", "parameters") for value in ("[]", "{", "null")),
        *((f"UPDATE runs SET versions = '{value}'", "versions") for value in ('{"numpy": 2}', "5")),
        ("UPDATE runs SET tags = CAST(x'5b22ff225d' AS TEXT)", "tags"),
        ("UPDATE scenarios SET name = CAST(x'ff' AS TEXT)", "name of its scenario"),
        ("UPDATE runs SET fingerprint = ''", "fingerprint"),
        *((f"UPDATE runs SET metrics = '{value}'", "metrics") for value in ("[]", "{}", "[1e999]", '["x"]', "x")),
        ("DELETE FROM metric_names WHERE name = 'wait.mean'", "metrics"),
        ("UPDATE metric_names SET name = 'wait.mode' WHERE name = 'wait.mean'", "metrics"),
        *((f"UPDATE runs SET bounds = '{value}'", "bounds") for value in ("{}", "x", "[1]", '["wait.mode"]')),
        *((f"UPDATE runs SET counts = '{value}'", "counts") for value in ("[]", "x", '{"wait": 1}', *NO_COUNTS)),
    ],
)
@on_a_file
def test_a_row_that_says_what_no_run_says_is_named_where_it_is_read_and_its_replication_is_run_again(
    database, traced, twice, damage, named
):
    scenario = traced.scenario
    ids = save_replications(database, scenario, 1, twice)
    assert [one.number for one in earlier_replications(database, scenario, 1)] == [1, 2]
    where = " AND" if "WHERE" in damage else " WHERE"
    everywhere = "scenarios" in damage or "metric_names" in damage
    change(database, damage if everywhere else f"{damage}{where} replication = 2")
    errors: list[DamagedRunError] = []
    left = [one.number for one in earlier_replications(database, scenario, 1, errors.append)]
    if named not in ("tags", "parameters", "seed", "name of its scenario"):  # which replications need not
        assert left == ([] if everywhere else [1])
        assert f"run {ids[1]} is damaged: its {named} is " in str(errors[-1])
        if named != "versions":
            with pytest.raises(DamagedRunError, match=f"its {named} is "):
                fellow_replications(database, find_run(database, ids[0]))
    if named not in ("metrics", "bounds", "counts", "warmup_us"):  # which a list need not
        errors.clear()
        listed = [one.id for one in list_runs(database, damaged=errors.append)]
        assert listed == ([] if everywhere else ids[:1])
        assert f"run {ids[1]} is damaged: its {named} is " in str(errors[0])
        with pytest.raises(DamagedRunError, match=f"its {named} is "):
            find_run(database, ids[1])
    assert find_id(database, ids[1]) == ("run", ids[1])
    assert delete_run(database, ids[1]) == 1


@pytest.mark.parametrize(
    "reads_back_as", ["scenario: 0x1\nname: traced\n", "scenario: 1\nname: [", "", "scenario: 1\nname: traced\n"]
)
def test_what_could_not_be_read_back_to_the_same_scenario_is_refused_before_it_is_stored(
    backend, database, traced, reads_back_as
):
    broken = replace(traced.scenario)
    vars(broken)["text"] = reads_back_as  # in place of what is made of the file when it is asked for
    for save in (
        lambda: save_run(database, replace(traced, scenario=broken)),
        lambda: save_replications(database, broken, 1, []),
    ):
        with pytest.raises(StorageError) as caught:
            save()
        problem = "does not take the scenario traced, which could not be read back from its text: "
        assert str(caught.value).startswith(f"database {backend.url}: {problem}")
    assert backend.count("runs", "scenarios", "files", "experiments") == (0, 0, 0, 0)


# Deleting


def test_a_deleted_run_is_nowhere_until_it_is_restored_and_then_it_is_as_before(backend, database, busy, source):
    saved, other = save_run(database, busy, ["x"]), save_run(database, busy)
    before = own_rows(backend, saved)
    delete_run(database, saved)
    assert [one.id for one in list_runs(database)] == [other]
    assert database.runs()["id"].tolist() == [other]
    assert set(database.metrics()["run"]) == {other}
    assert push_all(database, source) == 1
    for find in (
        *(lambda: find_run(database, saved), lambda: database.run(saved), lambda: database.orders(saved)),
        *(lambda: database.events(saved), lambda: database.compare(other, saved)),
    ):
        with pytest.raises(StorageError, match="no run starts with id"):
            find()
    assert find_run(database, saved[:30], deleted=True).id == saved
    restore_run(database, saved)
    after = own_rows(backend, saved)
    names = [name for (name,) in backend.read("SELECT name FROM pragma_table_info('runs')")]
    changed = {name for name, old, new in zip(names, before["runs"][0], after["runs"][0], strict=True) if old != new}
    assert changed == {"updated_at"}
    assert {**before, "runs": 0} == {**after, "runs": 0}
    assert {one.id for one in list_runs(database)} == {saved, other}
    assert list_runs(database, deleted=True) == []


@with_tokens_too
def test_purge_removes_deleted_runs_for_good_and_nothing_else(backend, database, busy, traced):
    gone, kept, whole = save_run(database, busy), save_run(database, busy), save_run(database, traced)
    before = {table: backend.rows(table) for table in ("users", "scenarios", "files")}
    rows = own_rows(backend, kept), own_rows(backend, whole)
    delete_run(database, gone)
    assert purge(database) == 1
    assert own_rows(backend, gone) == {table: [] for table in OWN}
    assert (own_rows(backend, kept), own_rows(backend, whole)) == rows
    assert {table: backend.rows(table) for table in before} == before
    assert ("REMOVED",) in backend.read("SELECT status FROM bots WHERE run_id = ?", kept)
    restore_run(database, gone)
    assert {one.id for one in list_runs(database)} == {kept, whole}
    assert purge(database) == 0


def test_purge_removes_what_nothing_names_any_more(backend, database, busy, traced):
    save_run(database, busy)
    add_experiment(database)
    save_run(database, traced)
    for stored in list_runs(database):
        delete_run(database, stored.id)
    assert purge(database) == 2
    assert backend.count("runs", "files", "experiments", "scenarios", "users") == (0, 0, 0, 0, 4)


def test_purge_removes_whatever_else_is_deleted(backend, database, busy, traced):
    first, second = save_run(database, busy), save_run(database, traced)
    for table, which in (
        *(("users", "role = 'BOT'"), ("scenarios", "name = 'traced'")),
        ("orders", "order_number = 1002 AND stream = 'timeline'"),
    ):
        change(database, f"UPDATE {table} SET deleted_at = 'now' WHERE {which}")
    [orders] = backend.count("orders")
    assert purge(database) == 0
    assert backend.count("users", "scenarios", "files", "orders") == (3, 1, 0, orders - 1)
    assert {one.id: one.scenario for one in list_runs(database)} == {first: "busy", second: None}


def test_a_run_that_is_still_being_written_is_nowhere_and_is_purged_after_a_day(backend, database, busy):
    stale, fresh, kept = (save_run(database, busy) for _ in range(3))
    now = datetime.now(UTC)
    for run_id, age in ((stale, timedelta(days=2)), (fresh, timedelta(hours=23))):
        written = (now - age).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        change(database, "UPDATE runs SET status = 'writing', updated_at = ? WHERE id = ?", written, run_id)
    assert [one.id for one in list_runs(database)] == [kept]
    assert list_runs(database, deleted=True) == []
    assert set(database.metrics()["run"]) == {kept}
    with pytest.raises(StorageError, match="no run starts"):
        find_run(database, fresh)
    assert purge(database) == 1
    assert {one for (one,) in backend.read("SELECT id FROM runs")} == {fresh, kept}
    assert backend.read("SELECT DISTINCT run_id FROM events WHERE run_id = ?", stale) == []
    assert backend.read("SELECT DISTINCT run_id FROM events WHERE run_id = ?", fresh) == [(fresh,)]


def test_purge_removes_more_rows_than_fit_into_one_transaction(backend, database, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.storage.removing._PIECE", 1_000)
    text = "scenario: 1\nname: large\nbots: {initial: 3}\ntimeline:\n  - {at: 0s, order: VIP, count: 800}\n"
    saved = save_run(database, run_text(tmp_path / "large", text))
    assert backend.read("SELECT count(*) > 2000 FROM events") == [(1,)]
    delete_run(database, saved)
    assert purge(database) == 1
    assert backend.count(*OWN) == (0,) * 5
