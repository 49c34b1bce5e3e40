"""Lines as a terminal or another stream can show them, and the progress bar that makes way for them."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from sim.engines import Engine, can_compile
from sim.errors import INSTALL
from sim.output.layout import WIDTH
from sim.units import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from sim.engines.contract import Progress

# The verdicts with which lines begin, by the colour that they have on a terminal.
_VERDICT = re.compile(
    r" {0,2}(?:(?P<green>PASS|held|better|agrees|selected)|(?P<red>FAIL|FAILED|WRONG|NO DATA|worse|none selected)"
    r"|(?P<yellow>INCONCLUSIVE|NOTHING|differs|undecided))(?: \(warn\))?(?=[ ,]|$)"
)
_COLOURS = {"green": 32, "red": 31, "yellow": 33}
_PLAIN = {"≥": ">=", "…": "..."}  # where a stream cannot hold what we write ourselves
_LONG = 20  # seconds of work from which on numba saves time, although it compiles for half a minute once
_bars: list["Bar"] = []  # on the terminal now


def coloured(line: str) -> str:
    """Return a line with the verdict with which it begins in colour."""
    verdict = _VERDICT.match(line)
    if verdict is None:
        return line
    return f"\x1b[{_COLOURS[verdict.lastgroup or '']}m{verdict[0]}\x1b[0m{line[verdict.end() :]}"


def encodable(line: str, encoding: str) -> str:
    """Return a line with a plain sign or a visible escape for each sign that an encoding does not have."""
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        if len(line) > 1:
            return "".join(encodable(sign, encoding) for sign in line)
        return _PLAIN.get(line, ascii(line)[1:-1])
    return line


def _print(lines: Iterable[object], stream: TextIO | None) -> None:
    """Print lines, each as one line whatever it holds, in signs that the stream has."""
    if stream is None:  # where a command is started without it
        return
    encoding = stream.encoding or "utf-8"
    texts = [encodable(printable(str(line)), encoding) for line in lines]
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in (None, "dumb"):
        texts = [coloured(text) for text in texts]
    for bar in _bars:
        bar.stop()
    stream.write("".join(f"{text}\n" for text in texts))
    stream.flush()
    for bar in _bars:
        bar.start()


def say(*lines: object) -> None:
    """Print lines to standard output, at once, so that a log shows how far a command is; on a terminal the verdicts
    with which they begin are in colour.
    """
    _print(lines, sys.stdout)


def say_json(document: object) -> None:
    """Print a JSON document, with an escape of JSON for the one control character that `json.dumps` leaves as it is."""
    say(*json.dumps(document, indent=2).replace("\x7f", r"\u007f").split("\n"))


def show(lines: Iterable[object], document: Callable[[], object], as_json: bool) -> None:
    """Print what a command says as lines, or as a JSON document, whichever is wanted."""
    if as_json:
        say_json(document())
    else:
        say(*lines)


def complain(*lines: object) -> None:
    """Print lines to standard error."""
    _print(lines, sys.stderr)


def columns() -> int:
    """Return how many signs a line of a table may have: as many as the terminal has, 80 where there is none."""
    if sys.stdout is not None and sys.stdout.isatty():
        return max(get_terminal_size().columns, WIDTH // 2)
    return WIDTH


@contextmanager
def working(title: str, engine: Engine) -> Iterator["Progress | None"]:
    """Show a progress bar; then say what would be faster where numba is missing, after work that was long or was to be
    compiled.
    """
    began = monotonic()
    with progress_bar(title) as progress:
        yield progress
    is_worth_it = engine == "compiled" or (engine == "auto" and monotonic() - began > _LONG)
    if is_worth_it and not can_compile():
        complain(f"sim: with numba this would be many times faster; {INSTALL.format('[fast]')}")


@contextmanager
def progress_bar(title: str) -> Iterator["Progress | None"]:
    """Show a bar from the second second on, when a person is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    began = monotonic()
    with Bar(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(title, visible=False, total=None)

        def show(completed: int, total: int) -> None:
            bar.update(task, completed=completed, total=total, visible=monotonic() - began > 1)

        _bars.append(bar)
        try:
            yield show
        finally:
            _bars.remove(bar)
