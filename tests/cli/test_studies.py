"""`sim sweep`, `sim compare`, `sim select` and `sim theory` as people meet them, in an empty folder."""

import csv
import json
import re
from pathlib import Path

import pytest

from sim import compare, load_scenario, replicate, select, sweep
from tests.helpers.commands import sim, write
from tests.helpers.pressing import at_block, ctrl_c, run_whole
from tests.helpers.server import read_file

LUNCH = """scenario: 1
name: lunch
params: {crew: 3, cook: 10s}
seed: 7
clock: {until: 10m}
service: {exponential: {mean: $cook}}
bots: {initial: $crew}
arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 12/m}}]
thresholds: {utilisation: "< 70%"}
sweep: {crew: [2, 3, 4], cook: [9s, 10s], where: "cook == 10s or crew == 3"}
compare: {baseline: {crew: 3, cook: 10s}, metrics: [wait.NORMAL.p95, utilisation]}
select: {minimise: crew}
"""
STEADY = """scenario: 1
name: steady
seed: 7
clock: {until: 5h}
warmup: 1h
service: {exponential: {mean: 1m}}
bots: {initial: 3}
arrivals: [{class: NORMAL, poisson: {rate: 2/m}}]
"""
CERTAIN = """scenario: 1
name: certain
params: {crew: 1}
bots: {initial: $crew}
timeline: [{at: 0s, order: NORMAL, count: 4}]
thresholds: {wait.max: "< 15s"}
sweep: {crew: [1, 2, 3]}
select: {minimise: crew}
"""
BARE = ("--no-save", "--no-files")
PARAMETER_AND_SWEEP = "write params: {crew: 5}, bots: {initial: $crew} and sweep: {crew: [5, 6]}"
STUDIES = {"sweep": 3, "compare": 3, "select": 60}
"""Commands, and as many replications as say something."""


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    """A folder with some scenarios in it, where every command of this file runs."""
    write("lunch.yaml", LUNCH)
    write("steady.yaml", STEADY)
    write("certain.yaml", CERTAIN)
    write("best.yaml", LUNCH.replace("name: lunch", "name: best").replace("minimise: crew", "minimise: wait.NORMAL"))
    write(
        "other.yaml", LUNCH.replace("name: lunch", "name: other").replace("cook: 10s}\nseed: 7", "cook: 9s}\nseed: 8")
    )
    return elsewhere


def stored(sql: str) -> list:
    return read_file("sim.db", sql)


# What is shown


def test_what_the_commands_print(golden):
    shown = []
    for words, status in {
        "sweep lunch.yaml -n 20": 0,
        "sweep certain.yaml": 0,
        "compare lunch.yaml -n 20": 0,
        "compare lunch.yaml other.yaml -n 20 --metric wait.VIP --metric orders.pending": 0,
        "compare lunch.yaml lunch.yaml -n 20 --metric wait.VIP": 0,
        "compare lunch.yaml other.yaml -n 1 --metric wait.VIP": 0,
        "select lunch.yaml -n 60": 0,
        "select lunch.yaml -n 2": 3,
        "select certain.yaml": 0,
        "select best.yaml -n 60": 0,
        "theory steady.yaml": 0,
        "theory lunch.yaml": 0,
    }.items():
        said = sim(*words.split(), *(BARE if "theory" not in words else BARE[:1]), status=status)
        assert said.stderr == ""
        shown.append(f"$ sim {words}\n{said.stdout}")
    golden("studies.txt", "\n".join(shown))


def test_when_no_candidate_keeps_all_thresholds_the_status_is_1():
    write("strict.yaml", CERTAIN.replace("< 15s", "< 1ms").replace("count: 4", "count: 5"))
    assert "no candidate keeps all thresholds" in sim("select", "strict.yaml", *BARE, status=1).stdout


def test_json_holds_what_the_tables_do():
    lunch = load_scenario("lunch.yaml")
    swept = json.loads(sim("sweep", "lunch.yaml", "-n", "5", "--json", *BARE).stdout)
    assert [point["parameters"] for point in swept["points"]] == [
        {"crew": crew, "cook": cook} for crew, cook in ((2, "10s"), (3, "9s"), (3, "10s"), (4, "10s"))
    ]
    estimate = sweep(lunch, 5).points[0].estimate("utilisation")
    cells = swept["points"][0]["metrics"]["utilisation"]
    assert (cells["mean"], cells["low"], cells["high"], cells["n"]) == estimate
    compared = json.loads(sim("compare", "lunch.yaml", "-n", "5", "--json", *BARE).stdout)
    assert compared["baseline"] == "crew=3, cook=10s"
    assert [pair["p_adjusted"] for pair in compared["pairs"]] == [
        pair.adjusted for pair in compare(lunch, times=5).pairs
    ]
    selected = json.loads(sim("select", "lunch.yaml", "-n", "60", "--json", *BARE).stdout)
    assert (selected["outcome"], selected["selected"]) == (select(lunch, 60).outcome, {"crew": 3, "cook": "9s"})
    theory = json.loads(sim("theory", "steady.yaml", "-n", "5", "--json", "--no-save").stdout)
    assert (theory["model"], theory["failing"]) == ("M/M/3", None)
    mean = replicate(load_scenario("steady.yaml"), 5).estimate("wait.mean").estimate
    assert theory["metrics"]["wait.mean"]["mean"] == mean
    assert json.loads(sim("theory", "lunch.yaml", "-n", "2", "--json", "--no-save").stdout)["model"] is None


# What is left behind


@pytest.mark.parametrize("study", STUDIES)
def test_each_study_leaves_a_table_and_a_chart(study):
    times = STUDIES[study]
    said = sim(study, "lunch.yaml", "-n", str(times), "--no-save", "--out", "there")
    assert said.stdout.endswith("Files: there/\n")
    assert {str(path.relative_to("there")) for path in Path("there").rglob("*.*")} == {
        f"{study}.csv",
        f"charts/{study}.png",
    }
    table = {"sweep": sweep, "compare": lambda lunch, n: compare(lunch, times=n), "select": select}[study]
    expected = table(load_scenario("lunch.yaml"), times).to_frame()
    with Path(f"there/{study}.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == list(expected.columns)
    assert len(rows) == len(expected)


@pytest.mark.parametrize("study", STUDIES)
def test_a_folder_that_cannot_be_written_to_costs_the_files_alone(study):
    Path("file").touch()
    said = sim(study, "lunch.yaml", "-n", str(STUDIES[study]), "--out", "file", status=4)
    assert re.fullmatch("sim: file: cannot be written .*; name another place with --out\n", said.stderr)
    assert said.stdout.startswith("lunch, seed 7")
    assert stored("SELECT count(*) > 0 FROM runs") == [(1,)]


def test_each_point_is_in_the_database_with_its_parameters():
    sim("sweep", "lunch.yaml", "-n", "3", "--tag", "pilot", "--no-files")
    points = stored("SELECT parameters, count(*), min(tags) FROM runs WHERE status = 'complete' GROUP BY 1 ORDER BY 1")
    assert [(json.loads(one), count, tags) for one, count, tags in points] == [
        ({"crew": crew, "cook": cook}, 3, '["pilot"]') for crew, cook in ((2, "10s"), (3, "10s"), (3, "9s"), (4, "10s"))
    ]
    [(kind, parameters, yaml)] = stored(
        "SELECT kind, parameters, yaml FROM experiments JOIN scenarios ON scenarios.id = scenario_id"
    )
    assert kind == "sweep"
    assert json.loads(parameters) == {"seed": 7, **load_scenario("lunch.yaml").study}
    assert yaml == load_scenario("lunch.yaml").text


def test_no_study_runs_what_another_one_has_run():
    sim("sweep", "lunch.yaml", "-n", "20", "--no-files")
    before = stored("SELECT id FROM runs ORDER BY 1")
    first = sim("compare", "lunch.yaml", "-n", "20", "--no-files").stdout
    sim("replicate", "lunch.yaml", "-n", "20", "--no-files", "--set", "crew=4")
    assert stored("SELECT id FROM runs ORDER BY 1") == before
    assert first == sim("compare", "lunch.yaml", "-n", "20", *BARE).stdout
    sim("select", "lunch.yaml", "-n", "60", "--no-files")
    new = stored(
        "SELECT kind, min(replication) FROM runs JOIN experiments ON experiments.id = experiment_id GROUP BY 1"
    )
    assert new == [("select", 21), ("sweep", 1)]


def test_a_value_added_to_the_sweep_is_all_that_is_run():
    sim("sweep", "lunch.yaml", "-n", "2", "--no-files")
    write("lunch.yaml", LUNCH.replace("[2, 3, 4]", "[2, 3, 4, 5]"))
    sim("sweep", "lunch.yaml", "-n", "2", "--no-files")
    assert stored("SELECT count(*), count(DISTINCT parameters) FROM runs") == [(10, 5)]


def test_ctrl_c_keeps_what_is_finished_of_a_sweep_and_the_same_command_goes_on():
    write(
        "long.yaml", LUNCH.replace("12/m", "60/m").replace("[2, 3, 4]", "[15, 16, 17]").replace("crew: 3", "crew: 16")
    )
    args = ("sweep", "long.yaml", "--no-files", "--engine", "reference")
    with ctrl_c() as key, at_block(4, key.press):
        status, out, errors = run_whole(*args, "-n", "40")
    assert (status, out) == (130, "")
    [kept] = re.findall(
        r"^sim: interrupted; (\d+) finished replications are stored; the same command continues\n$", errors
    )
    assert stored("SELECT count(*) FROM runs WHERE status = 'complete'") == [(int(kept),)]
    sim(*args, "-n", "3")
    assert stored("SELECT count(*) FROM (SELECT DISTINCT parameters, replication FROM runs)") == stored(
        "SELECT count(*) FROM runs"
    )


def test_with_a_server_each_point_is_in_the_file_and_there(server):
    sim("sweep", "lunch.yaml", "-n", "2", "--no-files", "--db", server.url)
    rows = (
        "SELECT runs.id, runs.parameters, scenarios.sha256, experiment_id FROM runs "
        "JOIN scenarios ON scenarios.id = scenario_id ORDER BY 1"
    )
    assert server.read(rows) == read_file("sim.db", rows)
    of_study = "SELECT kind, parameters, yaml FROM experiments JOIN scenarios ON scenarios.id = scenario_id"
    assert server.read(of_study) == read_file("sim.db", of_study)
    assert sim("push", "--db", server.url).stdout.startswith("nothing to push")


def test_a_server_that_is_lost_costs_nothing(server):
    server.kill()
    said = sim("select", "certain.yaml", "--no-files", "--db", server.url, status=4)
    assert f"are in file:sim.db, not all pushed; sim push --db {server.url} sends them\n" in said.stderr
    assert said.stdout.startswith("certain, seed 0, 3 candidates\nselected crew=2")
    server.start()
    assert sim("push", "--db", server.url).stdout.startswith("2 runs pushed")


# What is wrong


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (f"{command} steady.yaml", f"steady.yaml:1:1: missing key 'sweep'; {PARAMETER_AND_SWEEP}")
        for command in ("sweep", "select", "compare")
    ],
)
def test_what_is_missing_is_said_in_one_line(words, line):
    said = sim(*words.split(), status=2)
    assert (said.stdout, said.stderr) == ("", f"{line}\n")
    assert not Path("sim.db").exists()


def test_the_keys_that_are_proposed_to_a_file_without_parameters_work_in_it():
    keys = PARAMETER_AND_SWEEP.removeprefix("write ").replace(", bots", "\nbots").replace(" and ", "\n")
    write("swept.yaml", STEADY.replace("bots: {initial: 3}", keys))
    assert [point.file.bots.initial for point in load_scenario("swept.yaml").points()] == [5, 6]


def test_a_value_of_the_sweep_that_makes_the_scenario_wrong_is_found_before_anything_runs():
    keys = LUNCH.replace("[2, 3, 4]", "[2, 3, 20000]").replace("[9s, 10s]", "[9s, 10]")
    write("lunch.yaml", re.sub(", where: .*}", "}", keys))
    for command in ("validate", *STUDIES):
        said = sim(command, "lunch.yaml", status=2)
        assert said.stderr.splitlines() == [
            "lunch.yaml:10:22: bots.initial: 20000 is too large; write 10000 or less",
            "lunch.yaml:10:41: service.exponential.mean: 10 has no unit; write 10s, 10m or 10ms",
        ]
    assert not Path("sim.db").exists()


def test_an_unknown_metric_on_the_command_line_is_a_wrong_use():
    said = sim("compare", "lunch.yaml", "--metric", "wait.VPI", status=2)
    assert "--metric" in said.stderr
    assert "unknown metric 'wait.VPI'; did you mean 'wait.VIP" in said.stderr


@pytest.mark.parametrize("study", ["sweep", "select"])
def test_a_value_for_a_parameter_that_is_swept_is_refused(study):
    said = sim(study, "lunch.yaml", "--set", "crew=9", status=2)
    assert "crew is swept; set another parameter, or edit the sweep" in said.stderr


def test_limits_that_are_swept_stand_beside_their_verdicts():
    limits = (
        "params: {crew: 3, limit: '< 50%'}\nthresholds: {utilisation: $limit}\nsweep: {limit: ['< 50%', '< 90%']}\n"
    )
    write(
        "limits.yaml",
        re.sub("params: .*\n|thresholds: .*\n|sweep: .*\n|compare: .*\n|select: .*\n", "", LUNCH).replace(
            "$cook", "10s"
        )
        + limits,
    )
    lines = sim("sweep", "limits.yaml", "-n", "20", *BARE).stdout.splitlines()
    assert lines[1].split() == ["limit", "utilisation"]
    assert lines[2].startswith("  FAIL  < 50%  ")
    assert lines[3].startswith("  PASS  < 90%  ")


def test_a_theory_that_fails_runs_nothing():
    document = json.loads(sim("theory", "lunch.yaml", "--json").stdout)
    assert (document["replications"], document["metrics"]) == (0, {})
    assert not Path("sim.db").exists()
