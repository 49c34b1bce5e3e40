"""`sim check` with several workers, what it saves, and how Ctrl-C ends it."""

import os
import signal
from itertools import product
from pathlib import Path

import pytest

import sim.experiment.looking
import sim.experiment.sharing
from tests.helpers.checks import BROKEN, OPEN, check, put
from tests.helpers.commands import NOBODY, names
from tests.helpers.commands import sim as command
from tests.helpers.crews import CERTAIN, GROWING, KITCHEN, LONG, VERDICTS, stored
from tests.helpers.processes import SIGNS, family, session, signs
from tests.helpers.server import read_file
from tests.helpers.waiting import PATIENCE, wait_for

# In parallel, in either engine


@pytest.fixture
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list:
    """Let other processes do even the shortest work, and return what is handed out to them."""
    monkeypatch.setattr(sim.experiment.looking, "LONG", 0)
    calls, submit = [], sim.experiment.workers.Workers.submit

    def noting(workers, call, in_thread=False):
        calls.append(call)
        return submit(workers, call, in_thread)

    monkeypatch.setattr(sim.experiment.workers.Workers, "submit", noting)
    return calls


@pytest.mark.usefixtures("compiled_engine", "forked_workers")
def test_jobs_and_engines_change_no_byte(handed_out, monkeypatch):
    put({"certain.yaml": CERTAIN, "verdicts.yaml": KITCHEN + VERDICTS, "open.yaml": OPEN})
    put({"broken.yaml": BROKEN, "growing.yaml": GROWING, "old/verdicts.yaml": KITCHEN.replace("crew: 3", "crew: 4")})
    said = {}
    for jobs, engine in (("1", "reference"), ("2", "reference"), ("1", "compiled")):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", f"{jobs}{engine}.md")
        files = ("--junit", "results.xml", "--json", "results.json")
        words = ("check", ".", "-k", "not old", "-n", "8", "--against", "old", "--github", *files)
        shown = command(*words, "--jobs", jobs, "--engine", engine, status=2).stdout
        assert bool(handed_out) == (jobs == "2")
        handed_out.clear()
        written = (Path(name).read_bytes() for name in ("results.xml", "results.json", f"{jobs}{engine}.md"))
        said[jobs, engine] = (shown, *written)
    first, *others = said.values()
    assert others == [first, first]


SUDDEN = """
import os, sys
if any("sim.experiment.workers" in word for word in sys.orig_argv) and not os.path.exists("dead"):
    if not DIES_AGAIN:
        open("dead", "w").close()
    os._exit(1)
"""
# Python 3.11's own thread may stumble over work that is handed out while the first process dies
dying = pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def mortal(folder, monkeypatch):
    """Let worker processes die as they begin: the first one, or all."""

    def prepare(again: bool) -> None:
        put({"site/sitecustomize.py": SUDDEN.replace("DIES_AGAIN", str(again))})
        monkeypatch.setenv("PYTHONPATH", str(folder / "site"), prepend=os.pathsep)
        put({f"{number}.yaml": KITCHEN + 'thresholds: {bots: "== 3"}\n' for number in range(3)})

    return prepare


@dying
@pytest.mark.usefixtures("handed_out")
def test_a_worker_that_dies_costs_no_result(mortal):
    mortal(again=False)
    assert check(".", "-n", "4", "--jobs", "2")[-1] == "3 scenarios: 3 passed"
    assert Path("dead").exists()


@dying
@pytest.mark.usefixtures("handed_out")
def test_workers_that_die_again_and_again_make_scenarios_wrong(mortal):
    mortal(again=True)
    said = check(".", "-n", "4", "--jobs", "2", status=2)
    assert "worker processes died again and again (exit status 1); use fewer jobs" in said[1]
    assert said[-1] == "3 scenarios: 3 wrong"


# Nothing is saved unless that is asked


def test_nothing_is_saved_unless_that_is_asked(monkeypatch):
    put({"kitchen.yaml": KITCHEN, "certain.yaml": CERTAIN})
    monkeypatch.setenv("TURSO_DATABASE_URL", NOBODY)
    check(".", "-n", "3", status=1)
    check(".", "-n", "3", "--db", "file:other.db", "--no-save", status=1)
    assert names(".") == {"kitchen.yaml", "certain.yaml"}
    monkeypatch.delenv("TURSO_DATABASE_URL")
    check(".", "-n", "3", "--db", "file:other.db", status=1)
    assert names(".") == {"kitchen.yaml", "certain.yaml", "other.db"}
    rows = "SELECT name, replication FROM runs JOIN scenarios ON scenarios.id = scenario_id ORDER BY 1, 2"
    assert read_file("other.db", rows) == list(product(["certain", "kitchen"], [1, 2, 3]))
    check("kitchen.yaml", "-n", "2", "--save", "--tag", "nightly", "--engine", "reference")
    assert stored() == [1, 2]
    check("certain.yaml", "--save", "--engine", "compiled", status=1)
    assert stored("SELECT engine FROM runs ORDER BY id") == ["reference", "reference", "compiled"]
    assert command("runs", "--tag", "nightly").stdout.count("#nightly") == 1


def test_what_was_saved_is_not_run_again_and_says_the_same(monkeypatch):
    put({"verdicts.yaml": KITCHEN + VERDICTS})
    first = check("verdicts.yaml", "-n", "6", "--save", status=1)
    command("replicate", "verdicts.yaml", "-n", "8", "--no-charts")
    assert stored() == [1, 2, 3, 4, 5, 6, 7, 8]
    monkeypatch.setattr(sim.experiment.replicating, "observe", lambda *_, **__: pytest.fail("was run again"))
    assert check("verdicts.yaml", "-n", "6", "--save", status=1) == first
    assert stored("SELECT count(*) FROM runs") == [8]


# Ctrl-C


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.usefixtures("forked_workers")
def test_ctrl_c_at_any_moment_is_one_line(jobs):
    put({f"{number}.yaml": LONG.replace("SPAN", "20h") + 'thresholds: {bots: "> 0"}\n' for number in range(3)})
    words = ("check", ".", "--engine", "reference", "--junit", "results.xml", "--jobs", jobs)
    with session(*words, code=SIGNS) as process:
        wait_for(lambda: signs("simulates") == int(jobs))
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
        wait_for(lambda: not family(process.pid))
    assert (process.returncode, out, errors) == (130, "", "sim: interrupted; nothing is kept\n")
    assert not Path("results.xml").exists()


def test_ctrl_c_keeps_what_is_saved_and_lines_are_there_as_they_come():
    put({"a.yaml": KITCHEN, "b.yaml": LONG.replace("SPAN", "20h")})
    with session("check", "a.yaml", "b.yaml", "--save", "-n", "5", "--engine", "reference", "--jobs", "1") as process:
        assert process.stdout.readline() == "NOTHING       a.yaml: nothing to judge, 5 replications\n"
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (130, "")
    assert errors == "sim: interrupted; 5 finished replications are stored; the same command continues\n"
    assert stored() == [1, 2, 3, 4, 5]
