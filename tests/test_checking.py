"""`sim check`: scenario files as tests, as people and CI servers meet it, in an empty folder."""

import csv
import gzip
import json
import os
import pty
import random
import re
import signal
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise, product
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt

import sim.experiment.looking
import sim.experiment.sharing
from sim import compare, load_scenario, replicate, run
from sim.cli.common import FAILED, INCONCLUSIVE, NOT_SAVED, WRONG
from sim.errors import Fault
from sim.experiment.compiling import compile_now
from sim.model import UNITS, WORSE
from sim.output.documents import pair_document
from sim.output.findings import Checked
from sim.output.github import annotations, step_summary
from sim.output.junit import write_junit
from sim.output.reports import difference_text
from sim.units import printable
from tests.helpers.disks import fill
from tests.helpers.programs import GO, start
from tests.helpers.server import read_file
from tests.test_check_command import (
    CERTAIN,
    GROWING,
    KITCHEN,
    LONG,
    VERDICTS,
    family,
    judged,
    session,
    stored,
    wait_for,
)
from tests.test_command import NOBODY, complaint, names
from tests.test_command import command as sim_command
from tests.test_command import sim as command
from tests.test_mutations import MUTATIONS

ONE_BOT = """scenario: 1
name: certain
params: {bots: 1}
bots: {initial: $bots}
timeline: [{at: 0s, order: NORMAL, count: 4}, {at: 5s, order: VIP}]
"""
HOLDS = ONE_BOT + "expect:\n  - {order: 1001, completed: 10s}\n"
FAILS = ONE_BOT + "expect:\n  - {order: 1001, completed: 11s}\n"
OPEN = KITCHEN + 'replications: 1\nthresholds:\n  bots: "== 3"\n'
WARNS = ONE_BOT + 'thresholds:\n  wait.max: {check: "< 10s", severity: warn}\n'
BROKEN = "scenario: 1\nname: broken\nservice: 1 minute\nbots: {inital: 1}\n"
BROKEN_LINES = [
    "WRONG         {}",
    "  {}:3:10: service: '1 minute' is not a duration; write 1m",
    "  {}:4:8: bots: unknown key 'inital'; did you mean 'initial'?",
]
FAILS_LINES = [
    "FAIL          {}: 0 of 1 expectation",
    "  {}:7: order 1001: completed 11s: FAIL, got completed 10s",
]
OPEN_LINES = [
    "INCONCLUSIVE  {}: 0 of 1 threshold",
    "  {}:11: bots.mean == 3: INCONCLUSIVE, one run of a random scenario has no interval; run more with -n",
]
BARE = ("--no-save", "--no-charts")
IDLE = "IDLE"


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where every command of this file runs, on no CI server."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    return elsewhere


def put(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(text.encode())


def check(*args: str, status: int = 0) -> list[str]:
    """Return what `sim check` prints, which has nothing to complain about, unfolded."""
    said = command("check", *args, status=status)
    assert said.stderr == ""
    return unfolded(said.stdout.splitlines())


def unfolded(lines: list[str]) -> list[str]:
    """Return lines with each finding in one, as `str` gives it; how they are folded is in golden/checks.txt."""
    whole: list[str] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if line.startswith("until} in the file), "):
            whole[-1] += f" {line}"
        elif re.match(r"( {14}| {16})\S", line):
            is_new = len(lines[number - 1]) + 1 + len(text.split()[0]) <= 80 or text.startswith("the scenario ")
            between = ", " if text.startswith("got ") else "; " if is_new else " "
            whole[-1] += between + text
        else:
            whole.append(line)
    return [as_finding(line) for line in whole]


def as_finding(line: str) -> str:
    found = re.fullmatch(r"  (PASS|FAIL|INCONCLUSIVE|NO DATA)( \(warn\))? +(.*?)(, got .*|; .*)?", line)
    if found is None:
        return line
    verdict, warns, asked, more = (part or "" for part in found.groups())
    return f"  {asked}: {verdict}{warns}{more.replace('; ', ', ', 1) if more.startswith('; ') else more}"


def document(*args: str, status: int = 0) -> dict:
    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    return json.loads("\n".join(check(*args, "--json", "-", status=status)), parse_constant=refuse)


def compared(lines: list[str]) -> dict[str, dict[str, str]]:
    """Return how the metrics of each scenario differ from those of the base, as a table says: '' for not at all."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        words = line.split()
        if re.fullmatch(r"  \S+:", line):
            found[words[0][:-1]] = {}
        elif found and line.startswith("  ") and {*words[:2]} & UNITS.keys():
            metric = next(word for word in words if word in UNITS)
            found[[*found][-1]][metric] = words[0] if words[0] != metric else ""
    return found


def outcomes(*args: str, status: int = 0) -> dict[str, str]:
    """Return what became of each file."""
    return {one["file"]: one["outcome"] for one in document(*args, status=status)["scenarios"]}


def of_file(lines: list[str], name: str) -> list[str]:
    return [line.format(name) for line in lines]


# Which files


NO_KEY = "has no key 'scenario' or 'extends'"
CANNOT_READ = "cannot be read (Permission denied); make it readable, or name other folders"


def test_a_folder_is_searched_and_what_is_no_scenario_is_named():
    put(
        {
            "shop/lunch.yaml": HOLDS,
            "shop/night/late.yml": HOLDS,
            "shop/BIG.YML": HOLDS,
            "shop/.old/lunch.yaml": FAILS,
            "shop/night/.draft.yaml": FAILS,
            "shop/settings.yaml": "name: shop\nbots: {initial: 3}\n",
            "shop/list.yaml": "- scenario: 1\n",
            "shop/comment.yaml": "# scenario: 1\nname: shop\n",
            "shop/empty.yaml": "",
            "shop/chart.yaml": "{{ if .Values.shop }}\nname: shop\n",
            "shop/typing.Yaml": "scenaro: 1\nname: shop\n",
            "shop/long.yaml": f"name: shop\n# {'é' * 2**19}\n",  # whose first mebibyte ends within a sign
            "shop/notes.txt": FAILS,
            "shop/folder.yaml/within.yaml": HOLDS,
        }
    )
    scenarios = ["shop/BIG.YML", "shop/folder.yaml/within.yaml", "shop/lunch.yaml", "shop/night/late.yml"]
    missing = dict.fromkeys(
        ("chart.yaml", "comment.yaml", "empty.yaml", "list.yaml", "long.yaml", "settings.yaml"), NO_KEY
    )
    missing["typing.Yaml"] = f"{NO_KEY}; is 'scenaro' meant?"
    assert outcomes("shop") == dict.fromkeys(scenarios, "PASS")
    assert check("shop") == [
        *(f"PASS          {name}: 1 of 1 expectation" for name in scenarios),
        *(f"NOT CHECKED   shop/{name}: {why}" for name, why in missing.items()),
        "4 scenarios: 4 passed; 7 files not checked",
    ]
    assert document("shop", "-k", "lunch or typing or list")["not_checked"] == [
        {"file": f"shop/{name}", "reason": missing[name]} for name in ("list.yaml", "typing.Yaml")
    ]
    strict = outcomes("shop", "--strict", status=2)
    assert strict == dict.fromkeys([f"shop/{name}" for name in missing], "WRONG") | dict.fromkeys(scenarios, "PASS")
    assert outcomes("shop/.old", status=1) == {"shop/.old/lunch.yaml": "FAIL"}
    assert outcomes("shop/night/.draft.yaml", status=1) == {"shop/night/.draft.yaml": "FAIL"}
    assert outcomes("shop/settings.yaml", status=2) == {"shop/settings.yaml": "WRONG"}


def test_what_cannot_be_read_is_wrong_and_does_not_stop_the_others(monkeypatch):
    put(dict.fromkeys(("shop/late.yaml", "shop/locked/a.yaml", "shop/night/b.yaml", "shop/late/c.yaml"), HOLDS))
    Path("shop/utf16.yaml").write_text(HOLDS, encoding="utf-16")
    Path("shop/latin.yaml").write_text(f"# café\n{HOLDS}", encoding="latin-1")
    Path("shop/gone.yaml").symlink_to("nowhere.yaml")
    Path("shop/round.yaml").symlink_to("round.yaml")
    os.mkfifo("shop/pipe.yaml")
    scandir = os.scandir

    def guarded(place):
        if str(place) == "shop/locked":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)
    assert outcomes("shop", status=2) == {
        "shop/locked": "WRONG",
        "shop/gone.yaml": "WRONG",
        "shop/late.yaml": "PASS",
        "shop/late/c.yaml": "PASS",
        "shop/latin.yaml": "WRONG",
        "shop/night/b.yaml": "PASS",
        "shop/pipe.yaml": "WRONG",
        "shop/round.yaml": "WRONG",
        "shop/utf16.yaml": "WRONG",
    }
    said = check("shop", status=2)
    assert said[:2] == ["WRONG         shop/locked", f"  shop/locked:1:1: {CANNOT_READ}"]
    assert "  shop/utf16.yaml:1:1: byte 0xff is not UTF-8; save the file as UTF-8" in said
    assert check("shop/locked", status=2)[1] == f"  shop/locked:1:1: {CANNOT_READ}"


def test_a_file_in_a_place_that_cannot_be_entered_is_wrong(monkeypatch):
    put({"late.yaml": HOLDS})
    real = os.stat

    def guarded(path, **options):
        if str(path).startswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    monkeypatch.setattr(os, "stat", guarded)
    assert outcomes("locked/a.yaml", "late.yaml", status=2) == {"locked/a.yaml": "WRONG", "late.yaml": "PASS"}


@pytest.mark.parametrize(
    "text",
    [
        HOLDS.replace("scenario: 1\nname: certain\n", "name: certain\nscenario: 1\n"),
        HOLDS.replace("scenario: 1", '"scenario" : 1'),
        "\ufeff" + HOLDS,
        f"# of the shop\n---\n{HOLDS}",
        HOLDS.replace("\n", "\r\n"),
        "{scenario: 1, name: flow}\n",
        "{\n  'scenario': 1,\n  'name': flow\n}\n",
        "{name: flow, scenario: 1}\n",
        "--- {scenario: 1, name: flow}\n",
        "  scenario: 1\n  name: indented\n",
        "# first\n\n  name: indented\n  scenario: 1\n",
        "? scenario\n: 1\n? name\n: explicit\n",
    ],
)
def test_a_scenario_is_known_by_its_key_however_it_is_written(text):
    put({"shop/lunch.yaml": text})
    assert set(outcomes("shop")) == {"shop/lunch.yaml"}
    assert "not_checked" not in check("shop")[-1]


def test_a_scenario_that_is_no_yaml_is_wrong_and_not_left_out():
    put({"shop/late.yaml": HOLDS, "shop/broken.yaml": HOLDS + "bots: [\n"})
    assert outcomes("shop", status=2) == {"shop/broken.yaml": "WRONG", "shop/late.yaml": "PASS"}


def test_a_file_of_another_program_is_left_out_though_it_extends_something_deep_inside():
    put({"lunch.yaml": HOLDS, "compose.yaml": "services:\n  web:\n    extends: {file: base.yaml, service: web}\n"})
    assert outcomes(".") == {"lunch.yaml": "PASS"}
    assert check(".")[-1] == "1 scenario: 1 passed; 1 file not checked"


def test_a_base_is_checked_too_and_what_others_have_from_it_is_shown_where_it_stands():
    put({"base.yaml": FAILS, "two.yaml": "extends: base.yaml\nname: two\nparams: {bots: 2}\n"})
    fact = "order 1001: completed 11s: FAIL, got completed 10s"
    assert check(".", status=1) == [
        "FAIL          base.yaml: 0 of 1 expectation",
        f"  base.yaml:7: {fact}",
        "FAIL          two.yaml: 0 of 1 expectation",
        f"  base.yaml:7: {fact}",
        "2 scenarios: 2 failed",
    ]
    [found] = document("two.yaml", status=1)["scenarios"][0]["findings"]
    assert (found["file"], found["line"], found["column"]) == ("base.yaml", 7, 5)


def test_a_file_that_is_named_again_is_checked_once():
    put({"lunch.yaml": HOLDS, "night/late.yaml": HOLDS})
    said = check("night/late.yaml", ".", "./lunch.yaml", "night", "night/", "lunch.yaml")
    assert [line.split()[1] for line in said[:-1]] == ["night/late.yaml:", "lunch.yaml:"]


def test_a_file_that_is_named_in_two_ways_is_checked_once(folder):
    put({"lunch.yaml": HOLDS, "night/late.yaml": HOLDS})
    assert len(outcomes("lunch.yaml", "night/../lunch.yaml", str(folder / "lunch.yaml"))) == 1


def test_a_folder_without_scenarios_is_refused_and_a_missing_file_is_wrong_while_others_run():
    put({"lunch.yaml": HOLDS, "empty/settings.yaml": "bots: 3\n"})
    refused = command("check", "lunch.yaml", "empty", status=2)
    assert refused.stderr.splitlines()[-1] == (
        f"Error: Invalid value for PATH: empty holds no scenario; empty/settings.yaml {NO_KEY}"
    )
    assert refused.stdout == ""
    assert check("missing.yaml", "lunch.yaml", status=2) == [
        "WRONG         missing.yaml",
        "  missing.yaml:1:1: no such file; name one that exists",
        "PASS          lunch.yaml: 1 of 1 expectation",
        "2 scenarios: 1 passed, 1 wrong",
    ]
    assert "Missing argument 'PATH" in command("check", status=2).stderr


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("lunch", {"lunch/rush.yaml", "lunch/staffing.yaml"}),
        ("LUNCH", {"lunch/rush.yaml", "lunch/staffing.yaml"}),
        ("rush and not Night", {"lunch/rush.yaml"}),
        ("lunch/ru", {"lunch/rush.yaml"}),
        ("night or lunch and staffing", {"Night/rush.yaml", "lunch/staffing.yaml"}),
        ("(night or lunch) and staffing", {"lunch/staffing.yaml"}),
        ("not (night or staffing)", {"lunch/rush.yaml"}),
        ("not not night", {"Night/rush.yaml"}),
        ("not lunch and not staffing", {"Night/rush.yaml"}),
        ("(((rush)))", {"Night/rush.yaml", "lunch/rush.yaml"}),
        ("night or staffing or lunch/rush", {"Night/rush.yaml", "lunch/rush.yaml", "lunch/staffing.yaml"}),
    ],
)
def test_k_selects_by_parts_of_paths(expression, selected):
    put(dict.fromkeys(("lunch/rush.yaml", "lunch/staffing.yaml", "Night/rush.yaml"), HOLDS))
    assert set(outcomes(".", "-k", expression)) == selected


@pytest.mark.parametrize("expression", ["", " ", "(", ")", "()", "lunch night", "lunch and", "not", "lunch (night)"])
def test_k_that_is_no_expression_is_refused(expression):
    put({"lunch.yaml": FAILS})
    assert command("check", ".", "-k", expression, status=2).stderr.splitlines()[-1] == (
        f"Error: Invalid value for -k: {expression!r} is not understood; "
        'write parts of paths, joined by and, or, not and ( ), such as "lunch and not staffing"'
    )


def test_k_of_any_length_and_depth_is_a_line():
    put({"lunch.yaml": HOLDS})
    for deep in ("not " * 248 + "lunch", "(" * 490 + "lunch" + ")" * 490, "(lunch and " * 80 + "lunch" + ")" * 80):
        assert outcomes(".", "-k", deep) == {"lunch.yaml": "PASS"}
    for huge in ("not " * 100_000 + "lunch", "(" * 100_000, "x" * 1001):
        assert command("check", ".", "-k", huge, status=2).stderr.splitlines()[-1] == (
            f"Error: Invalid value for -k: has {len(huge)} characters; write at most 1000"
        )


def test_k_that_selects_nothing_is_refused():
    put({"lunch.yaml": FAILS, "night.yaml": FAILS})
    assert command("check", ".", "-k", "lunch and night", status=2).stderr.splitlines()[-1] == (
        "Error: Invalid value for -k: 'lunch and night' selects none of 2; write a part of a path"
    )


# What is found


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
    tell("check lunch -v -n 2 --seed 8", 3)
    tell("check lunch -n 2 --seed 8 --inconclusive pass", 0)
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


def test_a_later_replication_that_cannot_be_run_makes_a_scenario_wrong_too():
    put({"open.yaml": KITCHEN + 'warmup: mser5\nthresholds: {bots: "== 3"}\n', "holds.yaml": HOLDS})
    assert check("open.yaml", "holds.yaml", "-n", "30", status=2)[-1] == "2 scenarios: 1 passed, 1 wrong"
    assert check("open.yaml", "-n", "1", status=3)[-1] == "1 scenario: 1 inconclusive"


def test_a_scenario_that_asks_nothing_is_an_outcome_of_its_own_and_fails_nothing(monkeypatch):
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    put({"holds.yaml": HOLDS, "plain.yaml": ONE_BOT})
    assert check("plain.yaml", "-v", "--github") == [
        "NOTHING       plain.yaml: nothing to judge",
        "1 scenario: 1 with nothing to judge",
    ]
    assert check(".", "--github")[-1] == "2 scenarios: 1 passed, 1 with nothing to judge"
    assert Path("output.txt").read_text() == "outcome=NOTHING\noutcome=PASS\n"


def test_lines_go_to_standard_output_also_while_a_terminal_shows_a_bar():
    put({"fails.yaml": FAILS, "verdicts.yaml": KITCHEN + VERDICTS})
    ours, theirs = pty.openpty()
    with subprocess.Popen(sim_command("check", "."), stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
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
    assert shown == f"  expect.yaml:9: order {last}: attempts 0: FAIL, got attempts 1"


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
    plan = "replications: {max: 60, until: {metric: wait.VIP.p95, half_width: 15%}}\n"
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
        assert one["metrics"]["wait.mean"] == done.estimate("wait.mean")._asdict()


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [("< 1us", "FAIL"), ("< 2h", "INCONCLUSIVE"), ("< 1h", "INCONCLUSIVE")],
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
        'or write orders.created: "== 0" under thresholds if that is meant',
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


# Exit statuses


@pytest.mark.parametrize(
    ("option", "status", "outcome"), [(None, 3, "INCONCLUSIVE"), ("pass", 0, "PASS"), ("fail", 1, "FAIL")]
)
def test_what_counts_where_it_is_too_early_to_say_may_be_chosen(option, status, outcome):
    put({"open.yaml": OPEN, "holds.yaml": HOLDS})
    options = () if option is None else ("--inconclusive", option)
    assert outcomes(".", *options, status=status) == {"holds.yaml": "PASS", "open.yaml": outcome}
    [line] = [line for line in check(".", *options, status=status) if line.startswith("  open.yaml:11: ")]
    assert line.startswith(f"  open.yaml:11: bots.mean == 3: INCONCLUSIVE{' (warn)' * (option == 'pass')}, one run of ")


EXIT = {WRONG: BROKEN, FAILED: FAILS, NOT_SAVED: None, INCONCLUSIVE: OPEN}
"""What makes each status, from that which goes before all others on."""


@pytest.mark.parametrize("statuses", [some for size in range(5) for some in combinations(EXIT, size)])
def test_of_several_statuses_2_goes_before_1_before_4_before_3(statuses):
    put({"holds.yaml": HOLDS} | {f"{status}.yaml": EXIT[status] for status in statuses if EXIT[status]})
    options = ("--json", "nowhere/results.json") if NOT_SAVED in statuses else ()
    said = command("check", ".", *options, status=next(iter(statuses), 0))
    words = {WRONG: "1 wrong", FAILED: "1 failed", INCONCLUSIVE: "1 inconclusive"}
    assert all((word in said.stdout.splitlines()[-1]) == (status in statuses) for status, word in words.items())
    assert len(said.stderr.splitlines()) == (NOT_SAVED in statuses)


THREE, NOT_THREE, UNKNOWN = 'bots: "== 3"', 'bots: "!= 3"', 'wait.max: "< 2h"'


@pytest.mark.parametrize(
    ("conditions", "expect", "more", "status"),
    [
        ((THREE,), IDLE, (), 0),
        ((), IDLE, (), 0),
        ((THREE, NOT_THREE.replace("bots", "bots.max")), IDLE, (), 1),
        ((THREE,), "REMOVED", (), 1),
        ((UNKNOWN,), IDLE, (), 3),
        ((UNKNOWN, NOT_THREE), IDLE, (), 1),
        ((UNKNOWN,), "REMOVED", (), 1),
        ((THREE,), IDLE, ("--db", NOBODY), 4),
        ((UNKNOWN,), IDLE, ("--db", NOBODY), 4),
        ((NOT_THREE,), IDLE, ("--db", NOBODY), 1),
        ((THREE,), "REMOVED", ("--db", NOBODY), 1),
        ((NOT_THREE,), "REMOVED", ("--db", "sim.db"), 2),
        ((NOT_THREE, 'wait.VPI: "< 1s"'), IDLE, (), 2),
        ((NOT_THREE,), IDLE, ("--set", "cook=1"), 2),
        ((NOT_THREE,), IDLE, ("-n", "0"), 2),
        ((NOT_THREE,), IDLE, ("--jobs", "0"), 2),
    ],
)
def test_the_status_says_what_became_of_one_scenario(conditions, expect, more, status):
    command("check", judged(*conditions, expect=expect), "-n", "20", *more, status=status)


@pytest.mark.parametrize(
    ("options", "target"),
    [
        (("--junit", "nowhere/results.xml"), "nowhere/results.xml"),
        (("--json", "nowhere/results.json"), "nowhere/results.json"),
        (("--junit", "folder"), "folder"),
        (("--json", "holds.yaml/results.json"), "holds.yaml/results.json"),
        (("--github",), "nowhere/summary.md"),
        (("--db", "file:nowhere/sim.db"), "database file:nowhere/sim.db"),
        (("--save", "--db", NOBODY), f"database {NOBODY}"),
    ],
)
def test_what_cannot_be_written_is_a_line_and_all_else_is_done(options, target, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/summary.md")
    put({"holds.yaml": HOLDS, "folder/notes.txt": ""})
    line = complaint("check", "holds.yaml", *options, status=4)
    assert line.startswith(f"sim: {target}")
    others = [one for one in ("--junit", "--json") if one not in options]
    more = (*options, *(word for one in others for word in (one, f"results{one}")))
    assert complaint("check", "holds.yaml", *more, status=4) == line
    assert {one.name for one in Path().glob("results--*")} == {f"results{one}" for one in others}
    assert not list(Path().rglob("*.partial"))
    put({"fails.yaml": FAILS})
    assert complaint("check", ".", *options, status=1) == line


@pytest.mark.parametrize(("option", "target"), list(product(("--junit", "--json"), ("", ".", "/"))))
def test_a_folder_as_target_is_one_line(option, target):
    put({"holds.yaml": HOLDS})
    complaint("check", "holds.yaml", option, target, status=4)


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, which is small."""
    place = folder / "disk"
    place.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk cannot be mounted here; root may on Linux")
    yield Path("disk")
    subprocess.run(["umount", str(place)], check=True)


FULL = "cannot be written (No space left on device)"


def test_a_full_disk_makes_a_line_for_each_file_and_those_of_earlier_stay_whole(disk, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "disk/summary.md")
    put({"disk/late.yaml": HOLDS, "disk/results.xml": "earlier"})
    fill(disk)
    before = names(disk)
    options = ("--junit", "disk/results.xml", "--json", "disk/results.json", "--github")
    said = command("check", "disk/late.yaml", *options, status=4)
    assert said.stdout == "PASS          disk/late.yaml: 1 of 1 expectation\n1 scenario: 1 passed\n"
    assert said.stderr.splitlines() == [
        f"sim: disk/results.xml: {FULL}; name another place with --junit",
        f"sim: disk/results.json: {FULL}; name another place with --json",
        f"sim: GITHUB_STEP_SUMMARY: {FULL}; name another place with GITHUB_STEP_SUMMARY",
    ]
    assert names(disk) - before <= {"summary.md"}
    assert Path("disk/results.xml").read_text() == "earlier"
    (disk / "ballast").unlink()
    check("disk/late.yaml", *options)
    assert len(JUnitXml.fromfile("disk/results.xml")) == 1


def test_a_golden_log_that_finds_the_disk_full_is_a_line_and_absent(disk):
    put({"disk/late.yaml": HOLDS})
    fill(disk)
    before = names(disk)
    said = command("check", "disk/late.yaml", "--update-golden", status=4)
    assert said.stdout == "PASS          disk/late.yaml: 1 of 1 expectation\n1 scenario: 1 passed\n"
    assert re.fullmatch(rf"sim: disk/golden\S*: {re.escape(FULL)}.*\n", said.stderr)
    assert names(disk) == before
    (disk / "ballast").unlink()
    assert check("disk/late.yaml", "--update-golden")[0].endswith(", golden log stored")


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("--json", "x.yaml"), "--json: x.yaml looks like a scenario; name another file"),
        (("--junit", "deep/x.yml"), "--junit: deep/x.yml looks like a scenario; name another file"),
        (("--junit", "x", "--json", "./deep/../x"), "--json: names the file of --junit; name another"),
        (("--json", "-", "--github"), "--json -: would stand between GitHub's annotations; name a file"),
        (("--no-regressions",), "--no-regressions: needs --against DIR or --against RUN"),
        (("--update-golden", "--set", "bots=2"), "--update-golden: is about what files say; leave --set out"),
        (("--require-golden", "--set", "bots=2"), "--require-golden: is about what files say; leave --set out"),
        (("--inconclusive", "maybe"), "'maybe' is not one of 'pass', 'fail'"),
        (("--set", "bots"), "'bots' is no setting; write --set NAME=VALUE"),
        (("--save", "--tag", " "), "--tag: is no word; write letters"),
        (("--against", "nowhere"), "--against: 'nowhere' is neither a folder nor the id of a run"),
        (("--against", "fails.yaml"), "--against: 'fails.yaml' is neither a folder nor the id of a run"),
        (("--engine", "steam"), "'steam'"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_run(args, part):
    put({"fails.yaml": FAILS})
    said = command("check", "fails.yaml", *args, status=2)
    assert part in said.stderr.splitlines()[-1]
    assert said.stdout == ""
    assert names(".") == {"fails.yaml"}


# In parallel, in either engine


@pytest.fixture
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list:
    """Let other processes do even the shortest work, and return what is handed out to them."""
    monkeypatch.setattr(sim.experiment.looking, "LONG", 0)
    calls, submit = [], sim.experiment.workers.Workers.submit

    def noting(workers, call):
        calls.append(call)
        return submit(workers, call)

    monkeypatch.setattr(sim.experiment.workers.Workers, "submit", noting)
    return calls


def test_jobs_and_engines_change_no_byte(handed_out, monkeypatch):
    put({"certain.yaml": CERTAIN, "verdicts.yaml": KITCHEN + VERDICTS, "open.yaml": OPEN})
    put({"broken.yaml": BROKEN, "growing.yaml": GROWING, "old/verdicts.yaml": KITCHEN.replace("crew: 3", "crew: 4")})
    compile_now()
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
    assert "worker processes died again and again (exit status 1); take fewer jobs" in said[1]
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
    check("kitchen.yaml", "-n", "2", "--save", "--tag", "nightly")
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


# Golden logs


def kept(name: str) -> tuple[dict, list[str]]:
    """Return the fingerprint and the log that are kept of a scenario."""
    place = Path(name).parent / "golden" / Path(name).name
    log = gzip.decompress(Path(f"{place}.csv.gz").read_bytes()).decode()
    return json.loads(Path(f"{place}.json").read_text()), list(csv.reader(log.splitlines()))


def golden_bytes() -> dict[str, bytes]:
    return {name: Path(name).read_bytes() for name in names(".") if "golden" in name}


def test_a_golden_log_is_the_fingerprint_and_the_events_of_a_run_beside_the_scenario():
    put({"night/late.yaml": HOLDS, "night/late.yml": HOLDS.replace("bots: 1", "bots: 2"), "early.yaml": HOLDS})
    assert check(".", "--update-golden") == [
        "PASS          early.yaml: 1 of 1 expectation, golden log stored",
        "PASS          night/late.yaml: 1 of 1 expectation, golden log stored",
        "PASS          night/late.yml: 1 of 1 expectation, golden log stored",
        "3 scenarios: 3 passed",
    ]
    assert names("night/golden") == {
        f"late.{suffix}" for suffix in ("yaml.json", "yaml.csv.gz", "yml.json", "yml.csv.gz")
    }
    assert names("golden") == {"early.yaml.json", "early.yaml.csv.gz"}
    for name in ("night/late.yaml", "night/late.yml"):
        fingerprint, log = kept(name)
        command("run", name, *BARE, "--out", "out")
        metrics = json.loads(Path("out/metrics.json").read_text())
        assert fingerprint == {
            "fingerprint": metrics["fingerprint"],
            "model_sha256": load_scenario(name).model_sha256,
        }
        with Path("out/events.csv").open() as file:
            events = [[row[column] for column in log[0]] for row in csv.DictReader(file)]
        assert log == [["t_us", "event", "order", "class", "bot"], *events]
    found = document("early.yaml")["scenarios"][0]["findings"]
    assert [(one["kind"], one["verdict"], one["line"]) for one in found] == [
        ("expectation", "PASS", 7),
        ("golden log", "PASS", 1),
    ]


def test_storing_it_again_changes_no_byte():
    put({"late.yaml": HOLDS, "burst.yaml": CERTAIN})
    check(".", "--update-golden", status=1)
    before = golden_bytes()
    assert len(before) == 4
    assert before["golden/late.yaml.csv.gz"][4:8] == bytes(4), "no time of today is in it"
    check(".", "--update-golden", "--engine", "compiled", "--seed", "9", status=1)
    assert golden_bytes() == before
    for name in before:
        Path(name).unlink()
    check(".", "--update-golden", "--engine", "compiled", status=1)
    assert golden_bytes() == before


@pytest.mark.parametrize(("one", "other"), [("reference", "compiled"), ("compiled", "reference")])
def test_a_golden_log_of_one_engine_holds_in_the_other(one, other):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden", "--engine", one)
    held = "PASS          late.yaml: 1 of 1 expectation, 1 of 1 golden log"
    assert check("late.yaml", "--engine", other)[0] == held
    assert check("late.yaml", "--engine", other, "--seed", "3", "-n", "2")[0] == held
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    assert check("late.yaml", "--engine", other, status=1) == check("late.yaml", "--engine", one, status=1)


CHANGES = {
    "an order comes later": (HOLDS, HOLDS.replace("at: 5s", "at: 5s1ms")),
    "another bot": (HOLDS, HOLDS.replace("bots: 1", "bots: 2")),
    "the first event differs": (HOLDS, HOLDS.replace("bots: 1", "bots: 0").split("expect")[0]),
    "two orders less": (ONE_BOT, ONE_BOT.replace("count: 4", "count: 2")),
    "an order more at the end": (HOLDS, HOLDS.replace("order: VIP}", "order: VIP}, {at: 1m, order: NORMAL}")),
    "a run that ends earlier": (HOLDS, HOLDS + "clock: {until: 45s}\n"),
    "no events any more": (ONE_BOT, "scenario: 1\nname: nothing\n"),
    "the first events": ("scenario: 1\nname: nothing\n", ONE_BOT),
}
RULES = ("last-in-first-out", "normal-before-vip", "vip-interrupts")


def test_the_first_event_that_differs_is_shown_with_three_before_it_side_by_side(golden):
    shown = []
    for what, (before, now) in CHANGES.items():
        put({"late.yaml": before})
        check("late.yaml", "--update-golden")
        put({"late.yaml": now})
        shown.append("\n".join((what, *check("late.yaml", status=1))))
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    for mutation in MUTATIONS:
        if mutation.name in RULES:
            with mutation.in_use():
                shown.append("\n".join((mutation.name, *check("late.yaml", status=1))))
    assert len(shown) == len(CHANGES) + len(RULES)
    golden("golden-logs.txt", "\n\n".join(shown) + "\n")


def test_what_differs_says_whether_the_scenario_has_changed_or_the_rules():
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    [mutation] = (one for one in MUTATIONS if one.name == "last-in-first-out")
    with mutation.in_use():
        assert check("late.yaml", status=1)[1].endswith(f"; the scenario is as it was, so the rules are not{MEANT}")
        put({"late.yaml": ONE_BOT + "description: what is said of it is no change\n"})
        assert check("late.yaml", status=1)[1].endswith(f"; the scenario is as it was, so the rules are not{MEANT}")
        put({"late.yaml": ONE_BOT.replace("at: 5s", "at: 6s")})
        assert check("late.yaml", status=1)[1].endswith(f"; the scenario has changed{MEANT}")
    put({"late.yaml": HOLDS + "# a remark, and what is judged, change no event\n"})
    assert check("late.yaml")[0] == "PASS          late.yaml: 1 of 1 expectation, 1 of 1 golden log"


def test_a_change_that_is_meant_is_stored_and_holds_from_then_on():
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    before = golden_bytes()
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    check("late.yaml", status=1)
    assert golden_bytes() == before, "to look changes nothing"
    assert check("late.yaml", "--update-golden")[0] == "PASS          late.yaml: 1 of 1 expectation, golden log stored"
    assert check("late.yaml")[-1] == "1 scenario: 1 passed"
    assert all(golden_bytes()[name] != was for name, was in before.items())


MEANT = "; if that is meant, --update-golden stores the new log"
LOG = Path("golden/late.yaml.csv.gz")
HEAD = b"t_us,event,order,class,bot\n"


DAMAGES = {
    "lost": None,
    "no gzip": b"no gzip",
    "cut off": gzip.compress(HEAD * 1000, mtime=0)[:-20],
    "no text": gzip.compress(b"\xff", mtime=0),
    "empty": b"",
    "no heading": gzip.compress(b"", mtime=0),
    "another heading": gzip.compress(b"hello\nworld\n", mtime=0),
    "too few columns": gzip.compress(HEAD + b"hello\n", mtime=0),
    "no time": gzip.compress(HEAD + b"now,hello,,,\n", mtime=0),
    "endless digits": gzip.compress(HEAD + b"9" * 9_000, mtime=0),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_golden_log_that_is_lost_or_damaged_is_said_so_where_it_would_be_shown(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    if damage is None:
        LOG.unlink()
    else:
        LOG.write_bytes(damage)
    assert check("late.yaml")[-1] == "1 scenario: 1 passed", "the fingerprint alone decides"
    put({"late.yaml": HOLDS.replace("at: 5s", "at: 6s")})
    assert check("late.yaml", status=1)[2] == f"    {LOG} cannot be read, so there is nothing to compare with"


@pytest.mark.parametrize("damage", [None, b"no gzip"])
def test_a_golden_log_that_is_lost_or_damaged_is_stored_again_when_that_is_asked(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    whole = LOG.read_bytes()
    if damage is None:
        LOG.unlink()
    else:
        LOG.write_bytes(damage)
    check("late.yaml", "--update-golden")
    assert LOG.read_bytes() == whole


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        (b"0", f"{LOG} cannot be read, so there is nothing to compare with"),
        (b"50000000,bot_idle,,,1\n", "> 18 50s bot_idle bot 1 no more events"),
    ],
)
def test_of_a_log_that_unpacks_to_very_much_only_the_beginning_is_unpacked(more, shown):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    put({"golden/late.yaml.json": fingerprint_file("0" * 16, "0" * 64).decode()})
    rows = gzip.decompress(LOG.read_bytes())
    LOG.write_bytes(gzip.compress(rows + more * (30_000_000 // len(more)), compresslevel=1))
    tracemalloc.start()
    said = check("late.yaml", status=1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said[-2].split() == shown.split()
    assert most < 10_000_000


def test_a_fingerprint_that_fits_no_log_is_said_so():
    put({"late.yaml": HOLDS, "old/late.yaml": HOLDS})
    check(".", "--update-golden")
    stored = Path("golden/late.yaml.json")
    stored.write_text(re.sub('"fingerprint": "[0-9a-f]{4}', '"fingerprint": "0000', stored.read_text()))
    assert check("late.yaml", status=1)[2] == f"    {LOG} has the events of now"


def fingerprint_file(fingerprint: object, model: object) -> bytes:
    return json.dumps({"fingerprint": fingerprint, "model_sha256": model}).encode()


@pytest.mark.parametrize(
    "damage",
    [
        *(b"", b"{}", b"[]", b"7", b'{"fingerprint": "1"}', b"\xff"),
        *(b"[" * 9_000, b"9" * 9_000, b" " * 3_000_000),
        fingerprint_file("x\n::stop-commands::abc\n::add-mask::PASS", "z"),
        fingerprint_file("0" * 16, "z" * 64),
        fingerprint_file("0" * 16 + "\n", "0" * 64),
        fingerprint_file(["0"] * 16, "0" * 64),
        fingerprint_file(0, None),
    ],
    ids=range(14),
)
def test_a_damaged_fingerprint_makes_a_scenario_wrong(damage):
    put({"late.yaml": HOLDS, "other.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    Path("golden/late.yaml.json").write_bytes(damage)
    assert check(".", status=2) == [
        "WRONG         late.yaml",
        "  golden/late.yaml.json:1:1: is no golden fingerprint; sim check --update-golden stores it again",
        "PASS          other.yaml: 1 of 1 expectation",
        "2 scenarios: 1 passed, 1 wrong",
    ]


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"\xff"])
def test_a_damaged_fingerprint_is_stored_again_as_the_line_says(damage):
    put({"late.yaml": HOLDS})
    check("late.yaml", "--update-golden")
    before = golden_bytes()
    Path("golden/late.yaml.json").write_bytes(damage)
    check("late.yaml", "--update-golden")
    assert golden_bytes() == before


def test_a_file_called_golden_is_no_golden_log_and_is_in_the_way_of_one():
    put({"late.yaml": HOLDS, "golden": "a medal"})
    assert check("late.yaml") == ["PASS          late.yaml: 1 of 1 expectation", "1 scenario: 1 passed"]
    assert complaint("check", "late.yaml", "--update-golden", status=4).startswith("sim: golden: cannot be written")
    assert Path("golden").read_text() == "a medal"


def test_a_scenario_that_became_random_differs_and_an_update_removes_its_golden_log():
    put({"late.yaml": HOLDS.split("expect")[0], "other.yaml": HOLDS})
    check(".", "--update-golden")
    put({"late.yaml": ONE_BOT + "service: {exponential: {mean: 10s}}\n"})
    assert check("late.yaml", status=1)[1].endswith(f"; the scenario has changed{MEANT}")
    assert check(".", "--update-golden")[0] == "NOTHING       late.yaml: nothing to judge"
    assert names("golden") == {"other.yaml.json", "other.yaml.csv.gz"}
    assert check("late.yaml")[0] == "NOTHING       late.yaml: nothing to judge"


def test_scenarios_that_are_random_wrong_or_not_selected_get_no_golden_log():
    put({"open.yaml": OPEN, "broken.yaml": BROKEN, "growing.yaml": GROWING, "other.yaml": HOLDS, "late.yaml": FAILS})
    check(".", "-k", "not other", "--update-golden", status=2)
    assert names("golden") == {"late.yaml.json", "late.yaml.csv.gz"}


def test_a_golden_log_may_be_required_of_each_scenario_in_which_nothing_is_random():
    put({"late.yaml": HOLDS, "night.yaml": ONE_BOT, "open.yaml": OPEN.replace("replications: 1\n", "")})
    assert check(".", "-n", "2", "--require-golden", status=1) == [
        "FAIL          late.yaml: 1 of 1 expectation, 0 of 1 golden log",
        "  late.yaml:1: golden log: FAIL, there is none; sim check --update-golden stores it",
        "FAIL          night.yaml: 0 of 1 golden log",
        "  night.yaml:1: golden log: FAIL, there is none; sim check --update-golden stores it",
        "PASS          open.yaml: 1 of 1 threshold, 2 replications",
        "3 scenarios: 1 passed, 2 failed",
    ]
    check(".", "-n", "2", "--update-golden", "--require-golden")
    assert set(outcomes(".", "-n", "2", "--require-golden").values()) == {"PASS"}


def test_golden_logs_without_a_scenario_or_a_fingerprint_are_named():
    put({"shop/late.yaml": HOLDS, "shop/old.yaml": HOLDS, "shop/golden/notes.json": "{}"})
    check("shop", "--update-golden")
    assert check("shop")[-1] == "2 scenarios: 2 passed"
    Path("shop/old.yaml").unlink()
    Path("shop/golden/late.yaml.json").unlink()
    gone = "is a golden log, but shop/old.yaml is gone; remove the log, or bring that back"
    lost = "is a golden log, but shop/golden/late.yaml.json is gone; sim check --update-golden stores it again"
    assert check("shop")[1:] == [
        f"NOT CHECKED   shop/golden/late.yaml.csv.gz: {lost}",
        f"NOT CHECKED   shop/golden/old.yaml.csv.gz: {gone}",
        f"NOT CHECKED   shop/golden/old.yaml.json: {gone}",
        "1 scenario: 1 passed; 3 files not checked",
    ]
    assert check("shop", "--strict", status=2)[-1] == "4 scenarios: 1 passed, 3 wrong"


def test_other_values_of_parameters_leave_golden_logs_out():
    put({"late.yaml": ONE_BOT})
    check("late.yaml", "--update-golden")
    assert check("late.yaml", "--set", "bots=2")[0] == "NOTHING       late.yaml: nothing to judge"
    put({"late.yaml": ONE_BOT.replace("bots: 1", "bots: 2")})
    assert check("late.yaml", status=1)[0] == "FAIL          late.yaml: 0 of 1 golden log"


# Files for programs


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
        estimate = done.estimate(name)
        assert first["metrics"][name] == (None if estimate is None else estimate._asdict())
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
        "verdict": "INCONCLUSIVE",
        "outcome": "PASS",
        "got": "9.7s (7.6s to 11.7s)",
        "note": "orders still PENDING could carry it over the limit; run longer",
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


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).parent / "data" / "jenkins-junit.xsd")


def suites(file: str) -> dict[str, dict[str, tuple]]:
    """Return for each scenario and each thing that it asks what became of it, from a JUnit file."""
    schema().validate(file)
    found, read = {}, JUnitXml.fromfile(file)
    cases = [case for suite in read for case in suite]
    kinds = [type(one) for case in cases for one in case.result]
    assert (read.tests, read.failures, read.errors) == (len(cases), kinds.count(Failure), kinds.count(Error))
    for suite in read:
        results = [type(one) for case in suite for one in case.result]
        assert suite.tests == len(list(suite))
        assert (suite.failures, suite.errors) == (results.count(Failure), results.count(Error))
        assert {case.classname for case in suite} == {suite.name}
        found[suite.name] = {
            case.name: tuple((type(one), one.type, one.message, one.text) for one in case.result) for case in suite
        }
        assert len(found[suite.name]) == len(list(suite)), "no name twice"
    assert len(found) == len(list(read))
    return found


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
    assert found["open.yaml"] == {"bots.mean == 3": ((Error, "INCONCLUSIVE", message, why),)}
    warned = [case.system_out for suite in JUnitXml.fromfile("results.xml") for case in suite if case.system_out]
    assert warned == ["warns.yaml:7: wait.max < 10s: FAIL (warn), got 40s"]
    check("open.yaml", "--junit", "results.xml", "--inconclusive", "fail", status=1)
    assert [one[0][0] for one in suites("results.xml")["open.yaml"].values()] == [Failure]
    check("open.yaml", "--junit", "results.xml", "--inconclusive", "pass")
    assert list(suites("results.xml")["open.yaml"].values()) == [()]


PRINTABLE = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" \u00a0\u3000", exclude_characters="/"), min_size=1
)
ODD = [
    "a<&>\"'b.yaml",
    "]]>.yaml",
    "a|b\\|c.yaml",
    "*a*_b_.yaml",
    "[a](b).yaml",
    "<b>.yaml",
    "100%,:;=.yaml",
    "50%2C.yaml",
    "Zürich 🍔.yaml",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_of_files_survive_in_junit(name):
    put({name: FAILS})
    check(name, "--junit", "results.xml", status=1)
    [(_, _, _, text)] = suites("results.xml")[name]["order 1001: completed 11s"]
    assert text == of_file(FAILS_LINES, name)[1].strip()


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_name_and_fault_survives_in_junit(tmp_path_factory, text):
    path, shown = tmp_path_factory.getbasetemp() / "any.xml", printable(text)
    write_junit([Checked(text, [Fault(text, 1, 1, "", text)])], path)
    [(_, _, message, lines)] = suites(str(path))[shown]["is a scenario that runs"]
    assert message == lines == f"{shown}:1:1: {shown}"


@pytest.mark.parametrize("name", ["a\x01b.yaml", os.fsdecode(b"caf\xe9.yaml")])
def test_names_that_xml_cannot_hold_are_no_traceback(name):
    put({name: FAILS})
    check(name, "--junit", "results.xml", status=1)
    assert len(suites("results.xml")) == 1


# GitHub


def told(lines: list[str]) -> list[tuple[str, dict[str, str], str]]:
    """Return the workflow commands among lines as GitHub reads them: level, properties, message."""
    found = []
    for line in lines:
        if command := re.fullmatch(r"::(\w+) (.*?)::(.*)", line):
            level, properties, message = command.groups()
            pairs = (one.split("=", 1) for one in properties.split(","))
            found.append((level, {name: unquote(value) for name, value in pairs}, unquote(message)))
    return found


def test_annotations_put_what_did_not_hold_to_its_line(monkeypatch, folder):
    put({"night/broken.yaml": BROKEN, "night/late.yaml": HOLDS, "night/open.yaml": OPEN, "night/warns.yaml": WARNS})
    put({"night/two.yaml": "extends: late.yaml\nname: two\nparams: {bots: 2}\n"})
    check("night/late.yaml", "--update-golden")
    put({"night/late.yaml": FAILS.replace("at: 5s", "at: 6s")})
    said = check("night", "--github", status=2)
    [start] = (at for at, line in enumerate(said) if line.startswith("  night/late.yaml:1: golden log: "))
    asked, came = said[start].split(": ", 1)[1].split(": FAIL, got ")
    diff = (line[4:] for line in said[start + 1 : start + 6])
    faults = [line.strip().split(": ", 1)[1] for line in of_file(BROKEN_LINES, "night/broken.yaml")[1:]]
    completed = ("error", "night/late.yaml", "7", "5", "FAIL", "order 1001: completed 11s: completed 10s")
    alone = "bots.mean == 3: one run of a random scenario has no interval; run more with -n"
    assert [
        (level, places["file"], places["line"], places["col"], places["title"], message)
        for level, places, message in told(said)
    ] == [
        ("error", "night/broken.yaml", "3", "10", "WRONG", faults[0]),
        ("error", "night/broken.yaml", "4", "8", "WRONG", faults[1]),
        completed,
        ("error", "night/late.yaml", "1", "1", "FAIL", "\n".join((f"{asked}: {came}", *diff))),
        ("error", "night/open.yaml", "11", "3", "INCONCLUSIVE", alone),
        completed,
        ("warning", "night/warns.yaml", "7", "3", "FAIL (warn)", "wait.max < 10s: 40s"),
    ]
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.chdir("night")
    assert told(check(".", "--github", status=2)) == told(said), "files are named from the top of the repository"


@given(st.text(min_size=1), st.text())
def test_annotations_of_any_name_and_text_are_one_line_and_read_back(name, text):
    [line] = annotations(Checked(name, [Fault(name, 3, 4, "", text)]))
    assert len(re.split("[\r\n]", line)) == 1
    places = {"file": name, "line": "3", "col": "4", "title": "WRONG"}
    assert told([line]) == [("error", places, printable(text))]


def test_annotations_are_printed_where_they_are_asked_for_alone(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    put({"late.yaml": FAILS})
    assert told(check("late.yaml", status=1)) == []
    assert names(".") == {"late.yaml"}
    assert len(told(check("late.yaml", "--github", status=1))) == 1
    assert names(".") == {"late.yaml", "summary.md", "output.txt"}


def rendered(text: str) -> tuple[list[list[str]], list[str]]:
    """Return the rows of the tables in Markdown, and the fenced blocks."""
    rows, blocks, is_cell = [], [], False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and is_cell:
            rows[-1].append("".join(child.content for child in token.children))
        elif token.type == "fence":
            blocks.append(token.content)
        is_cell = token.type in ("td_open", "th_open")
    return rows, blocks


HEADING = ["", "scenario", "held", "orders PENDING, replication 1"]


def test_the_summary_has_a_row_for_each_scenario_the_worst_first(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    put({"a.yaml": HOLDS, "b.yaml": OPEN, "c.yaml": FAILS, "d.yaml": BROKEN, "e.yaml": WARNS, "f.yaml": ONE_BOT})
    put({"g.yaml": "name: shop\n"})
    said = check(".", "--github", status=2)
    rows, blocks = rendered(Path("summary.md").read_text())
    assert [row[:3] for row in rows] == [
        HEADING[:3],
        ["🚫 WRONG", "d.yaml", ""],
        ["❌ FAIL", "c.yaml", "0 of 1 expectation"],
        ["❔ INCONCLUSIVE", "b.yaml", "0 of 1 threshold"],
        ["✅ PASS", "a.yaml", "1 of 1 expectation"],
        ["✅ PASS", "e.yaml", "0 of 1 threshold"],
        ["⬜ NOTHING", "f.yaml", "nothing to judge"],
    ]
    details = "\n".join(line.strip() for line in said if line.startswith(("  ", "NOT CHECKED ", "INCONCLUSIVE is ")))
    alone = ("NOT CHECKED ", "INCONCLUSIVE is ", "until} ")
    lines = [line if line.startswith(alone) else f"  {line}" for line in "".join(blocks).splitlines()]
    shown = unfolded(lines)
    assert sorted(line.strip() for line in shown) == sorted(details.splitlines())
    assert Path("summary.md").read_text().startswith(f"### {said[-1]}\n")
    assert Path("output.txt").read_text() == "outcome=WRONG\n"


def test_the_summary_draws_how_many_orders_were_pending(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    put({"a.yaml": ONE_BOT, "b.yaml": ONE_BOT.replace("bots: 1", "bots: 9"), "c.yaml": "scenario: 1\nname: nothing\n"})
    check(".", "--github")
    drawn = {row[1]: row[3] for row in rendered(Path("summary.md").read_text())[0][1:]}
    changes = ((0, 3), (5, 4), (10, 3), (20, 2), (30, 1), (40, 0))  # seconds, and how many there are from then on
    ends = np.linspace(0, 50, 41).tolist()
    levels = [
        max(
            level
            for at, level in changes
            if first <= at <= last or at == max(one for one, _ in changes if one <= first)
        )
        for first, last in pairwise(ends)
    ]
    bars = {0: "▁", 1: "▃", 2: "▅", 3: "▇", 4: "█"}
    assert drawn == {
        "a.yaml": f"{''.join(bars[level] for level in levels)} up to 4",
        "b.yaml": f"{'▁' * 40} up to 0",
        "c.yaml": f"{'▁' * 40} up to 0",
    }


def test_the_summary_names_the_longest_queue_however_short_it_was(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    put(
        {
            "a.yaml": ONE_BOT.replace("bots: 1", "bots: 0").replace(
                "]\n", ", {at: 6s, add_bots: 9}, {at: 1h, order: VIP}]\n"
            )
        }
    )
    check(".", "--github")
    assert rendered(Path("summary.md").read_text())[0][1][3].endswith(" up to 5")


def test_what_earlier_steps_wrote_for_github_stays(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "output.txt")
    put({"a.yaml": HOLDS, "b.yaml": FAILS, "summary.md": "# Lunch\n\n", "output.txt": "kitchen=closed\n"})
    check("a.yaml", "--github")
    once = Path("summary.md").read_text()
    assert once.startswith("# Lunch\n\n### 1 scenario: 1 passed\n")
    check("b.yaml", "--github", status=1)
    assert Path("summary.md").read_text().startswith(f"{once}### 1 scenario: 1 failed\n")
    assert Path("output.txt").read_text() == "kitchen=closed\noutcome=PASS\noutcome=FAIL\n"


@pytest.mark.parametrize("name", [*ODD, "a`b.yaml", "``.yaml"])
def test_odd_names_of_files_survive_in_the_summary(name, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    put({name: FAILS, "z.yaml": FAILS})
    said = command("check", ".", "--github", status=1).stdout
    rows, blocks = rendered(Path("summary.md").read_text())
    assert [row[:3] for row in rows[1:]] == [["❌ FAIL", one, "0 of 1 expectation"] for one in (name, "z.yaml")]
    assert {len(row) for row in rows} == {4}
    assert ["".join(unfolded(f"  {block}".splitlines())) for block in blocks] == [
        of_file(FAILS_LINES, one)[1] for one in (name, "z.yaml")
    ]
    assert told(said.splitlines())[0][1]["file"] == name


@given(st.text().map(str.strip).filter(lambda name: name and "`" not in name), st.text().map(str.strip))
def test_any_name_and_fault_survives_in_the_summary(name, text):
    rows, blocks = rendered(step_summary([Checked(name, [Fault(name, 1, 1, "", text)])]))
    assert rows == [HEADING, ["🚫 WRONG", printable(name), "", ""]]
    assert blocks == [f"{printable(name)}:1:1: {printable(text)}\n"]


def test_a_summary_that_would_not_fit_says_how_much_is_left_out():
    wrong = [Fault("x.yaml", 1, 1, "", "wrong " * 100)]
    files = [Checked(f"{number:03}-{'ü🍔' * 200}.yaml", wrong) for number in range(600)]
    text = step_summary(files)
    assert 900_000 < len(text.encode()) < 2**20
    rows, blocks = rendered(text)
    assert [row[1] for row in rows[1:]] == [one.file for one in files[: len(rows) - 1]]
    left = re.fullmatch(r"([\d,]+) more parts of this would not fit; the log has all\.", text.splitlines()[-1])
    assert int(left[1].replace(",", "")) + len(rows) - 1 + len(blocks) == 2 * len(files)
    some = step_summary(files[:100])
    assert "would not fit" not in some
    assert list(map(len, rendered(some))) == [101, 100]


# Against other versions


def test_each_kind_of_base_gives_the_differences_that_compare_does():
    old = KITCHEN.replace("crew: 3", "crew: 4")
    put(
        {
            "old/night/late.yaml": old,
            "other/late.yaml": old,
            "shop/night/late.yaml": KITCHEN,
            "night/late.yaml": KITCHEN,
        }
    )
    command("replicate", "old/night/late.yaml", "-n", "5", "--no-charts", "--out", "replicated/kitchen")
    command("run", "old/night/late.yaml", *BARE, "--out", "ran/kitchen")
    command("run", "old/night/late.yaml", "--no-charts", "--db", "file:single.db")
    wanted = {
        times: [
            pair_document(pair)
            for pair in compare(*map(load_scenario, ("other/late.yaml", "night/late.yaml")), times=times).pairs
        ]
        for times in (1, 5)
    }
    assert [one["difference"]["n"] for times in (1, 5) for one in wanted[times]] == [1] * 4 + [5] * 4
    [of_five] = read_file("sim.db", "SELECT id FROM runs WHERE replication = 3")[0]
    [single] = read_file("single.db", "SELECT id FROM runs")[0]
    for path, times, *options in (
        ("night", 5, "old"),
        ("night/late.yaml", 5, "old"),
        ("night/late.yaml", 5, "other"),
        ("shop", 5, "old"),
        ("night", 5, "replicated"),
        ("night", 1, "ran"),
        ("night", 5, of_five),
        ("night", 5, of_five[:-1]),
        ("night", 1, single, "--db", "file:single.db", "--no-save"),
    ):
        found = document(path, "-n", "5", "--against", *options)["scenarios"]
        assert [one["against"] for one in found] == [wanted[times]], options
        assert found[0]["outcome"] == "NOTHING", "it is shown, and fails nothing"
    assert len(read_file("single.db", "SELECT id FROM runs")) == 1


def test_a_base_with_fewer_replications_is_compared_as_far_as_it_goes_and_with_more_too():
    put({"kitchen.yaml": KITCHEN})
    command("replicate", "kitchen.yaml", "-n", "4", *BARE, "--out", "base/kitchen")
    for times, shared in (("2", 2), ("6", 4)):
        found = document("kitchen.yaml", "-n", times, "--against", "base")["scenarios"][0]["against"]
        assert {(one["difference"]["n"], one["difference"]["mean"]) for one in found} == {(shared, 0)}


@pytest.mark.parametrize("base", ["a run", "an experiment that went on"])
def test_replications_are_compared_with_those_of_the_same_number(base):
    put({"kitchen.yaml": KITCHEN})
    if base == "a run":
        command("run", "kitchen.yaml", "--replication", "3", *BARE, "--out", "base/kitchen")
        against = "base"
    else:
        for times in ("4", "7"):
            command("replicate", "kitchen.yaml", "-n", times, "--no-charts")
        [against] = read_file("sim.db", "SELECT id FROM runs WHERE replication = 6")[0]
    found = document("kitchen.yaml", "-n", "7", "--against", against)["scenarios"][0]["against"]
    assert {one["difference"]["mean"] for one in found} == {0}, "nothing has changed"


def test_the_base_is_run_with_the_seed_of_what_is_checked_so_that_both_meet_the_same_customers():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN.replace("seed: 7", "seed: 8")})
    for options in ((), ("--seed", "9")):
        found = document("kitchen.yaml", "-n", "3", "--against", "old", *options)["scenarios"][0]["against"]
        assert {one["difference"]["mean"] for one in found} == {0}


def test_metrics_that_thresholds_of_either_name_are_compared_else_waits():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN})

    def metrics() -> list[str]:
        return [
            one["metric"] for one in document("kitchen.yaml", "-n", "2", "--against", "old")["scenarios"][0]["against"]
        ]

    assert metrics() == ["wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95"]
    put({"old/kitchen.yaml": KITCHEN + 'thresholds: {utilisation: "< 1%"}\n'})
    assert metrics() == ["utilisation"]
    put({"kitchen.yaml": KITCHEN + 'thresholds: {bots: "== 3"}\n'})
    assert metrics() == ["bots.mean", "utilisation"]


def test_a_comparison_fails_on_thresholds_and_with_no_regressions_on_what_got_worse():
    old = KITCHEN.replace("crew: 3", "crew: 4")
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": old, "new/kitchen.yaml": KITCHEN})
    few, strict = ("kitchen.yaml", "-n", "20"), "--no-regressions"
    assert check(*few, "--against", "old")[0] == "NOTHING       kitchen.yaml: nothing to judge, 20 replications"
    same = check(*few, "--against", "new", strict)
    assert same[0] == "PASS          kitchen.yaml: 4 of 4 comparisons, 20 replications"
    assert not any(line.startswith("  kitchen.yaml:1") for line in same)
    first, *worse = check(*few, "--against", "old", strict, status=1)
    assert first == "FAIL          kitchen.yaml: 0 of 4 comparisons, 20 replications"
    before, *now = (
        load_scenario("old/kitchen.yaml"),
        load_scenario("kitchen.yaml"),
        load_scenario("kitchen.yaml", crew=6),
    )
    less, more = (difference_text(compare(before, one, times=20).pairs[0]) for one in now)
    assert ("+" in less, "+" in more) == (True, False)
    asked = "  kitchen.yaml:1: wait.VIP.mean no worse than in old"
    assert worse[0] == f"{asked}: FAIL, got {less}"
    assert [*compared(worse)["kitchen.yaml"].values()] == ["worse"] * 4
    better = check(*few, "--set", "crew=6", "--against", "old", strict, "-v")
    assert better[0] == same[0]
    assert better[1] == f"{asked}: PASS, got {more}"
    assert [*compared(better)["kitchen.yaml"].values()] == ["better"] * 4
    put({"kitchen.yaml": KITCHEN + 'thresholds: {utilisation: "< 1%"}\n'})
    assert outcomes(*few, "--against", "new", status=1) == {"kitchen.yaml": "FAIL"}


def shifted(file: str, base: str, metric: str, by: list[float]) -> None:
    """Leave a base behind that has less of a metric than a scenario, by so much in each replication."""
    command("replicate", file, "-n", str(len(by)), *BARE, "--out", base)
    path = Path(base, "replications.csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    for row in rows[1:]:
        if row[1] == metric:
            row[2] = repr(float(row[2]) - by[int(row[0]) - 1])
    path.write_text("".join(f"{','.join(row)}\n" for row in rows))


def test_what_is_worse_by_itself_may_be_chance_among_many_comparisons():
    one = KITCHEN.replace("name: kitchen", "name: NAME") + 'thresholds: {wait.mean: {check: "< 1us", severity: warn}}\n'
    put({f"{name}.yaml": one.replace("NAME", name) for name in ("worse", "same")})
    shifted("worse.yaml", "base/worse", "wait.mean", [0.3, 1.3, 2.3, 3.3, 4.3])
    shifted("same.yaml", "base/same", "wait.mean", [0] * 5)
    options = ("-n", "5", "--against", "base", "--no-regressions")
    alone = document("worse.yaml", *options, status=1)["scenarios"][0]["against"][0]
    assert alone["significant"]
    assert 0.025 < alone["p_adjusted"] < 0.05
    same, worse = document(".", *options)["scenarios"]
    assert not worse["against"][0]["significant"]
    assert worse["against"][0]["p_adjusted"] == 2 * alone["p_adjusted"]
    assert same["against"][0]["difference"]["mean"] == 0
    assert compared(check("worse.yaml", *options, status=1)) == {"worse.yaml": {"wait.mean": "worse"}}
    said = check(".", *options)
    assert compared(said) == {"same.yaml": {"wait.mean": ""}, "worse.yaml": {"wait.mean": ""}}
    assert "over 2 tests" in said


UP = r"(wait|flow|queue|wasted)\b.*|orders\.(\w+\.)?(pending|abandoned|returned)(\.rate)?"
DOWN = r"throughput.*|orders\.(\w+\.)?completed(\.rate)?"
LIMITS = {"s": "< 1h", "share": "<= 100%", "orders": "< 1000", "bots": "< 1000", "orders/h": "< 1000/h"}


def test_which_way_is_worse_for_each_metric():
    lines = "".join(f'  {name}: {{check: "{LIMITS[unit]}", severity: warn}}\n' for name, unit in UNITS.items())
    more = ONE_BOT.replace("order: VIP}", "order: VIP, count: 2}, {at: 6s, add_bots: 1}, {at: 11s, remove_bots: 1}")
    put({"certain.yaml": f"{more}thresholds:\n{lines}"})
    command("run", "certain.yaml", *BARE, "--out", "base/certain")
    file = Path("base/certain/metrics.json")
    now = json.loads(file.read_text())
    assert None not in now["metrics"].values()
    worse = {
        name: 0 if name.endswith(".n") else 1 if re.fullmatch(UP, name) else -1 if re.fullmatch(DOWN, name) else 0
        for name in UNITS
    }
    assert worse == WORSE
    assert {*worse.values()} == {-1, 0, 1}
    for way in (1, -1):
        file.write_text(json.dumps({**now, "metrics": {name: value - way for name, value in now["metrics"].items()}}))
        [found] = document("certain.yaml", "--against", "base", "--no-regressions", status=1)["scenarios"]
        assert {one["metric"]: one["significant"] for one in found["against"]} == dict.fromkeys(UNITS, True)
        regressions = {one["asked"].split()[0]: one for one in found["findings"] if one["kind"] == "comparison"}
        assert {name: one["verdict"] for name, one in regressions.items()} == {
            name: "FAIL" if worse[name] == way else "PASS" for name in UNITS if worse[name]
        }
        shown = check("certain.yaml", "--against", "base")
        expected = {name: {way: "worse", -way: "better", 0: "differs"}[worse[name]] for name in UNITS}
        assert compared(shown) == {"certain.yaml": expected}


def test_where_nothing_is_random_any_difference_is_significant():
    put({"late.yaml": ONE_BOT, "old/late.yaml": ONE_BOT.replace("at: 5s", "at: 4s999ms")})
    found = document("late.yaml", "--against", "old")["scenarios"][0]["against"]
    assert [(one["metric"], round(one["difference"]["mean"], 3), one["significant"]) for one in found] == [
        ("wait.VIP.mean", -0.001, True),
        ("wait.VIP.p95", -0.001, True),
        ("wait.NORMAL.mean", 0, False),
        ("wait.NORMAL.p95", 0, False),
    ]


def test_what_only_one_of_both_observed_is_no_data():
    put({"late.yaml": ONE_BOT, "old/late.yaml": ONE_BOT.replace(", {at: 5s, order: VIP}", "")})
    said = check("late.yaml", "--against", "old", "--no-regressions", status=1)
    assert said[0] == "FAIL          late.yaml: 0 of 2 comparisons"
    assert [line.split() for line in said if line.strip().startswith("wait.VIP")] == [
        ["wait.VIP.mean", "no", "data"],
        ["wait.VIP.p95", "no", "data"],
    ]
    found = document("late.yaml", "--against", "old")["scenarios"][0]["against"]
    assert [one["difference"] is None for one in found] == [True, True, False, False]


def test_what_the_base_observed_and_the_scenario_does_not_is_a_regression():
    put({"old/late.yaml": ONE_BOT, "late.yaml": ONE_BOT.replace(", {at: 5s, order: VIP}", "")})
    said = check("late.yaml", "--against", "old", "--no-regressions", status=1)
    assert said[:3] == [
        "FAIL          late.yaml: 2 of 4 comparisons",
        "  late.yaml:1: wait.VIP.mean no worse than in old: NO DATA, nothing was observed",
        "  late.yaml:1: wait.VIP.p95 no worse than in old: NO DATA, nothing was observed",
    ]
    check("late.yaml", "--against", "old")
    put({"kitchen.yaml": KITCHEN})
    command("run", "kitchen.yaml", "--replication", "3", *BARE, "--out", "base/kitchen")
    assert (
        "NO DATA, no replication in common"
        in check("kitchen.yaml", "-n", "2", "--against", "base", "--no-regressions", status=1)[1]
    )


def test_one_pair_of_random_replications_proves_nothing():
    put({"kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN.replace("crew: 3", "crew: 4")})
    single = ("kitchen.yaml", "-n", "1", "--against", "old")
    assert check(*single, "--no-regressions", status=3)[0] == "INCONCLUSIVE  kitchen.yaml: 0 of 4 comparisons"
    check(*single, "--no-regressions", "--inconclusive", "fail", status=1)
    said = check(*single)
    assert said[-3:-1] == ["one pair of random replications has neither interval nor p; run more of both,", "with -n"]
    assert not any("test" in line for line in said)
    found = document(*single)["scenarios"][0]["against"]
    assert {one["p_adjusted"] for one in found} == {None}


def test_no_p_value_stands_where_nothing_is_random_and_tests_are_counted_without_it():
    slow = ONE_BOT.replace("at: 5s", "at: 4s")
    put({"late.yaml": ONE_BOT, "old/late.yaml": slow, "kitchen.yaml": KITCHEN, "old/kitchen.yaml": KITCHEN})
    said = check("late.yaml", "kitchen.yaml", "-n", "3", "--against", "old")
    assert [*compared(said)["kitchen.yaml"].values()] == [""] * 4
    assert [*compared(said)["late.yaml"].values()] == ["better", "better", "", ""]
    assert [line.split()[-1] for line in said].count("1.000") == 4
    assert "over 4 tests" in said
    assert "where nothing is random there is no p: any difference is significant" in said


def test_a_base_without_a_scenario_in_common_is_refused_before_anything_is_run():
    put({"a.yaml": HOLDS, "old/b.yaml": FAILS, "other.yaml": KITCHEN})
    command("run", "other.yaml", "--no-charts")
    [run_id] = read_file("sim.db", "SELECT id FROM runs")[0]
    for base in ("old", run_id, "."):
        said = command("check", "a.yaml", "--against", base, status=2)
        assert said.stdout == ""
        assert said.stderr.splitlines()[-1] == (
            f"Error: Invalid value for --against: {base} has none of these scenarios; "
            "name a folder with the same paths, or results of them"
        )


def test_only_scenarios_that_the_base_has_are_compared():
    put({"a.yaml": HOLDS, "b.yaml": HOLDS, "old/b.yaml": FAILS})
    said = check(".", "-k", "not old", "--against", "old")
    assert {name: len(metrics) for name, metrics in compared(said).items()} == {"b.yaml": 4}
    assert said[-2] == "not in old, so compared with nothing: a.yaml"
    strict = ("--against", "old", "--no-regressions")
    assert outcomes(".", "-k", "not old", *strict)["a.yaml"] == "PASS", "a pull request may add a scenario"
    assert [("against" in one) for one in document(".", "-k", "not old", "--against", "old")["scenarios"]] == [
        False,
        True,
    ]


NO_BASE = "is not what sim replicate or sim run left behind; run that again, or name another folder"


def left_behind(number: str = "1", value: str = "1") -> str:
    """Return a `metrics.json` in which all metrics have a value."""
    return f'{{"replication": {number}, "metrics": {{{", ".join(f"{json.dumps(name)}: {value}" for name in UNITS)}}}}}'


def table(number: str, value: str, times: int = 1) -> str:
    """Return a `replications.csv` in which all metrics of a replication have a value."""
    return "replication,metric,value\n" + "".join(f"{number},{name},{value}\n" for name in UNITS) * times


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("late.yaml", "scenario: 1\n", "late.yaml:1:1: missing key 'name'; write 'name: lunch' here"),
        ("certain/replications.csv", "replication,metric,value\n1,wait.mean,1\n", NO_BASE),
        ("certain/replications.csv", "replication,metric,value\none,wait.mean,1\n", NO_BASE),
        ("certain/replications.csv", "replication,metric,value\n1\n", NO_BASE),
        ("certain/replications.csv", "\0\n\n", NO_BASE),
        ("certain/metrics.json", "", NO_BASE),
        ("certain/metrics.json", "[]", NO_BASE),
        ("certain/metrics.json", '{"replication": 1}', NO_BASE),
        ("certain/metrics.json", '{"replication": 1, "metrics": {"wait.mean": "long"}}', NO_BASE),
        ("certain/replications.csv", "", NO_BASE),
        ("certain/replications.csv", "junk", NO_BASE),
        ("certain/replications.csv", f'a\n1,"{"x" * 200_000}', NO_BASE),
        ("certain/metrics.json", "[" * 100_000, NO_BASE),
        ("certain/metrics.json", left_behind(value="NaN"), NO_BASE),
        ("certain/metrics.json", left_behind(value="1e999"), NO_BASE),
        ("certain/metrics.json", left_behind(value="1" + "0" * 400), NO_BASE),
        ("certain/metrics.json", left_behind(value="true"), NO_BASE),
        ("certain/metrics.json", left_behind(value='"1"'), NO_BASE),
        ("certain/metrics.json", left_behind(number="0"), NO_BASE),
        ("certain/metrics.json", left_behind(number="1.0"), NO_BASE),
        ("certain/metrics.json", left_behind(number='"1"'), NO_BASE),
        ("certain/replications.csv", table("1", "nan"), NO_BASE),
        ("certain/replications.csv", table("1", "-inf"), NO_BASE),
        ("certain/replications.csv", table("-1", "1"), NO_BASE),
        ("certain/replications.csv", table("1", "1", times=2), NO_BASE),
        ("certain/replications.csv", table("1", "1,1"), NO_BASE),
    ],
)
def test_a_broken_base_is_a_fault_in_it_and_other_scenarios_are_still_checked(name, text, fault):
    put({"late.yaml": HOLDS, "other.yaml": FAILS.replace("name: certain", "name: other"), f"old/{name}": text})
    said = check("late.yaml", "other.yaml", "--against", "old", status=2)
    assert said[0] == "WRONG         late.yaml"
    assert said[1].startswith(f"  old/{name}:1:1: ")
    assert said[1].endswith(fault)
    assert said[2:4] == of_file(FAILS_LINES, "other.yaml")
    assert said[-1] == "2 scenarios: 1 failed, 1 wrong"


def test_what_a_run_left_behind_may_have_other_keys_and_whole_numbers():
    put({"late.yaml": HOLDS, "old/certain/metrics.json": left_behind(value="3")})
    assert document("late.yaml", "--against", "old")["scenarios"][0]["against"][0]["baseline"] == 3


def test_several_files_that_would_share_a_counterpart_are_refused():
    put({"lunch.yaml": HOLDS, "copy.yaml": HOLDS, "b/lunch.yaml": HOLDS, "old/lunch.yaml": FAILS})
    command("run", "lunch.yaml", *BARE)
    said = check("lunch.yaml", "copy.yaml", "--against", "out", "--no-regressions", status=2)
    advice = "give each scenario a name of its own"
    assert said == [
        "WRONG         lunch.yaml",
        f"  lunch.yaml:2:7: name: 'certain' shares out/certain/metrics.json with copy.yaml; {advice}",
        "WRONG         copy.yaml",
        f"  copy.yaml:2:7: name: 'certain' shares out/certain/metrics.json with lunch.yaml; {advice}",
        "Against out: 0 paired differences",
        "2 scenarios: 2 wrong",
    ]
    assert outcomes("lunch.yaml", "b/lunch.yaml", "--against", "old", status=2) == {
        "lunch.yaml": "WRONG",
        "b/lunch.yaml": "WRONG",
    }
    put({"old/copy.yaml": HOLDS})
    assert "shares" not in "".join(check("lunch.yaml", "copy.yaml", "--against", "old")), "paths tell them apart"


def test_a_base_that_cannot_be_run_is_a_fault_in_it():
    put({"late.yaml": GROWING.replace("warmup: mser5\n", ""), "old/late.yaml": GROWING})
    assert check("late.yaml", "--against", "old", status=2)[1].startswith(
        "  old/late.yaml:1:1: growing, replication 1: mser5 finds no end"
    )


def test_a_run_that_is_not_there_or_no_database_is_one_line():
    put({"late.yaml": HOLDS})
    assert complaint("check", "late.yaml", "--against", "7", status=2).startswith(
        "database file:sim.db: there is none yet"
    )
    command("run", "late.yaml", "--no-charts")
    assert complaint("check", "late.yaml", "--against", "fade", status=2) == (
        "database file:sim.db: no run starts with id 'fade'; sim runs lists them"
    )


def test_a_base_without_a_name_is_refused():
    put({"late.yaml": HOLDS})
    command("check", "late.yaml", "--against", "", "--no-regressions", status=2)


# Ctrl-C


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_at_a_random_moment_is_one_line(jobs):
    put({f"{number}.yaml": LONG.replace("SPAN", "20h") + 'thresholds: {bots: "> 0"}\n' for number in range(3)})
    for _ in range(2):
        process = start("check", ".", "--engine", "reference", "--junit", "results.xml", "--jobs", jobs, code=GO)
        assert process.stdout.readline() == "go\n"
        time.sleep(random.uniform(0, 2))
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=60)
        wait_for(lambda process=process: not family(process.pid), 30)
        assert (process.returncode, out) == (130, "")
        assert re.fullmatch("sim: interrupted(; nothing is kept)?\n", errors)
        assert not Path("results.xml").exists()


def test_ctrl_c_keeps_what_is_saved_and_lines_are_there_as_they_come():
    put({"a.yaml": KITCHEN, "b.yaml": LONG.replace("SPAN", "20h")})
    with session("check", "a.yaml", "b.yaml", "--save", "-n", "5", "--engine", "reference", "--jobs", "1") as process:
        assert process.stdout.readline() == "NOTHING       a.yaml: nothing to judge, 5 replications\n"
        wait_for(lambda: process.poll() is None)
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert errors == "sim: interrupted; 5 finished replications are kept, the same command goes on\n"
    assert stored() == [1, 2, 3, 4, 5]
