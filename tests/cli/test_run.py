"""The command line as people meet it, in an empty folder: `sim run` and what is common to all commands."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from tests.helpers.commands import (
    BARE,
    KITCHEN,
    LONG_TIME,
    NO_TIME,
    NOBODY,
    complaint,
    metrics,
    names,
    on_terminal,
    run_ids,
    screen,
    sim,
    sim_process,
    write,
)
from tests.helpers.pressing import at_statement, ctrl_c, run_whole
from tests.helpers.programs import MAIN, PIPES, ended, fork
from tests.helpers.server import read_file

LARGE = """
scenario: 1
name: large
service: 10s
bots: {initial: 30}
arrivals: [{class: NORMAL, poisson: {rate: 2/s}, limit: ORDERS}]
"""
TABLES = ("orders.csv", "attempts.csv", "events.csv")
FILES = {"result.txt", *TABLES, "metrics.json", "page.html"}


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario in it, where every command of this file runs."""
    monkeypatch.setenv("TERM", "xterm")
    write("kitchen.yaml", KITCHEN)
    return elsewhere


def large(orders: int) -> str:
    return write("large.yaml", LARGE.replace("ORDERS", str(orders)))


# What a run leaves behind


def test_a_run_leaves_text_tables_metrics_charts_and_a_database():
    said = sim_process("run", "kitchen.yaml")
    assert said.stderr == ""
    assert names("out/kitchen") == FILES | {f"charts/{name}.png" for name in ("bots", "queues", "waits", "day")}
    for chart in Path("out/kitchen/charts").iterdir():
        assert chart.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    (run_id,) = run_ids()
    assert said.stdout.startswith("Summary\n  Scenario:             kitchen, seed 7, replication 1\n")
    assert said.stdout.endswith(f"Files: out/kitchen/\nStored: run {run_id} in file:sim.db\n")
    assert metrics("out/kitchen")["fingerprint"] == read_file("sim.db", "SELECT fingerprint FROM runs")[0][0]
    assert "\nExpectations: 1 of 1 held\n" in said.stdout


def test_the_same_run_twice_leaves_the_same_bytes_and_two_runs():
    for place in ("one", "two"):
        sim("run", "kitchen.yaml", "--out", place, "--no-charts")
    for name in FILES:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
    assert len(run_ids()) == 2


def test_out_and_db_say_where_things_go():
    sim("run", "kitchen.yaml", "--no-charts", "--out", "deep/down", "--db", "file:other.db")
    assert names(".") == {"kitchen.yaml", "other.db", *(f"deep/down/{name}" for name in FILES)}
    assert len(run_ids("other.db")) == 1


def test_a_scenario_of_another_folder_writes_into_the_working_folder(folder):
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    sim("run", "../kitchen.yaml", "--no-charts")
    assert names(folder / "elsewhere") == {"sim.db", *(f"out/kitchen/{name}" for name in FILES)}


def test_seed_replication_and_parameters_change_the_run_and_are_recorded():
    prints = set()
    for place, options in {
        "plain": (),
        "seed": ("--seed", "8"),
        "replication": ("--replication", "2"),
        "set": ("--set", "bots=3", "--set", "cook=12s"),
    }.items():
        sim("run", "kitchen.yaml", "--no-charts", "--out", place, *options)
        prints.add(metrics(place)["fingerprint"])
    assert len(prints) == 4
    assert (metrics("seed")["seed"], metrics("replication")["replication"]) == (8, 2)
    assert metrics("set")["metrics"]["bots.end"] == 3
    rows = read_file("sim.db", "SELECT seed, replication, parameters FROM runs ORDER BY id")
    stored = [(seed, replication, json.loads(parameters)) for seed, replication, parameters in rows]
    usual = {"bots": 2, "cook": "10s"}
    assert stored == [(7, 1, usual), (8, 1, usual), (7, 2, usual), (7, 1, {"bots": 3, "cook": "12s"})]


def test_json_prints_the_metrics_and_the_id_of_the_run_and_nothing_else():
    said = sim("run", "kitchen.yaml", "--no-charts", "--json")
    assert said.stderr == ""
    assert json.loads(said.stdout) == {"run": run_ids()[0], **metrics("out/kitchen")}
    assert json.loads(sim("run", "kitchen.yaml", *BARE, "--json").stdout)["run"] is None


# Exit statuses


def test_an_expectation_that_fails_makes_status_1_and_says_what_came():
    wrong = KITCHEN + "  - {bot: 2, at: 0s, status: IDLE}\n"
    wrong = wrong.replace("expect: [{bot: 1, at: 0s, status: IDLE}]", "expect:\n  - {bot: 1, at: 0s, status: REMOVED}")
    said = sim("run", write("wrong.yaml", wrong), "--no-charts", status=1)
    assert said.stderr == ""
    assert "\nExpectations: 1 of 2 held\n" in said.stdout
    assert re.search(r"\n  FAILED +wrong.yaml:11 +bot 1 at 0s: status REMOVED +got status IDLE\n", said.stdout)
    assert re.search(r"\n  held +wrong.yaml:12 +bot 2 at 0s: status IDLE\n", said.stdout)
    assert len(run_ids()) == 1


def test_another_replication_is_not_judged():
    kitchen = Path("kitchen.yaml").read_text().split("expect:")[0]
    write("judged.yaml", f"{kitchen}expect: [{{order: 1001, attempts: 99}}]\n")
    sim("run", "judged.yaml", *BARE, status=1)
    said = sim("run", "judged.yaml", *BARE, "--replication", "2")
    assert "Expectations: not judged, since they are facts about replication 1" in said.stdout


def test_every_fault_of_a_wrong_file_is_a_line_with_its_place_and_makes_status_2():
    wrong = write("wrong.yaml", "scenario: 1\nname: wrong\nservice: 10\nbots: {initial: 1, inital: 2}\n")
    for args in (("run", wrong), ("validate", wrong)):
        first, second = sim(*args, status=2).stderr.splitlines()
        assert first.startswith("wrong.yaml:3:10: service: ")
        assert second.startswith("wrong.yaml:4:")
    assert names(".") == {"kitchen.yaml", "wrong.yaml"}


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("run",), "Missing argument 'FILE'"),
        (("run", "kitchen.yaml", "--sed", "1"), "No such option: --sed"),
        (("run", "kitchen.yaml", "--seed", "-1"), "'--seed': -1 is too small; write 0 or more"),
        (("run", "kitchen.yaml", "--seed", "one"), "'one' is not a whole number; write a number such as 3"),
        (("run", "kitchen.yaml", "--seed", str(2**63)), f"{2**63} is too large; write {2**63 - 1} or less"),
        (("run", "kitchen.yaml", "--replication", "0"), "'--replication': 0 is too small; write 1 or more"),
        (("replicate", "kitchen.yaml", "-n", "2.5"), "'2.5' is not a whole number; write a number such as 3"),
        (("replicate", "kitchen.yaml", "-n", "1000001"), "1000001 is too large; write 1000000 or less"),
        (("sweep", "kitchen.yaml", "--jobs", "0"), "'--jobs': 0 is too small; write 1 or more"),
        (("select", "kitchen.yaml", "-n", "0"), "0 is too small; write 1 or more"),
        (("check", "kitchen.yaml", "--jobs", "0"), "'--jobs': 0 is too small; write 1 or more"),
        (("run", "kitchen.yaml", "--engine", "steam"), "'steam'"),
        (("run", "kitchen.yaml", "--set", "bots"), "'bots' is not a setting; write --set NAME=VALUE"),
        (("run", "kitchen.yaml", "--set", "bots=["), "'bots=[' has no YAML value; write --set bots=VALUE"),
        *(
            (("run", "kitchen.yaml", "--tag", tag), "--tag: is empty or cannot be printed; write a word such as monday")
            for tag in ("", " ", "a\nb", "\udcff")
        ),
        (("walk",), "No such command 'walk'"),
    ],
)
def test_wrong_usage_makes_status_2_and_leaves_nothing(args, part):
    assert part in sim(*args, status=2).stderr
    assert names(".") == {"kitchen.yaml"}


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("run", "missing.yaml"), "missing.yaml:1:1: no such file"),
        (("run", "."), ".:1:1: "),
        (("run", "kitchen.yaml", "--set", "bot=3"), "did you mean 'bots'?"),
        (("run", "kitchen.yaml", "--set", "bots=many"), "bots"),
    ],
)
def test_a_missing_file_or_an_unknown_parameter_is_one_line_and_makes_status_2(args, part):
    assert part in complaint(*args, status=2)
    assert names(".") == {"kitchen.yaml"}


def test_out_that_cannot_be_written_makes_status_4_and_the_run_is_in_the_database():
    said = sim("run", "kitchen.yaml", "--no-charts", "--out", "kitchen.yaml/out", status=4)
    assert said.stderr == "sim: kitchen.yaml/out: cannot be written (Not a directory); name another place with --out\n"
    assert said.stdout.endswith(f"\nStored: run {run_ids()[0]} in file:sim.db\n")
    assert Path("kitchen.yaml").read_text() == KITCHEN


def test_a_database_that_cannot_be_written_makes_status_4_and_the_files_are_there():
    said = sim("run", "kitchen.yaml", "--no-charts", "--db", "file:missing/sim.db", status=4)
    assert said.stderr == (
        "sim: database file:missing/sim.db: unable to open database file; "
        "name a file in a folder that exists and is writable; this run is not in a database\n"
    )
    assert said.stdout.endswith("\nFiles: out/kitchen/\n")
    assert names(".") == {"kitchen.yaml", *(f"out/kitchen/{name}" for name in FILES)}


@pytest.mark.parametrize(("url", "kept"), [("file:.", "not in a database"), (NOBODY, "in file:sim.db, not pushed")])
def test_a_failed_expectation_goes_before_a_run_that_is_not_where_it_was_asked(url, kept):
    wrong = write("wrong.yaml", KITCHEN.replace("status: IDLE", "status: REMOVED"))
    assert f"; this run is {kept}" in complaint("run", wrong, "--no-charts", "--db", url, status=1)


def test_ctrl_c_while_a_run_is_saved_is_one_line_and_leaves_no_part_of_it():
    with at_statement(-1, lambda: None) as statements:
        sim("run", "kitchen.yaml", "--no-charts", "--db", "file:other.db")
    first = next(number for number, statement in enumerate(statements) if "INTO orders" in statement)
    shutil.rmtree("out")
    with ctrl_c() as key, at_statement(first + 1, key.press):
        ending = run_whole("run", "kitchen.yaml", "--no-charts")
    assert ending == (130, "", "sim: interrupted; kept of the simulated run: nothing\n")
    assert names(".") == {"kitchen.yaml", "other.db", "sim.db"}
    assert read_file("sim.db", "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM orders)") == [(0, 0)]
    sim("run", "kitchen.yaml", "--no-charts")
    assert len(run_ids()) == 1


def test_ctrl_c_while_files_are_written_tells_what_is_kept_and_leaves_the_files_of_earlier(monkeypatch):
    sim("run", "kitchen.yaml", "--out", "here", "--no-save", "--seed", "1", "--no-charts")
    before = {name: Path("here", name).read_bytes() for name in names("here")}
    with ctrl_c() as key:

        def press(*_: object, **__: object) -> None:
            assert any(".partial" in name for name in names("here"))
            key.press()

        monkeypatch.setattr(Figure, "savefig", press)
        status, out, errors = run_whole("run", "kitchen.yaml", "--out", "here")
    (run_id,) = run_ids()
    assert (status, out) == (130, "")
    assert errors == f"sim: interrupted; kept of the simulated run: run {run_id} in file:sim.db\n"
    assert {name: Path("here", name).read_bytes() for name in names("here")} == before


def test_a_long_run_shows_a_bar_on_a_terminal_until_ctrl_c_ends_it_with_one_line():
    with on_terminal("run", large(500_000), *BARE, "--engine", "reference", status=130, code=LONG_TIME) as (
        process,
        written,
    ):
        text = ""
        while "simulating" not in text:
            text += next(written)
        process.send_signal(signal.SIGINT)
        text += "".join(written)
    assert screen(text) == ["sim: interrupted", ""]
    assert names(".") == {"kitchen.yaml", "large.yaml"}


def test_a_short_run_shows_no_bar():
    with on_terminal("run", "kitchen.yaml", *BARE, status=0, code=NO_TIME) as (_, written):
        text = "".join(written)
    assert screen(text)[0] == "Summary"
    assert "simulating" not in text


def test_without_a_terminal_a_long_run_shows_no_bar_and_ctrl_c_is_one_line():
    code = (
        "import itertools, os, signal, sim.output.terminal\n"
        "from sim.engines import reference\n"
        "sim.output.terminal.monotonic = itertools.count(0, 10).__next__\n"  # each look at the clock is 10 s later
        "simulate = reference.simulate\n"
        "def simulate_and_press(workload, progress=None):\n"
        "    progress and progress(1, 2)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return simulate(workload, progress)\n"
        f"reference.simulate = simulate_and_press\n{MAIN}"
    )
    program = fork("run", "kitchen.yaml", *BARE, "--engine", "reference", code=code)
    assert ended(program) == (130, "", "sim: interrupted\n")


# A full disk


@pytest.fixture
def small_disk(folder: Path) -> Iterator[str]:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here; root may on Linux")
    yield "disk"
    subprocess.run(["umount", str(disk)], check=True)


def test_files_that_fill_the_disk_are_whole_or_absent_and_the_run_is_in_the_database(small_disk):
    file = large(3_000)
    sim("run", file, *BARE, "--out", "good")
    line = complaint("run", file, "--no-charts", "--out", f"{small_disk}/out", status=4)
    assert line.startswith(f"sim: {small_disk}/out")
    assert line.endswith(": cannot be written (No space left on device); name another place with --out")
    assert read_file("sim.db", "SELECT count(*) FROM orders JOIN runs ON runs.id = run_id") == [(3_000,)]
    for name in names(f"{small_disk}/out"):
        assert Path(small_disk, "out", name).read_bytes() == Path("good", name).read_bytes()
    assert names(f"{small_disk}/out") < FILES


def test_a_chart_that_finds_the_disk_full_is_absent(small_disk):
    sim("run", "kitchen.yaml", *BARE, "--out", f"{small_disk}/out")
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    Path(small_disk, "ballast").write_bytes(b" " * (free - 20_000))
    line = complaint("run", "kitchen.yaml", "--no-save", "--out", f"{small_disk}/out", status=4)
    assert line.endswith("cannot be written (No space left on device); name another place with --out")
    assert not [name for name in names(small_disk) if name.endswith((".png", ".partial"))]


# Where a run goes


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("runs.db", "S3CRET", "database … (--db): is not supported; write file:NAME, such as file:sim.db, or "),
        (
            "https://me:S3CRET@x.turso.io",
            "S3CRET",
            "database https://x.turso.io (--db): holds more than scheme, host and path; ",
        ),
        ("http://x.turso.io", "S3CRET", "database http://x.turso.io (--db): would send the token unencrypted; "),
        (NOBODY, "S3CRET\nS3CRET", "TURSO_AUTH_TOKEN in the environment: holds blanks or letters that no token has; "),
    ],
)
def test_a_wrong_url_or_token_is_one_line_before_the_run_and_is_not_shown(url, token, said, monkeypatch):
    monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
    line = complaint("run", "kitchen.yaml", "--no-charts", "--db", url, status=2)
    assert line.startswith(said)
    assert "S3CRET" not in line
    assert names(".") == {"kitchen.yaml"}


def test_an_env_file_that_is_no_text_is_one_line_before_the_run():
    Path(".env").write_bytes(b"\xff\xfeT\x00")
    line = complaint("run", "kitchen.yaml", "--no-charts", status=2)
    assert line.startswith(".env: cannot be read as UTF-8 text; ")
    assert not Path("out").exists()


@pytest.mark.parametrize("way", ["--db", "environment", ".env"])
def test_a_run_goes_to_the_server_that_is_named_and_stays_in_the_file(way, token_server, monkeypatch):
    url, token = token_server.url, token_server.token()
    if way == ".env":
        Path(".env").write_text(f"TURSO_DATABASE_URL={url}\nTURSO_AUTH_TOKEN={token}\n")
    else:
        monkeypatch.setenv("TURSO_AUTH_TOKEN", token)
        monkeypatch.setenv("TURSO_DATABASE_URL", url if way == "environment" else NOBODY)
    said = sim("run", "kitchen.yaml", "--no-charts", *(("--db", url) if way == "--db" else ()))
    assert said.stderr == ""
    (run_id,) = run_ids()
    assert said.stdout.endswith(f"\nFiles: out/kitchen/\nStored: run {run_id} in {url}\n")
    assert token not in said.stdout
    assert names("out/kitchen") == FILES
    for table in ("runs", "orders", "bots", "events", "metrics"):
        count = f"SELECT count(*) FROM {table}"
        assert token_server.read(count) == read_file("sim.db", count)
    assert token_server.read("SELECT id, status FROM runs") == [(run_id, "complete")]
    assert read_file("sim.db", "SELECT pushed_at IS NULL FROM runs") == [(0,)]


def test_json_with_a_server_is_nothing_but_json_also_when_it_cannot_be_reached(server):
    (first,) = (json.loads(sim("run", "kitchen.yaml", "--no-charts", "--json", "--db", server.url).stdout)["run"],)
    assert server.read("SELECT id FROM runs") == [(first,)]
    said = sim("run", "kitchen.yaml", "--no-charts", "--json", "--db", NOBODY, status=4)
    assert json.loads(said.stdout) == {"run": run_ids()[1], **metrics("out/kitchen")}
    assert len(said.stderr.splitlines()) == 1


def test_no_save_needs_neither_a_server_nor_a_right_url(monkeypatch):
    for url in (NOBODY, "postgres://host"):
        monkeypatch.setenv("TURSO_DATABASE_URL", url)
        said = sim("run", "kitchen.yaml", *BARE)
        assert said.stderr == ""
        assert said.stdout.endswith("\nFiles: out/kitchen/\n")
    assert names(".") == {"kitchen.yaml", *(f"out/kitchen/{name}" for name in FILES)}


def test_who_names_no_server_never_hears_of_one():
    said = [sim("run", "kitchen.yaml", "--no-charts")]
    (run_id,) = run_ids()
    said += [sim("runs"), sim("runs", "show", run_id), sim("runs", "compare", run_id, run_id)]
    said += [sim("runs", "reproduce", run_id), sim("runs", "delete", run_id), sim("runs", "purge"), sim("db", "check")]
    for one in said:
        assert one.stderr == ""
        assert not re.search("push|server|token|turso", one.stdout, re.IGNORECASE), one.args


# Standard output, help, and what is not imported


def test_a_reader_that_leaves_makes_no_noise():
    """While much more is written than a pipe holds."""
    expectations = "expect: [" + "{bot: 1, at: 0s, status: IDLE}, " * 2_000 + "]\n"
    write("many.yaml", "scenario: 1\nname: many\nbots: {initial: 1}\n" + expectations)
    assert len(sim("check", "many.yaml", "--json", "-").stdout) > 500_000
    with fork("check", "many.yaml", "--json", "-") as process:
        assert process.stdout.readline() == "{\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_standard_output_on_a_full_disk_is_one_line_and_the_run_is_kept():
    with Path("/dev/full").open("w") as full:
        status, _, line = ended(fork("run", "kitchen.yaml", "--no-charts", streams=PIPES | {"stdout": full}))
    assert (status, line) == (4, "sim: standard output: cannot be written (No space left on device)\n")
    assert len(run_ids()) == 1
    assert names("out/kitchen") == FILES


def test_validate_says_of_each_file_whether_it_is_valid():
    wrong = write("wrong.yaml", "scenario: 1\n")
    said = sim("validate", wrong, "kitchen.yaml", status=2)
    assert said.stdout == "kitchen.yaml: valid\n"
    assert said.stderr.startswith("wrong.yaml:1:1: ")
    assert sim("validate", "kitchen.yaml").stdout == "kitchen.yaml: valid\n"


def test_help_names_every_command():
    for words, shown in {
        (): ("run", "validate", "schema", "runs", "push", "db"),
        ("runs",): ("show", "compare", "reproduce", "export", "delete", "restore", "purge"),
    }.items():
        overall = sim(*words, "--help").stdout
        for name in shown:
            assert re.search(rf"\n  {name}  ", overall)
            assert sim(*words, name, "--help").stdout.startswith(f"Usage: sim {' '.join([*words, name])} ")


def test_a_group_without_a_command_shows_its_help():
    assert "\n  check  " in "".join(sim("db", status=2).stderr + sim("--help").stdout)


def test_version():
    assert sim("--version").stdout == f"kitchensim {version('kitchensim')}\n"


def test_ctrl_c_while_the_command_is_still_loading_gets_its_line():
    interrupted = """
import runpy, sys

class CtrlC:
    def find_spec(self, name, *_):
        if name == "sim.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
runpy.run_module("sim", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "sim: interrupted\n")
