"""`sim` in a session of its own, as a terminal starts it, and the processes that it starts."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.commands import command


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


def workers(pid: int) -> list[int]:
    found = []
    for one in family(pid):
        try:
            if b"serve()" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.append(one)
        except OSError:
            continue
    return found


@contextmanager
def session(*args: str) -> Iterator[subprocess.Popen]:
    """Start `sim` in a session of its own, as a terminal does."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(*args), start_new_session=True, **pipes) as process:
        try:
            yield process
        finally:
            for one in family(process.pid):
                os.kill(one, signal.SIGKILL)


def wait_for(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def computed(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy(pid: int, jobs: int, seconds: float) -> bool:
    """Whether everybody who simulates has done so for a while; loading takes about a second."""
    those = [pid] if jobs == 1 else workers(pid)
    return len(those) == jobs and all(computed(one) > seconds for one in those)
