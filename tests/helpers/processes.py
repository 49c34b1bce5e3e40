"""`sim` in a session of its own, as a terminal starts it, and the processes that it starts."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.programs import MAIN, fork


def family(pid: int) -> list[int]:
    """The processes of a session, but for those that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rsplit(")", 1)[1].split()[:4]
        except (OSError, ValueError):
            continue
        if int(session) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


@contextmanager
def session(*args: str, code: str = MAIN, begin: Callable[..., subprocess.Popen] = fork) -> Iterator[subprocess.Popen]:
    """Start `sim`, or what `code` makes of it, in a session of its own, of which nobody is left behind."""
    with begin(*args, code=code) as process:
        try:
            yield process
        finally:
            for one in family(process.pid):
                os.kill(one, signal.SIGKILL)


SIGNS = """
ENGINE = '''
import sim.experiment
from sim.engines import reference
simulate = reference.__dict__.setdefault("_simulate", reference.simulate)  # in a fork of who tells, too
def tell(sign):
    with open("signs", "a") as signs:
        signs.write(sign)
def simulate_and_tell(*args):
    tell("simulates ")
    return simulate(*args)
reference.simulate = simulate_and_tell
'''
exec(ENGINE)
import sim.experiment.sharing as sharing, sim.experiment.workers as workers
learn, command = sharing._Pace.learn, workers.python_command
def learn_and_tell(*args):
    tell("finished ")
    learn(*args)
sharing._Pace.learn = learn_and_tell
workers.python_command = lambda code: command(f"exec({ENGINE!r}); {code}")
from sim.__main__ import main; main()
"""
"""`sim` for `session` which tells, as its workers do, what it is at; `signs` counts that."""


def signs(what: str) -> int:
    """Return how often a program said that it `simulates`, or that it has got a block of replications `finished`."""
    file = Path("signs")
    return file.read_text().count(what) if file.exists() else 0
