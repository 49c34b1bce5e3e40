"""Kills commands that have workers, at any moment, and counts the processes that stay.

`python -m benchmarks.kills [KILLS]`; Linux only, since it asks /proc who is there.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIO = """scenario: 1
name: long
clock: {until: 20h}
service: {exponential: {mean: 10s}}
bots: {initial: 30}
arrivals: [{class: NORMAL, poisson: {rate: 120/m}}]
"""
COMMAND = [sys.executable, "-m", "sim", "replicate", "long.yaml", "--no-save", "--no-charts", "--jobs", "2"]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
GRACE = 20  # seconds that processes have to end


def session_of(pid: int) -> list[int]:
    """Return the processes of the session that `pid` began."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rsplit(")", 1)[1].split()[:4]
        except (OSError, ValueError):  # it ended
            continue
        if int(session) == pid and state != "Z":
            members.append(int(stat.parent.name))
    return members


def kill(number: signal.Signals, folder: str) -> list[int]:
    """Start a command, end it by a signal 0 to 3 seconds later, and return the processes that stay."""
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(
        [*COMMAND, "--engine", "reference"], cwd=folder, start_new_session=True, stdout=nothing, stderr=nothing
    )
    time.sleep(random.uniform(0, 3))
    process.send_signal(number)
    process.wait(GRACE)
    deadline = time.monotonic() + GRACE
    while (staying := session_of(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in staying:
        os.kill(pid, signal.SIGKILL)
    return staying


def main() -> None:
    """Print how many processes stayed after each kind of kill."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    staying = dict.fromkeys(SIGNALS, 0)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "long.yaml").write_text(SCENARIO)
        for index in range(kills):
            number = SIGNALS[index % len(SIGNALS)]
            staying[number] += len(kill(number, folder))
    for number, count in staying.items():
        print(f"{number.name}: {count} processes stayed")
    print(f"{kills} kills, {sum(staying.values())} processes stayed")


if __name__ == "__main__":
    main()
