"""The stored runs on the command line: `sim runs`, `sim db check` and `sim push`, with files and real servers."""

import json
import re
import shutil
import sqlite3
import threading
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sim.model import UNITS
from tests.helpers import ROOT
from tests.helpers.commands import (
    KITCHEN,
    NOBODY,
    UUID7,
    complaint,
    metrics,
    names,
    on_terminal,
    run_ids,
    screen,
    sim,
    sim_process,
    until,
)
from tests.helpers.commands import write as scenario
from tests.helpers.server import Server

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
# nothing random: three orders, two bots, one of which goes while it cooks
SHORT = """
scenario: 1
name: short
params: {cook: 10s}
service: $cook
bots: {initial: 2}
timeline:
  - {at: 0s, order: NORMAL, count: 3}
  - {at: 4s, order: VIP}
  - {at: 5s, remove_bots: 1}
"""
TABLES = ("runs", "scenarios", "files", "orders", "bots", "events", "metrics", "users")
NO_FILE = "database file:sim.db: there is none yet; sim run FILE makes it, or name another with --db"


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two scenarios in it, where every command of this file runs."""
    monkeypatch.setenv("TERM", "xterm")
    scenario("kitchen.yaml", KITCHEN)
    scenario("short.yaml", SHORT)
    return elsewhere


def stored(file: str = "short.yaml", *options: str) -> str:
    """Run a scenario and return the id of the run."""
    return json.loads(sim("run", file, "--no-charts", "--json", *options).stdout)["run"]


def listed(*options: str) -> list[str]:
    """Return the ids that `sim runs` lists."""
    return [one["id"] for one in json.loads(sim("runs", "--json", *options).stdout)]


def change(sql: str, *values: object) -> None:
    """Tamper with the file by another program."""
    with closing(sqlite3.connect("sim.db")) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


def bytes_of(folder: str) -> dict[str, bytes]:
    return {name: Path(folder, name).read_bytes() for name in names(folder)}


# sim runs


def test_runs_are_listed_with_time_fingerprint_scenario_parameters_and_tags_and_found_by_them(backend):
    to = ("--db", backend.url)
    first = stored("kitchen.yaml", *to)
    second = stored("kitchen.yaml", *to, "--seed", "8", "--set", "bots=3", "--tag", "new oven", "--tag", "a")
    third = stored("short.yaml", *to, "--tag", "a")
    head = r"  \d{4}-\d\d-\d\d \d\d:\d\d  run   "
    size = r" +[\d.]+ kB"
    title, *lines = sim("runs", *to).stdout.splitlines()
    assert title.split() == ["id", "began", "(UTC)", "what", "scenario", "seed", "size"]
    assert re.fullmatch(third[:13] + head + f"short     0  {size}  cook 10s  #a", lines[0])
    assert re.fullmatch(second[:13] + head + f"kitchen   8  {size}", lines[1])
    assert lines[2] == "  bots 3  cook 10s  #a  #new oven"
    assert re.fullmatch(first[:13] + head + f"kitchen   7  {size}  bots 2  cook 10s", lines[3])
    assert max(map(len, lines)) <= 80
    document = json.loads(sim("runs", *to, "--json").stdout)
    assert [(one["id"], one["seed"], one["parameters"], one["tags"]) for one in document] == [
        (third, 0, {"cook": "10s"}, ["a"]),
        (second, 8, {"bots": 3, "cook": "10s"}, ["a", "new oven"]),
        (first, 7, {"bots": 2, "cook": "10s"}, []),
    ]
    assert listed(*to, "--scenario", "kitchen") == [second, first]
    assert listed(*to, "--tag", "new oven") == [second]
    assert listed(*to, "--tag", "a", "--scenario", "short") == [third]
    assert sim("runs", *to, "--tag", "new").stdout == f"{backend.url} has no such runs\n"


def test_since_takes_an_age_a_date_or_a_time_of_any_zone():
    early, late, fresh = stored(), stored(), stored()
    for run_id, began in ((early, "08:30:00"), (late, "09:30:00.500000")):
        change("UPDATE runs SET started_at = ? WHERE id = ?", f"2020-01-01T{began}+00:00", run_id)
    for when, found in {
        "2h": [fresh],
        "2020-01-02": [fresh],
        "2020-01-01": [fresh, late, early],
        "2020-01-01T09:00": [fresh, late],
        "2020-01-01 08:30": [fresh, late, early],
        "2020-01-01T09:30:01Z": [fresh],
        "2020-01-01T10:00:00+02:00": [fresh, late, early],
        "2020-01-01T10:00:00+01:00": [fresh, late],
    }.items():
        assert listed("--since", when) == found, when


@pytest.mark.parametrize("when", ["yesterday", "2", "2020-13-01", "99999999d", "-2h", ""])
def test_since_something_else_makes_status_2_and_says_what_to_write(when):
    stored()
    said = sim("runs", "--since", when, status=2)
    assert said.stdout == ""
    problem = f"{when!r} is no instant; write 2h for two hours ago, or a date such as 2026-11-23"
    assert said.stderr.splitlines()[-1] == f"Error: Invalid value for --since: {problem}"


def test_words_behind_the_columns_are_never_broken_at_a_hyphen():
    tags = [f"{letter}-" * 12 + "end" for letter in "abcd"]
    stored("short.yaml", *(word for tag in tags for word in ("--tag", tag)))
    lines = sim("runs").stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    words = [word for line in lines for word in line.split()]
    assert [word for word in words if "-end" in word] == [f"#{tag}" for tag in tags]


def test_a_row_that_fills_the_line_is_followed_by_no_blank_one():
    Path("long.yaml").write_text(f"scenario: 1\nname: {'long-' * 10}name\ntimeline: [{{at: 0s, order: VIP}}]\n")
    stored("long.yaml")
    assert all(line.strip() for line in sim("runs").stdout.splitlines())


def test_an_empty_list_says_so_and_an_empty_document_is_one():
    sim("runs", "delete", stored())
    assert sim("runs", "--tag", "x").stdout == "file:sim.db has no such runs\n"
    assert sim("runs").stdout == "file:sim.db has no runs yet; sim run FILE makes one\n"
    assert sim("runs", "--json").stdout == "[]\n"


def experiment(times: int, *options: str) -> str:
    """Run replications and return the id of their experiment."""
    sim("replicate", "kitchen.yaml", "-n", str(times), "--no-charts", "--no-files", *options)
    return json.loads(sim("runs", "--json").stdout)[0]["id"]


def test_an_experiment_is_one_line_with_the_number_of_its_runs_and_show_lists_them():
    alone, several = stored(), experiment(25, "--tag", "night")
    _, line, tail, single = sim("runs").stdout.splitlines()
    assert re.match(rf"{several[:13]}\S*  \S+ \S+  replicate 25  kitchen   7  +[\d.]+ kB$", line)
    assert tail == "  bots 2  cook 10s  #night"
    assert single.startswith(alone[:13])
    facts, table = sim("runs", "show", several).stdout.split("\n\n")
    told = dict(line.split(maxsplit=1) for line in facts.splitlines())
    assert (told["kind"], told["runs"], told["tags"], told["seed"]) == ("replicate", "25", "night", "7")
    rows = [line.split() for line in table.splitlines()]
    assert rows[0] == ["run", "replication", "fingerprint", "parameters"]
    assert [row[1] for row in rows[1:21]] == [str(number) for number in range(1, 21)]
    assert rows[21:] == [["5", "more;", "--json", "has", "all", "of", "them"]]
    document = json.loads(sim("runs", "show", several, "--json").stdout)
    assert [run["replication"] for run in document["members"]] == list(range(1, 26))
    assert {run["experiment"] for run in document["members"]} == {several}
    assert document["runs"] == 25
    problem = f"{several!r} is an experiment; sim runs show {several} lists its runs"
    assert complaint("runs", "reproduce", several, status=2) == f"database file:sim.db: {problem}"


def test_the_last_twenty_are_listed_and_all_if_asked_for():
    ids = [stored() for _ in range(22)][::-1]
    lines = sim("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [run_id[: len(lines[1].split()[0])] for run_id in ids[:20]]
    assert lines[-1] == "2 older; --all lists them"
    assert len(sim("runs", "--all").stdout.splitlines()) == 23
    said = sim("runs", "--json")
    assert [one["id"] for one in json.loads(said.stdout)] == ids[:20]
    assert said.stderr == "2 older; --all lists them\n"
    assert listed("--all") == ids
    said = sim("runs", "--all", "show", ids[0], status=2)
    assert said.stderr.splitlines()[-1] == "Error: Invalid value for --all: belongs to the list; leave it out of show"


def test_an_experiment_is_deleted_restored_and_purged_as_one():
    alone, several = stored(), experiment(3)
    said = f"experiment {several} with 3 runs"
    assert sim("runs", "delete", several).stdout == f"{said} deleted; sim runs restore undoes it\n"
    assert (listed(), listed("--deleted")) == ([alone], [several])
    assert sim("runs", "restore", several[:13]).stdout == f"{said} restored\n"
    assert listed() == [several, alone]
    sim("runs", "delete", several)
    assert sim("runs", "purge").stdout.startswith("3 runs purged from file:sim.db\n")
    assert (listed(), listed("--deleted")) == ([alone], [])


def test_what_is_old_is_deleted_in_one_go_and_purging_gives_its_room_back():
    old, fresh = [experiment(30), stored()], stored()
    change("UPDATE runs SET started_at = '2020-01-01T08:30:00+00:00' WHERE id <> ?", fresh)
    size = Path("sim.db").stat().st_size
    assert sim("runs", "delete", "--before", "2019-12-31").stdout == "0 runs deleted; sim runs restore ID undoes it\n"
    assert sim("runs", "delete", "--before", "30d").stdout == "31 runs deleted; sim runs restore ID undoes it\n"
    assert (listed(), set(listed("--deleted"))) == ([fresh], set(old))
    sim("runs", "restore", old[1])
    assert listed() == [fresh, old[1]]
    count, smaller = sim("runs", "purge").stdout.splitlines()
    assert count == "30 runs purged from file:sim.db"
    assert re.fullmatch(r"the file is [\d.]+ kB smaller", smaller)
    assert Path("sim.db").stat().st_size < size - 30 * 1000
    for args in ((), (fresh, "--before", "30d")):
        line = sim("runs", "delete", *args, status=2).stderr.splitlines()[-1]
        assert line == "Error: Invalid value for ID: write the id of a run or of an experiment, or --before WHEN"
    assert listed() == [fresh, old[1]]


def test_db_size_says_what_takes_how_much_and_is_about_right():
    sim("db", "check", "--write")
    before = Path("sim.db").stat().st_size
    scenario(
        "large.yaml", "scenario: 1\nname: large\nbots: {initial: 3}\ntimeline:\n  - {at: 0s, order: VIP, count: 3000}\n"
    )
    run_id = stored("large.yaml")
    grown = Path("sim.db").stat().st_size - before
    (entry,) = json.loads(sim("runs", "--json").stdout)
    assert entry["size"] == pytest.approx(grown, rel=0.1)
    whole, _, title, *rows = sim("db", "size").stdout.splitlines()
    assert re.fullmatch(r"file:sim\.db: [\d.]+ MB, of which [\d.]+ k?B are free", whole)
    assert title.split() == ["table", "rows", "about"]
    assert {row.split()[0]: row.split()[1] for row in rows}.items() >= {"orders": "3,000", "runs": "1"}.items()
    sim("runs", "delete", run_id)
    assert re.fullmatch(
        r"1 deleted run: about [\d.]+ MB of that; sim runs purge gives them back",
        sim("db", "size").stdout.splitlines()[-1],
    )


# Damaged rows


def test_a_damaged_run_is_a_line_on_standard_error_and_all_others_are_listed():
    bad, good = stored(), stored("short.yaml", "--tag", "x")
    change("UPDATE runs SET tags = 'oops' WHERE id = ?", bad)
    problem = f"database file:sim.db: run {bad} is damaged: its tags is 'oops', not a JSON list of words; "
    cure = "restore the database, or take the run out of the way with sim runs delete"
    for options in ((), ("--tag", "x"), ("--json",)):
        said = sim("runs", *options, status=2)
        assert said.stderr == f"{problem}{cure}\n"
        assert good[:13] in said.stdout
        assert bad[:18] not in said.stdout
    assert complaint("runs", "show", bad, status=2) == f"{problem}{cure}"
    sim("runs", "delete", bad)
    assert listed() == [good]


@pytest.mark.parametrize("number", [0, -1])
def test_a_damaged_replication_is_named_and_run_again_and_the_means_stay(number):
    again = ("replicate", "kitchen.yaml", "-n", "3", "--no-charts", "--no-files")
    sim(*again)
    first = sim(*again).stdout  # without the waits of single orders, which are not stored
    change("UPDATE runs SET replication = ? WHERE replication = 2", number)
    said = sim(*again)
    assert said.stdout == first
    assert re.fullmatch(
        rf"sim: database file:sim.db: run {UUID7} is damaged: its replication is {number}, not a whole number from 1; "
        r"restore .* delete; its replication is run again\n",
        said.stderr,
    )


def test_a_push_names_a_damaged_run_and_sends_all_others(server):
    bad, good = stored(), stored()
    change("UPDATE runs SET seed = -5 WHERE id = ?", bad)
    said = sim("push", "--db", server.url, status=4)
    assert said.stdout == f"1 run pushed from file:sim.db to {server.url}\n"
    assert f"run {bad} is damaged: its seed is -5, not a whole number from 0; " in said.stderr
    assert said.stderr.endswith("; it is not pushed\n")
    assert listed("--db", server.url) == [good]


def test_what_stands_in_the_database_cannot_steer_a_terminal_or_end_a_line():
    stored()
    change("UPDATE runs SET tags = ?, parameters = ?", r'["\u001b[31m\n::error::x"]', r'{"a\nb": "\r\u2028"}')
    title, line = sim("runs").stdout.split("\n", 1)
    assert title.startswith("id ")
    assert r"a\nb \r\u2028" in line
    assert r"#\x1b[31m\n::error::x" in line


@pytest.mark.parametrize("option", ["--scenario", "--tag"])
def test_a_filter_that_is_no_text_is_one_line(option):
    stored()
    problem = "database file:sim.db: holds text in UTF-8 only; write it in other letters"
    assert complaint("runs", option, "\udcff", status=2) == problem


@pytest.mark.parametrize("given", [("--scenario", "short"), ("--since", "2h"), ("--tag", "x"), ("--deleted",)])
def test_a_filter_before_a_command_is_refused(given):
    said = sim("runs", *given, "delete", stored(), status=2)
    problem = f"Invalid value for {given[0]}: belongs to the list; leave it out of delete"
    assert said.stderr.splitlines()[-1] == f"Error: {problem}"
    assert len(listed()) == 1


def test_options_of_the_group_count_before_a_command_too():
    run_id = stored("short.yaml", "--db", "file:other.db")
    for args in (("--db", "file:other.db", "show", run_id), ("show", run_id, "--db", "file:other.db")):
        assert sim("runs", *args).stdout.startswith(f"id           {run_id}\n")
    before = sim("runs", "--db", "file:other.db", "--json", "show", run_id).stdout
    assert json.loads(before) == json.loads(sim("runs", "show", run_id, "--json", "--db", "file:other.db").stdout)
    assert complaint("runs", "--db", "file:other.db", "show", run_id, "--db", "file:sim.db", status=2) == NO_FILE


def test_what_a_person_reads_from_the_first_run_to_the_last_purge(server, golden):
    known: dict[str, str] = {}
    transcript = ""

    def plain(text: str) -> str:
        """Give runs letters, and put words for what is another one each time."""
        text = re.sub(UUID7, lambda found: known.setdefault(found[0], f"RUN-{len(known) + 1}"), text)
        text = text.replace(server.url, "http://127.0.0.1:PORT")
        letters = {run_id[:13]: letter for run_id, letter in known.items()}
        text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}\b", lambda found: letters[found[0]], text)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\S*)?", "INSTANT", text)
        text = re.sub(r"\b(kitchensim|numpy|simpy|python) [\d.]+", r"\1 VERSION", text)
        return re.sub(r"[\d.]+ ms", "N ms", text)

    def typed(line: str, status: int = 0, lines: int = 20) -> None:
        nonlocal transcript
        args = [{letter: run_id for run_id, letter in known.items()}.get(word, word) for word in line.split()]
        said = sim(*args, status=status)
        shown = plain(said.stdout + said.stderr).splitlines(keepends=True)
        transcript += f"$ sim {line}\n{''.join(shown[:lines])}" + "…\n" * (len(shown) > lines)
        transcript += f"(exit status {status})\n" * (status != 0) + "\n"

    typed("run short.yaml --no-charts --tag first")
    typed("run short.yaml --no-charts --set cook=12s --json", lines=4)
    typed("runs")
    typed("runs --tag second")
    typed("runs compare RUN-1 RUN-2", lines=15)
    typed("runs reproduce RUN-1")
    typed("runs export RUN-1 --to copy --no-charts")
    typed("runs delete RUN-2")
    typed("runs show RUN-2", status=2)
    typed("runs --deleted")
    typed("db check")
    typed("runs restore RUN-2")
    typed("runs restore RUN-2", status=2)
    typed("push", status=2)
    Path(".env").write_text(f"TURSO_DATABASE_URL={server.url}\n")
    typed("db check")
    typed("runs --db file:sim.db")
    typed("push")
    typed("push")
    typed("runs")
    typed("db check --write")
    typed("db check --db file:sim.db")
    typed("runs show RUN-2 --db file:sim.db")
    typed("runs delete RUN-1")
    typed("runs purge")
    change(
        "UPDATE events SET time_us = time_us + 1 WHERE seq = 7 AND run_id IN (SELECT id FROM runs WHERE tags = '[]')"
    )
    typed("runs reproduce RUN-2 --db file:sim.db", status=1)
    typed("runs export RUN-2 --db file:sim.db --to copy", status=2)
    server.kill()
    typed("run short.yaml --no-charts", status=4)
    golden("commands.txt", transcript)


# Which run


OF_ONE = [
    *(("show", "ID"), ("compare", "ID", "ID"), ("export", "ID", "--to", "there", "--no-charts")),
    *(("reproduce", "ID"), ("delete", "ID")),
]


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
    assert re.fullmatch(r"kitchensim [\d.]+, numpy [\d.]+, simpy [\d.]+, python 3[\d.]+", told["versions"])
    values = metrics("out/kitchen")["metrics"]
    assert [line.split() for line in numbers.splitlines()] == [
        [name, *("no data" if value is None else f"{value:.6g}").split(), UNITS[name]] for name, value in values.items()
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


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_export_writes_the_same_bytes_as_the_run_from_the_file_and_from_the_server(file, server):
    run_id = stored(str(file), "--db", server.url, "--out", "written", "--seed", "3")
    for url, place in (("file:sim.db", "from-file"), (server.url, "from-server")):
        said = sim("runs", "export", run_id, "--db", url, "--to", f"deep/{place}", "--no-charts")
        assert said.stdout == f"Files: deep/{place}/\n"
        assert bytes_of(f"deep/{place}") == bytes_of("written")


def test_export_draws_the_same_charts(server):
    sim("run", "kitchen.yaml", "--db", server.url, "--out", "written")
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


# sim db check


def checked(*args: str, status: int = 0) -> dict[str, str]:
    said = sim("db", "check", *args, status=status)
    return {line[:11].rstrip(): line[12:] for line in said.stdout.splitlines()}


def test_check_says_that_there_is_no_file_yet_and_makes_none():
    assert checked() == {
        "database": "file:sim.db (the default)",
        "reached": "no, there is no such file yet; sim run FILE makes it",
    }
    assert names(".") == {"kitchen.yaml", "short.yaml"}


def test_check_of_a_new_server_changes_nothing_there_and_a_run_does(token_server):
    stored()
    Path(".env").write_text(f"TURSO_DATABASE_URL={token_server.url}\nTURSO_AUTH_TOKEN={token_server.token()}\n")
    told = checked()
    assert told.pop("reached").startswith("yes; round trip ")
    assert told == {
        "database": f"{token_server.url} (TURSO_DATABASE_URL in .env)",
        "token": "TURSO_AUTH_TOKEN in .env",
        "schema": "none yet; the first run makes it",
        "not pushed": "the runs in file:sim.db; sim push sends them",
    }
    assert token_server.read("SELECT name FROM sqlite_schema") == []
    sim("push")
    told = checked()
    assert (told["schema"], told["runs"]) == ("version 5 of 5", "1")
    assert told["not pushed"] == "none of the runs in file:sim.db"


def test_check_never_shows_a_token_whether_it_is_taken_or_refused(token_server, monkeypatch):
    monkeypatch.setenv("TURSO_DATABASE_URL", token_server.url)
    for token, status in ((token_server.token(), 0), (token_server.token("ro"), 2), (token_server.token()[:-8], 2)):
        monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
        said = sim("db", "check", "--write", status=status)
        assert "\ntoken       TURSO_AUTH_TOKEN in the environment\n" in said.stdout
        for part in token.split("."):
            assert part not in said.stdout + said.stderr
        assert len(said.stderr.splitlines()) == (status != 0)


def test_check_write_leaves_nothing_behind_and_purges_nothing_else(backend):
    to = ("--db", backend.url)
    told = checked(*to, "--write")
    assert (told["schema"], told["runs"]) == ("version 5 of 5", "0")
    assert backend.count(*TABLES) == (*(0,) * (len(TABLES) - 1), 4)  # the sample users
    stored("short.yaml", *to)
    gone = stored("short.yaml", *to)
    sim("runs", "delete", gone, *to)
    before = backend.count(*TABLES)
    told = checked(*to, "--write")
    assert re.fullmatch(r"yes; a run of \d+ events was written, read back the same, and removed", told["write"])
    assert told["runs"] == "1"
    assert backend.count(*TABLES) == before
    assert listed(*to, "--deleted") == [gone]


def test_check_of_a_server_that_cannot_be_reached_is_one_line_and_makes_status_2():
    said = sim("db", "check", "--db", NOBODY, status=2)
    assert said.stdout == f"database    {NOBODY} (--db)\ntoken       none\n"
    problem = "cannot be reached (Connection refused); check the URL and the network"
    assert said.stderr == f"database {NOBODY}: {problem}\n"


def test_check_of_something_else_than_a_database_is_one_line():
    line = complaint("db", "check", "--db", "file:short.yaml", status=2)
    assert line == "database file:short.yaml: file is not a database; name another file with --db"
    assert Path("short.yaml").read_text() == SHORT


# sim push


def test_push_copies_what_the_server_lacks_and_then_nothing(token_server, monkeypatch):
    first, second = stored("kitchen.yaml", "--tag", "a"), stored()
    sim("runs", "delete", stored())
    monkeypatch.setenv("TURSO_DATABASE_URL", token_server.url)
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token_server.token())
    said = sim_process("push")
    assert (said.stdout, said.stderr) == (f"2 runs pushed from file:sim.db to {token_server.url}\n", "")
    assert sim("push").stdout == f"nothing to push: {token_server.url} has all runs of file:sim.db\n"
    assert listed() == [second, first]
    assert sim("runs", "--db", "file:sim.db").stdout == sim("runs").stdout
    stored("short.yaml", "--db", "file:sim.db")
    assert sim("push").stdout == f"1 run pushed from file:sim.db to {token_server.url}\n"


def test_push_takes_another_file_by_from(server):
    run_id = stored("short.yaml", "--db", "file:laptop.db")
    said = sim("push", "--from", "file:laptop.db", "--db", server.url)
    assert said.stdout == f"1 run pushed from file:laptop.db to {server.url}\n"
    assert listed("--db", server.url) == [run_id]
    assert not Path("sim.db").exists()


def test_check_of_another_server_counts_what_that_one_lacks(server, tmp_path):
    for _ in range(2):
        sim("run", "short.yaml", "--no-charts", "--db", server.url)
    stored("short.yaml")
    assert checked("--db", server.url)["not pushed"] == "1 of the runs in file:sim.db; sim push sends them"
    with Server(tmp_path / "other") as other:
        sim("db", "check", "--write", "--db", other.url)
        assert checked("--db", other.url)["not pushed"].startswith("3 of the runs ")


NO_SERVER = "is no server; set TURSO_DATABASE_URL, or write --db libsql://HOST"
NONE_YET = "there is none yet; sim run FILE makes it, or name another with --from"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), f"database file:sim.db: {NO_SERVER}"),
        (("--db", "file:other.db"), f"database file:other.db: {NO_SERVER}"),
        (("--db", NOBODY), f"database file:sim.db: {NONE_YET}"),
        (("--db", NOBODY, "--from", "file:laptop.db"), f"database file:laptop.db: {NONE_YET}"),
        (("--db", NOBODY, "--from", "libsql://x"), "--from libsql://x: is on a server; write --from file:NAME"),
    ],
)
def test_push_says_what_it_needs_and_makes_no_file(options, said):
    assert complaint("push", *options, status=2) == said
    assert names(".") == {"kitchen.yaml", "short.yaml"}


def hold(server: Server) -> Callable[[], object]:
    """Take the write lock of a server as another program would, and return what lets go of it."""

    def ask(baton: str | None, sql: str, *more: dict) -> str | None:
        requests = [{"type": "execute", "stmt": {"sql": sql}}, *more]
        body = json.dumps({"baton": baton, "requests": requests}).encode()
        request = urllib.request.Request(f"{server.url}/v2/pipeline", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as response:
            return json.load(response)["baton"]

    baton = ask(None, "BEGIN IMMEDIATE")
    return lambda: ask(baton, "ROLLBACK", {"type": "close"})


def test_a_long_push_shows_a_bar_on_a_terminal_and_leaves_one_line_there(server):
    sim("run", "short.yaml", "--no-charts", "--db", server.url)
    for _ in range(3):
        stored()
    # a server takes the lock away after 5 s, so it is taken when all that takes long is loaded
    code = (
        "import time, pathlib, rich.progress, sim.cli, sim.storage; ready = pathlib.Path('ready'); ready.touch()\n"
        "while ready.exists(): time.sleep(0.01)\n"
        "sim.cli.main()"
    )
    with on_terminal("push", "--db", server.url, status=0, code=code) as (process, written):
        until(Path("ready").exists, process)
        let_go = hold(server)
        Path("ready").unlink()
        text = next(written)
        timer = threading.Timer(1.3, let_go)
        timer.start()
        text += "".join(written)
        timer.join()
    assert "pushing" in text
    assert screen(text) == [f"3 runs pushed from file:sim.db to {server.url}", ""]


def test_a_short_push_shows_no_bar(server):
    stored()
    with on_terminal("push", "--db", server.url, status=0) as (_, written):
        assert "pushing" not in "".join(written)
