"""What the commands print: one line stays one line, whatever is in it and wherever it goes."""

import json
import re
import sys
import unicodedata
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest.mock import patch

import pytest

from sim.cli import main
from sim.errors import Fault, ScenarioError
from sim.output.terminal import complain, say, say_json
from sim.units import printable
from tests.helpers.campaigns import some

FOREIGN = "a\n::error::b\x1b[31m\r\x85\u2028\u2029\u202e\ud800\x7f\x9b"
CONTROLS = ("Cc", "Cs", "Zl", "Zp")
TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
LATE = """
scenario: 1
name: late
bots: {initial: 1}
clock: {until: 9s}
timeline: [{at: 0s, order: NORMAL, count: 3}]
"""
LIST = "scenario: 1\nname: k\nservice: {choice: {%s: 5}}\n"


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    """A folder with a scenario in it, where every command of this file runs."""
    (elsewhere / "late.yaml").write_text(LATE)
    return elsewhere


def printed(write, encoding: str = "utf-8") -> str:
    """Return what a function prints where both standard streams have this encoding."""
    stream = TextIOWrapper(BytesIO(), encoding=encoding, newline="\n")
    with redirect_stdout(stream), redirect_stderr(stream), suppress(SystemExit):
        write()
    return stream.buffer.getvalue().decode(encoding)


def sim(*args: str, encoding: str = "utf-8") -> str:
    with patch.object(sys, "argv", ["sim", *args]):
        return printed(main, encoding)


def test_any_sign_is_printable_and_what_can_be_read_stays():
    for sign in map(chr, [*range(0x3000), *some(range(0x3000, sys.maxunicode + 1), 50_000)]):
        text = printable(sign)
        assert len(text.splitlines()) == 1
        if unicodedata.category(sign) in CONTROLS or unicodedata.bidirectional(sign) in TURNS:
            assert text.startswith("\\")
            assert text.isascii()
        elif sign.isprintable():
            assert text == sign
    assert printable(FOREIGN) == r"a\n::error::b\x1b[31m\r\x85\u2028\u2029\u202e\ud800\x7f\x9b"


def test_a_line_stays_a_line():
    assert printed(lambda: say("one", FOREIGN, "two")) == f"one\n{printable(FOREIGN)}\ntwo\n"


def test_json_stays_json():
    text = printed(lambda: say_json({"name": FOREIGN}))
    assert json.loads(text) == {"name": FOREIGN}
    assert len(text.splitlines()) == 3


def test_joined_faults_stay_a_line_each():
    faults = [Fault(f"{FOREIGN}.yaml", 1, 1, FOREIGN, FOREIGN), Fault("b.yaml", 2, 1, "", "is wrong")]
    assert len(str(ScenarioError(faults)).splitlines()) == 2


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("utf-8", "≥ 5s … crème 客"),
        ("cp1252", r">= 5s … crème \u5ba2"),
        ("latin-1", r">= 5s ... crème \u5ba2"),
        ("ascii", r">= 5s ... cr\xe8me \u5ba2"),
    ],
)
@pytest.mark.parametrize("write", [say, complain])
def test_a_stream_that_lacks_a_sign_gets_another(write, encoding, line):
    assert printed(lambda: write("≥ 5s … crème 客"), encoding) == f"{line}\n"


def test_a_stream_that_lacks_every_sign_of_a_long_line():
    assert printed(lambda: say("é" * 100_000), "ascii") == r"\xe9" * 100_000 + "\n"


def test_there_need_not_be_a_stream():
    with redirect_stdout(None):
        say("nobody is told")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_run_with_lower_bounds_in_its_summary(encoding):
    text = sim("run", "late.yaml", "--no-charts", "--no-save", encoding=encoding)
    assert "Wait NORMAL:          mean >= 9.333s, p50 10s, p95 >= 18s" in text


def test_a_key_of_a_file_makes_no_line():
    Path("k.yaml").write_text(LIST % json.dumps(FOREIGN[:-3]))
    lines = sim("check", "k.yaml", "--github").splitlines()
    assert [line.split()[0] for line in lines] == ["WRONG", "k.yaml:3:20:", "k.yaml:3:73:", "::error", "::error", "1"]
    assert "\x1b" not in "\n".join(lines)


def test_all_is_printed_in_one_place(pytestconfig):
    for path in (pytestconfig.rootpath / "sim" / "cli").glob("*.py"):
        assert not re.search(r"(?<!_)\bprint\(|\becho\(|std(out|err)\.write\(", path.read_text(encoding="utf-8")), path
