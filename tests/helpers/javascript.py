"""The engine in kitchen.js, asked line by line of one node process."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from sim.events import EventLog
from sim.model import Workload
from tests.helpers import ROOT

PAGE = ROOT / "sim" / "output" / "page"
ANSWER = Path(__file__).with_name("answer.js")
REPLAY = Path(__file__).with_name("replay.js")
COLUMNS = {"time": np.int64, "kind": np.uint8, "order": np.int32, "order_class": np.int8, "bot": np.int32}


def node_program() -> str:
    """Return node; without it, fail in CI and skip elsewhere."""
    program = shutil.which("node")
    if program:
        return program
    reason = "no node: kitchen.js cannot be run; install Node.js 20 or newer"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def columns_of(workload: Workload) -> dict[str, Any]:
    """Return a workload as kitchen.js takes it."""
    names = ("action_time", "action", "order_class", "service", "patience")
    rest = {"first_number": workload.first_number, "horizon": workload.horizon, "rules": asdict(workload.rules)}
    return {name: getattr(workload, name).tolist() for name in names} | rest


def question(workload: Workload, stops: Sequence[int] = ()) -> str:
    return json.dumps({"workload": columns_of(workload), "stops": stops})


class JavaScriptEngine:
    """A node process with kitchen.js, which runs one workload after the other."""

    def __enter__(self) -> Self:
        command = [node_program(), str(ANSWER), PAGE.as_uri()]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.contract = json.loads(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def simulate(self, workload: Workload, stops: Sequence[int] = ()) -> EventLog:
        """Return the log that kitchen.js makes, which may stop at some instants on its way; its own fingerprint must be
        that of the log.

        Raises:
            ArithmeticError: kitchen.js refuses the workload.

        """
        said = self.answer(PAGE, question(workload, stops))
        if "error" in said:
            raise ArithmeticError(said["error"])
        log = EventLog(**{name: np.array(said[name], kind) for name, kind in COLUMNS.items()}, end=said["end"])
        assert said["fingerprint"] == log.fingerprint
        return log

    def answer(self, folder: Path, asked: str) -> dict[str, Any]:
        """Return what the engine of a folder answers to a question: a log with its fingerprint, or an error."""
        print(folder.as_uri(), asked, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def replays(questions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the page's modules make of sources of pages, as replay.js says it."""
    command = [node_program(), str(REPLAY), PAGE.as_uri()]
    lines = "\n".join(json.dumps(question) for question in questions)
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in said.stdout.splitlines()]
