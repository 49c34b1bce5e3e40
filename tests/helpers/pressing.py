"""Ctrl-C in this process, at a moment that a test chooses: quicker than in a program of its own."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from sim.cli import main, process
from sim.experiment import sharing
from sim.storage import file
from sim.storage.server import ServerClient


class Key:
    """What presses Ctrl-C, from any thread."""

    def __init__(self) -> None:
        self.heard = threading.Event()

    def press(self) -> None:
        """Press it, and wait until the command has heard of it."""
        self.heard.clear()
        os.kill(os.getpid(), signal.SIGINT)
        assert self.heard.wait(60)

    def _interrupt(self, *_: object) -> None:
        self.heard.set()
        raise KeyboardInterrupt


@contextmanager
def ctrl_c() -> Iterator[Key]:
    """Let Ctrl-C interrupt this process as it interrupts a program, also where a shell had it ignored."""
    key = Key()
    before = signal.signal(signal.SIGINT, key._interrupt)
    try:
        yield key
    finally:
        signal.signal(signal.SIGINT, before)


def run_whole(*args: str, **env: str) -> tuple[int, str, str]:
    """Run `sim` as a program to its end, but in this process; return its status and what it prints, as `ended` does."""
    out, errors = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, env),
        patch.object(sys, "argv", ["sim", *args]),
        patch.object(process, "guard_streams", lambda: None),
        patch.object(process.ending, "hear", lambda: None),
        redirect_stdout(out),
        redirect_stderr(errors),
    ):
        status = process.as_process(main)
    assert "Traceback" not in errors.getvalue()
    return status, out.getvalue(), errors.getvalue()


@contextmanager
def at_block(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Act when an experiment has got this block of replications, counted from 1, back from who ran it."""
    learn, blocks = sharing._Pace.learn, []

    def learn_and_count(pace: Any, results: Any) -> None:
        learn(pace, results)
        blocks.append(results)
        if len(blocks) == number:
            act()

    with patch.object(sharing._Pace, "learn", learn_and_count):
        yield


@contextmanager
def at_statement(number: int, act: Callable[[], object]) -> Iterator[list[str]]:
    """Act right before a statement, counted from 0, of all that go to databases; gives those that went there."""
    statements: list[str] = []
    execute, change, request = file._execute_stmt, file._change, ServerClient._request

    def count(statement: str) -> None:
        statements.append(statement)
        if len(statements) == number + 1:
            act()

    def execute_and_count(opened: Any, statement: Any, *args: Any) -> Any:
        count(str(statement))
        return execute(opened, statement, *args)

    def change_and_count(opened: Any, statement: str, values: Any) -> Any:
        count(statement)
        return change(opened, statement, values)

    async def request_and_count(client: ServerClient, body: Any) -> Any:
        count(str(body))
        return await request(client, body)

    with (
        patch.object(file, "_execute_stmt", execute_and_count),
        patch.object(file, "_change", change_and_count),
        patch.object(ServerClient, "_request", request_and_count),
    ):
        yield statements
