"""`python -m benchmarks.migration [RUNS] [KILLS]`: carry a database of schema 4 over to the schema of today.

Prints its size before and after, and how long that takes. Before, the migration is killed at KILLS moments, and the
file must hold what it held; after it each number must be the same, bit for bit.
"""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from sim.storage import open_database
from sim.storage.listing import all_metrics

FOURTH = Path(__file__).parents[1] / "tests" / "data" / "schema-4.sql"
OPEN = (
    "import sys; from sim.storage import open_database; print('ready', flush=True); open_database(sys.argv[1]).close()"
)


def make(file: Path, runs: int) -> None:
    """Make a database of schema 4 with so many replications of one experiment, with numbers of their own."""
    draw = random.Random(1)  # no secret
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(FOURTH.read_text(encoding="utf-8"))
        columns = [
            name for _, name, *_ in connection.execute("PRAGMA table_info(runs)") if name not in ("id", "replication")
        ]
        told = ", ".join(columns)
        model = "SELECT id FROM runs WHERE experiment_id IS NOT NULL ORDER BY id LIMIT 1"
        copy = f"INSERT INTO runs (id, replication, {told}) SELECT ?, ?, {told} FROM runs WHERE id = ({model})"
        names = [name for (name,) in connection.execute(f"SELECT name FROM metrics WHERE run_id = ({model})")]
        for number in range(100, 100 + runs):
            run_id = f"01b00000-0000-7000-8000-{number:012x}"
            connection.execute(copy, (run_id, number))
            rows = [(run_id, name, draw.choice([None, draw.random() * 10 ** draw.randint(-3, 6)])) for name in names]
            connection.executemany("INSERT INTO metrics VALUES (?, ?, ?)", rows)


def numbers_before(file: Path) -> dict[str, dict[str, float | None]]:
    """Return the metrics of all runs that are listed, as schema 4 has them."""
    metrics: dict[str, dict[str, float | None]] = {}
    listed = "SELECT id FROM runs WHERE status = 'complete' AND deleted_at IS NULL"
    with closing(sqlite3.connect(file)) as connection:
        for run_id, name, value in connection.execute(f"SELECT * FROM metrics WHERE run_id IN ({listed})"):
            metrics.setdefault(run_id, {})[name] = value
    return metrics


def kill(file: Path, seconds: float) -> bool:
    """Begin to carry it over, kill that after some seconds, and tell whether it was still at work."""
    process = subprocess.Popen([sys.executable, "-c", OPEN, f"file:{file}"], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        sleep(seconds)
        process.kill()
    return process.returncode == -signal.SIGKILL


def main(runs: int, kills: int) -> None:
    with TemporaryDirectory() as folder:
        base, file = Path(folder) / "base.db", Path(folder) / "sim.db"
        make(base, runs)
        before = numbers_before(base)
        shutil.copy(base, file)
        began = perf_counter()
        with open_database(f"file:{file}") as database:
            took = perf_counter() - began
            after = {run.id: metrics for run, metrics in all_metrics(database)}
            carried = file.stat().st_size
            database.query("VACUUM")
        assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)
        sizes = (base.stat().st_size, carried, file.stat().st_size)
        print(f"{len(before):,} runs carried over in {took:.1f} s; MB before, after and without free room:", end=" ")
        print(", ".join(f"{size / 1e6:.1f}" for size in sizes))
        shutil.copy(base, file)
        in_time = 0
        for number in range(kills):
            in_time += kill(file, took * (number + 1) / (kills + 1))
            assert numbers_before(file) == before
        with open_database(f"file:{file}") as database:
            assert {run.id: metrics for run, metrics in all_metrics(database)} == before
        print(f"{in_time} of {kills} kills met it at work; nothing was lost, and the next call carried it over")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3] or (10_000, 5)))
