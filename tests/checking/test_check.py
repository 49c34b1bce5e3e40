"""`sim.check`: what the command does, from Python."""

import json
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim import ArgumentError, KitchensimError, check, load_scenario, replicate
from sim.experiment import CheckedFile
from sim.storage import Keeper, find_address
from tests.helpers.checks import BROKEN, FAILS, FAILS_LINES, HOLDS, ONE_BOT, OPEN, WARNS, document, put
from tests.helpers.commands import sim as command
from tests.helpers.crews import KITCHEN, VERDICTS
from tests.helpers.server import read_file

COLUMNS = ["file", "line", "kind", "asked", "verdict", "outcome", "got", "note"]
FILES = {
    "scenarios/a.yaml": KITCHEN + VERDICTS,
    "scenarios/b.yaml": OPEN,
    "scenarios/c.yaml": FAILS,
    "scenarios/d/broken.yaml": BROKEN,
    "scenarios/d/empty.yaml": ONE_BOT,
    "scenarios/d/warns.yaml": WARNS,
    "scenarios/other.yaml": "no: scenario\n",
}


def rows_of(found: dict) -> list[list]:
    """Return the rows of findings in a JSON document of the command."""
    return [[one[name] for name in COLUMNS] for file in found["scenarios"] for one in file.get("findings", [])]


def test_a_script_finds_what_the_command_does():
    put(FILES)
    command("check", "scenarios/c.yaml", "--update-golden", status=1)
    put({"scenarios/c.yaml": FAILS.replace("at: 5s", "at: 6s")})
    checks = check("scenarios")
    frame = checks.to_frame()
    rows = frame[frame["kind"] != "fault"].to_json(orient="values")
    outcomes = [str(checks.outcome), *(str(checked.outcome) for checked in checks.files)]
    found = document("scenarios", status=2)
    assert json.loads(rows) == rows_of(found)
    assert {row[2] for row in rows_of(found)} == {"expectation", "threshold", "golden log"}
    assert outcomes == ["WRONG", *(file["outcome"] for file in found["scenarios"])]


def test_a_frame_has_a_row_for_each_thing_asked_and_for_each_fault():
    put({"holds.yaml": HOLDS, "broken.yaml": BROKEN, "empty.yaml": ONE_BOT})
    frame = check(["holds.yaml", Path("broken.yaml"), "empty.yaml"]).to_frame()
    expected = pd.DataFrame(
        [
            ("holds.yaml", 7, "expectation", "order 1001: completed 10s", "PASS", "PASS", "", ""),
            ("broken.yaml", 3, "fault", "service", "WRONG", "WRONG", "", "'1 minute' is not a duration; write 1m"),
            (
                *("broken.yaml", 4, "fault", "bots", "WRONG", "WRONG", ""),
                "unknown key 'inital'; did you mean 'initial'?",
            ),
        ],
        columns=COLUMNS,
    )
    pd.testing.assert_frame_equal(frame, expected)
    assert list(check("empty.yaml").to_frame().columns) == COLUMNS


def test_what_became_of_all_in_one_line_and_in_a_notebook():
    put({"late<1>.yaml": FAILS, "broken.yaml": BROKEN, "other.yaml": "no: scenario\n"})
    checks = check(".")
    total = "2 scenarios: 1 failed, 1 wrong; 1 file not checked"
    assert repr(checks) == f"<Checks of {total}>"
    html = checks._repr_html_()
    assert html.startswith(f"<div>{total}</div><table>")
    assert "late&lt;1&gt;.yaml" in html
    assert "order 1001: completed 11s" in html
    assert "unknown key" in html
    assert html.endswith("<div>NOT CHECKED   other.yaml: has no key &#x27;scenario&#x27; or &#x27;extends&#x27;</div>")


def test_each_file_is_told_when_it_is_judged():
    put({"a.yaml": HOLDS, "b.yaml": FAILS, "c.yaml": HOLDS})
    told: list[CheckedFile] = []
    checks = check(".", fail_fast=True, judged=told.append)
    assert told == list(checks.files)
    assert [(checked.file, checked.outcome) for checked in told] == [("a.yaml", "PASS"), ("b.yaml", "FAIL")]
    assert repr(checks) == "<Checks of 2 scenarios: 1 passed, 1 failed; 1 not looked at>"


def test_options_are_those_of_the_command():
    put({"kitchen.yaml": KITCHEN + VERDICTS, "other.yaml": HOLDS})
    checks = check(".", keyword="kitchen", times=5, seed=3, parameters={"crew": 5}, engine="reference", jobs=2)
    options = ("-k", "kitchen", "-n", "5", "--seed", "3", "--set", "crew=5", "--engine", "reference")
    [outcome] = [str(checked.outcome) for checked in checks.files]
    status = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3}[outcome]
    assert checks.to_frame().values.tolist() == rows_of(document(".", *options, status=status))
    [checked] = checks.files
    replications = replicate(load_scenario("kitchen.yaml", crew=5), times=5, seed=3)
    assert known(checked.replications).equals(known(replications))
    put({"open.yaml": OPEN})
    for counts_as, outcome in (("pass", "PASS"), ("fail", "FAIL"), (None, "INCONCLUSIVE")):
        assert check("open.yaml", inconclusive=counts_as).outcome == outcome


def test_golden_logs_are_stored_and_required():
    put({"holds.yaml": HOLDS})
    [row] = check("holds.yaml", require_golden=True).to_frame().iloc[1:].values.tolist()
    assert row[2:5] == ["golden log", "golden log", "FAIL"]
    [checked] = check("holds.yaml", update_golden=True).files
    assert checked.is_golden_stored
    assert check("holds.yaml", require_golden=True).outcome == "PASS"
    for argument in ("update_golden", "require_golden"):
        with pytest.raises(ArgumentError, match=f"^{argument}: takes files as they are; leave parameters out$"):
            check("holds.yaml", parameters={"bots": 2}, **{argument: True})


def test_differences_to_a_base_are_findings_too():
    put({"base/slow.yaml": ONE_BOT, "slow.yaml": ONE_BOT.replace("name: certain", "name: certain\nservice: 20s")})
    told: list[CheckedFile] = []
    checks = check("slow.yaml", against=Path("base"), no_regressions=True, judged=told.append)
    assert told == list(checks.files)
    found = document("slow.yaml", "--against", "base", "--no-regressions", status=1)
    assert checks.to_frame().values.tolist() == rows_of(found)
    assert {row[2] for row in rows_of(found)} == {"comparison"}
    assert checks.differences.head == ["Against base: 4 paired differences"]
    assert checks.differences.html() in checks._repr_html_()
    assert check("slow.yaml").differences is None


def known(replications):
    """What estimates are; percentiles of all orders are lost where a replication was run before."""
    frame = replications.to_frame()
    return frame[~frame["metric"].str.contains(r"\.p\d+$")].reset_index(drop=True)


def test_what_is_finished_is_told_and_what_was_earlier_is_not_run_again():
    put({"kitchen.yaml": KITCHEN})
    scenario = load_scenario("kitchen.yaml")
    earlier = replicate(scenario, times=20).results
    fresh: list[int] = []

    def take(finished: sim.Scenario, results: list) -> None:
        assert finished.text == scenario.text
        fresh.extend(one.number for one in results)

    [checked] = check("kitchen.yaml", earlier=lambda _: earlier, finished=take).files
    assert fresh == list(range(21, 31))
    assert known(checked.replications).equals(known(replicate(scenario)))
    [checked] = check("kitchen.yaml").files  # nobody asks for more
    assert len(checked.replications.results) == 1


def test_what_the_command_keeps_a_keeper_keeps_from_python_and_each_goes_on_where_the_other_stopped():
    put({"kitchen.yaml": KITCHEN})
    with Keeper(find_address()) as keeper:
        check("kitchen.yaml", times=3, earlier=keeper.earlier, finished=keeper.finished)
    assert keeper.problems == []
    command("check", "kitchen.yaml", "-n", "5", "--save")
    assert [number for (number,) in read_file("sim.db", "SELECT replication FROM runs ORDER BY id")] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"paths": "b"}, "paths: b holds no scenario; name a folder with *.yaml files"),
        ({"paths": []}, "paths: names nothing; give a file or a folder"),
        (
            {"paths": "a/h.yaml", "keyword": "("},
            "keyword: '(' is not understood; write parts of paths, joined by and, ",
        ),
        ({"paths": "a/h.yaml", "keyword": "b"}, "keyword: 'b' selects none of 1; write a part of a path"),
        ({"paths": "a/h.yaml", "against": "x"}, "against: 'x' is neither a folder nor the id of a run"),
        ({"paths": "a/h.yaml", "against": "b"}, "against: b has none of these scenarios; name a folder with the same "),
        ({"paths": "a/h.yaml", "no_regressions": True}, "no_regressions: needs against: a folder, or the id of a run"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(arguments, problem):
    put({"a/h.yaml": HOLDS})
    Path("b").mkdir()
    with pytest.raises(ArgumentError) as caught:
        check(**arguments)
    assert str(caught.value).startswith(problem)
    assert isinstance(caught.value, KitchensimError)


def test_an_option_of_another_name_is_refused():
    with pytest.raises(TypeError, match="unknown option job; give some of seed, jobs, "):
        check("a.yaml", job=2)


def test_lines_of_the_command_and_of_python_are_the_same():
    put({"late.yaml": FAILS})
    [finding] = check("late.yaml").files[0].findings
    assert f"  {finding}" == FAILS_LINES[1].format("late.yaml")
