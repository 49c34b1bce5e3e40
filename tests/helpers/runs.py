"""Runs on the command line: stored, listed, tampered with."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.helpers.commands import names, sim

# nothing random: three orders, two bots, one of which goes while it cooks
SHORT = """
scenario: 1
name: short
params: {cook: 10s}
service: $cook
bots: {initial: 2}
timeline:
  - {at: 0s, order: NORMAL, count: 3}
  - {at: 4s, order: VIP}
  - {at: 5s, remove_bots: 1}
"""
TABLES = ("runs", "scenarios", "files", "orders", "bots", "events", "metrics", "users")
NO_FILE = "database file:sim.db: there is none yet; sim run FILE makes it, or name another with --db"
OF_ONE = [
    *(("show", "ID"), ("compare", "ID", "ID"), ("export", "ID", "--to", "there", "--no-charts")),
    *(("reproduce", "ID"), ("delete", "ID")),
]
"""Commands that take the id of one run."""


def stored(file: str = "short.yaml", *options: str) -> str:
    """Run a scenario and return the id of the run."""
    return json.loads(sim("run", file, "--no-charts", "--json", *options).stdout)["run"]


def listed(*options: str) -> list[str]:
    """Return the ids that `sim runs` lists."""
    return [one["id"] for one in json.loads(sim("runs", "--json", *options).stdout)]


def change(sql: str, *values: object) -> None:
    """Tamper with the file by another program."""
    with closing(sqlite3.connect("sim.db")) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


def bytes_of(folder: str) -> dict[str, bytes]:
    return {name: Path(folder, name).read_bytes() for name in names(folder)}


def experiment(times: int, *options: str) -> str:
    """Run replications and return the id of their experiment."""
    sim("replicate", "kitchen.yaml", "-n", str(times), "--no-charts", "--no-files", *options)
    return json.loads(sim("runs", "--json").stdout)[0]["id"]


def checked(*args: str, status: int = 0) -> dict[str, str]:
    said = sim("db", "check", *args, status=status)
    return {line[:11].rstrip(): line[12:] for line in said.stdout.splitlines()}
