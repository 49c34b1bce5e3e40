"""What is stored of replications, and how stored ones are extended."""

import json
from datetime import datetime

import pytest

from sim import Replications, Scenario, StorageError, replicate, run
from sim.experiment import Replication
from sim.model import STANDARD, metric_named
from sim.storage import (
    delete_run,
    earlier_replications,
    find_run,
    list_runs,
    load_run,
    purge,
    push_all,
    reproduce,
    run_metrics,
    save_replications,
    save_run,
)
from tests.helpers.backends import change
from tests.helpers.campaigns import some
from tests.helpers.experiments import MINUTE, SHIFT, said
from tests.helpers.server import read_file
from tests.helpers.verdicts import FAIL, OPEN


def test_replications_extended_from_the_database_are_a_hundred_at_once(database, kitchen, hundred):
    save_replications(database, kitchen, 7, hundred.results[:30])
    earlier = earlier_replications(database, kitchen, 7)
    fresh = []
    extended = replicate(kitchen, 100, earlier=lambda _: earlier, finished=lambda _, block: fresh.append(block))
    assert said(extended) == said(hundred)
    assert [number for block in fresh for number in block.numbers] == list(range(31, 101))
    save_replications(database, kitchen, 7, [one for block in fresh for one in block])
    assert said(Replications(kitchen, 7, earlier_replications(database, kitchen, 7))) == said(hundred)


@pytest.mark.parametrize("first", some([30, 1, 59], 1))
def test_thirty_replications_extended_to_sixty_say_what_sixty_at_once_say_to_the_last_bit(database, scenario, first):
    named = ["wait.NORMAL.p95", "flow.p99.5", "wait.VIP.within(30s)", "wait.p80@late"]
    windows = "windows: {late: {from: 3m, until: 5m}}\n"
    kitchen = scenario(f"{SHIFT}{windows}metrics: [{', '.join(named)}]\nthresholds: {{wait.NORMAL.p95: '< 1m'}}\n")
    save_replications(database, kitchen, 7, replicate(kitchen, first).results)
    extended = replicate(kitchen, 60, earlier=lambda _: earlier_replications(database, kitchen, 7))
    at_once = replicate(kitchen, 60)
    assert said(extended) == said(at_once)
    assert any(part.n for part in extended.results[0].counts.values())
    metric_names = [name for name in kitchen.metric_set.names if not metric_named(name).is_pooled]
    for name in (*metric_names, *named):
        assert extended.estimate(name) == at_once.estimate(name), name
    assert extended.verdicts == at_once.verdicts


def test_stored_replications_that_lack_a_metric_of_the_scenario_are_run_and_stored_again(database, scenario):
    def numbers_run(kitchen: Scenario) -> list[int]:
        fresh: list[Replication] = []
        replicate(
            kitchen,
            3,
            earlier=lambda _: earlier_replications(database, kitchen, 7),
            finished=lambda _, block: fresh.extend(block),
        )
        save_replications(database, kitchen, 7, fresh)
        return [replication.number for replication in fresh]

    plain = scenario(SHIFT + 'thresholds: {wait.p95: "< 1m"}\n')
    more = scenario(SHIFT + 'thresholds: {wait.p95: "< 1m"}\nmetrics: [wait.NORMAL.p98]\n')
    other = scenario(SHIFT + 'thresholds: {wait.p90: "< 1m"}\n')
    counted = scenario(SHIFT + 'thresholds: {wait.NORMAL.p99: "< 1m"}\n')
    assert numbers_run(plain) == [1, 2, 3]
    assert numbers_run(more) == [1, 2, 3]
    assert numbers_run(more) == []
    assert numbers_run(plain) == []
    assert numbers_run(other) == [], "its orders were counted for another percentile"
    assert numbers_run(counted) == [], "likewise"
    assert len(list_runs(database)) == 6
    # of the two that there are of each number, one that has all is taken, whichever was stored first
    [oldest] = database.query("SELECT min(id) FROM runs WHERE replication = 2 AND counts LIKE '%NORMAL%'")
    delete_run(database, *oldest)
    assert numbers_run(plain) == []
    assert numbers_run(more) == [2]


def test_lower_bounds_of_stored_replications_stay_lower_bounds(database, scenario):
    starving = SHIFT.replace("initial: 2", "initial: 1").replace("NORMAL: 98%, VIP: 2%", "NORMAL: 2%, VIP: 98%")
    kitchen = scenario(starving + 'thresholds: {wait.max: "< 2h", wait.mean: "< 1s"}')
    done = replicate(kitchen)
    save_replications(database, kitchen, 7, done.results)
    back = replicate(kitchen, earlier=lambda _: earlier_replications(database, kitchen, 7))
    assert any("wait.max" in replication.bounds for replication in back.results)
    assert said(back) == said(done)
    assert back.verdicts == done.verdicts
    assert [verdict.judgement for verdict in back.verdicts] == [OPEN, FAIL]


def test_only_the_same_scenario_and_seed_by_the_same_versions_that_is_not_deleted_counts(
    database, kitchen, hundred, scenario
):
    done = Replications(kitchen, 7, hundred.results[:3])
    ids = save_replications(database, kitchen, 7, done.results)

    def earlier(kitchen=kitchen, seed: int = 7) -> list[int]:
        return [one.number for one in earlier_replications(database, kitchen, seed)]

    assert earlier() == [1, 2, 3]
    assert earlier(seed=8) == []
    assert earlier(scenario(SHIFT.replace("2}", "3}"))) == []
    delete_run(database, ids[1])
    assert earlier() == [1, 3]
    for version in ("draws", "metrics", "kitchensim"):
        change(database, f"UPDATE runs SET versions = json_set(versions, '$.{version}', '1') WHERE id = ?", ids[2])
        assert earlier() == [1]
        [(present,)] = database.query("SELECT json_extract(versions, ?) FROM runs WHERE id = ?", f"$.{version}", ids[0])
        change(
            database,
            "UPDATE runs SET versions = json_set(versions, ?, ?) WHERE id = ?",
            f"$.{version}",
            present,
            ids[2],
        )
        assert earlier() == [1, 3]
    change(database, "UPDATE runs SET versions = json_remove(versions, '$.draws') WHERE id = ?", ids[2])
    assert earlier() == [1]
    change(database, "UPDATE runs SET status = 'writing' WHERE id = ?", ids[0])
    assert earlier() == []


def test_a_run_with_its_events_is_an_earlier_replication_too(database, kitchen):
    save_run(database, run(kitchen, replication=2))
    assert said(replicate(kitchen, 3, earlier=lambda _: earlier_replications(database, kitchen, 7))) == said(
        replicate(kitchen, 3)
    )


def test_an_experiment_is_a_row_and_its_runs_have_metrics_and_no_events(database, backend, kitchen, hundred):
    done = Replications(kitchen, 7, hundred.results[:3])
    ids = save_replications(database, kitchen, 7, done.results, ["pilot"])
    [(experiment, kind, parameters, scenario_id, deleted)] = backend.read(
        "SELECT id, kind, parameters, scenario_id, deleted_at FROM experiments"
    )
    assert (kind, json.loads(parameters), deleted) == ("replicate", {"seed": 7}, None)
    assert backend.read("SELECT id FROM scenarios") == [(scenario_id,)]
    assert backend.read("SELECT DISTINCT experiment_id, scenario_id, status, tags FROM runs") == [
        (experiment, scenario_id, "complete", '["pilot"]')
    ]
    assert [(run_id, number) for run_id, number in backend.read("SELECT id, replication FROM runs ORDER BY 2")] == [
        *zip(ids, (1, 2, 3), strict=True)
    ]
    assert backend.count("events", "orders", "bots", "metrics") == (0, 0, 0, 3 * len(STANDARD))
    for run_id, one in zip(ids, done.results, strict=True):
        assert run_metrics(database, run_id) == one.values
        stored = find_run(database, run_id)
        assert (stored.replication, stored.fingerprint, stored.tags) == (one.number, one.fingerprint, ["pilot"])
        assert datetime.fromisoformat(stored.started_at) == one.started_at
    assert len(database.runs(tag="pilot")) == 3


def test_the_end_of_the_warm_up_is_stored(database, backend, scenario):
    kitchen = scenario(SHIFT + "warmup: 1m")
    save_replications(database, kitchen, 7, replicate(kitchen, times=2).results)
    assert backend.read("SELECT warmup_us FROM runs") == [(MINUTE,), (MINUTE,)]


def test_each_kind_of_experiment_can_be_stored_and_no_other(database, kitchen, hundred):
    save_replications(database, kitchen, 7, hundred.results[:1])
    for kind in ("sweep", "compare", "select", "replicate"):
        change(database, "UPDATE experiments SET kind = ?", kind)
    with pytest.raises(StorageError, match="CHECK"):
        change(database, "UPDATE experiments SET kind = 'guess'")


def test_an_experiment_that_is_removed_leaves_its_runs_and_a_run_its_experiment(database, backend, kitchen, hundred):
    ids = save_replications(database, kitchen, 7, hundred.results[:2])
    delete_run(database, ids[0])
    assert purge(database) == 1
    assert backend.count("runs", "experiments", "metrics") == (1, 1, len(STANDARD))
    change(database, "DELETE FROM experiments")
    assert backend.read("SELECT id, experiment_id FROM runs") == [(ids[1], None)]
    change(database, "DELETE FROM scenarios")
    assert [one.scenario for one in list_runs(database)] == [None]


def test_an_experiment_whose_last_run_is_purged_goes_with_it(database, backend, kitchen, hundred):
    for run_id in save_replications(database, kitchen, 7, hundred.results[:2]):
        delete_run(database, run_id)
    purge(database)
    assert backend.count("runs", "experiments", "scenarios") == (0, 0, 0)


def test_what_needs_the_events_says_that_they_were_not_stored(database, kitchen, hundred):
    [run_id] = save_replications(database, kitchen, 7, hundred.results[:1])
    stored = find_run(database, run_id)
    _, before, again = reproduce(database, stored)
    assert (before, again.fingerprint) == (None, stored.fingerprint)
    for read in (load_run, lambda *_: database.run(run_id), lambda *_: database.orders(run_id)):
        with pytest.raises(StorageError, match=f"run {run_id} .* its events were not stored"):
            read(database, stored)


def test_an_experiment_is_pushed_with_its_runs_once(database, backend, source, kitchen, hundred, tmp_path):
    done = Replications(kitchen, 7, hundred.results[:3])
    save_replications(source, kitchen, 7, done.results, ["pilot"])
    assert push_all(source, database) == 3
    assert push_all(source, database) == 0
    for table, columns in {
        "experiments": "*",
        "metrics": "*",
        "runs": "id, experiment_id, replication, seed, fingerprint, warmup_us, bounds, counts, tags, status",
    }.items():
        sql = f"SELECT {columns} FROM {table} ORDER BY 1, 2"
        assert backend.read(sql) == read_file(tmp_path / "source.db", sql)
    assert said(replicate(kitchen, 3, earlier=lambda _: earlier_replications(database, kitchen, 7))) == said(done)
