"""How often pytest runs a scenario, with what options, from where, and beside what other projects."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.commands import sim
from tests.helpers.plugin import (
    ASKED,
    CALM,
    COUNTING,
    FAULTS,
    GUESTS,
    IDLE,
    LATE,
    LONG,
    RUSH,
    WRONG,
    collected,
    failures,
    outcome,
    passed,
    write,
)
from tests.helpers.programs import ended, fork

pytest_plugins = ["pytester"]

# How often it is run


PYTEST = """
import sys, pytest, sim.engines
sim.engines.LONG = 10**9
sys.exit(pytest.main(sys.argv[1:]))
"""
"""A pytest in which `auto` is the reference engine, which is the one that is counted."""


def runs(*options: str) -> int:
    """Return how often the engine ran in a pytest of its own."""
    counter = write("conftest.py", COUNTING).with_name("runs")
    counter.unlink(missing_ok=True)
    ended(fork(*options, code=PYTEST))
    return len(counter.read_text().splitlines())


def test_all_items_of_a_file_share_one_run():
    write("rush.scenario.yaml", RUSH.replace("20s", "40s").replace("5s", "10s"))
    sim("check", "rush.scenario.yaml", "--update-golden")
    assert runs() == 1


def test_replications_are_run_once_and_only_for_thresholds():
    thresholds = "thresholds: {bots: '== 3', orders.completed: '> 1', wait.max: '> 0s'}\n"
    write("guests.scenario.yaml", f"{GUESTS}expect: [{{bot: 1, at: 0s, status: IDLE}}]\n{thresholds}")
    assert runs() == 6  # the first one twice, as its orders take longer than was thought
    assert runs("-k", "IDLE") == 2


# With what pytest can do


def test_xdist_finds_the_same_and_its_workers_share_no_more_than_files(pytester):
    write("rush.scenario.yaml", RUSH)
    counter = write("conftest.py", COUNTING).with_name("runs")
    done = pytester.runpytest("-n", "2", "--dist", "loadfile", "-rA")
    outcome(done, 1, failed=2, passed=2)
    assert passed(done) == {ASKED[0], ASKED[3]}
    assert counter.read_text() == "run\n"


def test_words_ids_and_files_choose(pytester):
    write("rush.scenario.yaml", RUSH)
    write("calm.scenario.yaml", IDLE)
    assert collected(pytester, "-k", "wait.max or IDLE") == ["calm.scenario.yaml::bot 1: status IDLE", LONG]
    assert collected(pytester, "-k", "rush and not wait and not picked_up") == [ASKED[0], ASKED[3]]
    assert collected(pytester, "rush.scenario.yaml") == ASKED
    assert collected(pytester, "--deselect", LATE, "rush.scenario.yaml") == [name for name in ASKED if name != LATE]
    for name in ASKED:
        assert collected(pytester, name) == [name]
    outcome(pytester.runpytest(LATE, ASKED[0]), 1, failed=1, passed=1)


def test_it_stops_at_the_first_failure(pytester):
    write("rush.scenario.yaml", RUSH)
    outcome(pytester.runpytest("-x"), 1, failed=1, passed=1)


def test_what_failed_last_is_run_again(pytester):
    write("rush.scenario.yaml", RUSH)
    write("calm.scenario.yaml", IDLE)
    outcome(pytester.runpytest(), 1, failed=2, passed=3)
    write("rush.scenario.yaml", RUSH.replace('"< 20s"', '"< 20s"  # no more').replace("initial: $bots", "initial: 4"))
    done = pytester.runpytest("--lf", "-rA")
    outcome(done, 1, failed=1, passed=1)
    assert passed(done) == {LONG}


def test_quiet_is_quiet(pytester):
    write("calm.scenario.yaml", IDLE)
    lines = pytester.runpytest("-q").outlines
    assert lines[0].split() == [".", "[100%]"]
    assert re.fullmatch(r"1 passed in [0-9.]+s", lines[-1])


def test_junit_xml_has_a_case_for_each_item_and_the_words_of_those_that_failed(pytester):
    write("rush.scenario.yaml", RUSH)
    write("wrong.scenario.yaml", WRONG)
    pytester.runpytest("--junitxml=junit.xml", "--continue-on-collection-errors")
    cases = {case.get("name"): case for case in ET.parse("junit.xml").iter("testcase")}
    assert list(cases) == ["wrong.scenario.yaml", *(name.split("::")[1] for name in ASKED)]
    assert [len(case) for case in cases.values()] == [1, 0, 1, 1, 0]
    assert cases["wait.max < 20s"].get("classname") == "rush.scenario.yaml"
    assert cases["wait.max < 20s"].findtext("failure").splitlines()[:2] == ["FAIL, got 30s", "asked: wait.max < 20s"]
    assert cases["wrong.scenario.yaml"].findtext("error").splitlines() == FAULTS


def test_without_the_plugin_there_are_neither_items_nor_fixtures(pytester):
    write("rush.scenario.yaml", RUSH)
    write("test_it.py", "def test_it(): pass\ndef test_run(run): pass\n")
    done = pytester.runpytest("-p", "no:kitchensim")
    outcome(done, 1, passed=1, errors=1)
    done.stdout.fnmatch_lines(["*fixture 'run' not found"])


# From another folder


def test_it_works_from_another_folder(pytester, monkeypatch):
    write("tests/lunch/rush.scenario.yaml", RUSH)
    write("tests/lunch/wrong.scenario.yaml", WRONG)
    write("pytest.ini", "[pytest]\n")
    top = Path.cwd()
    below = [f"tests/lunch/{name}" for name in ASKED]
    assert collected(pytester, "tests/lunch", "--continue-on-collection-errors") == below

    monkeypatch.chdir(write("elsewhere/notes", "").parent)
    done = pytester.runpytest("--rootdir", top, "../tests", "--continue-on-collection-errors")
    outcome(done, 1, failed=2, passed=2, errors=1)
    assert "../tests/lunch/rush.scenario.yaml:9" in done.outlines
    assert [line for line in done.outlines if line.startswith("..") and "wrong" in line] == [
        f"../tests/lunch/{fault}" for fault in FAULTS
    ]
    outcome(pytester.runpytest(f"../tests/lunch/{ASKED[0]}"), 0, passed=1)


def test_patterns_are_of_paths_below_the_rootdir_wherever_pytest_is_run(pytester, monkeypatch):
    write("kitchens/calm.yaml", IDLE)
    write("pytest.ini", "[pytest]\nsim_scenarios = kitchens/*.yaml\n")
    monkeypatch.chdir("kitchens")
    outcome(pytester.runpytest(), 0, passed=1)


LEAVING = "import os\ndef test_leaves(): os.chdir(os.sep)\n"


def test_a_golden_log_is_found_after_a_test_that_changes_the_folder(pytester):
    write("calm.scenario.yaml", CALM)
    sim("check", "calm.scenario.yaml", "--update-golden")
    write("calm.scenario.yaml", CALM.replace("initial: 1", "initial: 2"))
    write("test_leaves.py", LEAVING)
    done = pytester.runpytest("test_leaves.py", "calm.scenario.yaml")
    outcome(done, 1, passed=1, failed=1)


def test_a_failure_is_shown_after_a_test_that_changes_the_folder(pytester):
    write("rush.scenario.yaml", RUSH)
    write("test_leaves.py", LEAVING)
    done = pytester.runpytest("test_leaves.py", "rush.scenario.yaml")
    outcome(done, 1, passed=3, failed=2)


# Fixtures


def test_a_test_in_python_loads_and_runs_scenarios_that_lie_beside_it(pytester, monkeypatch):
    write("tests/rush.yaml", RUSH)
    write(
        "tests/test_rush.py",
        """
def test_two_bots_are_quicker(scenario, run):
    rush = scenario("rush.yaml")
    one, two, four = (run(one) for one in (rush, rush.set(bots=2), scenario("rush.yaml", bots=4)))
    longest = [done.measures.values["wait.max"] for done in (one, two, four)]
    assert longest == [30, 10, 0]
    assert [one.held for one in run(rush, seed=5).verdicts] == [True, False]
""",
    )
    outcome(pytester.runpytest(), 0, passed=1)
    monkeypatch.chdir("tests")
    outcome(pytester.runpytest("--rootdir=.."), 0, passed=1)


def test_a_wrong_scenario_fails_the_test_with_its_faults(pytester):
    write("wrong.yaml", WRONG)
    write("test_wrong.py", "def test_wrong(scenario):\n    scenario('wrong.yaml')\n")
    done = pytester.runpytest()
    outcome(done, 1, failed=1)
    done.stdout.fnmatch_lines(["wrong.yaml:3:10: service: '1 minute' is not a duration; *"])


def test_fixtures_of_the_same_name_win(pytester):
    write("conftest.py", "import pytest\n@pytest.fixture\ndef scenario(): return 'theirs'\n")
    write(
        "test_theirs.py",
        """
import pytest

@pytest.fixture
def run(): return "mine"

def test_them(scenario, run): assert (scenario, run) == ("theirs", "mine")
""",
    )
    outcome(pytester.runpytest(), 0, passed=1)


# What it costs those who have no scenarios


def test_the_plugin_loads_nothing_heavy_for_projects_without_scenarios(pytester, monkeypatch):
    write("notes.yaml", RUSH)
    write("test_it.py", "def test_it(): pass\n")
    write(
        "conftest.py",
        """
import json, sys
from pathlib import Path

def pytest_unconfigure():
    heavy = ("numpy", "pydantic", "simpy", "pandas", "scipy", "matplotlib", "ruamel", "lark", "typer", "numba")
    found = [name for name in ("kitchensim_pytest", "sim", *heavy) if name in sys.modules]
    Path(__file__).with_name("loaded").write_text(json.dumps(found))
""",
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # of other projects
    outcome(pytester.runpytest_subprocess("-p", "kitchensim_pytest"), 0, passed=1)
    assert json.loads(Path("loaded").read_text()) == ["kitchensim_pytest"]


# Projects with a `sim` of their own


@pytest.fixture(params=[["pytest"], ["python", "-m", "pytest"]], ids=["pytest", "python-m-pytest"])
def started(request, pytester) -> Callable[..., pytest.RunResult]:
    """Start pytest in a process of its own, in one of the two ways."""
    program, *words = request.param
    return lambda *options: pytester.run(Path(sys.executable).with_name(program), *words, *options)


@pytest.mark.parametrize(
    ("started", "place"),
    [(["pytest"], "src/sim/__init__.py"), (["python", "-m", "pytest"], "sim.py")],
    indirect=["started"],
)
def test_a_project_with_a_sim_of_its_own_is_left_alone(started, place):
    write(place, "NAME = 'theirs'\n")
    write("pytest.ini", "[pytest]\npythonpath = . src\n")
    write("tests/test_theirs.py", "import sim\ndef test_name(): assert sim.NAME == 'theirs'\n")
    outcome(started(), 0, passed=1)


def test_scenario_files_and_fixtures_beside_another_sim_are_refused_in_one_line(started, pytester):
    write("sim.py", "NAME = 'theirs'\n")
    write("pytest.ini", "[pytest]\npythonpath = .\n")
    write("test_theirs.py", "import sim\ndef test_name(): assert sim.NAME == 'theirs'\ndef test_run(run): pass\n")
    line = "kitchensim cannot be used here, since this project has a sim of its own: {}; use sim check"
    write("rush.scenario.yaml", RUSH)
    done = started("--continue-on-collection-errors")
    outcome(done, 1, passed=1, errors=2)
    assert failures(done).count(line.format(pytester.path / "sim.py")) == 2


def test_a_folder_sim_with_scenarios_is_no_sim_of_its_own(pytester):
    write("sim/rush.scenario.yaml", IDLE)
    outcome(pytester.runpytest_subprocess(), 0, passed=1)
