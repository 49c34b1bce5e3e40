"""`python -m benchmarks.storage [--quick]`: print how fast runs are stored, beside other forms of their events.

Ratios compare medians of measurements that alternate in one go. Each is made by a process of its own, `python -m
benchmarks.storage WORK ORDERS URL [SOURCE]`, which prints what it found as JSON; memory is known on Linux only.
"""

import argparse
import json
import sqlite3
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.common import print_table, python
from sim.experiment import Run, replication_of, run
from sim.scenario import load_scenario
from sim.storage import Database, find_run, list_runs, load_run, open_database, push_all, save_run
from sim.storage.connection import Statement
from sim.storage.pages import _events, in_values
from sim.storage.rows import new_run_id, opening, page, run_row, scenario_row

ORDERS = 310_000  # a little more than 1,000,000 events
CHUNK = 10_000  # events; the product's pages hold as many
BATCH = 5  # chunks or pages in a transaction on a server, as the product has them
CHUNKS = (
    "CREATE TABLE chunks (run_id TEXT NOT NULL REFERENCES runs (id), number INTEGER NOT NULL, content ANY NOT NULL, "
    "PRIMARY KEY (run_id, number)) STRICT, WITHOUT ROWID"
)
Chunks = Iterator[list[Statement]]


def json_rows(run: Run, run_id: str) -> Chunks:
    """The product's form to a server: rows, sent as one text a page, which the database takes apart."""
    for columns in _events(run):
        yield [page("events", run_id, to_json(list(zip(*columns, strict=True))))]


def value_rows(run: Run, run_id: str) -> Chunks:
    """The product's form into a file: rows, sent as a value for each column."""
    for columns in _events(run):
        yield list(in_values("events", run_id, columns))


def json_chunks(run: Run, run_id: str) -> Chunks:
    """Columns as JSON, 10,000 events in one row."""
    for number, (_, *columns) in enumerate(_events(run)):
        yield [("INSERT INTO chunks VALUES (?, ?, ?)", (run_id, number, to_json(columns)))]


def zlib_chunks(run: Run, run_id: str) -> Chunks:
    """Columns as packed numbers, compressed, 10,000 events in one row."""
    log = run.log
    columns = (np.diff(log.time, prepend=0), log.kind, log.order, log.bot)
    for number, start in enumerate(range(0, len(log), CHUNK)):
        packed = b"".join(column[start : start + CHUNK].tobytes() for column in columns)
        yield [("INSERT INTO chunks VALUES (?, ?, ?)", (run_id, number, zlib.compress(packed, 1)))]


FORMS = {"JSON rows": json_rows, "value rows": value_rows, "JSON chunks": json_chunks, "zlib chunks": zlib_chunks}


def to_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def simulated(orders: int) -> Run:
    """Return a run of the benchmark's queue, measured."""
    done = run(load_scenario(Path(__file__).with_name("mm3.yaml"), orders=orders), 1)
    assert done.measures
    return done


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    """Do `work`; return its seconds, and by how many MB the process grew at most."""
    before = peak_memory()
    began = perf_counter()
    work()
    return {"seconds": perf_counter() - began, "memory": peak_memory() - before}


def peak_memory() -> float:
    """Return the most memory, in MB, that this process has held since this was called last; 0 if that is not known."""
    if sys.platform != "linux":
        return 0.0
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    Path("/proc/self/clear_refs").write_text("5")
    return int(line.split()[1]) / 1024


def billed(database: Database) -> Counter[str]:
    """Return what will hold the rows written by table, as the server counts them: those that Turso bills for."""
    post, written = database._client._post, Counter()  # noqa: SLF001  # libsql-client throws these numbers away

    async def noting(body: Any) -> Any:
        answer = await post(body)
        if batch := body["requests"][0].get("batch"):
            results = answer["results"][0]["response"]["result"]["step_results"]
            for step, result in zip(batch["steps"], results, strict=True):
                sql = step["stmt"]["sql"].split()
                written[sql[2] if sql[0] == "INSERT" else "other"] += (result or {}).get("rows_written", 0)
        return answer

    database._client._post = noting  # noqa: SLF001
    return written


def events(form: str, orders: int, url: str) -> dict[str, Any]:
    """Write the events of a run in one of the forms."""
    done, run_id = simulated(orders), new_run_id()
    row = run_row(done.scenario, done.seed, replication_of(done), run_id, ())
    with open_database(url) as database:
        database.write([(CHUNKS, ()), *opening(row, scenario_row(done.scenario))])
        chunks = FORMS[form](done, run_id)
        if database.address.is_remote:
            written = billed(database)
            found = timed(lambda: [database.write(chain(*batch)) for batch in batches(chunks)])
            return {**found, "events": len(done.log), "billed": sum(written.values())}
        file = Path(database.address.target)
        size = file.stat().st_size
        found = timed(lambda: database.write(chain(*chunks)))
        return {**found, "events": len(done.log), "bytes": file.stat().st_size - size}


def batches(chunks: Chunks) -> Iterator[list[list[Statement]]]:
    while batch := list(islice(chunks, BATCH)):
        yield batch


def raw(orders: int, url: str) -> dict[str, Any]:
    """Write the events of a run as plain sqlite3 does when all rows are at hand."""
    done, run_id, file = simulated(orders), new_run_id(), Path(url.removeprefix("file:"))
    rows = [(run_id, *row) for columns in _events(done) for row in zip(*columns, strict=True)]
    with open_database(url):
        size = file.stat().st_size

    def work() -> None:
        with sqlite3.connect(file) as connection:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)

    return {**timed(work), "events": len(rows), "bytes": file.stat().st_size - size}


def save(orders: int, url: str) -> dict[str, Any]:
    done = simulated(orders)
    with open_database(url) as database:
        return {**timed(lambda: save_run(database, done)), "events": len(done.log)}


def push(_: int, url: str, source: str) -> dict[str, Any]:
    with open_database(source) as local, open_database(url) as target:
        written = billed(target)
        return {**timed(lambda: push_all(local, target)), "billed": written}


def load(_: int, url: str) -> dict[str, Any]:
    with open_database(url) as database:
        [stored] = list_runs(database)
        return timed(lambda: load_run(database, find_run(database, stored.id)))


def measure(work: str, orders: int, *urls: str) -> dict[str, Any]:
    """Do one piece of work in a fresh process."""
    return json.loads(python("-m", "benchmarks.storage", work, str(orders), *urls))


def compare_forms(orders: int, repeats: int, server: Callable[[Path], Any] | None) -> None:
    """Print how fast each form of the events is written, into a file and to a server, beside plain sqlite3."""
    local, remote = defaultdict(list), defaultdict(list)
    with TemporaryDirectory() as folder:
        for number in range(repeats):
            for form in ("raw", *FORMS):
                file = Path(folder) / f"{form}{number}.db"
                local[form].append(measure(form, orders, f"file:{file}"))
                file.unlink()
                if server and form != "raw":
                    with server(Path(folder) / f"{form}{number}") as running:
                        remote[form].append(measure(form, orders, running.url))
    total = local["raw"][0]["events"]
    speeds = {form: [total / one["seconds"] for one in found] for form, found in local.items()}
    print(f"\n{total:,} events of one run into a file, {repeats} times each; raw is sqlite3.executemany")
    print_table("events/s", speeds, ",.0f")
    if server:
        print(f"\nThe same to a server on loopback, {BATCH * CHUNK:,} events a transaction; raw is that of the file")
        speeds = {form: [total / one["seconds"] for one in found] for form, found in remote.items()}
        print_table("events/s", {"raw": [total / one["seconds"] for one in local["raw"]], **speeds}, ",.0f")
    print(f"\n{'':12}{'bytes of file an event':>24}{'rows written, says the server':>32}")
    for form, found in local.items():
        rows = f"{remote[form][0]['billed']:,}" if form in remote else ""
        print(f"{form:12}{found[0]['bytes'] / total:>24.1f}{rows:>32}")


def compare_sizes(sizes: tuple[int, ...], repeats: int, server: Callable[[Path], Any] | None) -> None:
    """Print what saving, pushing and reading back whole runs take."""
    found, number = defaultdict(list), count()
    with TemporaryDirectory() as folder:
        for _ in range(repeats):
            for orders in sizes:
                file = f"file:{folder}/{next(number)}.db"
                found[orders, "save, file"].append(measure("save", orders, file))
                found[orders, "load, file"].append(measure("load", orders, file))
                if server:
                    with server(Path(folder) / str(next(number))) as running:
                        found[orders, "push"].append(measure("push", orders, running.url, file))
                        found[orders, "load, server"].append(measure("load", orders, running.url))
    print(f"\nWhole runs, median of {repeats}; memory is the growth of the process at its peak")
    print(f"{'':14}{'orders':>9}{'events':>11}{'seconds':>10}{'events/s':>11}{'MB':>7}")
    for orders, name in sorted(found, key=lambda key: (key[1], key[0])):
        total = found[orders, "save, file"][0]["events"]
        seconds, memory = (median(one[what] for one in found[orders, name]) for what in ("seconds", "memory"))
        print(f"{name:14}{orders:>9,}{total:>11,}{seconds:>10.2f}{total / seconds:>11,.0f}{memory:>7.0f}")
    if server:
        tables = found[sizes[-1], "push"][0]["billed"].items()
        print(f"rows written, says the server: {', '.join(f'{table} {rows:,}' for table, rows in tables if rows)}")


def main(orders: int, repeats: int) -> None:
    import pytest

    from tests.helpers.server import Server, server_program

    try:
        server_program()
        server = Server
    except pytest.skip.Exception as missing:
        print(f"without server, since there is {missing}")
        server = None
    compare_forms(orders, repeats, server)
    compare_sizes((orders // 10, orders), 3, server)


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].startswith("-"):
        work, orders, *urls = sys.argv[1:]
        works = {"raw": raw, "save": save, "push": push, "load": load}
        print(json.dumps((works.get(work) or partial(events, work))(int(orders), *urls)))
    else:
        parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__.split("\n")[0])
        parser.add_argument("--quick", action="store_true", help="100,000 events, fewer repeats")
        main(*(ORDERS // 10, 3) if parser.parse_args().quick else (ORDERS, 5))
