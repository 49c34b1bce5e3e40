"""Printing: lines, JSON, and the progress bar that makes way for them."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from sim.engines import Progress
from sim.units import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_bars: list["Bar"] = []  # on the terminal now


def say(*lines: object) -> None:
    """Print lines to standard output, at once, so that a log shows how far a command is; on a terminal the verdicts
    with which they begin are in colour.
    """
    _print(lines, sys.stdout)


def say_json(document: object) -> None:
    """Print a JSON document, with an escape of JSON for the one control character that `json.dumps` leaves as it is."""
    say(*json.dumps(document, indent=2).replace("\x7f", r"\u007f").split("\n"))


def complain(*lines: object) -> None:
    """Print lines to standard error."""
    _print(lines, sys.stderr)


def _print(lines: Iterable[object], stream: TextIO | None) -> None:
    """Print lines, each as one line whatever it holds, in signs that the stream has; the only way to print."""
    from sim.output.terminal import coloured, encodable

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


def columns() -> int:
    """Return how many signs a line of a table may have: as many as the terminal has, 80 where there is none."""
    from sim.output.layout import WIDTH

    if sys.stdout is not None and sys.stdout.isatty():
        return max(get_terminal_size().columns, WIDTH // 2)
    return WIDTH


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
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
