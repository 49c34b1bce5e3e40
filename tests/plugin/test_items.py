"""Scenario files as pytest collects and reports them."""

import re

import pytest

from tests.helpers.commands import sim
from tests.helpers.plugin import (
    ASKED,
    BARE,
    CALM,
    ENDLESS,
    FAULTS,
    HASTY,
    HOPEFUL,
    IDLE,
    LATE,
    LONG,
    RUSH,
    WRONG,
    collected,
    failures,
    outcome,
    write,
)

pytest_plugins = ["pytester"]

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
    said = "/golden/calm.scenario.yaml.json:1:1: is not a golden fingerprint; sim check --update-golden stores it again"
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


@pytest.mark.parametrize("options", [(), ("-W", "error"), ("-n", "1", "-W", "error")])
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
    assert result.startswith("INCONCLUSIVE, got 2m13s (from 42.7s on); about ")
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
