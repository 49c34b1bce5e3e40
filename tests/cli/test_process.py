"""A command as a process: standard streams that are closed, full or left by their reader, and its last net."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from sim import load_scenario, replicate
from sim.cli import process
from sim.errors import SimulationError
from sim.experiment import look
from sim.output import streams
from sim.scenario import Scenario
from tests.helpers.commands import command, write
from tests.helpers.crews import CERTAIN, KITCHEN, VERDICTS, stored
from tests.helpers.programs import PIPES, ended, fork

CANNOT = "sim: standard output: cannot be written (No space left on device)\n"
BAD = "sim: standard output: cannot be written (Bad file descriptor)\n"


@pytest.fixture(autouse=True)
def folder(elsewhere: Path) -> Path:
    """A folder with scenarios of which one fails, where every command of this file runs."""
    write("certain.yaml", CERTAIN.split("thresholds")[0] + "expect: [{bot: 1, at: 0s, status: PROCESSING}]\n")
    write("fails.yaml", KITCHEN + VERDICTS)
    write("wrong.yaml", "scenario: 1\n")
    return elsewhere


def redirected(words: str, **streams: IO) -> tuple[int, str]:
    """Run a command with other standard streams and return its status, and what it says on standard error."""
    status, _, errors = ended(fork(*words.split(), streams=PIPES | streams))
    return status, errors


CLOSING = """
import os, sys
for number in STREAMS:
    os.close(number)
    setattr(sys, ("stdin", "stdout", "stderr")[number], None)  # as the interpreter has them where they are closed
from sim.__main__ import main; main()
"""


def closed(words: str, *streams: int) -> tuple[int, str]:
    """Run a command without some of its standard streams; return its status, and what it says on standard error."""
    status, _, errors = ended(fork(*words.split(), code=CLOSING.replace("STREAMS", repr(streams))))
    return status, errors


@pytest.fixture
def full() -> Iterator[IO]:
    """A file on a disk that is full."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as file:
        yield file


# Standard streams


@pytest.mark.parametrize("words", ["--help", "schema", "validate certain.yaml", "check certain.yaml"])
def test_a_reader_that_leaves_ends_every_command_quietly(words):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as left:
        assert redirected(words, stdout=left) == (141, "")


def test_a_full_disk_under_standard_output_keeps_a_command_from_nothing_else(full):
    assert redirected("check certain.yaml --junit certain.xml --db file:sim.db", stdout=full) == (4, CANNOT)
    assert Path("certain.xml").exists()
    assert stored() == [1]


def test_what_is_worse_than_a_full_disk_is_the_status(full):
    assert redirected("check fails.yaml -n 2", stdout=full) == (1, CANNOT)
    assert redirected("check certain.yaml wrong.yaml", stdout=full) == (2, CANNOT)


def test_where_standard_error_cannot_be_written_the_status_must_do(full):
    assert redirected("validate wrong.yaml", stderr=full) == (2, None)


def test_closed_streams_are_a_line_where_there_is_a_place_for_one_and_no_file_takes_theirs():
    assert closed("run certain.yaml --no-charts", 1) == (4, BAD)
    assert closed("validate wrong.yaml", 0, 1, 2) == (2, "")
    assert closed("run certain.yaml --no-charts", 0, 1, 2) == (4, "")
    assert stored("SELECT count(*) FROM runs") == [2]


# The last net


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    """Run a function as a command and return its status, and what it says on standard error."""
    monkeypatch.setattr(process, "guard_streams", lambda: None)
    monkeypatch.setattr(process.ending, "hear", lambda: None)

    def run(act) -> tuple[int, str]:
        return process.as_process(act), capsys.readouterr().err

    return run


def fault() -> None:
    raise ZeroDivisionError("of a kind\nthat nobody expects")


def test_a_fault_of_the_program_is_one_line_that_says_so_and_status_70(net, monkeypatch):
    status, line = net(fault)
    assert status == 70
    assert re.fullmatch(
        r"sim: internal error: ZeroDivisionError: of a kind\\nthat nobody expects \(test_process.py:\d+\); "
        r"please report it with this line and the scenario file; KITCHENSIM_DEBUG=1 shows more\n",
        line,
    )
    monkeypatch.setenv("KITCHENSIM_DEBUG", "1")
    status, errors = net(fault)
    assert (status, errors.splitlines()[0]) == (70, "Traceback (most recent call last):")
    assert errors.endswith(line)


def test_an_error_of_the_system_is_not_taken_for_one_of_standard_output(net):
    status, errors = net(lambda: Path("missing").stat())
    assert status == 70
    assert "FileNotFoundError: [Errno 2] No such file or directory: 'missing'" in errors


def test_too_little_memory_is_a_line(net, monkeypatch):
    def too_large(*_: object) -> None:
        raise MemoryError

    assert net(too_large) == (2, "sim: needs more memory than there is; make it shorter, or use fewer jobs\n")
    certain = load_scenario("certain.yaml")
    for drawing in ("workload", "workloads"):
        monkeypatch.setattr(Scenario, drawing, too_large)
    with pytest.raises(SimulationError, match="certain, replication 1: needs more memory than there is; "):
        replicate(certain)
    assert "needs more memory" in str(look(certain))


# Platforms


def test_charts_do_not_depend_on_how_a_notebook_or_a_desktop_shows_theirs(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://of_another_environment.backend")
    write("crews.yaml", KITCHEN + "sweep: {crew: [3]}\n")
    sweep = subprocess.run(
        command("sweep", "crews.yaml", "-n1", "--no-save"), capture_output=True, text=True, check=False
    )
    assert (sweep.returncode, sweep.stderr) == (0, "")
    assert Path("out/kitchen/charts/sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_system_without_the_signals_of_unix_runs_commands():
    code = (
        "import signal\n"
        "for name in ('SIGALRM', 'setitimer', 'ITIMER_REAL', 'SIGHUP', 'pthread_sigmask'):\n"
        "    delattr(signal, name)\n"
        "import sys; sys.modules['resource'] = sys.modules['pwd'] = None\n"
        "from sim.__main__ import main; main()"
    )
    words = ["replicate", "fails.yaml", "-n", "4", "--jobs", "2", "--no-charts"]
    program = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert (program.returncode, program.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_signal_that_is_ignored_stays_ignored():
    """As under nohup."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        process.Ending().hear()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer to press Ctrl-C again")
def test_ctrl_c_right_after_a_write_comes_when_the_stream_knows_what_is_written(tmp_path, monkeypatch):
    alarms = []

    class Interrupted(list):
        """Where the interpreter looks for signals when a call returns."""

        def extend(self, written):
            super().extend(written)
            raise KeyboardInterrupt

    monkeypatch.setattr(streams, "list", Interrupted, raising=False)
    monkeypatch.setattr(signal, "setitimer", lambda timer, seconds: alarms.append((timer, seconds)))
    with streams.Stream(tmp_path / "output", "w") as stream:
        assert stream.write(b"a line\n") == 7
    assert (tmp_path / "output").read_bytes() == b"a line\n"
    assert alarms == [(signal.ITIMER_REAL, 0.01)]
