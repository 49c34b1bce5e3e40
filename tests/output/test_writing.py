"""How files are written: whole or not at all, of one run, and never in place of something else."""

import csv
import json
import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from sim.output import OUTPUT_FILES
from sim.output.files import claimed, text_file, write_files
from tests.helpers.campaigns import some
from tests.helpers.commands import BARE, KITCHEN, complaint, metrics, names, sim
from tests.helpers.programs import PIPES, ended, fork
from tests.helpers.waiting import PATIENCE

OURS = text_file(lambda file: file.write("ours\n"))
REFUSED = "another sim is at work for this folder; wait for its end, or name another with --out"
STUDY = f"""{KITCHEN}
sweep: {{bots: [2, 3]}}
select: {{minimise: bots}}
staff: {{every: 1h, promise: {{wait.within(1h): 50%}}, bots: 0..2}}
thresholds: {{wait.mean: '< 1h'}}
"""
TRACED = """scenario: 1
name: traced
extends: base.yaml
arrivals: [{trace: orders.csv}]
"""
TRACE = "time,class,service\n0s,NORMAL,10s\n"


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    (elsewhere / "kitchen.yaml").write_text(KITCHEN)
    return elsewhere


def full(path: Path) -> None:
    """Write to a disk on which there is no space left."""
    path.write_text("half")
    Path("/dev/full").write_text("more")


# Names


def test_files_get_their_names_together_and_in_their_order():
    told = []
    files = {Path("a"): OURS, Path("b"): lambda path: path.write_text(" ".join(sorted(names("."))))}
    write_files(files, wrote=told.append)
    assert told == [Path("a"), Path("b")]
    first, second, scenario = Path("b").read_text().split()
    assert {first[-8:], second[-8:], scenario} == {".partial", "kitchen.yaml"}
    assert names(".") == {"kitchen.yaml", "a", "b"}


def test_what_is_called_partial_or_linked_is_left_alone():
    Path("victim").write_text("mine")
    Path("a.partial").symlink_to("victim")
    Path("b.partial").write_text("mine, too")
    Path("c").symlink_to("victim")
    write_files({Path("a"): OURS, Path("b"): OURS, Path("c"): OURS})
    assert Path("victim").read_text() == "mine"
    assert Path("b.partial").read_text() == "mine, too"
    assert [Path(name).read_text() for name in "abc"] == ["ours\n"] * 3


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_files_have_the_mode_that_opening_them_would_give(umask, mode):
    Path("old").touch()
    Path("old").chmod(0o640)
    before = os.umask(umask)
    try:
        write_files({Path("new"): OURS, Path("old"): OURS})
    finally:
        os.umask(before)
    assert [stat.S_IMODE(Path(name).stat().st_mode) for name in ("new", "old")] == [mode, 0o640]


def test_a_file_that_does_not_fit_is_absent_and_the_others_are_there():
    for name in ("a", "b", "chart"):
        Path(name).write_text("earlier")
    with pytest.raises(OSError, match="No space left on device: 'a'"):
        write_files({Path("a"): full, Path("b"): OURS}, old=[Path("chart")])
    assert names(".") == {"kitchen.yaml", "b"}
    assert Path("b").read_text() == "ours\n"


def test_where_nothing_could_be_written_all_stays():
    for name in ("a", "chart"):
        Path(name).write_text("earlier")
    with pytest.raises(OSError, match="No space left on device: 'a'"):
        write_files({Path("a"): full}, old=[Path("chart")])
    assert {name: Path(name).read_text() for name in ("a", "chart")} == {"a": "earlier", "chart": "earlier"}


@pytest.mark.parametrize("name", ["fifo", "link"])
def test_a_pipe_is_written_to_and_stays_one(name):
    os.mkfifo("fifo")
    Path("link").symlink_to("fifo")
    reader = threading.Thread(target=lambda: got.append(Path("fifo").read_text()))
    got: list[str] = []
    reader.start()
    write_files({Path(name): OURS})
    reader.join(timeout=PATIENCE)
    assert got == ["ours\n"]
    assert stat.S_ISFIFO(Path("fifo").lstat().st_mode)
    assert Path("link").is_symlink()


def test_a_device_is_written_to_and_stays_one():
    node = Path("null")
    try:
        os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except OSError:
        pytest.skip("a device cannot be made here; root may on Linux")
    sim("check", "kitchen.yaml", "--junit", "null", "--json", "/dev/null")
    assert stat.S_ISCHR(node.lstat().st_mode)
    assert names(".") == {"kitchen.yaml"}


@pytest.mark.parametrize("name", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_standard_output_is_written_to_wherever_it_goes(name):
    code = (
        "from pathlib import Path; from sim.output.files import text_file, write_files;"
        f"write_files({{Path({name!r}): text_file(lambda file: file.write('ours\\n'))}})"
    )
    with Path("said").open("w") as said:
        assert ended(fork(code=code, streams=PIPES | {"stdout": said}))[0] == 0
    assert Path("said").read_text() == "ours\n"
    assert Path("/dev/stdout").is_symlink()


# Folders


@pytest.mark.parametrize("kind", some([*OUTPUT_FILES], 2))
def test_each_command_writes_the_files_that_are_known_of_it_and_no_others(kind):
    Path("study.yaml").write_text(STUDY)
    replications = () if kind in ("run", "staff") else ("-n", "3")
    sim(kind, "study.yaml", *replications, "--no-save", "--out", "here")
    assert names("here") <= set(OUTPUT_FILES[kind])
    assert {name for name in OUTPUT_FILES[kind] if not name.endswith((".png", ".html"))} <= names("here")


@pytest.mark.parametrize("kind", OUTPUT_FILES)
def test_a_folder_in_use_is_refused_before_anything_is_simulated(kind):
    Path("study.yaml").write_text(STUDY)
    with claimed(Path("here"), "--out"):
        assert complaint(kind, "study.yaml", "--out", "here/../here", status=2) == f"here/../here: {REFUSED}"
    assert names(".") == {"kitchen.yaml", "study.yaml"}
    assert not Path("here").exists(), "a folder that stayed empty goes"


def test_a_folder_in_use_is_refused_to_an_export():
    run_id = next(line.split()[2] for line in sim("run", "kitchen.yaml", "--no-charts").stdout.splitlines()[::-1])
    with claimed(Path("here"), "--to"):
        line = complaint("runs", "export", run_id, "--to", "here", "--no-charts", status=2)
    assert line == f"here: {REFUSED.replace('--out', '--to')}"
    sim("runs", "export", run_id, "--to", "here", "--no-charts")
    assert metrics("here") == metrics("out/kitchen")


def test_a_folder_is_free_again_when_its_command_was_killed():
    code = "import sys; from pathlib import Path; from sim.output.files import claimed\n"
    code += "with claimed(Path('here'), '--out'): print('claimed', flush=True); sys.stdin.read()"
    with fork(code=code, streams=PIPES | {"stdin": subprocess.PIPE}) as process:
        assert process.stdout.readline() == "claimed\n"
        complaint("run", "kitchen.yaml", *BARE, "--out", "here", status=2)
        process.kill()
    sim("run", "kitchen.yaml", *BARE, "--out", "here")


def test_runs_at_the_same_time_leave_a_folder_of_one_of_them():
    several = [fork("run", "kitchen.yaml", *BARE, "--seed", str(seed)) for seed in range(3)]
    ends = [(process.communicate()[1], process.returncode) for process in several]
    assert {end for end in ends if end[1]} <= {(f"out/kitchen: {REFUSED}\n", 2)}
    seed = metrics("out/kitchen")["seed"]
    assert ends[seed] == ("", 0)
    before = {name: Path("out/kitchen", name).read_bytes() for name in names("out/kitchen")}
    sim("run", "kitchen.yaml", *BARE, "--seed", str(seed))
    assert {name: Path("out/kitchen", name).read_bytes() for name in names("out/kitchen")} == before


def test_a_folder_that_cannot_be_made_is_told_after_the_run_is_kept():
    line = complaint("run", "kitchen.yaml", "--no-charts", "--out", "kitchen.yaml/out", status=4)
    assert line.startswith("sim: kitchen.yaml/out: cannot be written (Not a directory)")
    assert Path("sim.db").exists()


# Files that are read, too


@pytest.fixture
def traced() -> dict[str, bytes]:
    Path("base.yaml").write_text("scenario: 1\nname: base\nbots: {initial: 1}\n")
    Path("traced.yaml").write_text(TRACED)
    Path("orders.csv").write_text(TRACE)
    return {name: Path(name).read_bytes() for name in names(".")}


@pytest.mark.parametrize("out", [".", "sub/..", "linked"])
def test_a_run_does_not_overwrite_its_trace(traced, out):
    Path("sub").mkdir()
    Path("linked").symlink_to(".")
    refused = sim("run", "traced.yaml", *BARE, "--out", out, status=2).stderr.splitlines()[-1]
    path = "orders.csv" if out == "." else f"{out}/orders.csv"
    assert (
        refused == f"Error: Invalid value for --out: {path} is a file that a scenario is read from; name another place"
    )
    assert {name: Path(name).read_bytes() for name in traced} == traced
    assert names(".") - traced.keys() <= {f"linked/{name}" for name in traced}


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("option", ["--json", "--junit"])
@pytest.mark.parametrize("name", ["orders.csv", "link.json", "hard.json", "base", "broken"])
def test_a_check_does_not_overwrite_what_it_reads(option, name):
    Path("base.yaml").rename("base")
    Path("traced.yaml").write_text(TRACED.replace("base.yaml", "base"))
    Path("broken").write_text("scenario: 1\n")
    Path("link.json").symlink_to("orders.csv")
    Path("hard.json").hardlink_to("base")
    before = {name: Path(name).read_bytes() for name in names(".")}
    refused = sim("check", "traced.yaml", "broken", option, name, status=2).stderr.splitlines()[-1]
    assert refused.startswith(f"Error: Invalid value for {option}: {name} is a file that a scenario is read from")
    assert {name: Path(name).read_bytes() for name in names(".")} == before


# Cells of CSV files


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


WORDS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-x": "'-x",
    "@A1": "'@A1",
    "\t=1": r"'\t=1",
    "plain": "plain",
    "a-b": "a-b",
    "a\x1b[2J": r"a\x1b[2J",
    "=\n1": r"'=\n1",
    "\u202ea": r"\u202ea",
}


def test_no_text_of_a_table_is_a_formula_or_steers_a_terminal_and_numbers_stay_numbers():
    keys = [
        "scenario: 1\nname: words\nparams: {word: plain, bots: 1}\ndescription: $word",
        f"sweep: {{word: {json.dumps(list(WORDS))}, bots: [2, -0.5]}}",
        "thresholds: {orders.created: '> 0'}\nselect: {minimise: wait.mean}\ncompare: {metrics: [wait.mean]}",
        "arrivals: [{name: -x, class: VIP, every: 1s, limit: 2}]\nservice: 10s",
    ]
    Path("words.yaml").write_text("\n".join(keys))
    for kind in ("sweep", "compare", "select"):
        sim(kind, "words.yaml", *BARE, "--out", "here")
    sim("run", "words.yaml", *BARE, "--out", "here")
    assert [row["stream"] for row in rows("here/orders.csv")] == ["'-x"] * 2
    assert {(row["word"], row["bots"]) for row in rows("here/sweep.csv")} == {
        (word, number) for word in WORDS.values() for number in ("2.0", "-0.5")
    }
