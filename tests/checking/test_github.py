"""Annotations and summaries for GitHub."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sim.errors import Fault
from sim.experiment import CheckedFile
from sim.output.ci.github import annotations, step_summary
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
    WARNS,
    check,
    of_file,
    put,
    unfolded,
)
from tests.helpers.commands import names
from tests.helpers.commands import sim as command
from tests.helpers.crews import KITCHEN


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
    alone = "throughput > 1/h: one run of a random scenario has no interval; run more with -n"
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
    [line] = annotations(CheckedFile(name, [Fault(name, 3, 4, "", text)]))
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
    rows, blocks = rendered(step_summary([CheckedFile(name, [Fault(name, 1, 1, "", text)])]))
    assert rows == [HEADING, ["🚫 WRONG", printable(name), "", ""]]
    assert blocks == [f"{printable(name)}:1:1: {printable(text)}\n"]


def test_a_summary_that_would_not_fit_says_how_much_is_left_out():
    wrong = [Fault("x.yaml", 1, 1, "", "wrong " * 100)]
    files = [CheckedFile(f"{number:03}-{'ü🍔' * 200}.yaml", wrong) for number in range(600)]
    text = step_summary(files)
    assert 900_000 < len(text.encode()) < 2**20
    rows, blocks = rendered(text)
    assert [row[1] for row in rows[1:]] == [one.file for one in files[: len(rows) - 1]]
    left = re.fullmatch(r"([\d,]+) more parts of this would not fit; the log has all\.", text.splitlines()[-1])
    assert int(left[1].replace(",", "")) + len(rows) - 1 + len(blocks) == 2 * len(files)
    some = step_summary(files[:100])
    assert "would not fit" not in some
    assert list(map(len, rendered(some))) == [101, 100]


def test_the_summary_names_the_worst_slot_of_a_promise_that_is_kept_too(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    promise = 'windows: {slots: {every: 5m}}\nthresholds: {"wait.within(2m)@slots": ">= 50%"}\n'
    put({"a.yaml": KITCHEN + promise})
    check("a.yaml", "-n", "30", "--github")
    [[*_], row], [block] = rendered(Path("summary.md").read_text())
    assert row[0] == "✅ PASS"
    assert re.search(r"^PASS +a\.yaml:10: wait\.within\(2m\)@slots >= 50%$", block, re.MULTILINE)
    assert re.search(r"worst of 2 slots: 00:0[05]", block)


def test_a_promise_about_days_says_on_what_share_of_them_it_held():
    put({"a.yaml": KITCHEN + 'thresholds: {wait.p95: {check: "< 5m", days: ">= 80%"}}\n'})
    [_, finding, _] = check("a.yaml", "-n", "30", "-v")
    assert re.fullmatch(
        r"  a\.yaml:9: wait\.p95 < 5m on >= 80% of days: PASS, "
        r"got 100\.0% \(\d\d\.\d% to 100\.0%\) of days; held on 30 of 30 days",
        finding,
    )
