"""Programs that tests start as processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {"result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json"}
"""What a run leaves beside its charts."""
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


def start(*args: str, code: str | None = None, cwd: Path | None = None, **env: str) -> subprocess.Popen:
    """Start `sim`, or a small program, in a session of its own, as a terminal does."""
    command = [sys.executable, *(("-m", "sim") if code is None else ("-c", code)), *args]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, cwd=cwd, env={**os.environ, **env}, start_new_session=True)


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
    assert "Traceback" not in errors, errors
    return process.returncode, out, errors


def run_program(*args: str, **options) -> tuple[int, str, str]:
    """Run `sim` to its end, and return its status and what it prints."""
    return ended(start(*args, **options))


def until(condition: Callable[[], object], process: subprocess.Popen) -> None:
    """Wait for a condition, or for the end of a process."""
    while process.poll() is None and not condition():
        time.sleep(0.005)
