"""Scenarios that pass, fail or are wrong, and what `sim check` says of them."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import strategies as st

from tests.helpers.commands import sim as command
from tests.helpers.crews import KITCHEN

ONE_BOT = """scenario: 1
name: certain
params: {bots: 1}
bots: {initial: $bots}
timeline: [{at: 0s, order: NORMAL, count: 4}, {at: 5s, order: VIP}]
"""
HOLDS = ONE_BOT + "expect:\n  - {order: 1001, completed: 10s}\n"
FAILS = ONE_BOT + "expect:\n  - {order: 1001, completed: 11s}\n"
OPEN = KITCHEN + 'replications: 1\nthresholds:\n  throughput: "> 1/h"\n'
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
    "  {}:11: throughput > 1/h: INCONCLUSIVE, one run of a random scenario has no interval; run more with -n",
]
BARE = ("--no-save", "--no-charts")
IDLE = "IDLE"


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


def outcomes(*args: str, status: int = 0) -> dict[str, str]:
    """Return what became of each file."""
    return {one["file"]: one["outcome"] for one in document(*args, status=status)["scenarios"]}


def of_file(lines: list[str], name: str) -> list[str]:
    return [line.format(name) for line in lines]


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
