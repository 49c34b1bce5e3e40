"""Pages of the documentation: what they show, and what comes when it is typed."""

import contextlib
import io
import re
import shlex
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from tests.helpers.pressing import run_whole

COMPILED = {"staff", "select", "sweep", "compare", "replicate", "theory", "check", "calibrate"}
"""Commands of many runs, which the compiled engine does in a tenth of the time; nothing that they print differs."""


CHANGING = re.compile(r"\b(numpy|simpy|python) [\d.]+|[\d.]+ (k?B|ms)\b|(?<=\.\d{9})\d+")
"""What depends on the machine: versions of packages, how much room they and all else take, times of answers, and the
last digits of numbers.
"""


def as_shown(shown: str, text: str) -> bool:
    """Whether a text is what is shown, where a line of dots stands for any lines."""
    parts = re.split(r"^\.\.\.\n", CHANGING.sub("#", shown), flags=re.MULTILINE)
    return re.fullmatch("(?:.*\n)*".join(map(re.escape, parts)), CHANGING.sub("#", text)) is not None


def shown_anew(shown: str, text: str) -> str:
    """Return what is to be shown of a text: all of it, or the lines that are most like those that were shown."""
    lines, start, parts = text.splitlines(keepends=True), 0, []
    for number, part in enumerate(re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)):
        former = part.splitlines(keepends=True)
        if former:
            first = start if number == 0 else _nearest(former[0], lines, start)
            start = 1 + _nearest(former[-1], lines, first)
            former = lines[first:start]
        parts.append("".join(former))
    is_whole = len(parts) == 1
    return text if is_whole else "...\n".join(parts)


def _nearest(line: str, lines: list[str], start: int) -> int:
    """Return which of the lines from a place on is most like one."""
    likeness = [SequenceMatcher(None, line, other).ratio() for other in lines[start:]]
    return start + likeness.index(max(likeness))


def holds(page: Path, head: str, shown: str, text: str, *, update: bool) -> bool:
    """Whether a page shows behind a line what comes; with `--update-golden` the page is written anew, and does."""
    if as_shown(shown, text):
        return True
    if update:
        former = page.read_text()
        assert head + shown in former, head
        page.write_text(former.replace(head + shown, head + shown_anew(shown, text), 1))
    return update


def consoles(page: Path) -> list[tuple[str, str]]:
    """Return the lines that a page has typed, each with what it shows behind it."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", "".join(blocks), re.MULTILINE)


def typed(line: str, folder: Path, *more: str) -> tuple[int, str]:
    """Type a line that begins with `sim` in a folder; return the status, and all that comes."""
    sim, *words = shlex.split(line)
    assert sim == "sim"
    engine = ["--engine", "compiled"] if COMPILED & {words[0]} else []
    with contextlib.chdir(folder):
        status, out, errors = run_whole(*words, *engine, *more)
    return status, out + errors


def pasted(code: str, folder: Path, names: dict[str, Any] | None = None) -> str:
    """Paste Python code in a folder, behind code that made these names if there is any; return what it prints."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        exec(compile(code, "<page>", "exec"), {"__name__": "__main__"} if names is None else names)
    return out.getvalue()
