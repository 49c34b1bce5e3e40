"""Programs that tests start as processes of their own: `sim` in a fork of this process, or anew."""

import atexit
import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from traceback import print_exc
from typing import Any

import pytest

FILES = {"result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json", "page.html"}
"""What a run leaves beside its charts."""
PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
MAIN = "from sim.__main__ import main; main()"
GO = """
import sys

class Loading:
    def find_spec(self, name, *_):
        if name == "sim.cli":
            print("go", flush=True)

sys.meta_path.insert(0, Loading())
from sim.__main__ import main; main()
"""
# `go` comes where our code has taken over from Python, which has a traceback for Ctrl-C


def fork(
    *args: str, code: str = MAIN, streams: Mapping[str, Any] = PIPES, new_session: bool = True
) -> subprocess.Popen:
    """Start `sim`, or what `code` makes of it, in a session of its own, as a terminal does.

    The process has loaded what this one has, which saves half a second; all else is as if it was started anew: its
    streams and signals, and how it ends.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 tells of our threads, which it does not use
        return subprocess.Popen(
            ["sim", *args],
            preexec_fn=partial(_become_program, args, code),  # noqa: PLW1509 - instead of which it never comes to run ["sim", …]
            restore_signals=False,
            start_new_session=new_session,
            **streams,
        )


def _become_program(args: tuple[str, ...], code: str) -> None:
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    gc.freeze()  # or files of tests that go now would close ours, which have their numbers
    gc.enable()
    atexit._clear()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # As the interpreter has them: they never close what they stand for, also where a fork of a fork has others.
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    sys.argv = ["sim", *args]
    status = 1
    try:
        exec(code, {"__name__": "__main__"})
        status = 0
    except SystemExit as leaving:
        status = leaving.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter does
        print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status)


def start(
    *args: str, code: str = MAIN, streams: Mapping[str, Any] = PIPES, cwd: Path | None = None
) -> subprocess.Popen:
    """Do as `fork`, but in a new interpreter."""
    return subprocess.Popen([sys.executable, "-c", code, *args], start_new_session=True, cwd=cwd, **streams)


def ended(process: subprocess.Popen, seconds: float = 60) -> tuple[int, str, str]:
    """Return the status and the output of a process that must end, and leave no other process behind."""
    with process:
        try:
            out, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert "Traceback" not in (errors or ""), errors
    return process.returncode, out, errors


def until(condition: Callable[[], object], process: subprocess.Popen) -> None:
    """Wait for a condition, or for the end of a process."""
    while process.poll() is None and not condition():
        time.sleep(0.005)
