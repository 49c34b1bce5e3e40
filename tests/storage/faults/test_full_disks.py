"""Disks that fill while something is saved."""

import json
import shutil
from pathlib import Path

import pytest

from sim.storage import open_database
from sim.storage.migrations import MIGRATIONS
from tests.helpers.databases import SCENARIO, same_rows, whole_file, whole_runs
from tests.helpers.disks import FULL, fill
from tests.helpers.pressing import run_whole
from tests.helpers.programs import FILES
from tests.helpers.server import read_file


def test_a_disk_that_fills_while_a_run_is_saved_keeps_no_part_of_it_and_the_files_are_elsewhere(
    small_disk, folder, server, monkeypatch
):
    monkeypatch.chdir(small_disk)
    for options in ((), ("--db", server.url)):
        status, _, line = run_whole("run", "large.yaml", "--no-charts", "--out", "../out", *options)
        assert status == 4
        assert line.startswith(f"sim: database file:sim.db: {FULL}; ")
        assert line.endswith("this run is not in a database\n")
        assert {file.name for file in (folder / "out").iterdir()} == FILES
        shutil.rmtree(folder / "out")
        assert whole_file(small_disk / "sim.db") == 0
    assert run_whole("run", "small.yaml", "--no-charts", "--out", "../out", "--db", server.url)[::2] == (0, "")
    assert same_rows(small_disk / "sim.db", server)


@pytest.mark.parametrize("small_disk", ["4m"], indirect=True)
def test_a_run_that_does_not_fit_gives_its_space_to_the_files(small_disk, here, monkeypatch):
    monkeypatch.chdir(small_disk)
    text = SCENARIO.replace("NAME", "medium").replace("ORDERS", "6700")  # 5.5 MB in a database, 3.5 MB in files
    (small_disk / "medium.yaml").write_text(text)
    line = here("run", "medium.yaml", "--no-charts", status=4)
    assert line.startswith(f"sim: database file:sim.db: {FULL}; ")
    assert {file.name for file in Path("out/medium").iterdir()} == FILES
    assert json.loads(Path("out/medium/metrics.json").read_text())["metrics"]
    assert not Path("sim.db-journal").exists()
    assert whole_file(small_disk / "sim.db") == 0


def test_files_that_fill_the_disk_do_not_keep_the_run_from_the_server(small_disk, folder, server):
    fill(small_disk)
    options = ("--out", f"{small_disk}/out", "--db", server.url)
    status, out, line = run_whole("run", "small.yaml", "--no-charts", *options)
    assert status == 4
    assert line.endswith(": cannot be written (No space left on device); name another place with --out\n")
    assert whole_runs(server.read) == 1
    assert same_rows(folder / "sim.db", server)
    assert out.endswith(f" in {server.url}\n")


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
    assert run_whole("run", "small.yaml", "--no-charts", "--db", url)[::2] == (0, "")
    assert whole_file(file) == 1
    assert read_file(file, "SELECT max(version) FROM schema_migrations") == [(len(MIGRATIONS),)]


def test_a_new_database_on_a_full_disk_is_one_line_and_the_files_are_there(small_disk):
    fill(small_disk)
    status, _, line = run_whole("run", "small.yaml", "--no-charts", "--db", f"file:{small_disk}/sim.db")
    assert status == 4
    assert line == f"sim: database file:{small_disk}/sim.db: {FULL}; this run is not in a database\n"
    assert {file.name for file in Path("out/small").iterdir()} == FILES


def test_a_push_from_a_full_disk_reaches_the_server_and_is_noted_when_there_is_room(small_disk, server, monkeypatch):
    monkeypatch.chdir(small_disk)
    assert run_whole("run", "small.yaml", "--no-charts", "--out", "../out")[::2] == (0, "")
    ballast = fill(small_disk)
    status, _, line = run_whole("push", "--db", server.url)
    assert status == 4
    assert line == f"sim: database file:sim.db: {FULL}; sim push goes on where it stopped\n"
    assert same_rows(small_disk / "sim.db", server)
    assert read_file(small_disk / "sim.db", "SELECT count(pushed_at) FROM runs") == [(0,)]
    ballast.unlink()
    assert run_whole("push", "--db", server.url)[::2] == (0, "")
    assert read_file(small_disk / "sim.db", "SELECT count(pushed_at) FROM runs") == [(1,)]
