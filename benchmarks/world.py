"""The day in every restaurant of the largest chain on Earth, as the command runs it: seconds, and memory of all its
processes.
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.common import ENVIRONMENT, print_table, take_turns

WORLD_DAY = Path(__file__).parents[1] / "scenarios" / "world_day.yaml"
ASKED = ("--jobs 1", "--jobs 2")
BETWEEN = 0.05  # seconds from one look at the memory to the next


def command(options: str) -> list[str]:
    run = [sys.executable, "-m", "sim", "replicate", str(WORLD_DAY), *options.split()]
    return [*run, "--engine", "compiled", "--no-save", "--no-files"]


def lines_of_waits(printed: str) -> str:
    """Return the lines about waits, with the titles of their columns."""
    chosen = [line for line in printed.splitlines() if line.startswith(("  metric", "  wait."))]
    if not chosen:
        sys.exit(f"no waits in what the command printed:\n{printed}")
    return "\n".join(chosen)


def processes(parent: int) -> list[int]:
    """Return a process and all its descendants."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    children = [int(child) for children in tasks for child in read(children).split()]
    return [parent, *(one for child in children for one in processes(child))]


def held(process: int) -> int:
    """Return the memory of a process in bytes, what it shares counted in parts."""
    lines = read(Path(f"/proc/{process}/smaps_rollup")).splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def read(file: Path) -> str:
    """Return what a file of a process says, nothing when the process is gone."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def peak_memory(options: str) -> float:
    """Run the command, look at the memory of its processes over and over, and return the most, in MB."""
    most = 0
    running = subprocess.Popen(command(options), stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    while running.poll() is None:
        most = max(most, sum(map(held, processes(running.pid))))
        sleep(BETWEEN)
    if running.returncode:
        sys.exit(f"sim replicate {WORLD_DAY} {options}: exit status {running.returncode}")
    return most / 2**20


def compare_world(repeats: int, restaurants: int | None = None) -> None:
    """Print what the world day takes; memory is looked at in runs of its own, since looking takes time."""
    few = "" if restaurants is None else f" -n {restaurants}"
    waits: set[str] = set()

    def seconds(options: str, _: int) -> float:
        began = perf_counter()
        run = subprocess.run(command(options + few), check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        took = perf_counter() - began
        waits.add(lines_of_waits(run.stdout))
        return took

    memory = {options: peak_memory(options + few) for options in ASKED}
    times = take_turns(ASKED, repeats, seconds)
    asked = f"scenarios/world_day.yaml{few} --engine compiled --no-save --no-files"
    print(f"\nThe world day: sim replicate {asked}, {repeats} runs each")
    if len(waits) > 1:
        sys.exit("\n".join(["these runs must say the same, and do not:", *waits]))
    print_table("s", times, ".2f")
    print(
        "peak memory of all its processes together:",
        *(f"{most:.0f} MB with {name}" for name, most in memory.items()),
        sep="\n",
    )
    print(*waits)
