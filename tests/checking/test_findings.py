"""What `sim check` finds of each file, and how it says so."""

import json
import os
import pty
from pathlib import Path

import pytest

from sim import load_scenario, replicate
from tests.helpers.checks import (
    BARE,
    BROKEN,
    BROKEN_LINES,
    FAILS,
    FAILS_LINES,
    HOLDS,
    ONE_BOT,
    OPEN,
    WARNS,
    check,
    document,
    of_file,
    outcomes,
    put,
    unfolded,
)
from tests.helpers.commands import sim as command
from tests.helpers.crews import CERTAIN, GROWING, KITCHEN, VERDICTS
from tests.helpers.junit import suites
from tests.helpers.programs import PIPES, fork


@pytest.mark.slow
def test_what_the_command_prints_and_writes(golden, monkeypatch):
    put(
        {
            "lunch/certain.yaml": CERTAIN.split("thresholds")[0] + "expect: [{order: 1005, picked_up: 10s, bot: 1}]\n",
            "lunch/promises.yaml": KITCHEN + VERDICTS,
            "night/broken.yaml": BROKEN,
            "night/growing.yaml": GROWING,
            "night/late.yaml": FAILS + 'thresholds:\n  wait.max: {check: "< 10s", severity: warn}\n',
            "night/nobody.yaml": 'scenario: 1\nname: nobody\nclock: {until: 1m}\nthresholds: {wait.p95: "< 1m"}\n',
            "night/open.yaml": OPEN,
            "before/lunch/promises.yaml": (KITCHEN + VERDICTS).replace("crew: 3", "crew: 4"),
            "before/night/late.yaml": FAILS,
            "empty/notes.txt": "",
        }
    )
    shown = []

    def tell(words: str, status: int) -> None:
        args = [word.replace("_", " ") for word in words.split()]
        said = command(*args, status=status)
        typed = " ".join(f"'{word}'" if " " in word else word for word in args)
        shown.append(f"$ sim {typed}\n{said.stdout}{said.stderr}[{status}]\n")

    def cat(name: str) -> None:
        shown.append(f"$ cat {name}\n{Path(name).read_text()}")

    tell("check lunch night", 2)
    tell("check lunch night --fail-fast -k not_certain", 1)
    tell("check lunch -v -n 2 --seed 5", 3)
    tell("check lunch -n 2 --seed 5 --inconclusive pass", 0)
    tell("check lunch/promises.yaml --against before", 1)
    tell("check night/late.yaml night/nobody.yaml --against before --no-regressions", 1)
    tell("check night/open.yaml --against night", 2)
    tell("check lunch/certain.yaml --update-golden", 0)
    tell("check lunch/certain.yaml", 0)
    cat("lunch/golden/certain.yaml.json")
    put({"lunch/certain.yaml": Path("lunch/certain.yaml").read_text().replace("at: 5s", "at: 6s")})
    tell("check lunch/certain.yaml", 1)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    tell("check lunch night --against before --no-regressions --github --junit results.xml", 2)
    for name in ("results.xml", "summary.md", "output.txt"):
        cat(name)
    for words in (
        "check empty",
        "check lunch -k (",
        "check lunch --junit lunch/certain.yaml",
        "check lunch --no-regressions",
        "check lunch --against nowhere",
    ):
        tell(words, 2)
    tell("check lunch/certain.yaml -k certain --set bots=2", 2)
    tell("check night/open.yaml --junit nowhere/results.xml", 4)
    golden("checks.txt", "\n".join(shown))


def test_all_faults_of_all_files_are_shown_and_the_others_still_run():
    put({"a.yaml": BROKEN, "b.yaml": HOLDS, "c.yaml": BROKEN, "d.yaml": FAILS})
    assert check(".", status=2) == [
        *of_file(BROKEN_LINES, "a.yaml"),
        "PASS          b.yaml: 1 of 1 expectation",
        *of_file(BROKEN_LINES, "c.yaml"),
        *of_file(FAILS_LINES, "d.yaml"),
        "4 scenarios: 1 passed, 1 failed, 2 wrong",
    ]
    broken = document("a.yaml", status=2)["scenarios"]
    assert broken == [
        {"file": "a.yaml", "outcome": "WRONG", "faults": [line.strip() for line in of_file(BROKEN_LINES, "a.yaml")[1:]]}
    ]


def test_a_scenario_that_cannot_be_run_is_wrong_and_the_others_still_run():
    put({"growing.yaml": GROWING, "holds.yaml": HOLDS})
    first, why, *rest = check(".", status=2)
    assert first == "WRONG         growing.yaml"
    assert why.startswith(
        "  growing.yaml:1:1: mser5 finds no end of the warm-up in the first half of the run; lengthen"
    )
    assert rest == ["PASS          holds.yaml: 1 of 1 expectation", "2 scenarios: 1 passed, 1 wrong"]


def test_a_scenario_whose_warm_up_is_not_found_is_wrong_and_the_others_are_checked():
    put({"open.yaml": GROWING + 'thresholds: {throughput: "> 1/h"}\n', "holds.yaml": HOLDS})
    for times in ("1", "30"):
        assert check("open.yaml", "holds.yaml", "-n", times, status=2)[-1] == "2 scenarios: 1 passed, 1 wrong"


def test_a_scenario_that_asks_nothing_is_an_outcome_of_its_own_and_fails_nothing(monkeypatch):
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    put({"holds.yaml": HOLDS, "plain.yaml": ONE_BOT})
    assert check("plain.yaml", "-v", "--github") == [
        "NOTHING       plain.yaml: nothing to judge",
        "1 scenario: 1 with nothing to judge",
    ]
    assert check(".", "--github")[-1] == "2 scenarios: 1 passed, 1 with nothing to judge"
    assert Path("output.txt").read_text() == "outcome=NOTHING\noutcome=PASS\n"


@pytest.mark.slow
def test_lines_go_to_standard_output_also_while_a_terminal_shows_a_bar():
    put({"fails.yaml": FAILS, "verdicts.yaml": KITCHEN + VERDICTS})
    ours, theirs = pty.openpty()
    with fork("check", ".", streams=PIPES | {"stderr": theirs}) as process:
        os.close(theirs)
        out = process.stdout.read()
    os.close(ours)
    assert (process.returncode, unfolded(out.splitlines())) == (1, check(".", status=1))


def test_verbose_shows_what_held_too():
    put({"holds.yaml": HOLDS + 'thresholds: {wait.VIP: "== 5"}\n'.replace("== 5", "<= 5s")})
    assert check("holds.yaml", "-v")[1:-1] == [
        "  holds.yaml:7: order 1001: completed 10s: PASS",
        "  holds.yaml:8: wait.VIP.mean <= 5s: PASS, got 5s",
    ]


def test_expectations_are_facts_about_replication_1():
    put({"kitchen.yaml": KITCHEN})
    first, second = (
        json.loads(command("run", "kitchen.yaml", "--json", "--replication", number, *BARE).stdout)["metrics"]
        for number in ("1", "2")
    )
    assert first["orders.created"] != second["orders.created"]
    last = 1000 + int(first["orders.created"])
    put({"expect.yaml": KITCHEN + f"expect: [{{order: {last}, attempts: 0}}, {{order: {last}, attempts: 1}}]\n"})
    held, shown, _ = check("expect.yaml", "-n", "4", status=1)
    assert held == "FAIL          expect.yaml: 1 of 2 expectations"
    assert shown == f"  expect.yaml:9: order {last}: attempts 1: FAIL, got attempts 0"


ON_THE_CLOCK = """scenario: 1
name: night
clock: {start: START}
service: 20m0.5s
bots: {initial: 1}
timeline: [{at: 0s, order: NORMAL, count: 2}]
expect:
  - {order: 1001, picked_up: "23:50", completed: 20m}
  - {order: 1002, picked_up: "23:59:00", completed: "00:20:01"}
  - {order: 1002, at: "00:10:00.25", status: COMPLETE}
"""


@pytest.mark.parametrize(
    ("start", "later", "ends"),
    [
        ('"23:50:00"', "{} on day 2", ""),
        ('"2026-12-31T23:50:00"', "2027-01-01T{}", "2027-01-01T"),
    ],
)
def test_times_are_shown_as_they_were_written_and_what_came_likewise(start, later, ends):
    text = ON_THE_CLOCK.replace("START", start)
    if ends:
        text = text.replace('"00:', f'"{ends}00:').replace('"23:', '"2026-12-31T23:')
    put({"night.yaml": text})
    came = [later.format(one) for one in ("00:10:00.5", "00:20:01", "00:30:01", "00:10:00.25")]
    expected = [
        ("order 1001: picked_up 23:50:00, completed 20m", "completed 20m0.5s"),
        (f"order 1002: picked_up 23:59:00, completed {came[1]}", f"picked_up {came[0]}, completed {came[2]}"),
        (f"order 1002 at {came[3]}: status COMPLETE", "status PENDING"),
    ]
    assert check("night.yaml", "--junit", "results.xml", status=1)[1:-1] == [
        f"  night.yaml:{line}: {asked}: FAIL, got {got}" for line, (asked, got) in enumerate(expected, 8)
    ]
    assert list(suites("results.xml")["night.yaml"]) == [asked for asked, _ in expected]


@pytest.mark.parametrize(("options", "held"), [((), 30), (("-n", "7"), 7)])
def test_thresholds_are_judged_by_as_many_replications_as_the_file_or_n_says(options, held):
    put({"open.yaml": OPEN.replace("replications: 1\n", "")})
    assert check("open.yaml", *options)[0] == f"PASS          open.yaml: 1 of 1 threshold, {held} replications"


def test_a_plan_ends_when_its_metric_is_known_well_enough():
    plan = "replications: {max: 60, until: {metric: wait.VIP.p95, half_width: 25%}}\n"
    put({"plan.yaml": KITCHEN + plan + 'thresholds: {bots: "== 3"}\n'})
    done = replicate(load_scenario("plan.yaml"))
    assert 20 < len(done.results) < 60
    assert document("plan.yaml")["scenarios"][0]["replications"] == len(done.results)


def test_seed_and_set_are_for_all_scenarios():
    put({"a.yaml": KITCHEN + 'thresholds: {bots: "== 5"}\n', "b.yaml": KITCHEN + 'thresholds: {bots: "!= 3"}\n'})
    found = document(".", "--seed", "8", "--set", "crew=5", "-n", "3")["scenarios"]
    done = replicate(load_scenario("a.yaml", crew=5), 3, seed=8)
    for one in found:
        assert (one["seed"], one["outcome"]) == (8, "PASS")
        cells = one["metrics"]["wait.mean"]
        assert tuple(cells[key] for key in ("estimate", "low", "high", "n")) == done.estimate("wait.mean")


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [("< 1us", "FAIL"), ("< 28s", "INCONCLUSIVE"), ("< 30s", "INCONCLUSIVE")],
)
def test_a_threshold_that_warns_is_shown_and_never_fails(condition, verdict):
    warns = f'thresholds:\n  wait.max: {{check: "{condition}", severity: warn}}\n'
    put({"warns.yaml": KITCHEN + warns})
    for options in ((), ("--inconclusive", "fail")):
        first, shown, total = check("warns.yaml", "-n", "20", *options)
        assert first == "PASS          warns.yaml: 0 of 1 threshold, 20 replications"
        assert shown.startswith(f"  warns.yaml:10: wait.max {condition}: {verdict} (warn), got ")
        assert total == "1 scenario: 1 passed"


def test_nothing_observed_fails_unless_it_only_warns():
    nobody = "scenario: 1\nname: nobody\nclock: {until: 1m}\nthresholds: {wait.VIP.p95: "
    put({"nobody.yaml": nobody + '"< 1m"}\n'})
    for options in ((), ("--inconclusive", "pass")):
        assert check("nobody.yaml", *options, status=1) == [
            "FAIL          nobody.yaml: 0 of 1 threshold",
            "  nobody.yaml:4: wait.VIP.p95 < 1m: NO DATA, nothing was observed",
            "1 scenario: 1 failed",
        ]
    put({"nobody.yaml": nobody + '{check: "< 1m", severity: warn}}\n'})
    assert check("nobody.yaml")[1] == "  nobody.yaml:4: wait.VIP.p95 < 1m: NO DATA (warn), nothing was observed"


NO_ORDERS = "scenario: 1\nname: quiet\nclock: {until: 1m}\nbots: {initial: 1}\nservice: 10s\n"


@pytest.mark.parametrize(
    ("demand", "times"),
    [
        ("arrivals: [{class: NORMAL, poisson: {rate: 1/d}}]\nreplications: 2\n", "2 replications"),
        ("arrivals: [{class: NORMAL, every: 1s, limit: 0}]\n", "1 replication"),
        ("arrivals: [{trace: empty.csv}]\n", "1 replication"),
    ],
)
def test_a_check_in_which_no_order_was_created_does_not_pass(demand, times):
    put({"empty.csv": "time,class\n", "quiet.yaml": NO_ORDERS + demand + 'thresholds: {orders.pending: "== 0"}\n'})
    ran = ", 2 replications" if times.startswith("2") else ""
    assert check("quiet.yaml", status=1) == [
        f"FAIL          quiet.yaml: no orders, 1 of 1 threshold{ran}",
        f"  quiet.yaml:6: orders are created: NO DATA, no order was created in {times}; look at arrivals, "
        'or write orders.created: "== 0" under thresholds if this is intended',
        "1 scenario: 1 failed",
    ]
    put({"quiet.yaml": NO_ORDERS + demand})
    assert outcomes("quiet.yaml", status=1) == {"quiet.yaml": "FAIL"}
    put({"quiet.yaml": NO_ORDERS + demand + 'thresholds: {orders.created: "== 0"}\n'})
    assert outcomes("quiet.yaml") == {"quiet.yaml": "PASS"}


def test_a_scenario_of_bots_alone_passes_without_orders():
    put({"bots.yaml": NO_ORDERS + "expect: [{bot: 1, status: IDLE}]\n"})
    assert outcomes("bots.yaml") == {"bots.yaml": "PASS"}


def test_what_is_inconclusive_says_what_to_do_next():
    put({"open.yaml": OPEN, "holds.yaml": HOLDS})
    hint = (
        "INCONCLUSIVE is too early to say: run more (-n N, or replications: {min, max, until} in the file), "
        "or let it pass (--inconclusive=pass)"
    )
    assert check(".", status=3)[-2] == hint
    assert check(".", "--inconclusive", "fail", status=1)[-2] == hint
    for words in ((".", "--inconclusive", "pass"), ("holds.yaml",)):
        assert hint not in check(*words)


def test_fail_fast_stops_at_what_fails_or_is_wrong_and_at_nothing_else():
    put({"1.yaml": HOLDS, "2.yaml": OPEN, "3.yaml": WARNS, "4.yaml": FAILS, "5.yaml": BROKEN, "6.yaml": HOLDS})
    assert list(outcomes(".", "--fail-fast", status=1)) == ["1.yaml", "2.yaml", "3.yaml", "4.yaml"]
    assert check(".", "--fail-fast", status=1)[-1] == "4 scenarios: 2 passed, 1 failed, 1 inconclusive; 2 not looked at"
    assert list(outcomes(".", "--fail-fast", "--inconclusive", "fail", status=1)) == ["1.yaml", "2.yaml"]
    assert list(outcomes(".", "--fail-fast", "-k", "not 4", status=2)) == ["1.yaml", "2.yaml", "3.yaml", "5.yaml"]
    assert len(outcomes(".", status=2)) == 6
