"""What is in a database of whole runs, asked by plain clients."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from sim.storage import open_database, push_all
from tests.helpers.server import Server, read_file

SCENARIO = """
scenario: 1
name: NAME
bots: {initial: 30}
service: 10s
arrivals:
  - {class: {NORMAL: 85%, VIP: 15%}, poisson: {rate: 2/s}, limit: ORDERS}
"""
SMALL, LARGE = 60, 3_500  # orders
TABLES = (
    *("schema_migrations", "users", "scenarios", "files", "experiments", "runs"),
    *("bots", "orders", "events", "metrics"),
)
OF_A_RUN = ("bots", "orders", "events", "metrics")
OWN = {"pushed_at", "applied_at"}  # columns in which two databases of the same runs differ
COMMANDS = {
    "run": ["run", "small.yaml", "--no-charts", "--db", "URL"],
    "push": ["push", "--db", "URL"],
    "reproduce": ["runs", "reproduce", "0", "--db", "file:sim.db"],
    "check": ["db", "check", "--write", "--db", "URL"],
}
"""Commands that use a database, in a folder with the scenarios below and, but for `run`, a run in sim.db."""


def scenarios(folder: Path) -> None:
    for name, orders in {"small": SMALL, "large": LARGE}.items():
        text = SCENARIO.replace("NAME", name).replace("ORDERS", str(orders))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def push(file: Path, server: Server) -> int:
    """Push by our code, which must not fail."""
    with open_database(f"file:{file}") as source, open_database(server.url) as target:
        return push_all(source, target)


Ask = Callable[..., list[tuple]]


def rows(ask: Ask) -> dict[str, tuple[int, str]]:
    """Return for each table how many rows it has, and a hash over all of them in the order of their keys."""
    found = {}
    for table in TABLES:
        own = {*OWN, "created_at", "updated_at"} if table == "users" else OWN  # users are made by the migration
        names = [name for (name,) in ask(f"SELECT name FROM pragma_table_info('{table}')") if name not in own]
        page, count, digest = [()], 0, sha256()
        while page:
            page = ask(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2 LIMIT 5000 OFFSET ?", count)
            count += len(page)
            digest.update("".join(map(repr, page)).encode())
        found[table] = count, digest.hexdigest()
    return found


def same_rows(file: Path, server: Server) -> bool:
    return rows(partial(read_file, file)) == rows(server.read)


def whole_runs(ask: Ask) -> int:
    """Return how many runs are there; each must be whole, and nothing else be there."""
    assert ask("PRAGMA foreign_key_check") == []
    if not ask("SELECT 1 FROM sqlite_schema WHERE name = 'runs'"):
        return 0
    orders = {"small": SMALL, "large": LARGE}
    counts = ", ".join(f"(SELECT count(*) FROM {table} WHERE run_id = runs.id)" for table in OF_A_RUN)
    runs = ask(f"SELECT name, status, {counts} FROM runs JOIN scenarios ON scenarios.id = scenario_id")
    for name, status, bots, of_the_run, events, metrics in runs:
        assert (status, bots, of_the_run) == ("complete", 30, orders[name])
        assert events > 3 * orders[name]
        assert metrics > 20
    for place, table in enumerate(OF_A_RUN, 2):
        assert ask(f"SELECT count(*) FROM {table}") == [(sum(run[place] for run in runs),)]
    return len(runs)


def whole_file(file: Path) -> int:
    if not file.exists():
        return 0
    assert read_file(file, "PRAGMA integrity_check") == [("ok",)]
    return whole_runs(partial(read_file, file))


def writing(server: Server) -> int:
    """Return how many rows of runs are there that are not complete."""
    if not server.read("SELECT 1 FROM sqlite_schema WHERE name = 'files'"):
        return 0
    counts = " + ".join(f"(SELECT count(*) FROM {table} WHERE run_id = runs.id)" for table in OF_A_RUN)
    [(count,)] = server.read(f"SELECT coalesce(sum({counts}), 0) FROM runs WHERE status = 'writing'")
    return count
