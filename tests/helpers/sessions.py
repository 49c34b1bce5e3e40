"""Sessions: kitchens in which hypothesis does things by hand, and words that a pipe or a person writes."""

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from sim.live import Session
from tests.helpers.commands import screen
from tests.helpers.programs import fork
from tests.helpers.waiting import PATIENCE

KITCHENS = {
    "nothing": "",
    "schedule": """
        clock: {start: "11:00:00", until: 2m}
        queue: {promote_after: 20s, returned_to: front}
        patience: {NORMAL: 30s}
        bots:
          initial: 1
          on_remove: resume
          dispatch: longest-idle
          schedule: [{at: 30s, count: 3}, {at: 1m, count: 1}]
        timeline: [{at: 30s, order: VIP, count: 2}, {at: 10s, remove_bots: 1}]
        arrivals: [{class: {NORMAL: 60%, VIP: 40%}, every: 10s}]
        expect: [{order: 1001, picked_up: 0s}]
    """,
    "chance": """
        params: {crew: 2}
        seed: 5
        clock: {start: "23:59:00", until: 3m}
        service: {exponential: {mean: 15s}}
        patience: {VIP: {exponential: {mean: 10s}}}
        bots: {initial: $crew, on_remove: finish}
        arrivals: [{class: NORMAL, poisson: {rate: 6/m}}]
        sweep: {crew: [2, 3]}
    """,
}
"""Files whose own actions fall on the instants at which things are done by hand."""

ACTIONS = [{"order": "NORMAL"}, {"order": "VIP"}, {"add_bots": 1}, {"remove_bots": 1}]
STEPS = st.lists(
    st.one_of(st.sampled_from(ACTIONS), st.sampled_from(["10s", "10s", "20s", "0s", "3.5s", "1us"])), max_size=12
)


def played(session: Session, steps: list[Any]) -> list[str]:
    """Do things and wait, and return the lines that were told on the way."""
    lines = session.news()
    for step in steps:
        if isinstance(step, dict):
            session.do(**step)
        else:
            session.wait(step)
        lines += session.news()
    return lines


class Pipe:
    """A standard input with these lines, whose writer presses Ctrl-C in the end if that is wanted."""

    def __init__(self, text: str, *, interrupted: bool = False) -> None:
        self.text, self.interrupted = text, interrupted

    def isatty(self) -> bool:
        return False

    def __iter__(self) -> Iterator[str]:
        yield from self.text.splitlines(keepends=True)
        if self.interrupted:
            raise KeyboardInterrupt


class Person:
    """Sits at a terminal on which a live kitchen runs."""

    def __init__(self, process: subprocess.Popen, terminal: int) -> None:
        self.process, self._terminal = process, terminal
        self.written = ""  # all that the terminal was sent

    def types(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def reads(self, text: str) -> None:
        """Read on until a text comes."""
        unread = ""
        while text not in unread:
            unread += self._next()
            assert self.process.poll() is None or text in unread, unread

    def reads_to_the_end(self) -> list[str]:
        """Return the lines that the terminal shows when the kitchen is closed."""
        while self._next():
            pass
        return screen(self.written)

    def _next(self) -> str:
        try:
            text = os.read(self._terminal, 65536).decode(errors="replace")
        except OSError:  # the terminal is closed
            return ""
        self.written += text
        return text


@contextmanager
def person(*args: str, code: str, status: int = 0) -> Iterator[Person]:
    """Open a live kitchen on a terminal, which must end with this status."""
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with fork("kitchen", "--terminal", *args, code=code, streams=streams) as process:
        os.close(theirs)
        try:
            yield Person(process, ours)
            assert process.wait(timeout=PATIENCE) == status
        finally:
            process.kill()
            os.close(ours)
