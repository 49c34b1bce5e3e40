"""The command line as people meet it: real processes in an empty folder."""

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

KITCHEN = """
scenario: 1
name: kitchen
params: {bots: 2, cook: 10s}
seed: 7
clock: {until: 10m}
service: {exponential: {mean: $cook}}
bots: {initial: $bots}
arrivals: [{class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 8/m}}]
expect: [{bot: 1, at: 0s, status: IDLE}]
"""
LARGE = """
scenario: 1
name: large
bots: {initial: 30}
arrivals: [{class: NORMAL, poisson: {rate: 2/s}, limit: ORDERS}]
"""
TABLES = ("orders.csv", "attempts.csv", "events.csv")
FILES = {"result.txt", *TABLES, "metrics.json"}
BARE = ("--no-save", "--no-charts")
REMOTE = "libsql://x.turso.io?authToken=SECRET"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario in it, where every command of this file runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TURSO_DATABASE_URL", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    scenario("kitchen.yaml", KITCHEN)
    return tmp_path


def scenario(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def large(orders: int) -> str:
    return scenario("large.yaml", LARGE.replace("ORDERS", str(orders)))


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "sim", *args]


def sim(*args: str, status: int = 0) -> subprocess.CompletedProcess:
    """Run `sim` to its end, which must have this exit status and never a traceback."""
    done = subprocess.run(command(*args), capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    return done


def complaint(*args: str, status: int) -> str:
    """Return the one line on standard error of a command that ends with this status."""
    (line,) = sim(*args, status=status).stderr.splitlines()
    return line


def read(file: str, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def run_ids(file: str = "sim.db") -> list[str]:
    return [run_id for (run_id,) in read(file, "SELECT id FROM runs WHERE status = 'complete' ORDER BY id")]


def names(folder: str | Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in Path(folder).rglob("*") if one.is_file()}


def metrics(folder: str) -> dict:
    return json.loads(Path(folder, "metrics.json").read_text())


# What a run leaves behind


def test_a_run_leaves_text_tables_metrics_charts_and_a_database():
    said = sim("run", "kitchen.yaml")
    assert said.stderr == ""
    assert names("out/kitchen") == FILES | {"charts/bots.png", "charts/queues.png", "charts/waits.png"}
    for chart in Path("out/kitchen/charts").iterdir():
        assert chart.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    (run_id,) = run_ids()
    assert said.stdout.startswith("Summary\n  Scenario:             kitchen, seed 7, replication 1\n")
    assert said.stdout.endswith(f"Files: out/kitchen/\nStored: run {run_id}\n")
    assert metrics("out/kitchen")["fingerprint"] == read("sim.db", "SELECT fingerprint FROM runs")[0][0]
    assert "\nExpectations: 1 of 1 held\n" in said.stdout


def test_the_same_run_twice_leaves_the_same_bytes_and_two_runs():
    for place in ("one", "two"):
        sim("run", "kitchen.yaml", "--out", place, "--no-charts")
    for name in FILES:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
    assert len(run_ids()) == 2


def test_no_save_and_no_charts_leave_out_the_database_and_the_charts():
    said = sim("run", "kitchen.yaml", *BARE)
    assert names("out/kitchen") == FILES
    assert not Path("sim.db").exists()
    assert "Stored:" not in said.stdout


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
    rows = read("sim.db", "SELECT seed, replication, parameters FROM runs ORDER BY id")
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
    said = sim("run", scenario("wrong.yaml", wrong), "--no-charts", status=1)
    assert said.stderr == ""
    assert "\nExpectations: 1 of 2 held\n" in said.stdout
    assert re.search(r"\n  FAILED +wrong.yaml:11 +bot 1 at 0s: status REMOVED +got status IDLE\n", said.stdout)
    assert re.search(r"\n  held +wrong.yaml:12 +bot 2 at 0s: status IDLE\n", said.stdout)
    assert len(run_ids()) == 1


def test_every_fault_of_a_wrong_file_is_a_line_with_its_place_and_makes_status_2():
    wrong = scenario("wrong.yaml", "scenario: 1\nname: wrong\nservice: 10\nbots: {initial: 1, inital: 2}\n")
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
        (("run", "kitchen.yaml", "--seed", "-1"), "'--seed'"),
        (("run", "kitchen.yaml", "--replication", "0"), "'--replication'"),
        (("run", "kitchen.yaml", "--engine", "steam"), "'steam'"),
        (("run", "kitchen.yaml", "--set", "bots"), "'bots' is no setting; write --set NAME=VALUE"),
        (("run", "kitchen.yaml", "--set", "bots=["), "'bots=[' has no YAML value; write --set bots=VALUE"),
        (("walk",), "No such command 'walk'"),
    ],
)
def test_wrong_usage_makes_status_2_and_leaves_nothing(args, part):
    assert part in sim(*args, status=2).stderr
    assert names(".") == {"kitchen.yaml"}


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("run", "missing.yaml"), "missing.yaml:1:1: cannot be read (No such file or directory)"),
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
    assert said.stdout.endswith(f"\nStored: run {run_ids()[0]}\n")
    assert Path("kitchen.yaml").read_text() == KITCHEN


def test_a_database_that_cannot_be_written_makes_status_4_and_the_files_are_there():
    said = sim("run", "kitchen.yaml", "--no-charts", "--db", "file:missing/sim.db", status=4)
    assert said.stderr == (
        "sim: database file:missing/sim.db: unable to open database file; "
        "name a file in a folder that exists and is writable; this run is not in a database\n"
    )
    assert said.stdout.endswith("\nFiles: out/kitchen/\n")
    assert names(".") == {"kitchen.yaml", *(f"out/kitchen/{name}" for name in FILES)}


def test_a_failed_expectation_goes_before_a_run_that_is_not_saved():
    wrong = scenario("wrong.yaml", KITCHEN.replace("status: IDLE", "status: REMOVED"))
    assert "this run is not in a database" in complaint("run", wrong, "--no-charts", "--db", "file:.", status=1)


# Ctrl-C


def interrupted(process: subprocess.Popen) -> tuple[str, str]:
    """Press Ctrl-C, and return what a process prints that must end of it."""
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    return out, errors


@contextmanager
def started(*args: str) -> Iterator[subprocess.Popen]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(*args), **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition, process: subprocess.Popen) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def test_ctrl_c_while_a_run_is_saved_is_one_line_and_leaves_no_part_of_it():
    with started("run", large(50_000), "--no-charts") as process:
        until(lambda: Path("sim.db").exists() and Path("sim.db").stat().st_size > 1_000_000, process)
        out, errors = interrupted(process)
    assert (out, errors) == ("", "sim: interrupted; kept of the simulated run: nothing\n")
    assert names(".") == {"kitchen.yaml", "large.yaml", "sim.db"}
    assert read("sim.db", "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM orders)") == [(0, 0)]
    sim("run", "kitchen.yaml", "--no-charts")
    assert len(run_ids()) == 1


def test_ctrl_c_while_files_are_written_tells_what_is_kept():
    with started("run", large(30_000), "--out", "here") as process:
        until(lambda: Path("here/result.txt").exists(), process)
        out, errors = interrupted(process)
    (run_id,) = run_ids()
    assert out == ""
    assert errors.startswith(f"sim: interrupted; kept of the simulated run: run {run_id} in the database, here/result")
    assert len(errors.splitlines()) == 1
    told = {Path(one).name for one in errors.strip().split(", ")[1:]}
    assert told == names("here")


@contextmanager
def on_terminal(*args: str) -> Iterator[tuple[subprocess.Popen, Iterator[str]]]:
    """Start `sim` with its standard error on a terminal; yield the process and what it writes there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command(*args), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)

        def written() -> Iterator[str]:
            while True:
                try:
                    yield os.read(ours, 65536).decode(errors="replace")
                except OSError:  # the terminal is closed
                    return

        try:
            yield process, written()
        finally:
            process.kill()
            os.close(ours)


def test_a_long_run_shows_a_bar_on_a_terminal_until_ctrl_c_ends_it_with_one_line():
    with on_terminal("run", large(2_000_000), *BARE) as (process, written):
        assert any("simulating" in text for text in written)
        process.send_signal(signal.SIGINT)
        rest = "".join(written)
        assert process.wait(timeout=10) == 130
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", rest)
    lines = [line for line in plain.replace("\r", "\n").split("\n") if line and not line.startswith("simulating")]
    assert lines[-1] == "sim: interrupted"
    assert "Traceback" not in plain
    assert names(".") == {"kitchen.yaml", "large.yaml"}


def test_a_short_run_shows_no_bar():
    with on_terminal("run", "kitchen.yaml", *BARE) as (process, written):
        text = "".join(written)
        assert process.wait(timeout=10) == 0
    assert "simulating" not in text
    assert "\n" not in text


def test_without_a_terminal_a_long_run_shows_no_bar_and_ctrl_c_is_one_line():
    code = (
        "import os, signal, threading, sim.cli\n"
        "alarm = threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)); alarm.daemon = True; alarm.start()\n"
        "sim.cli.main()"
    )
    args = [sys.executable, "-c", code, "run", large(2_000_000), *BARE]
    done = subprocess.run(args, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "sim: interrupted\n")


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
    assert read("sim.db", "SELECT count(*) FROM orders JOIN runs ON runs.id = run_id") == [(3_000,)]
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


def test_a_database_that_fills_the_disk_has_no_part_of_the_run_and_the_files_are_there(small_disk):
    url = f"file:{small_disk}/sim.db"
    line = complaint("run", large(10_000), "--no-charts", "--db", url, status=4)
    assert line == (
        f"sim: database {url}: database or disk is full; make room, or name another place with --db; "
        "this run is not in a database"
    )
    assert names("out/large") == FILES
    assert sim("runs", "--db", url).stdout == f"{url} has no runs yet; sim run FILE makes one\n"


# Stored runs


def test_runs_lists_the_newest_first_and_show_takes_the_start_of_one_id():
    sim("run", "kitchen.yaml", "--no-charts")
    sim("run", "kitchen.yaml", "--no-charts", "--seed", "8")
    first, second = run_ids()
    lines = sim("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [second, first]
    assert re.fullmatch(
        UUID7 + r"  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  [0-9a-f]{16}  kitchen  seed 8  replication 1", lines[0]
    )
    as_json = json.loads(sim("runs", "--json").stdout)
    assert [(one["id"], one["scenario"], one["seed"]) for one in as_json] == [
        (second, "kitchen", 8),
        (first, "kitchen", 7),
    ]
    prefix = second[:-1]
    shown = sim("runs", "show", prefix).stdout
    assert re.match(rf"id +{second}\nscenario +kitchen\nseed +8\n", shown)
    assert re.search(r"\nwait\.VIP\.p95 +[\d.]+\n", shown)
    document = json.loads(sim("runs", "show", prefix, "--json").stdout)
    assert document["metrics"] == metrics("out/kitchen")["metrics"]
    assert {**document, "metrics": None} == {**as_json[0], "metrics": None}
    assert "more than one run starts with id '0'" in complaint("runs", "show", "0", status=2)
    assert complaint("runs", "show", "xyz", status=2).endswith("no run starts with id 'xyz'; sim runs lists them")


@pytest.mark.parametrize("args", [("runs",), ("runs", "--json"), ("runs", "show", "0")])
def test_without_a_database_the_line_says_how_to_make_one_and_none_is_made(args):
    line = complaint(*args, status=2)
    assert line == "database file:sim.db: there is none yet; sim run FILE makes it, or name another with --db"
    assert names(".") == {"kitchen.yaml"}


def test_db_of_runs_counts_before_and_behind_show():
    sim("run", "kitchen.yaml", "--no-charts", "--db", "file:other.db")
    (run_id,) = run_ids("other.db")
    for args in (("--db", "file:other.db", "show", run_id), ("show", run_id, "--db", "file:other.db")):
        assert run_id in sim("runs", *args).stdout


def test_the_database_is_that_of_db_else_of_the_environment_else_of_the_env_file(monkeypatch):
    Path(".env").write_text("TURSO_DATABASE_URL=file:of-file.db\n")
    sim("run", "kitchen.yaml", "--no-charts")
    monkeypatch.setenv("TURSO_DATABASE_URL", "file:of-environment.db")
    sim("run", "kitchen.yaml", "--no-charts")
    sim("run", "kitchen.yaml", "--no-charts", "--db", "file:asked.db")
    for file in ("of-file.db", "of-environment.db", "asked.db"):
        assert len(run_ids(file)) == 1
    assert run_ids("of-environment.db")[0] in sim("runs").stdout
    assert not Path("sim.db").exists()


def test_an_env_file_that_is_no_text_is_one_line_before_the_run():
    Path(".env").write_bytes(b"\xff\xfeT\x00")
    line = complaint("run", "kitchen.yaml", "--no-charts", status=2)
    assert line.startswith(".env: cannot be read as UTF-8 text; ")
    assert not Path("out").exists()


def test_a_url_that_is_none_is_found_before_the_run():
    line = complaint("run", "kitchen.yaml", "--no-charts", "--db", "runs.db", status=2)
    assert line.startswith("database runs.db: ")
    assert not Path("out").exists()


def test_another_replication_is_not_judged():
    kitchen = Path("kitchen.yaml").read_text().split("expect:")[0]
    scenario("judged.yaml", f"{kitchen}expect: [{{order: 1001, attempts: 99}}]\n")
    sim("run", "judged.yaml", "--no-save", "--no-charts", status=1)
    said = sim("run", "judged.yaml", "--no-save", "--no-charts", "--replication", "2")
    assert "Expectations: not judged, since they are facts about replication 1" in said.stdout


@pytest.mark.parametrize("options", [(), ("--db", REMOTE)])
def test_a_remote_database_is_for_later_and_the_run_is_kept_in_the_usual_file(options, monkeypatch):
    if not options:
        monkeypatch.setenv("TURSO_DATABASE_URL", REMOTE)
    said = sim("run", "kitchen.yaml", "--no-charts", *options, status=4)
    assert said.stderr == (
        "sim: database libsql://x.turso.io: remote databases come with a later version; this run is in file:sim.db\n"
    )
    assert said.stdout.endswith(f"Files: out/kitchen/\nStored: run {run_ids()[0]}\n")
    assert names("out/kitchen") == FILES
    line = complaint("runs", *options, status=2)
    assert line == (
        "database libsql://x.turso.io: remote databases come with a later version; write file:NAME, such as file:sim.db"
    )


# Standard output, help, and what is not imported


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_makes_no_noise(unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with started("schema") as process:  # far more than a pipe holds, or a reader that leaves before it is written
        assert process.stdout.readline() == "{\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    with started("run", "kitchen.yaml", *BARE) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert names("out/kitchen") == FILES


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_on_a_full_disk_is_one_line_and_the_run_is_kept(unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("w") as full:
        args = command("run", "kitchen.yaml", "--no-charts")
        done = subprocess.run(args, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.stderr == "sim: standard output: cannot be written (No space left on device)\n"
    assert done.returncode == 4
    assert len(run_ids()) == 1
    assert names("out/kitchen") == FILES


@pytest.mark.parametrize("args", [("validate", "kitchen.yaml"), ("run", "kitchen.yaml", *BARE), ("--help",)])
def test_what_a_command_does_not_need_is_not_imported(args):
    code = (
        "import atexit, sys, sim.cli\n"
        "heavy = {'pandas', 'matplotlib', 'libsql_client', 'rich', 'uuid6', 'dotenv'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "sim.cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_validate_says_of_each_file_whether_it_is_valid():
    wrong = scenario("wrong.yaml", "scenario: 1\n")
    said = sim("validate", wrong, "kitchen.yaml", status=2)
    assert said.stdout == "kitchen.yaml: valid\n"
    assert said.stderr.startswith("wrong.yaml:1:1: ")
    assert sim("validate", "kitchen.yaml").stdout == "kitchen.yaml: valid\n"


def test_help_and_version():
    overall = sim("--help").stdout
    for name in ("run", "validate", "schema", "runs"):
        assert re.search(rf"\n  {name}  ", overall)
    of_run = sim("run", "--help").stdout
    for option in ("seed", "set", "replication", "engine", "out", "db", "no-save", "no-charts", "json"):
        assert f"--{option}" in of_run
    assert sim("--version").stdout == f"ordersim {version('ordersim')}\n"
    assert sim("runs", "--help").stdout.startswith("Usage: ")


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


@pytest.mark.parametrize("prefix", ["", "zzz", "%"])
def test_what_is_no_id_finds_no_run(prefix):
    sim("run", "kitchen.yaml", "--no-charts")
    assert "no run starts with id" in complaint("runs", "show", prefix, status=2)
