"""`sim runs show`, `compare`, `export` and `reproduce`: which run, and what is told of it."""

import json
import re
import shutil
from pathlib import Path

import pytest

from sim.model import unit_of
from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.commands import complaint, metrics, names, run_ids, sim
from tests.helpers.runs import NO_FILE, OF_ONE, bytes_of, change, listed, stored

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("args", OF_ONE, ids=lambda args: args[0])
def test_a_command_takes_the_start_of_one_id_and_nothing_else(args):
    first, second = stored(), stored()

    def asking(prefix: str) -> tuple[str, ...]:
        return ("runs", *(prefix if arg == "ID" else arg for arg in args))

    for prefix, problem in ((first + "0", "no run starts"), (first[0], "more than one run starts")):
        line = f"database file:sim.db: {problem} with id {prefix!r}; sim runs lists them"
        assert complaint(*asking(prefix), status=2) == line
    assert listed() == [second, first]
    assert not Path("there").exists()
    sim(*asking(second[:-1]))


def test_without_a_file_every_command_says_how_to_make_one_and_makes_none():
    for args in ((), ("--json",), *OF_ONE, ("restore", "ID"), ("purge",)):
        assert complaint("runs", *args, status=2) == NO_FILE
    assert names(".") == {"kitchen.yaml", "short.yaml"}


def test_a_command_that_is_none_lists_nothing():
    stored()
    said = sim("runs", "list", status=2)
    assert "No such command 'list'" in said.stderr
    assert said.stdout == ""


# show and compare


def test_show_tells_where_a_run_came_from_and_its_metrics(backend):
    run_id = stored("kitchen.yaml", "--db", backend.url, "--tag", "b", "--tag", "a", "--replication", "2")
    facts, numbers = sim("runs", "show", run_id, "--db", backend.url).stdout.split("\n\n")
    told = dict(line.split(maxsplit=1) for line in facts.splitlines())
    assert told["id"] == run_id
    assert (told["scenario"], told["seed"], told["replication"]) == ("kitchen", "7", "2")
    assert (told["tags"], told["parameters"]) == ("a, b", "bots 2, cook 10s")
    assert told["fingerprint"] == metrics("out/kitchen")["fingerprint"]
    assert "pushed_at" not in told
    assert re.fullmatch(
        r"kitchensim [\d.]+, numpy [\d.]+, simpy [\d.]+, python 3[\d.]+, draws 2, metrics 3", told["versions"]
    )
    values = metrics("out/kitchen")["metrics"]
    assert [line.split() for line in numbers.splitlines()] == [
        [name, *("no data" if value is None else f"{value:.6g}").split(), unit_of(name)]
        for name, value in values.items()
    ]
    document = json.loads(sim("runs", "show", run_id, "--db", backend.url, "--json").stdout)
    assert document["metrics"] == values
    (line,) = json.loads(sim("runs", "--db", backend.url, "--json").stdout)
    assert {name: line[name] for name in line if name in document} == {
        name: document[name] for name in document if name in line
    }
    assert (line["kind"], line["runs"], line["pushed"]) == ("run", 1, 0)


def test_compare_sets_two_runs_side_by_side_with_the_difference(backend):
    to = ("--db", backend.url)
    first = stored("short.yaml", *to, "--out", "first")
    second = stored("short.yaml", *to, "--out", "second", "--set", "cook=12s")
    _, table = sim("runs", "compare", first, second, *to).stdout.split("\n\n")
    ones, others = (metrics(place)["metrics"] for place in ("first", "second"))
    title, *rows = [line.split() for line in table.splitlines()]
    assert title == ["metric", "first", "second", "difference", "unit"]
    assert [row[0] for row in rows] == list(ones)
    assert ["service.VIP.mean", "10", "12", "+2", "s"] in rows
    document = json.loads(sim("runs", "compare", first, second, *to, "--json").stdout)
    assert document == {"runs": [first, second], "metrics": {name: [ones[name], others[name]] for name in ones}}


# export


@pytest.mark.parametrize("file", some(SCENARIOS, 3), ids=lambda file: file.stem)
def test_export_writes_the_same_bytes_as_the_run_from_the_file_and_from_the_server(file, server):
    run_id = stored(str(file), "--db", server.url, "--out", "written", "--seed", "3", "--no-page")
    for url, place in (("file:sim.db", "from-file"), (server.url, "from-server")):
        said = sim("runs", "export", run_id, "--db", url, "--to", f"deep/{place}", "--no-charts")
        assert said.stdout == f"Files: deep/{place}/\n"
        assert bytes_of(f"deep/{place}") == bytes_of("written")


def test_export_draws_the_same_charts(server):
    sim("run", "short.yaml", "--db", server.url, "--out", "written", "--no-page")
    sim("runs", "export", run_ids()[0], "--db", server.url, "--to", "exported")
    assert bytes_of("exported") == bytes_of("written")
    assert "charts/waits.png" in names("exported")
    sim("runs", "export", run_ids()[0], "--db", server.url, "--to", "exported", "--no-charts")
    assert "charts/waits.png" not in names("exported")


def test_export_to_a_place_that_cannot_be_written_makes_status_4():
    line = complaint("runs", "export", stored(), "--to", "short.yaml/x", status=4)
    assert line == "sim: short.yaml/x: cannot be written (Not a directory); name another place with --to"


# reproduce


def test_a_run_is_reproduced_though_the_files_of_its_scenario_changed_since(backend):
    for name in ("replay.yaml", "replay_orders.csv"):
        shutil.copy(ROOT / "scenarios" / name, name)
    to = ("--db", backend.url)
    first, second = stored("replay.yaml", *to), stored("short.yaml", *to, "--set", "cook=7s")
    fingerprint = metrics("out/replay")["fingerprint"]
    events = Path("out/replay/events.csv").read_text().count("\n") - 1
    orders = Path("replay_orders.csv").read_text().splitlines(keepends=True)
    Path("replay_orders.csv").write_text("".join(orders[:-3]))
    said = f"run {first} reproduced: fingerprint {fingerprint}, {events} events\n"
    assert sim("runs", "reproduce", first, *to).stdout == said
    for name in ("replay.yaml", "replay_orders.csv", "short.yaml"):
        Path(name).unlink()
    assert sim("runs", "reproduce", first, *to).stdout == said
    assert sim("runs", "reproduce", second, *to).stdout.startswith(f"run {second} reproduced: ")


def test_what_somebody_altered_is_shown_with_what_comes_now():
    run_id = stored()
    now = metrics("out/short")["fingerprint"]
    change("UPDATE runs SET fingerprint = '0123456789abcdef'")
    title, prints, versions = sim("runs", "reproduce", run_id, status=1).stdout.splitlines()
    assert title == f"run {run_id} is not reproduced"
    assert prints == f"  fingerprint  stored 0123456789abcdef, stored events {now}, now {now}"
    assert re.match(r"  stored with  kitchensim [\d.]+, numpy", versions)
    change("DELETE FROM events WHERE seq = 19")
    event = sim("runs", "reproduce", run_id, status=1).stdout.splitlines()[3:]
    assert event == [
        "  the first event that differs is number 19:",
        "    stored  none",
        "    now     t_us 40000000  bot_idle  bot 1",
    ]
    change("UPDATE runs SET fingerprint = ?", now)
    assert sim("runs", "reproduce", run_id, status=1).stdout.splitlines()[3:] == event
