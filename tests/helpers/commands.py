"""Ways to run `sim`: in this process, in one of its own, on a terminal; and what it leaves behind."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from sim.cli import main
from tests.helpers.programs import MAIN, fork
from tests.helpers.server import read_file
from tests.helpers.waiting import PATIENCE

KITCHEN = """
scenario: 1
name: kitchen
params: {bots: 2, cook: 10s}
seed: 7
clock: {until: 10m}
service: {exponential: {mean: $cook}}
bots: {initial: $bots}
arrivals: [{class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 8/m}}]
expect: [{bot: 1, at: 0s, status: IDLE}]
"""
CLOCK = f"""
import itertools, sim.output.terminal
sim.output.terminal.monotonic = itertools.count(0, STEP).__next__
{MAIN}
"""
LONG_TIME, NO_TIME = CLOCK.replace("STEP", "10"), CLOCK.replace("STEP", "0")
"""`sim` for `on_terminal`, to which everything takes long, or no time at all."""
BARE = ("--no-save", "--no-charts")
NOBODY = "http://127.0.0.1:1"  # a port where nothing listens
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "sim", *args]


def sim_process(*args: str, status: int = 0) -> subprocess.CompletedProcess:
    """Run `sim` to its end, which must have this exit status and never a traceback or a token."""
    with fork(*args) as process:
        out, errors = process.communicate(timeout=PATIENCE)
    return ended(subprocess.CompletedProcess(args, process.returncode, out, errors), status)


def sim(*args: str, status: int = 0) -> subprocess.CompletedProcess:
    """Do as `sim_process`, but in this process, which is the quickest."""
    out, errors = StringIO(), StringIO()
    with patch.object(sys, "argv", ["sim", *args]), redirect_stdout(out), redirect_stderr(errors):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    return ended(subprocess.CompletedProcess(args, code or 0, out.getvalue(), errors.getvalue()), status)


def ended(done: subprocess.CompletedProcess, status: int) -> subprocess.CompletedProcess:
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    assert os.environ.get("TURSO_AUTH_TOKEN", "Bearer") not in done.stdout + done.stderr
    return done


def complaint(*args: str, status: int) -> str:
    """Return the one line on standard error of a command that ends with this status."""
    (line,) = sim(*args, status=status).stderr.splitlines()
    return line


def run_ids(file: str = "sim.db") -> list[str]:
    return [run_id for (run_id,) in read_file(file, "SELECT id FROM runs WHERE status = 'complete' ORDER BY id")]


def names(folder: str | Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in Path(folder).rglob("*") if one.is_file()}


def metrics(folder: str) -> dict:
    return json.loads(Path(folder, "metrics.json").read_text())


@contextmanager
def on_terminal(
    *args: str, status: int, code: str = MAIN, begin: Callable[..., subprocess.Popen] = fork
) -> Iterator[tuple[subprocess.Popen, Iterator[str]]]:
    """Start `sim` on a terminal and yield the process and what it writes there; it must end with this status."""
    ours, theirs = pty.openpty()
    with begin(*args, code=code, streams={"stdin": theirs, "stdout": theirs, "stderr": theirs}) as process:
        os.close(theirs)

        def written() -> Iterator[str]:
            while True:
                try:
                    yield os.read(ours, 65536).decode(errors="replace")
                except OSError:  # the terminal is closed
                    return

        try:
            yield process, written()
            assert process.wait(timeout=PATIENCE) == status
        finally:
            process.kill()
            os.close(ours)


def screen(written: str) -> list[str]:
    """Return the lines that a terminal shows in the end; an escape sequence that is unknown here fails."""
    lines, row, column = [""], 0, 0
    for escape, argument, letter, text in re.findall(r"(\x1b\[\??(\d*(?:;\d+)*)([A-Za-z]))|([^\x1b])", written):
        if not escape:
            if text == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif text == "\r":
                column = 0
            else:
                lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + 1 :]
                column += 1
        elif letter == "A":
            row -= int(argument or 1)
        elif letter == "K":
            assert argument == "2"
            lines[row] = ""
        else:
            assert letter in "mhl", escape
    return lines


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
