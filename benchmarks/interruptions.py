"""`python -m benchmarks.interruptions 200`: kill and interrupt what saves and pushes, at random moments.

The tests do so at a few moments that are always the same.
"""

import contextlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.helpers.databases import (
    COMMANDS,
    OF_A_RUN,
    push,
    same_rows,
    scenarios,
    whole_file,
    whole_runs,
    writing,
)
from tests.helpers.locks import ALONE, READS, WRITES, held
from tests.helpers.programs import GO, ended, start, until
from tests.helpers.server import Server, read_file

# small batches, so that a run of this size goes to the server in half a dozen of them, as a very large one does
BATCHES = "import sim.storage.saving; sim.storage.saving._BATCH = 200_000; from sim.__main__ import main; main()"


def do(*args: str, cwd: Path) -> None:
    """Run `sim` to its end, without a complaint."""
    assert ended(start(*args, cwd=cwd))[::2] == (0, "")


class Sudden:
    """What is killed at random moments while it saves; `anywhere` also long before that."""

    def __init__(self, folder: Path, anywhere: bool = False) -> None:
        self.folder = folder
        self.anywhere = anywhere
        self.source = folder / "source"
        self.source.mkdir()
        scenarios(self.source)
        do("run", "large.yaml", "--no-charts", cwd=self.source)
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in OF_A_RUN)
        [(self._rows,)] = read_file(self.source / "sim.db", f"SELECT {counts}")
        self._count = 0

    def place(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        scenarios(place)
        return place

    def wait(self, process: subprocess.Popen, server: Server) -> None:
        """Wait until the server has a random part of the rows, and then a little."""
        if self.anywhere and random.random() < 0.1:
            time.sleep(random.uniform(0, 1))
        else:
            part = random.randrange(self._rows)
            until(lambda: writing(server) >= part, process)
            time.sleep(random.uniform(0, 0.03))

    def server_killed(self, twice: bool = False) -> str:
        """Kill the server in the middle of a push, start it again, and push again."""
        place = self.place()
        file = shutil.copy(self.source / "sim.db", place / "sim.db")
        with Server(place / "server") as server:
            process = start("push", "--db", server.url, code=BATCHES, cwd=place)
            self.wait(process, server)
            server.kill()
            status, _, errors = ended(process)
            if status:
                assert (status, errors.count("\n")) == (4, 1)
                assert errors.startswith(f"sim: database {server.url}: ")
                assert errors.endswith("; sim push goes on where it stopped\n")
            server.start()
            left = writing(server)
            if twice:
                process = start("push", "--db", server.url, code=BATCHES, cwd=place)
                self.wait(process, server)
                server.kill()
                ended(process)
                server.start()
            push(file, server)
            assert push(file, server) == 0
            assert same_rows(file, server)
            assert whole_runs(server.read) == 1
        shutil.rmtree(place)
        return "middle" if left else "after" if status == 0 else "before"

    def program_killed(self, what: str) -> str:
        """Kill `sim run` into the file, `sim run --db` or `sim push`, and push what is there."""
        place = self.place()
        file, journal = place / "sim.db", place / "sim.db-journal"
        with Server(place / "server") as server:
            args = ["run", "large.yaml", "--no-charts"] if what.startswith("run") else ["push"]
            args += ["--db", server.url] * (what != "run")
            if what == "push":
                shutil.copy(self.source / "sim.db", file)
            process = start(*args, code=BATCHES, cwd=place)
            if what == "run":
                until(journal.exists, process)
                time.sleep(random.uniform(0, 0.5 if self.anywhere else 0.1))
            else:
                self.wait(process, server)
            process.kill()
            status, _, _ = ended(process)
            in_file, in_server = journal.exists(), writing(server)
            runs = whole_file(file)
            assert runs in (0, 1)
            assert runs == 1 or what != "push"
            if file.exists():
                push(file, server)
                assert same_rows(file, server)
            assert whole_runs(server.read) == runs
        shutil.rmtree(place)
        if status == 0:
            return "after"
        return (
            "middle of the file" if in_file else "middle of the push" if in_server else "run whole" * runs or "before"
        )


def interrupt(args: list[str], moment: float | threading.Event, cwd: Path) -> tuple[int, str, float]:
    """Press Ctrl-C after some seconds or behind an event, and return the status, the line and how long the end took."""
    process = start(*args, code=GO, cwd=cwd)
    assert process.stdout.readline() == "go\n"
    if isinstance(moment, threading.Event):
        until(moment.is_set, process)
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    status, _, errors = ended(process)
    took = time.monotonic() - began
    if status == 0:
        assert errors == ""
    else:
        assert status == 130, errors
        assert re.fullmatch("sim: interrupted(; .+)?\n", errors), errors
    return status, errors, took


def interrupted(what: str, moments: int, place: Path, scenario: str = "small") -> Counter[str]:
    """Interrupt a command at random moments between its start and its end, and push what is there."""
    place.mkdir()
    scenarios(place)
    said: Counter[str] = Counter()
    with Server(place / "server") as server:
        args = [server.url if one == "URL" else one.replace("small", scenario) for one in COMMANDS[what]]
        file = place / "sim.db"
        do("run", f"{scenario}.yaml", "--no-charts", cwd=place)
        whole = 0.0
        for moment in range(moments + 1):
            if what == "push":  # there is always something to push
                with closing(sqlite3.connect(file)) as fresh, fresh:
                    fresh.execute("UPDATE runs SET pushed_at = NULL")
                server.kill()
                shutil.rmtree(place / "server")
                server.start()
            if not whole:
                began = time.monotonic()
                do(*args, cwd=place)
                whole = time.monotonic() - began
                continue
            before = whole_file(file)
            status, line, took = interrupt(args, random.uniform(0, whole * moment / moments), place)
            assert took < 3, (what, moment, status, line, took)
            after = whole_file(file)
            assert after - before in ((0, 1) if what == "run" else (0,))
            if "kept of" in line:
                assert ("kept of the simulated run: run " in line) == (after > before), line
            push(file, server)
            assert server.read("SELECT count(*) FROM runs WHERE status = 'writing' AND deleted_at IS NULL") == [(0,)]
            said["done" if status == 0 else line.split(";")[0].strip()] += 1
            said["kept" if "kept of" in line or "goes on" in line else "-"] += 1
            said[f"slowest {what} ms"] = max(said[f"slowest {what} ms"], int(1000 * took))
        if what != "check":  # which leaves no run
            assert same_rows(file, server)
    return said


def main(times: int, stories: str = "server program ctrl-c locks") -> None:
    """Kill and interrupt many times at random moments, and print where that hit."""
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name), time.monotonic()
        sudden = Sudden(folder, anywhere=True)

        def tell(what: str, counts: object) -> None:
            print(f"{what}: {counts} ({time.monotonic() - began:.0f} s)", flush=True)

        if "server" in stories:
            tell("server killed", Counter(sudden.server_killed(twice=n % 4 == 0) for n in range(times)))
        if "program" in stories:
            for what in ("run", "run --db", "push"):
                counts = Counter(sudden.program_killed(what) for _ in range(-(-times // 3)))
                tell(f"sim {what} killed", counts)
        if "ctrl-c" in stories:
            for what in COMMANDS:
                counts = interrupted(what, times // 4, folder / what, scenario="large")
                tell(f"sim {what} interrupted", dict(counts))
        if "locks" in stories:
            place = sudden.place()
            do("run", "small.yaml", "--no-charts", cwd=place)
            for statements in (WRITES, READS, ALONE):
                with held(place / "sim.db", statements) as let_go:
                    threading.Timer(25, let_go).start()
                    do("run", "small.yaml", "--no-charts", cwd=place)
            assert whole_file(place / "sim.db") == 4
            tell("locks of 25 s", "all runs saved")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
