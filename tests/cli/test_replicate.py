"""`sim replicate` as people meet it, and the database that it shares with `sim check`, in an empty folder."""

import csv
import json
import os
import re
import signal
from pathlib import Path

import pytest

from sim import load_scenario, replicate
from sim.experiment import workers
from sim.model import STANDARD
from tests.helpers.commands import BARE, LONG_TIME, complaint, names, on_terminal, plain, sim, write
from tests.helpers.crews import CERTAIN, GROWING, KITCHEN, LONG, VERDICTS, judged, stored
from tests.helpers.pressing import at_block, ctrl_c, run_whole
from tests.helpers.processes import SIGNS, family, session, signs
from tests.helpers.server import read_file
from tests.helpers.waiting import PATIENCE, wait_for

UNITS = {metric.name: metric.unit for metric in STANDARD}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some scenarios in it, where every command of this file runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    write("kitchen.yaml", KITCHEN)
    write("certain.yaml", CERTAIN)
    return tmp_path


# What is shown


def test_what_the_commands_print(golden):
    write("plan.yaml", KITCHEN + "replications: {max: 60, until: {metric: wait.VIP.p95, half_width: 15%}}\n")
    shown = []
    for words in (
        "replicate kitchen.yaml --no-charts",
        "replicate plan.yaml --no-save --no-charts",
        "replicate kitchen.yaml -n 1 --no-charts",
        "replicate certain.yaml --no-charts",
    ):
        said = sim(*words.split())
        assert said.stderr == ""
        shown.append(f"$ sim {words}\n{said.stdout}")
    golden("experiments.txt", "\n".join(shown))


def test_how_it_stopped_is_said_only_where_it_stopped_so():
    write("plan.yaml", KITCHEN + "replications: {max: 60, until: {metric: wait.VIP.p95, half_width: 1us}}\n")
    assert "stopped when" not in sim("replicate", "plan.yaml", "-n", "3", *BARE).stdout


def test_a_plan_that_comes_to_its_end_says_that_it_did_not_get_there():
    write("plan.yaml", KITCHEN + "replications: {max: 22, until: {metric: wait.VIP.p95, half_width: 1us}}\n")
    shown = sim("replicate", "plan.yaml", *BARE).stdout
    assert shown.startswith("kitchen, seed 7, 22 replications\n")
    assert "stopped when" not in shown


def test_json_is_what_the_format_says():
    document = json.loads(sim("replicate", "kitchen.yaml", "-n", "5", "--json", *BARE).stdout)
    done = replicate(load_scenario("kitchen.yaml"), 5)
    assert list(document) == ["scenario", "seed", "replications", "metrics"]
    assert (document["scenario"], document["seed"], document["replications"]) == ("kitchen", 7, 5)
    assert list(document["metrics"]) == list(UNITS)
    for name in ("wait.VIP.mean", "utilisation", "orders.created"):
        cells = document["metrics"][name]
        assert list(cells) == ["estimate", "mean", "low", "high", "n", "unit", "day_low", "day_high"]
        assert (cells["mean"], cells["low"], cells["high"], cells["n"]) == done.estimate(name)
        assert (cells["estimate"], cells["day_low"], cells["day_high"]) == (cells["mean"], *done.day(name)[:2])
    write("nobody.yaml", "scenario: 1\nname: nobody\nclock: {until: 1m}\n")
    metrics = json.loads(sim("replicate", "nobody.yaml", "--json", *BARE).stdout)["metrics"]
    assert metrics["wait.mean"] is None
    created = metrics["orders.created"]
    assert (created["mean"], created["n"]) == (0.0, 1)


def test_what_a_replicate_leaves_behind():
    sim("replicate", "kitchen.yaml", "-n", "3")
    left = names("out/kitchen")
    assert "replications.csv" in left
    assert {Path(name).suffix for name in left - {"replications.csv"}} <= {".png"}
    rows = list(csv.DictReader(Path("out/kitchen/replications.csv").read_text().splitlines()))
    done = replicate(load_scenario("kitchen.yaml"), 3)
    assert [(row["replication"], row["metric"], row["value"]) for row in rows] == [
        (str(one.number), name, "" if value is None else str(value))
        for one in done.results
        for name, value in one.values.items()
    ]
    sim("replicate", "kitchen.yaml", "-n", "3", "--out", "here", *BARE)
    assert names("here") == {"replications.csv"}
    assert Path("here/replications.csv").read_bytes() == Path("out/kitchen/replications.csv").read_bytes()


# Exit statuses


def test_replicate_judges_nothing():
    holds, fails = 'bots: "== 3"', 'bots: "!= 3"'
    sim("replicate", judged(fails, expect="REMOVED"), "-n", "2", "--no-charts")
    sim("run", judged(fails, expect="IDLE"), "--no-charts")
    sim("run", judged(holds, expect="REMOVED"), "--no-charts", status=1)


def test_out_that_cannot_be_written_makes_status_4_and_the_replications_are_kept():
    write("taken", "")
    said = complaint("replicate", "kitchen.yaml", "-n", "2", "--out", "taken/here", status=4)
    assert re.fullmatch(r"sim: taken.*: cannot be written \(Not a directory\); name another place with --out", said)
    assert stored() == [1, 2]


def test_a_scenario_that_mser5_refuses_is_one_line_and_makes_status_2():
    write("growing.yaml", GROWING)
    for jobs in ("1", "2"):
        said = complaint("replicate", "growing.yaml", "-n", "3", "--no-save", "--jobs", jobs, status=2)
        assert "mser5 finds no end of the warm-up in the first half of the run; lengthen the run" in said


# Extending, and the database


def estimates(shown: str) -> str:
    """Return estimates without percentiles, which the database does not keep where no file names them."""
    lines = re.split("no interval of|Theory:", shown)[0].splitlines()
    return "\n".join(line for line in lines if ".p95" not in line)


def test_more_replications_extend_those_in_the_database():
    first = sim("replicate", "kitchen.yaml", "-n", "4", "--no-charts").stdout
    assert stored() == [1, 2, 3, 4]
    extended = sim("replicate", "kitchen.yaml", "-n", "7", "--no-charts").stdout
    assert stored() == [1, 2, 3, 4, 5, 6, 7]
    at_once = sim("replicate", "kitchen.yaml", "-n", "7", *BARE).stdout
    assert estimates(extended) == estimates(at_once)
    assert "not kept" not in at_once
    assert extended.count("not kept") == 2, "the single orders are not in the database"
    assert estimates(sim("replicate", "kitchen.yaml", "-n", "4", "--no-charts").stdout) == estimates(first)
    sim("check", "kitchen.yaml", "-n", "9", "--save")
    sim("check", "kitchen.yaml", "-n", "8", "--save")
    assert stored() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert stored("SELECT count(*) FROM runs GROUP BY experiment_id ORDER BY experiment_id") == [4, 3, 2]


def test_what_only_judges_may_be_edited_and_nothing_is_run_again():
    sim("replicate", "kitchen.yaml", "-n", "4", "--no-charts")
    write("kitchen.yaml", KITCHEN + "description: the same\nreplications: 5\n" + VERDICTS.replace("p95", "mean"))
    sim("check", "kitchen.yaml", "--save", status=1)
    assert stored() == [1, 2, 3, 4, 5]
    write("kitchen.yaml", KITCHEN + "warmup: 1m\n")
    sim("replicate", "kitchen.yaml", "-n", "4", "--no-charts")
    assert stored() == [1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_a_run_is_replication_1_of_those_that_follow():
    sim("run", "kitchen.yaml", "--no-charts")
    sim("replicate", "kitchen.yaml", "-n", "3", "--no-charts")
    assert stored() == [1, 2, 3]
    assert stored("SELECT count(*) FROM runs WHERE experiment_id IS NULL") == [1]


def test_another_seed_or_value_starts_anew_and_no_save_neither_reads_nor_writes():
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts")
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts", "--seed", "8")
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts", "--set", "crew=4")
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts", "--set", "crew=3")
    assert stored() == [1, 1, 1, 2, 2, 2]
    sim("replicate", "kitchen.yaml", "-n", "9", *BARE)
    sim("check", "kitchen.yaml", "-n", "9", "--no-save", "--db", "file:sim.db")
    sim("check", "kitchen.yaml", "-n", "9")
    assert stored("SELECT count(*) FROM runs") == [6]


def test_tags_and_parameters_are_kept_with_each_replication():
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts", "--tag", "pilot", "--set", "crew=4")
    kept = read_file("sim.db", "SELECT replication, seed, parameters, tags FROM runs ORDER BY 1")
    assert kept == [(number, 7, '{"crew": 4}', '["pilot"]') for number in (1, 2)]
    assert sim("runs", "--tag", "pilot").stdout.endswith("  crew 4  #pilot\n")


def test_a_replication_is_shown_and_its_events_are_missed_in_one_line():
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts")
    [run_id] = stored("SELECT id FROM runs WHERE replication = 2")
    shown = sim("runs", "show", run_id).stdout
    assert re.search(r"\nreplication  2\n", shown)
    assert len(re.findall(r"\n  \S", shown)) == len(UNITS)
    assert f"run {run_id} cannot be read back" in complaint("runs", "export", run_id, "--to", "there", status=2)
    assert names(".") >= {"sim.db"}
    assert not Path("there").exists()


def test_a_replication_is_reproduced_from_its_fingerprint():
    sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts")
    [run_id] = stored("SELECT id FROM runs WHERE replication = 2")
    assert sim("runs", "reproduce", run_id).stdout.startswith(f"run {run_id} reproduced: fingerprint ")


def test_with_a_server_the_replications_are_in_the_file_and_there(server):
    sim("replicate", "kitchen.yaml", "-n", "3", "--no-charts", "--db", server.url)
    sim("replicate", "kitchen.yaml", "-n", "5", "--no-charts", "--db", server.url)
    rows = "SELECT id, replication, experiment_id FROM runs ORDER BY replication"
    assert server.read(rows) == read_file("sim.db", rows)
    assert [number for _, number, _ in server.read(rows)] == [1, 2, 3, 4, 5]
    assert server.read("SELECT count(*) FROM experiments") == [(2,)]
    assert sim("push", "--db", server.url).stdout.startswith("nothing to push")


def test_a_server_that_cannot_be_reached_makes_status_4_and_push_sends_them_later(server):
    server.kill()
    said = complaint("replicate", "kitchen.yaml", "-n", "3", "--no-charts", "--db", server.url, status=4)
    assert said.endswith(f"not all pushed; sim push --db {server.url} sends them")
    server.start()
    assert sim("push", "--db", server.url).stdout.startswith("3 runs pushed")


def test_what_the_file_has_already_goes_to_the_server_that_is_named(server):
    sim("replicate", "kitchen.yaml", "-n", "3", "--no-charts")
    sim("replicate", "kitchen.yaml", "-n", "3", "--no-charts", "--db", server.url)
    assert server.read("SELECT replication FROM runs ORDER BY 1") == [(1,), (2,), (3,)]


def test_a_database_that_cannot_be_opened_makes_status_4_and_the_replications_are_run():
    assert sim("replicate", "kitchen.yaml", "-n", "2", "--no-charts", "--db", "file:.", status=4).stdout


@pytest.mark.usefixtures("forked_workers")
def test_jobs_change_nothing():
    alone = sim("replicate", "kitchen.yaml", "-n", "6", "--json", *BARE).stdout
    assert sim("replicate", "kitchen.yaml", "-n", "6", "--jobs", "2", "--json", *BARE).stdout == alone


SLOW = ("replicate", "long.yaml", "--no-charts", "--engine", "reference")
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux who is there")


def goes_on(word: str, line: str) -> None:
    """Look whether a command that was ended kept what it says, and goes on with it."""
    kept = re.fullmatch(rf"sim: {word}; (\d+) finished replications are stored; the same command continues\n", line)
    assert kept, line
    count = int(kept[1])
    assert stored() == list(range(1, count + 1))
    sim(*SLOW, "-n", str(count + 2))
    assert stored() == list(range(1, count + 3))
    assert stored("SELECT count(*) FROM experiments") == [2]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.usefixtures("forked_workers")
def test_ctrl_c_keeps_the_finished_replications_and_the_same_command_goes_on(jobs):
    write("long.yaml", LONG.replace("SPAN", "2m"))
    with ctrl_c() as key, at_block(3, key.press):
        status, out, line = run_whole(*SLOW, "-n", "2000", "--jobs", jobs)
    assert (status, out) == (130, "")
    goes_on("interrupted", line)


@linux
@pytest.mark.usefixtures("forked_workers")
def test_what_ends_a_command_with_workers_keeps_the_finished_replications_and_the_same_command_goes_on():
    write("long.yaml", LONG.replace("SPAN", "2m"))
    with session(*SLOW, "-n", "1000000", "--jobs", "2", code=SIGNS) as process:
        wait_for(lambda: signs("finished") >= 3)
        os.killpg(process.pid, signal.SIGTERM)
        out, line = process.communicate(timeout=PATIENCE)
        wait_for(lambda: not family(process.pid))
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")
    goes_on("terminated", line)


@pytest.mark.usefixtures("forked_workers")
def test_ctrl_c_does_not_wait_for_a_long_replication():
    write("long.yaml", LONG.replace("SPAN", "20h"))
    with session(*SLOW, "--no-save", "--jobs", "2", code=SIGNS) as process:
        wait_for(lambda: signs("simulates") == 2)
        os.kill(process.pid, signal.SIGINT)
        _, line = process.communicate(timeout=PATIENCE)
    assert (process.returncode, line) == (130, "sim: interrupted; nothing is kept\n")


@linux
def test_ctrl_c_while_the_workers_start_is_one_line():
    with session("replicate", "kitchen.yaml", *BARE, "-n", "1000", "--jobs", "2") as process:
        wait_for(lambda: len(family(process.pid)) == 3)
        os.killpg(process.pid, signal.SIGINT)
        _, line = process.communicate(timeout=PATIENCE)
    assert (process.returncode, line) == (130, "sim: interrupted; nothing is kept\n")


@pytest.mark.usefixtures("forked_workers")
def test_a_worker_that_dies_costs_time_and_no_result(monkeypatch):
    write("long.yaml", LONG.replace("SPAN", "2m"))
    processes, begin = [], workers._Process.__init__

    def begin_and_note(process: workers._Process) -> None:
        begin(process)
        processes.append(process)

    monkeypatch.setattr(workers._Process, "__init__", begin_and_note)

    def kill() -> None:
        processes[0].kill()

    with at_block(2, kill):
        shared = run_whole(*SLOW, "--no-save", "-n", "16", "--jobs", "2")
    assert len(processes) == 3
    assert shared == run_whole(*SLOW, "--no-save", "-n", "16")
    assert shared[::2] == (0, "")


def test_workers_that_die_again_and_again_are_one_line(monkeypatch):
    kill = workers.python_command("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(workers, "python_command", lambda _: kill)
    status, out, line = run_whole("replicate", "kitchen.yaml", "--no-charts", "-n", "4", "--jobs", "2")
    assert (status, out, line.count("\n")) == (2, "", 1)
    assert "worker processes died again and again" in line


SLOWLY = f"""
import time
from pathlib import Path
from sim.engines import reference
simulate, begun = reference.simulate, 0
def simulate_slowly(*args):
    global begun
    begun += 1
    while begun > 40 and not Path("goes on").exists():
        time.sleep(0.01)
    time.sleep(0.005)
    return simulate(*args)
reference.simulate = simulate_slowly
{LONG_TIME}"""
"""`sim` that stands still after 40 replications."""


def test_a_bar_shows_how_far_it_is_and_the_time_left():
    args = ("replicate", "kitchen.yaml", "-n", "45", *BARE, "--engine", "reference")
    with on_terminal(*args, status=0, code=SLOWLY) as (_, written):
        text = ""
        while not re.search(r"replications .* \d+% 0:00:\d\d", plain(text)):
            text += next(written)
        write("goes on", "")
