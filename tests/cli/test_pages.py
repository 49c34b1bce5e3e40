"""Pages that commands write: of a run, of a stored one, of two files, and a live kitchen."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sim import load_scenario, open_database, run
from sim.output.page import comparison_page, kitchen_page, run_page
from tests.helpers.commands import complaint, names, run_ids, sim, write

KITCHEN = """scenario: 1
name: kitchen
seed: 7
bots: {initial: 2}
service: {exponential: {mean: 40s}}
clock: {until: 20m}
arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 2/m}}]
"""


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    write("kitchen.yaml", KITCHEN)
    return elsewhere


def test_a_run_leaves_its_page_unless_it_is_told_not_to():
    sim("run", "kitchen.yaml", "--no-save", "--no-charts")
    assert Path("out/kitchen/page.html").read_text("utf-8") == run_page(run(load_scenario("kitchen.yaml")))
    sim("run", "kitchen.yaml", "--no-save", "--no-charts", "--no-page")
    assert "page.html" not in names("out/kitchen")


def test_a_run_that_is_too_large_says_so_and_keeps_no_page_of_another(monkeypatch):
    sim("run", "kitchen.yaml", "--no-save", "--no-charts")
    monkeypatch.setattr("sim.output.page.MOST_ORDERS", 30)
    said = sim("run", "kitchen.yaml", "--no-save", "--no-charts")
    assert re.search(r"\nPage: no page of \d+ orders; it has at most 30\n", said.stdout)
    assert "page.html" not in names("out/kitchen")
    assert "no page of" in complaint("kitchen", "kitchen.yaml", status=2)


def test_a_stored_run_has_the_page_that_the_run_left():
    sim("run", "kitchen.yaml", "--no-charts")
    [run_id] = run_ids()
    assert sim("runs", "page", run_id[:10], "--to", "again.html").stdout == "Page: again.html\n"
    assert Path("again.html").read_bytes() == Path("out/kitchen/page.html").read_bytes()
    with open_database("file:sim.db") as database:
        assert run_page(database.run(run_id)) == Path("again.html").read_text("utf-8")


def test_a_stored_run_that_comes_out_in_another_way_has_no_page_and_the_reason_is_said():
    sim("run", "kitchen.yaml", "--no-charts")
    with closing(sqlite3.connect("sim.db")) as database, database:
        database.execute("UPDATE runs SET seed = 8")
    [run_id] = run_ids()
    said = sim("runs", "page", run_id, "--to", "again.html", status=1)
    assert said.stderr.startswith(f"run {run_id} is not reproduced\n")
    assert not Path("again.html").exists()


def test_two_files_have_a_page_side_by_side():
    write("seven.yaml", KITCHEN.replace("initial: 2", "initial: 3").replace("name: kitchen", "name: three"))
    sim("compare", "kitchen.yaml", "seven.yaml", "--page", "-n", "2", "--no-save", "--no-charts")
    runs = [run(load_scenario(file)) for file in ("kitchen.yaml", "seven.yaml")]
    assert Path("out/kitchen/compare.html").read_text("utf-8") == comparison_page(*runs)
    told = sim("compare", "kitchen.yaml", "--page", status=2).stderr
    assert "--page: shows two files side by side; name two" in told


def test_a_live_kitchen_is_a_file():
    assert sim("kitchen").stdout == "Page: out/kitchen/kitchen.html\n"
    assert Path("out/kitchen/kitchen.html").read_text("utf-8") == kitchen_page()
    assert sim("kitchen", "kitchen.yaml", "--to", "deep/live.html", "--seed", "9").stdout == "Page: deep/live.html\n"
    page = kitchen_page(load_scenario("kitchen.yaml").with_keys(seed=9))
    assert Path("deep/live.html").read_text("utf-8") == page


def test_what_cannot_be_a_live_kitchen_is_told():
    write("kitchen.yaml", KITCHEN + "patience: {NORMAL: {exponential: {mean: 5m}}}\n")
    reason = "patience of NORMAL is drawn, which no file can state of an order by hand; write a duration"
    assert complaint("kitchen", "kitchen.yaml", status=2) == f"kitchen: {reason}"
    assert "looks like a scenario" in sim("kitchen", "--to", "kitchen.yaml", status=2).stderr
    assert "leave it out of --terminal" in sim("kitchen", "--terminal", "--to", "x.html", status=2).stderr
