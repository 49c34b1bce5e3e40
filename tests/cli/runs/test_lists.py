"""`sim runs`: what is stored, and what of it is damaged."""

import json
import re
from pathlib import Path

import pytest

from tests.helpers.commands import UUID7, complaint, sim
from tests.helpers.commands import write as scenario
from tests.helpers.runs import NO_FILE, change, experiment, listed, stored


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
    problem = f"{when!r} is not an instant; write 2h for two hours ago, or a date such as 2026-11-23"
    assert said.stderr.splitlines()[-1] == f"Error: Invalid value for '--since': {problem}"


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
    cure = "restore the database, or remove the run with sim runs delete"
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
    problem = "database file:sim.db: holds text in UTF-8 only; use other characters"
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
