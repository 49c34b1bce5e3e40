"""Pages of the documentation: what they show, and what comes when it is typed."""

import contextlib
import io
import re
import shlex
from pathlib import Path

from tests.helpers.pressing import run_whole

COMPILED = {"staff", "select", "sweep", "compare", "replicate", "theory", "check", "calibrate"}
"""Commands of many runs, which the compiled engine does in a tenth of the time; nothing that they print differs."""


def as_shown(shown, text):
    """Whether a text is what is shown, where a line of dots stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), text) is not None


def typed(line: str, folder: Path, *more: str) -> tuple[int, str]:
    """Type a line that begins with `sim` in a folder; return the status, and all that comes."""
    sim, *words = shlex.split(line)
    assert sim == "sim"
    engine = ["--engine", "compiled"] if COMPILED & {words[0]} else []
    with contextlib.chdir(folder):
        status, out, errors = run_whole(*words, *engine, *more)
    return status, out + errors


def pasted(code: str, folder: Path) -> str:
    """Paste Python code in a folder, and return what it prints."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        exec(compile(code, "<page>", "exec"), {"__name__": "__main__"})
    return out.getvalue()
