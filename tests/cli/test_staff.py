"""`sim staff` as people meet it, in an empty folder."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sim import keep, load_scenario, open_database, staff
from sim.output.staffing import promise_as_checks
from sim.storage import find_details, list_entries
from tests.helpers.commands import sim, write
from tests.helpers.pressing import run_whole
from tests.helpers.server import read_file
from tests.helpers.staffed import BUSY, CERTAIN, STAFF

QUICK = ("--orders", "40000")
BARE = (*QUICK, "--no-save", "--no-files")


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    """A folder with some scenarios in it, where every command of this file runs."""
    write("lunch.yaml", f"scenario: 1\nname: lunch\nparams: {{cook: 90s}}\n{BUSY.replace('90s', '$cook')}{STAFF}")
    write("small.yaml", f"scenario: 1\nname: small\n{BUSY}{STAFF.replace('1..12', '1..3')}")
    write("certain.yaml", f"scenario: 1\nname: certain\n{CERTAIN}")
    return elsewhere


def test_an_answer_fits_80_columns_and_leaves_a_crew_its_files_and_its_first_day(folder):
    status, out, errors = run_whole("staff", "lunch.yaml", *QUICK, "--write", "staffed.yaml", "--tag", "pilot")
    assert (status, errors) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith("PASS, with 95% confidence: this crew of ")
    assert "no busyness in the file: every day is taken for an average day" in " ".join(lines)
    block = out[out.index("\nbots:\n") : out.index("Files: out/lunch/")]
    staffed = load_scenario("staffed.yaml")
    assert staffed.name == "lunch-staffed"
    pasted = (folder / "lunch.yaml").read_text().replace("bots: {initial: 2, on_remove: finish}\n", block)
    write("pasted.yaml", pasted)
    assert load_scenario("pasted.yaml").file.bots == staffed.file.bots
    assert sorted(path.name for path in (folder / "out/lunch").iterdir()) == ["charts", "staffing.csv", "staffing.html"]
    with (folder / "out/lunch/staffing.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["slot"] for row in rows[::2]] == ["11:30", "11:40", "11:50", "12:00"]
    assert {row["promise"] for row in rows} == {"within(3m) >= 85%", "within(1m) >= 85%"}
    with open_database("file:sim.db") as database:
        (entry,) = list_entries(database)[0]
        details = find_details(database, entry.id)
    assert (entry.kind, entry.runs, entry.tags) == ("staff", 1, ["pilot"])
    assert details.answer["verdict"] == "PASS"
    assert list(details.answer["bots"].values()) == [int(row["bots"]) for row in rows[::2]]
    assert details.members[0].fingerprint == staff(load_scenario("lunch.yaml"), orders=40_000).first_day.fingerprint
    shown = sim("runs", "show", entry.id).stdout
    assert "verdict      PASS" in shown
    assert json.loads(sim("runs", "show", entry.id, "--json").stdout)["answer"] == details.answer


def test_a_crew_that_is_written_is_a_check_of_its_promise_in_each_slot(folder):
    *_, last = sim("staff", "lunch.yaml", *BARE, "--write", "new crew.yaml").stdout.splitlines()
    assert last == "Scenario: new crew.yaml; sim check 'new crew.yaml' tests its promise"
    text = (folder / "new crew.yaml").read_text()
    write("crew.yaml", text)
    assert [str(threshold) for threshold in load_scenario("crew.yaml").thresholds] == [
        "wait.NORMAL.within(3m)@staffed >= 85%",
        "wait.VIP.within(1m)@staffed >= 85%",
    ]
    assert "PASS          crew.yaml: 2 of 2 thresholds, " in sim("check", "crew.yaml").stdout
    peak = re.search(r'at: "11:40:00", count: (\d+)', text)
    write("crew.yaml", text.replace(peak[0], 'at: "11:40:00", count: 2'))
    told = " ".join(sim("check", "crew.yaml", "-v", status=1).stdout.split())
    assert re.search(
        r"FAIL crew.yaml:\d+: wait.NORMAL.within\(3m\)@staffed >= 85% got [\d.]+% .* worst of 4 slots", told
    )


def test_a_promise_stands_beside_the_windows_and_thresholds_of_the_file_or_not_at_all():
    def checks(**keys: object) -> dict[str, object]:
        return promise_as_checks(replace(answer, scenario=answer.scenario.with_keys(**keys)))

    answer = staff(load_scenario("certain.yaml"))
    slots, promise = {"every": "10s"}, {"wait.within(2s)@staffed": ">= 90%"}
    assert checks() == {"windows": {"staffed": slots}, "thresholds": promise}
    assert checks(thresholds={"wait.within(2s)": ">= 80%"}) == checks()
    assert checks(windows={"ten": slots}) == {"thresholds": {"wait.within(2s)@ten": ">= 90%"}}
    assert checks(windows={"staffed": slots}, thresholds=promise) == {}
    assert checks(windows={"twenty": {"every": "20s"}}) == {}, "two windows have no slots of one name"


def test_shifts_are_told_with_what_they_cost_together():
    shifts = "bots: 1..12, shifts: [{length: 20m, start_every: 10m, cost: 2}]"
    write("shifts.yaml", f"scenario: 1\nname: shifts\n{BUSY}{STAFF.replace('bots: 1..12', shifts)}")
    text = " ".join(sim("staff", "shifts.yaml", *BARE, "--prove").stdout.split())
    assert re.search(r"Shifts: (\d+ from 11:\d0 to 1[12]:\d0(, |; ))+together they cost \d+", text)
    assert re.search(
        r"Proved: on the \d+ days of the search no crew keeps all promises with less than [\d.]+ cost", text
    )


def test_json_says_what_python_says(folder):
    document = json.loads(sim("staff", "lunch.yaml", *BARE, "--json", "--set", "cook=60s", "--seed", "5").stdout)
    answer = staff(load_scenario("lunch.yaml", cook="60s"), seed=5, orders=40_000)
    assert [document[key] for key in ("scenario", "seed", "verdict", "confidence")] == ["lunch", 5, "PASS", 0.95]
    assert [slot["bots"] for slot in document["slots"]] == list(answer.schedule)
    assert document["bots"] == answer.bots
    assert document["bot_hours"] == pytest.approx(answer.bot_hours)
    promise = document["slots"][1]["promises"]["wait.NORMAL.within(3m)"]
    assert promise["low"] <= promise["share"] <= promise["high"]
    assert list(folder.glob("out")) == []


def test_the_exit_status_tells_of_too_small_a_crew_and_of_too_few_days():
    status, out, _ = run_whole("staff", "small.yaml", *BARE)
    assert (status, out.splitlines()[1][:5]) == (1, "FAIL,")
    assert "breaks  11:50, NORMAL 3m: " in out
    status, out, _ = run_whole("staff", "lunch.yaml", "--orders", "50", "--no-save", "--no-files")
    assert (status, out.splitlines()[1][:13]) == (3, "INCONCLUSIVE,")
    assert "days would likely settle it" in " ".join(out.split())


def test_a_parameter_goes_into_the_scenario_that_is_written(folder):
    (folder / "sub").mkdir()
    (folder / "lunch.yaml").rename(folder / "sub/lunch.yaml")
    run_whole("staff", "sub/lunch.yaml", *BARE, "--write", "above.yaml", "--set", "cook=60s")
    assert load_scenario("above.yaml").parameters == {"cook": "60s"}
    status, _, errors = run_whole("staff", "sub/lunch.yaml", *BARE, "--write", "elsewhere/staffed.yaml")
    assert status == 2
    assert "could not name sub/lunch.yaml, which it extends; write it in sub or in a folder above" in errors
    status, _, errors = run_whole("staff", "sub/lunch.yaml", *BARE, "--write", "sub/lunch.yaml")
    assert (status, "is a file that a scenario is read from" in errors) == (2, True)


def test_a_proof_needs_chance_and_is_told_with_the_answer():
    out = " ".join(sim("staff", "lunch.yaml", *BARE, "--prove").stdout.split())
    assert "of the search no crew keeps all promises with less than" in out
    status, _, errors = run_whole("staff", "certain.yaml", *BARE, "--prove")
    assert (status, "--prove: needs days that differ by chance" in errors) == (2, True)
    assert "nothing is random, so for sure" in " ".join(sim("staff", "certain.yaml", *BARE).stdout.split())


def test_a_file_without_staff_says_what_to_write():
    write("bare.yaml", f"scenario: 1\nname: bare\n{BUSY}")
    status, _, errors = run_whole("staff", "bare.yaml")
    assert (status, errors.splitlines()[-1].startswith("bare.yaml:1:1: missing key 'staff'; write one")) == (2, True)


def test_ctrl_c_leaves_the_crew_that_was_found_and_says_where(folder, monkeypatch):
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.experiment.staffing.staffing.certify", pressed)
    status, out, errors = run_whole("staff", "lunch.yaml", *QUICK, "--write", "staffed.yaml")
    assert (status, out) == (130, "")
    places = (
        "Files: out/lunch/; Scenario: staffed.yaml; sim check staffed.yaml tests its promise; Stored: its first day"
    )
    assert f"sim: interrupted; {places} as run " in errors
    assert (folder / "staffed.yaml").read_text().startswith("# INCONCLUSIVE, interrupted before")
    assert read_file("sim.db", "SELECT json_extract(answer, '$.verdict') FROM experiments") == [("INCONCLUSIVE",)]
    monkeypatch.setattr("sim.experiment.staffing.staffing.cheapest", pressed)
    status, _, errors = run_whole("staff", "lunch.yaml", *BARE)
    assert (status, errors) == (130, "sim: interrupted; no crew was found yet\n")


def test_an_answer_kept_from_python_is_in_the_file_first_and_then_on_the_server(server):
    answer = staff(load_scenario("lunch.yaml"), orders=40_000)
    run_id = keep(answer, server.url)
    joined = "experiments JOIN runs ON experiment_id = experiments.id"
    sql = f"SELECT kind, experiments.parameters, answer, runs.id FROM {joined}"
    stored = read_file("sim.db", sql)
    assert server.read(sql) == stored
    ((kind, parameters, text, member),) = stored
    assert (kind, member) == ("staff", run_id)
    assert json.loads(text)["bot_hours"] == pytest.approx(answer.bot_hours)
    assert json.loads(parameters)["staff"]["bots"] == "1..12"
