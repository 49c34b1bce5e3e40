"""`python -m benchmarks.phases [ORDERS]`: print what each phase of one large `sim run` takes (default 1,000,000)."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from sim.engines import run_engine
from sim.experiment import Run
from sim.metrics import final_of
from sim.output.charts.files import charts
from sim.output.tables import tables, write_csv
from sim.output.text import result_lines
from sim.scenario import load_scenario
from sim.storage import open_database, save_run


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Do `work`, print its time and the process's peak memory so far, and return its result."""
    began, used = perf_counter(), process_time()
    result = work()
    seconds, cpu = perf_counter() - began, process_time() - used
    print(f"{name:14}{seconds:>8.2f}{cpu:>8.2f}{getrusage(RUSAGE_SELF).ru_maxrss / 1024:>10.0f}", flush=True)
    return result


def write_tables(run: Run, folder: Path) -> None:
    """Write the CSV files of a run."""
    for name, table in tables(run).items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            write_csv(table, file)


def save(run: Run, folder: Path) -> None:
    """Store a run in a new database."""
    with open_database(f"file:{folder / 'sim.db'}") as database:
        save_run(database, run)


def main(orders: int) -> None:
    """Run the benchmark's queue once and write everything that `sim run` writes."""
    print(f"{'phase':14}{'wall s':>8}{'CPU s':>8}{'peak MB':>10}")
    scenario = timed("load", lambda: load_scenario(Path(__file__).with_name("mm3.yaml"), orders=orders))
    workload = timed("workload", lambda: scenario.workload(1))
    log = timed("engine", lambda: run_engine(workload, "reference"))
    now = datetime.now(UTC)
    run = Run(scenario, 1, 1, "reference", 0, workload, log, final_of(workload, log, scenario.end), now, now)
    timed("measure", lambda: run.measures)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "result.txt").open("w") as file:
            timed("result.txt", lambda: file.writelines(f"{line}\n" for line in result_lines(run)))
        timed("CSV files", lambda: write_tables(run, folder))
        for chart, draw in charts(run).items():
            timed(f"chart {chart}", partial(lambda draw: draw().savefig(folder / "chart.png", dpi=150), draw))
        timed("database", lambda: save(run, folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
