"""Files for programs: JSON and JUnit."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from sim import check as run_checks
from sim import load_scenario, replicate, run
from sim.errors import Fault
from sim.experiment import CheckedFile
from sim.model import STANDARD
from sim.output.ci.junit import write_junit
from sim.units import printable
from tests.helpers.checks import (
    BROKEN,
    BROKEN_LINES,
    FAILS,
    FAILS_LINES,
    HOLDS,
    ODD,
    ONE_BOT,
    OPEN,
    OPEN_LINES,
    WARNS,
    check,
    document,
    of_file,
    put,
)
from tests.helpers.commands import sim as command
from tests.helpers.crews import KITCHEN, VERDICTS
from tests.helpers.junit import suites

UNITS = {metric.name: metric.unit for metric in STANDARD}


def test_python_writes_what_the_command_writes():
    put({"late.yaml": FAILS, "broken.yaml": BROKEN})
    check("late.yaml", "broken.yaml", "--json", "command.json", "--junit", "command.xml", status=2)
    checks = run_checks(["late.yaml", "broken.yaml"])
    checks.write_json("python.json")
    checks.write_junit("python.xml")
    assert checks.document == json.loads(Path("python.json").read_text())
    for kind in ("json", "xml"):
        assert Path(f"python.{kind}").read_text() == Path(f"command.{kind}").read_text()


def test_json_is_what_python_says():
    put({"verdicts.yaml": KITCHEN + VERDICTS, "broken.yaml": BROKEN, "late.yaml": FAILS})
    check("late.yaml", "--update-golden", status=1)
    was = run(load_scenario("late.yaml")).fingerprint
    put({"late.yaml": FAILS.replace("at: 5s", "at: 6s")})
    now = run(load_scenario("late.yaml")).fingerprint
    found = document("verdicts.yaml", "broken.yaml", "late.yaml", status=2)
    assert list(found) == ["outcomes", "scenarios", "not_checked"]
    assert found["outcomes"] == {"WRONG": 1, "FAIL": 2, "INCONCLUSIVE": 0, "PASS": 0, "NOTHING": 0}
    scenario = load_scenario("verdicts.yaml")
    done, [first, broken, late] = replicate(scenario), found["scenarios"]
    facts = ["file", "outcome", "scenario", "seed", "replications", "metrics", "findings"]
    assert list(first) == list(late) == facts
    assert list(broken) == ["file", "outcome", "faults"]
    assert [first[key] for key in facts[:5]] == ["verdicts.yaml", "FAIL", "kitchen", 7, 30]
    assert list(first["metrics"]) == list(UNITS)
    for name in UNITS:
        cells = first["metrics"][name]
        if cells is not None:
            assert tuple(cells[key] for key in ("estimate", "low", "high", "n")) == done.estimate(name)
    expected, judged = first["findings"][:2], first["findings"][2:]
    assert [(one["asked"], one["line"], one["verdict"]) for one in expected] == [
        (one.expected, one.place.line, "PASS" if one.held else "FAIL") for one in run(scenario).verdicts
    ]
    assert [(one["asked"], one["line"], one["column"], one["verdict"], one["note"]) for one in judged] == [
        (str(one.threshold), one.place.line, one.place.column, one.judgement, one.note) for one in done.verdicts
    ]
    assert {one["kind"] for one in expected} == {"expectation"}
    assert {one["kind"] for one in judged} == {"threshold"}
    assert judged[1] == {
        "kind": "threshold",
        "file": "verdicts.yaml",
        "line": 11,
        "column": 3,
        "asked": "wait.VIP.max < 1h",
        "verdict": "PASS",
        "outcome": "PASS",
        "got": "9.7s (8s to 11.6s)",
        "note": "",
        "diff": [],
    }
    assert [one["outcome"] for one in judged if one["verdict"] == "FAIL"] == ["FAIL", "FAIL", "PASS"]
    assert [(one["kind"], one["got"]) for one in late["findings"]] == [
        ("expectation", "completed 10s"),
        ("golden log", f"fingerprint {now} in place of {was}"),
    ]


def test_json_in_a_file_is_what_is_printed():
    put({"verdicts.yaml": KITCHEN + VERDICTS, "broken.yaml": BROKEN})
    printed = command("check", ".", "--json", "-", status=2).stdout
    check(".", "--json", "results.json", status=2)
    assert Path("results.json").read_text() == printed


def test_json_that_is_printed_is_alone_also_with_a_comparison():
    put({"late.yaml": FAILS, "old/late.yaml": FAILS})
    found = document("late.yaml", "--against", "old", "-v", status=1)
    assert found["outcomes"]["FAIL"] == 1
    assert len(found["scenarios"][0]["against"]) == 4
    assert len(check("late.yaml", "--against", "old", status=1)) == 11


def test_junit_has_a_suite_for_each_scenario_and_a_case_for_each_thing_that_it_asks():
    put({"broken.yaml": BROKEN, "late.yaml": HOLDS, "open.yaml": OPEN, "plain.yaml": ONE_BOT, "warns.yaml": WARNS})
    check("late.yaml", "--update-golden")
    put({"late.yaml": FAILS.replace("at: 5s", "at: 6s"), "old/late.yaml": FAILS})
    said = check(".", "-k", "not old", "--junit", "results.xml", "--against", "old", "--no-regressions", status=2)
    [golden] = (at for at, line in enumerate(said) if ": golden log: " in line)
    found = suites("results.xml")
    assert list(found) == ["broken.yaml", "late.yaml", "open.yaml", "plain.yaml", "warns.yaml"]
    faults = [line.strip() for line in of_file(BROKEN_LINES, "broken.yaml")[1:]]
    assert found["broken.yaml"] == {"is a scenario that runs": ((Error, "WRONG", faults[0], "\n".join(faults)),)}
    assert found["plain.yaml"] == {"runs": ((Skipped, None, None, "nothing to judge"),)}
    assert found["warns.yaml"] == {"wait.max < 10s": ()}
    late = of_file(FAILS_LINES, "late.yaml")[1].strip()
    log = "\n".join(line.strip() if line == said[golden] else line[4:] for line in said[golden : golden + 6])
    assert found["late.yaml"] == {
        "order 1001: completed 11s": ((Failure, "FAIL", "completed 10s", late),),
        "golden log": ((Failure, "FAIL", said[golden].split("got ")[1], log),),
        **dict.fromkeys((f"{one} no worse than in old" for one in ("wait.NORMAL.mean", "wait.NORMAL.p95")), ()),
        **dict.fromkeys((f"{one} no worse than in old" for one in ("wait.VIP.mean", "wait.VIP.p95")), ()),
    }
    why = of_file(OPEN_LINES, "open.yaml")[1].strip()
    message = why.split("INCONCLUSIVE, ")[1]
    assert found["open.yaml"] == {"throughput > 1/h": ((Error, "INCONCLUSIVE", message, why),)}
    warned = [case.system_out for suite in JUnitXml.fromfile("results.xml") for case in suite if case.system_out]
    assert warned == ["warns.yaml:7: wait.max < 10s: FAIL (warn), got 40s"]
    check("open.yaml", "--junit", "results.xml", "--inconclusive", "fail", status=1)
    assert [one[0][0] for one in suites("results.xml")["open.yaml"].values()] == [Failure]
    check("open.yaml", "--junit", "results.xml", "--inconclusive", "pass")
    assert list(suites("results.xml")["open.yaml"].values()) == [()]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_files_survive_in_junit(name):
    put({name: FAILS})
    check(name, "--junit", "results.xml", status=1)
    [(_, _, _, text)] = suites("results.xml")[name]["order 1001: completed 11s"]
    assert text == of_file(FAILS_LINES, name)[1].strip()


@pytest.mark.slow
@given(st.text(min_size=1))
def test_any_name_and_fault_survives_in_junit(tmp_path_factory, text):
    path, shown = tmp_path_factory.getbasetemp() / "any.xml", printable(text)
    write_junit([CheckedFile(text, [Fault(text, 1, 1, "", text)])], path)
    [(_, _, message, lines)] = suites(str(path))[shown]["is a scenario that runs"]
    assert message == lines == f"{shown}:1:1: {shown}"


@pytest.mark.parametrize("name", ["a\x01b.yaml", os.fsdecode(b"caf\xe9.yaml")])
def test_names_that_xml_cannot_hold_are_no_traceback(name):
    put({name: FAILS})
    check(name, "--junit", "results.xml", status=1)
    assert len(suites("results.xml")) == 1
