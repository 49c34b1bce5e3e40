"""Keeping results from Python: in the embedded file first, then on a server, as the commands do."""

import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import sim.cli
from sim import ArgumentError, Scenario, StorageError, compare, keep, open_database, replicate, run, select, sweep
from sim.experiment import Unkept
from sim.storage import Keeper, find_address, keeping
from tests.helpers.server import read_file

pytestmark = pytest.mark.usefixtures("elsewhere")

LUNCH = """
scenario: 1
name: lunch
clock: {until: 10m}
params: {crew: 2}
bots: {initial: $crew}
service: 20s
arrivals: [{class: NORMAL, poisson: {rate: 5/m}}]
replications: 3
thresholds: {wait.NORMAL.mean: "<= 10m"}
sweep: {crew: [2, 3]}
compare: {baseline: {crew: 2}}
select: {minimise: crew}
"""


@pytest.fixture
def lunch() -> Scenario:
    return Scenario.parse(LUNCH)


@pytest.fixture
def listed(monkeypatch, capsys):
    """Return what `sim runs --json` lists, by id."""

    def entries(*args: str) -> dict[str, dict]:
        monkeypatch.setattr(sys, "argv", ["sim", "runs", "--json", *args])
        with suppress(SystemExit):
            sim.cli.main()
        return {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}

    return entries


def test_what_a_script_keeps_in_a_file_is_listed_there(lunch, listed):
    run_id = keep(run(lunch), "file:own.db", tags=["script"])
    keys = {kind: keep(study(lunch), "file:own.db") for kind, study in (("sweep", sweep), ("compare", compare))}
    entries = listed("--db", "file:own.db")
    assert {key: (entry["kind"], entry["runs"]) for key, entry in entries.items()} == {
        run_id: ("run", 1),
        keys["sweep"]: ("sweep", 5),  # the run is one of its replications, and is not stored again
    }
    assert entries[run_id]["tags"] == ["script"]
    assert keys["compare"] is None  # all that it ran is stored in the sweep
    assert not Path("sim.db").exists()


def test_a_tag_that_nobody_could_type_is_refused_before_anything_is_stored(lunch):
    with pytest.raises(ArgumentError, match=r"^tags: is empty or cannot be printed; write a word such as monday$"):
        keep(run(lunch), tags=["monday", " "])
    assert not Path("sim.db").exists()


def test_what_a_script_keeps_on_a_server_is_in_the_file_first(lunch, listed, server, monkeypatch):
    monkeypatch.setenv("TURSO_DATABASE_URL", server.url)
    keys = [keep(run(lunch)), keep(sweep(lunch, seed=5))]
    assert set(listed()) == set(listed("--db", "file:sim.db")) == set(keys)
    entry = listed("--db", "file:sim.db")[keys[1]]
    assert (entry["seed"], entry["runs"], entry["pushed"]) == (5, 6, 6)


def test_each_kind_of_experiment_is_kept_as_what_it_is(lunch, listed):
    studies = {"replicate": replicate, "compare": compare, "select": select}
    for seed, (kind, study) in enumerate(studies.items()):
        key = keep(study(lunch, seed=seed))
        assert listed()[key]["kind"] == kind
    rows = read_file("sim.db", "SELECT kind, parameters FROM experiments ORDER BY id")
    assert [kind for kind, _ in rows] == list(studies)
    assert all(json.loads(parameters)["sweep"] == {"crew": [2, 3]} for _, parameters in rows)


def test_replications_that_are_stored_are_not_stored_again(lunch):
    assert keep(replicate(lunch, 2)) is not None
    with open_database() as database:
        keep(replicate(lunch, 5), database)
    assert keep(replicate(lunch, 4)) is None
    assert read_file("sim.db", "SELECT replication FROM runs ORDER BY replication") == [(n,) for n in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize("study", [run, replicate])
def test_without_its_server_a_result_is_in_the_file_and_python_is_told(lunch, server, study):
    server.kill()
    with pytest.raises(StorageError, match=f"in file:sim.db, not (all )?pushed; sim push --db {server.url} sends"):
        keep(study(lunch), server.url)
    assert read_file("sim.db", "SELECT count(pushed_at), count(*) FROM runs") == [(0, 1 if study is run else 3)]


def test_a_file_that_cannot_be_written_is_told(lunch):
    for study in (run, replicate):
        with pytest.raises(StorageError, match=r"unable to open database file; .* not in a database"):
            keep(study(lunch), "file:nowhere/sim.db")


def test_replications_without_fingerprints_are_refused(lunch):
    with pytest.raises(ValueError, match="fingerprints=True"):
        keep(replicate(lunch, fingerprints=False))
    assert not Path("sim.db").exists()


def test_a_keeper_stores_blocks_as_they_come_and_an_experiment_goes_on_from_there(lunch, monkeypatch):
    monkeypatch.setattr(keeping, "_FLUSH", -1)
    ran = []

    def finished(scenario, results):
        keeper.finished(scenario, results)
        ran.extend(results.numbers)
        if len(ran) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Keeper(find_address(), kind="sweep", scenario=lunch) as keeper:
        sweep(lunch, earlier=keeper.earlier, finished=finished)
    assert (keeper.count, keeper.problems) == (len(ran), [])
    assert read_file("sim.db", "SELECT count(*) FROM runs") == [(len(ran),)]
    with Keeper(find_address(), kind="sweep", scenario=lunch) as keeper:
        sweep(lunch, earlier=keeper.earlier, finished=keeper.finished)
    assert keeper.count == 6 - len(ran)
    assert read_file("sim.db", "SELECT count(*) FROM runs") == [(6,)]


def test_what_is_not_to_be_kept_leaves_nothing(lunch, elsewhere):
    with Unkept() as keeper:
        keeper.keep_run(run(lunch))
        replicate(lunch, **keeper.options)
    assert (keeper.run_id, keeper.kept_text, keeper.problems) == (None, "", [])
    assert list(elsewhere.iterdir()) == []
