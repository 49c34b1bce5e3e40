"""Scenario files as pytest collects, runs and reports them, in an empty folder."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_command import sim

pytest_plugins = ["pytester"]

RUSH = """scenario: 1
name: rush
params: {bots: 1}
service: 10s
bots: {initial: $bots}
timeline: [{at: 0s, order: NORMAL, count: 4}]
expect:
  - {order: 1001, completed: 10s}
  - {order: 1002, picked_up: 5s, bot: 1}
thresholds:
  wait.max: "< 20s"
  orders.completed: "== 4"
"""
CALM = "scenario: 1\nname: calm\nbots: {initial: 1}\n"
IDLE = CALM + "expect: [{bot: 1, status: IDLE}]\n"
BARE = RUSH[: RUSH.index("expect")]
HOPEFUL = BARE + 'thresholds:\n  wait.max: {check: "< 20s", severity: warn}\n'
GUESTS = """scenario: 1
name: guests
seed: 3
clock: {until: 1h}
service: {exponential: {mean: 1m}}
bots: {initial: 3}
arrivals: [{class: NORMAL, poisson: {rate: 2/m}}]
replications: 5
"""
HASTY = GUESTS + 'thresholds: {wait.p95: "< 1m30s"}\n'
ENDLESS = GUESTS.replace("rate: 2/m", "rate: 20/m") + "warmup: mser5\n"
WRONG = "scenario: 1\nname: wrong\nservice: 1 minute\nbots: {initial: 2, on_removal: finish}\n"
FAULTS = [
    "wrong.scenario.yaml:3:10: service: '1 minute' is not a duration; write 1m",
    "wrong.scenario.yaml:4:20: bots: unknown key 'on_removal'; did you mean 'on_remove'?",
]
ASKED = [
    "rush.scenario.yaml::order 1001: completed 10s",
    "rush.scenario.yaml::order 1002: picked_up 5s, bot 1",
    "rush.scenario.yaml::wait.max < 20s",
    "rush.scenario.yaml::orders.completed == 4",
]
LATE = "rush.scenario.yaml::order 1002: picked_up 5s, bot 1"
LONG = "rush.scenario.yaml::wait.max < 20s"
COUNTING = """
from pathlib import Path
import sim.engines.reference as engine

simulate = engine.simulate

def counted(*args):
    with Path(__file__).with_name("runs").open("a") as file:
        file.write("run\\n")
    return simulate(*args)

engine.simulate = counted
"""


@pytest.fixture(autouse=True)
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which pytest is run, without a plugin that loads slowly."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:nbmake")
    return pytester.path


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load what the plugin loads late: an inner pytest forgets what it loaded, and numpy cannot be loaded twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("loaded"))
        write("rush.yaml", RUSH)
        write("hasty.yaml", HASTY)
        sim("check", "rush.yaml", "hasty.yaml", "--update-golden", status=1)


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def collected(pytester: pytest.Pytester, *options: str) -> list[str]:
    """Return the ids of what pytest collects."""
    listed = pytester.runpytest("--collect-only", "-q", *options)
    return [line for line in listed.outlines if "::" in line]


def failures(done: pytest.RunResult) -> list[str]:
    """Return what is said about what failed, between the headline and the summary."""
    lines = done.outlines
    start = next(place for place, line in enumerate(lines) if re.fullmatch("=+ (FAILURES|ERRORS) =+", line))
    return lines[start + 1 : next(place for place, line in enumerate(lines) if "short test summary" in line)]


def passed(done: pytest.RunResult) -> set[str]:
    """Return the ids of what passed, of a run with -rA."""
    return {line.removeprefix("PASSED ") for line in done.outlines if line.startswith("PASSED ")}


def outcome(done: pytest.RunResult, status: int, **counts: int) -> None:
    """Check how a run ended: its exit status, and how many items came to which end."""
    assert done.parseoutcomes() == counts
    assert done.ret == status


# What is collected


def test_each_thing_that_a_scenario_asks_is_an_item_named_by_what_it_says(pytester):
    write("rush.scenario.yaml", RUSH)
    assert collected(pytester) == ASKED
    sim("check", "rush.scenario.yaml", "--update-golden", status=1)
    assert collected(pytester) == [*ASKED, "rush.scenario.yaml::golden log"]


def test_items_have_clock_times_where_the_file_has_them(pytester):
    facts = '[{bot: 1, at: "11:00:30", status: IDLE}, {bot: 1, at: 30s, status: IDLE}]'
    write("calm.scenario.yaml", f'{CALM}clock: {{start: "11:00"}}\nexpect: {facts}\n')
    assert collected(pytester) == [
        "calm.scenario.yaml::bot 1 at 11:00:30: status IDLE",
        "calm.scenario.yaml::bot 1 at 30s: status IDLE",
    ]


def test_other_yaml_files_are_left_alone(pytester):
    write("rush.yaml", RUSH)
    write("compose.yaml", "services: {}\n")
    write("scenario.yaml", RUSH)
    write("test_it.py", "def test_it(): pass\n")
    outcome(pytester.runpytest(), 0, passed=1)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ("lunch.yaml", {"lunch.yaml", "kitchens/lunch.yaml"}),
        ("kitchens/*.yaml", {"kitchens/lunch.yaml", "kitchens/dinner.yaml"}),
        ("lunch.yaml\n  dinner.*", {"lunch.yaml", "kitchens/lunch.yaml", "kitchens/dinner.yaml"}),
        ("", set()),
    ],
)
def test_the_ini_file_names_more_scenario_files(pytester, patterns, found):
    for name in ("lunch.yaml", "kitchens/lunch.yaml", "kitchens/dinner.yaml", "brunch.yaml", "usual.scenario.yaml"):
        write(name, IDLE)
    write("pytest.ini", f"[pytest]\nsim_scenarios =\n  {patterns}\n")
    assert {name.split("::")[0] for name in collected(pytester)} == {"usual.scenario.yaml"} | found


def test_a_scenario_that_asks_nothing_runs(pytester):
    write("calm.scenario.yaml", CALM)
    assert collected(pytester) == ["calm.scenario.yaml::runs"]
    outcome(pytester.runpytest(), 0, passed=1)


def test_a_file_may_have_a_name_of_two_lines(pytester):
    text = "scenario: 1\nname: q\ntimeline: [{at: 0s, order: VIP}]\n"
    (pytester.path / "two\nlines.scenario.yaml").write_text(text)
    pytester.runpytest().assert_outcomes(passed=1)


def test_a_wrong_file_is_an_error_with_all_faults_and_nothing_else(pytester):
    write("wrong.scenario.yaml", WRONG)
    write("calm.scenario.yaml", CALM)
    done = pytester.runpytest()
    outcome(done, 2, errors=1)
    assert failures(done)[1:] == FAULTS
    done = pytester.runpytest("--continue-on-collection-errors")
    outcome(done, 1, errors=1, passed=1)
    assert failures(done)[1:] == FAULTS


def test_equal_facts_have_names_with_a_number(pytester):
    fact = "  - {bot: 1, status: IDLE}\n"
    write("calm.scenario.yaml", f"{CALM}expect:\n{fact}  - {{bot: 1, at: 0s, status: IDLE}}\n{fact}")
    names = ["bot 1: status IDLE", "bot 1 at 0s: status IDLE", "bot 1: status IDLE (2)"]
    assert collected(pytester) == [f"calm.scenario.yaml::{name}" for name in names]


@pytest.mark.parametrize(
    "asked",
    [
        "expect: [{bot: 1, status: IDLE}, {bot: 1, status: IDLE}]",
        'thresholds: {bots: ["== 1", "== 1"]}',
        'thresholds:\n  bots:\n    - "== 1"\n    - "== 1"',
    ],
)
def test_equal_facts_and_conditions_have_names_that_differ_wherever_they_stand(pytester, asked):
    write("calm.scenario.yaml", f"{CALM}{asked}\n")
    names = collected(pytester)
    assert len(names) == len(set(names)) == 2


# What is said


def test_a_failure_shows_the_line_of_the_file_what_it_asked_and_what_came(pytester):
    write("rush.scenario.yaml", RUSH)
    done = pytester.runpytest()
    outcome(done, 1, failed=2, passed=2)
    shown = [line for line in failures(done) if not line.startswith("_")]
    assert shown == [
        "FAIL, got picked_up 10s",
        "asked: order 1002: picked_up 5s, bot 1",
        "rush.scenario.yaml:9",
        "    - {order: 1002, picked_up: 5s, bot: 1}",
        "FAIL, got 30s",
        "asked: wait.max < 20s",
        "rush.scenario.yaml:11",
        '    wait.max: "< 20s"',
    ]
    summary = [line.split(" - ")[0] for line in done.outlines if line.startswith("FAILED ")]
    assert summary == [f"FAILED {LATE}", f"FAILED {LONG}"]


def test_a_golden_log_that_changed_shows_the_first_event_that_differs(pytester):
    write("rush.scenario.yaml", BARE)
    sim("check", "rush.scenario.yaml", "--update-golden")
    outcome(pytester.runpytest(), 0, passed=1)
    write("rush.scenario.yaml", BARE.replace("10s", "12s"))
    done = pytester.runpytest()
    outcome(done, 1, failed=1)
    heading, result, asked, place, line, *log = failures(done)
    assert " rush.scenario.yaml: golden log " in heading
    changed = "FAIL, got fingerprint [0-9a-f]{16} in place of [0-9a-f]{16}; the scenario has changed; .*"
    assert re.fullmatch(changed, result)
    assert asked == "asked: golden log"
    assert (place, line) == ("rush.scenario.yaml:1", "    scenario: 1")
    assert len(log) == 5
    assert re.split("  +", log[-1].strip()) == [
        ">",
        "7",
        "10s order_completed 1001 NORMAL bot 1",
        "12s order_completed 1001 NORMAL bot 1",
    ]


def test_a_golden_fingerprint_that_is_none_is_a_fault_in_one_line(pytester):
    write("calm.scenario.yaml", CALM)
    write("golden/calm.scenario.yaml.json", "{}")
    done = pytester.runpytest()
    outcome(done, 1, failed=1)
    [line] = failures(done)[1:]
    said = "/golden/calm.scenario.yaml.json:1:1: is no golden fingerprint; sim check --update-golden stores it again"
    assert line.endswith(said)


def test_a_file_that_extends_another_is_shown_at_the_line_of_that_one(pytester):
    write("rush.scenario.yaml", RUSH)
    write("dinner.scenario.yaml", "scenario: 1\nname: dinner\nextends: rush.scenario.yaml\n")
    done = pytester.runpytest("dinner.scenario.yaml")
    outcome(done, 1, failed=2, passed=2)
    assert failures(done)[3:5] == ["rush.scenario.yaml:9", "    - {order: 1002, picked_up: 5s, bot: 1}"]


def test_a_condition_of_a_list_is_shown_at_its_own_line(pytester):
    conditions = 'thresholds:\n  wait.max:\n    - "> 1s"\n    - "< 20s"\n'
    write("rush.scenario.yaml", BARE + conditions)
    assert failures(pytester.runpytest())[3:] == ["rush.scenario.yaml:10", '    - "< 20s"']


@pytest.mark.parametrize("text", [ENDLESS, ENDLESS + "thresholds: {bots: '== 3'}\n"])
def test_a_run_that_cannot_be_finished_is_one_line(pytester, text):
    write("endless.scenario.yaml", text)
    done = pytester.runpytest()
    outcome(done, 1, failed=1)
    (line,) = failures(done)[1:]
    assert "mser5 finds no end of the warm-up in the first half of the run; lengthen the run" in line


def test_verbose_lines_have_the_ids_that_can_be_given_on_the_command_line(pytester):
    write("rush.scenario.yaml", RUSH)
    done = pytester.runpytest("-v")
    assert [name for name in ASKED if any(line.startswith(name) for line in done.outlines)] == ASKED


# Judgements that are neither yes nor no


@pytest.mark.parametrize("options", [(), ("-W", "error"), ("-n", "2", "-W", "error")])
def test_a_threshold_that_only_warns_passes_and_warns_whatever_becomes_of_other_warnings(pytester, options):
    write("hopeful.scenario.yaml", HOPEFUL)
    done = pytester.runpytest(*options)
    outcome(done, 0, passed=1, warnings=1)
    done.stdout.fnmatch_lines(
        [
            "hopeful.scenario.yaml::wait.max < 20s",
            "*hopeful.scenario.yaml:8: ScenarioWarning: wait.max < 20s: FAIL (warn), got 30s",
            '    wait.max: {check: "< 20s", severity: warn}',
        ],
        consecutive=True,
    )


def test_a_threshold_that_only_warns_says_nothing_where_it_holds(pytester):
    write("hopeful.scenario.yaml", HOPEFUL.replace("20s", "40s"))
    outcome(pytester.runpytest(), 0, passed=1)


def test_a_warning_stands_at_the_line_of_the_file_that_asks(pytester):
    write("hopeful.scenario.yaml", HOPEFUL)
    write("dinner.scenario.yaml", "scenario: 1\nname: dinner\nextends: hopeful.scenario.yaml\n")
    done = pytester.runpytest("dinner.scenario.yaml")
    outcome(done, 0, passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*hopeful.scenario.yaml:8: ScenarioWarning: *"])


def test_what_is_inconclusive_fails(pytester):
    write("hasty.scenario.yaml", HASTY)
    done = pytester.runpytest()
    outcome(done, 1, failed=1)
    _, result, asked, place, line, hint = failures(done)
    assert hint == (
        "too early to say: write more replications into the file, or let it pass with sim_inconclusive = pass in the "
        "ini file"
    )
    assert result.startswith("INCONCLUSIVE, got 1m34.8s (11.7s to 2m58s); about ")
    assert asked == "asked: wait.p95 < 1m30s"
    assert (place, line) == ("hasty.scenario.yaml:9", '    thresholds: {wait.p95: "< 1m30s"}')


def test_what_is_inconclusive_warns_where_the_ini_file_says_so(pytester):
    write("hasty.scenario.yaml", HASTY)
    write("rush.scenario.yaml", RUSH)
    write("pytest.ini", "[pytest]\nsim_inconclusive = pass\n")
    done = pytester.runpytest("-W", "error")
    outcome(done, 1, passed=3, failed=2, warnings=1)
    done.stdout.fnmatch_lines(["*/hasty.scenario.yaml:9: ScenarioWarning: wait.p95 < 1m30s: INCONCLUSIVE (warn), *"])
    write("pytest.ini", "[pytest]\nsim_inconclusive = fail\n")
    outcome(pytester.runpytest(), 1, passed=2, failed=3)


def test_another_word_for_it_is_refused_in_one_line(pytester):
    write("pytest.ini", "[pytest]\nsim_inconclusive = maybe\n")
    done = pytester.runpytest()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in done.errlines if line] == ["ERROR: sim_inconclusive is 'maybe'; write fail or pass"]


# How often it is run


def runs(pytester: pytest.Pytester, *options: str) -> int:
    """Return how often the engine ran in a pytest of its own."""
    counter = write("conftest.py", COUNTING).with_name("runs")
    counter.unlink(missing_ok=True)
    pytester.runpytest_subprocess(*options)
    return len(counter.read_text().splitlines())


def test_all_items_of_a_file_share_one_run(pytester):
    write("rush.scenario.yaml", RUSH.replace("20s", "40s").replace("5s", "10s"))
    sim("check", "rush.scenario.yaml", "--update-golden")
    assert runs(pytester) == 1


def test_replications_are_run_once_and_only_for_thresholds(pytester):
    thresholds = "thresholds: {bots: '== 3', orders.completed: '> 1', wait.max: '> 0s'}\n"
    write("guests.scenario.yaml", f"{GUESTS}expect: [{{bot: 1, at: 0s, status: IDLE}}]\n{thresholds}")
    assert runs(pytester) == 5
    assert runs(pytester, "-k", "IDLE") == 1


def test_workers_of_xdist_share_no_more_than_files(pytester):
    write("rush.scenario.yaml", RUSH)
    assert runs(pytester, "-n", "2", "--dist", "loadfile") == 1


# With what pytest can do


def test_xdist_finds_the_same(pytester):
    write("rush.scenario.yaml", RUSH)
    done = pytester.runpytest("-n", "2", "-rA")
    outcome(done, 1, failed=2, passed=2)
    assert passed(done) == {ASKED[0], ASKED[3]}


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
    done = pytester.runpytest_subprocess("test_leaves.py", "calm.scenario.yaml")
    outcome(done, 1, passed=1, failed=1)


def test_a_failure_is_shown_after_a_test_that_changes_the_folder(pytester):
    write("rush.scenario.yaml", RUSH)
    write("test_leaves.py", LEAVING)
    done = pytester.runpytest_subprocess("test_leaves.py", "rush.scenario.yaml")
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


@pytest.mark.parametrize("place", ["sim.py", "src/sim/__init__.py"])
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
    done = started("test_theirs.py")
    outcome(done, 1, passed=1, errors=1)
    assert failures(done)[-1] == line.format(pytester.path / "sim.py")
    write("rush.scenario.yaml", RUSH)
    done = started("--continue-on-collection-errors")
    outcome(done, 1, passed=1, errors=2)
    assert line.format(pytester.path / "sim.py") in failures(done)


def test_a_folder_sim_with_scenarios_is_no_sim_of_its_own(pytester):
    write("sim/rush.scenario.yaml", IDLE)
    outcome(pytester.runpytest_subprocess(), 0, passed=1)
