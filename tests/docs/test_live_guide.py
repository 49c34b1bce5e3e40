"""The guide of the live kitchen: what it shows is what comes when it is typed."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import consoles, pasted, typed
from tests.helpers.sessions import Pipe

FILE = ROOT / "docs/live.md"
PAGE = FILE.read_text()


def test_what_the_guide_shows_is_what_comes(elsewhere, shows, monkeypatch):
    commands = consoles(FILE)
    for line, shown in commands:
        if line.startswith("cat "):
            came = Path(line.removeprefix("cat ")).read_text()
        else:
            words, _, command = line.rpartition(" | ")
            text = shlex.split(words)[1].replace(r"\n", "\n") if words else ""
            monkeypatch.setattr(sys, "stdin", Pipe(text))
            _, came = typed(command, elsewhere)
        assert shows(FILE, f"$ {line}\n", shown, came), came
    assert len(commands) == 4


def test_the_python_lines_print_what_is_shown(elsewhere, shows):
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    shown = PAGE.split("prints\n\n```text\n")[1].split("```")[0]
    assert shows(FILE, "prints\n\n```text\n", shown, pasted(code, elsewhere))
    assert typed("sim check by-hand.yaml", elsewhere)[0] == 0


@pytest.mark.parametrize(
    "word", ["normal", "vip", "+bot", "-bot", "wait 30s", "save FILE", "pause", "speed 10", "help"]
)
def test_the_guide_has_each_word(word):
    assert f"`{word}`" in PAGE
