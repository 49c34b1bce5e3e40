"""`python -m benchmarks.damage [--every N]`: damage a database in many ways, and call each command each time.

Prints what ends in anything but a result or a line that says what is wrong. Each command meets a fresh copy. `--every
10` takes each tenth damage, another one for each command.
"""

import argparse
import contextlib
import io
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sim.cli import app
from sim.errors import KitchensimError

SCENARIO = """
scenario: 1
name: damaged
params: {crew: 2}
bots: {initial: $crew}
clock: {until: 3m}
service: 10s
arrivals:
  - {trace: orders.csv}
  - {name: guests, class: {VIP: 30%, NORMAL: 70%}, poisson: {rate: 5/m}}
thresholds:
  wait.mean: "< 1h"
"""
TRACE = "time,class,service\n1s,NORMAL,3s\n2s,VIP,4s\n"
VALUES = [
    *(
        "NULL",
        "''",
        "'x'",
        "CAST(x'ff22' AS TEXT)",
        "x'00ff'",
        "-1",
        "0",
        "1 << 40",
        "9223372036854775807",
        "1.5",
        "9e999",
    ),
    *("'[]'", "'{}'", "'null'", "'[1,2]'", "'{\"a\": [1]}'", "'5'", "'{\"a\":'", "'\"'"),
    "replace(hex(zeroblob(50000)), '00', '[')",  # deeper than a reader may go
    "char(27) || '[31m' || char(10) || '::error::x'",
]
"""What is written into each column of each table, in SQL."""
NAMED = [
    *(
        "DELETE FROM metric_names",
        "UPDATE metric_names SET name = 'zz.' || name",
        "UPDATE metric_names SET position = 0",
    ),
    *(
        "UPDATE runs SET tags = '[1,2]'",
        "UPDATE runs SET started_at = '2026-01-01'",
        "UPDATE runs SET metrics = '[1e999]'",
    ),
    *("UPDATE runs SET bounds = '[\"wait.mode\"]'", 'UPDATE runs SET counts = \'{"wait": "AQH/"}\''),
    "UPDATE runs SET metrics = replace(metrics, 'null', '\"x\"')",
    *("DELETE FROM scenarios", "DELETE FROM experiments", "DELETE FROM files", "DELETE FROM bots", "DELETE FROM users"),
    "UPDATE scenarios SET yaml = '{{{'",
    "UPDATE scenarios SET yaml = 'scenario: 1\nname: b\nextends: a.yaml\n'",
    "UPDATE scenarios SET yaml = yaml || '# more\n'",
    *(
        "DELETE FROM events WHERE seq % 2",
        "DELETE FROM events WHERE seq = 0",
        "DELETE FROM orders WHERE order_number = 1003",
    ),
    *(f"UPDATE events SET {change} WHERE seq = 3" for change in ("time_us = -1", "kind = 'zap'", "order_number = 7")),
    *("UPDATE events SET bot_number = 2000000000", "UPDATE orders SET class = 'KING' WHERE order_number = 1003"),
    *(f"DELETE FROM schema_migrations WHERE {which}" for which in ("version = 1", "version = 6", "TRUE")),
    *("INSERT INTO schema_migrations VALUES (99, 'x', 'y')", "UPDATE schema_migrations SET name = 'other'"),
    *(f"DROP TABLE {table}" for table in ("runs", "orders", "events", "bots", "files", "scenarios", "experiments")),
    *("DROP TABLE users", "DROP TABLE metric_names", "DROP VIEW metrics", "DROP TABLE schema_migrations"),
    "ALTER TABLE runs RENAME TO moved; CREATE VIEW runs AS SELECT * FROM moved",
    "CREATE TRIGGER t AFTER INSERT ON runs BEGIN INSERT INTO runs SELECT * FROM runs WHERE id = new.id; END",
    *("UPDATE runs SET id = 'abc'", "UPDATE runs SET experiment_id = id", "UPDATE runs SET scenario_id = NULL"),
    *("PRAGMA application_id = 5", "UPDATE runs SET status = 'writing'", "UPDATE runs SET seed = seed + 1"),
]
COMMANDS = [
    *("runs", "runs --json --all", "runs --tag x", "runs show RUN", "runs show EXPERIMENT", "runs compare RUN OTHER"),
    *("runs reproduce RUN", "runs export RUN --to exported --no-charts", "runs delete RUN", "runs delete --before 0s"),
    *("runs purge", "db check", "db size", "check a.yaml --against RUN --engine reference"),
    *("run a.yaml --no-charts --engine reference", "check a.yaml --save --engine reference"),
    "replicate a.yaml -n 6 --no-charts --no-files --engine reference",
]


class Outcome(NamedTuple):
    """What a command did: its status, 70 for one that ended in a traceback, and its lines on standard error."""

    status: int
    complaints: list[str]


def call(*args: str) -> Outcome:
    """Call a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(list(args))
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        except KitchensimError as error:
            status = 2
            print(error, file=sys.stderr)
        except Exception as error:  # noqa: BLE001  # which is what is looked for
            status = 70
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return Outcome(status, err.getvalue().splitlines())


def damages(file: Path) -> Iterator[str]:
    """Yield each damage as SQL."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                yield from (f"UPDATE OR REPLACE {table} SET {column} = {value}" for value in VALUES)
    yield from NAMED


def prepare() -> tuple[str, str, str]:
    """Make `base.db` in the current folder, whose tables take any value; return ids of an experiment and two runs."""
    Path("a.yaml").write_text(SCENARIO)
    Path("orders.csv").write_text(TRACE)
    for seed in ("1", "2"):
        assert (
            call("run", "a.yaml", "--seed", seed, "--no-charts", "--db", "file:base.db", "--engine", "reference").status
            == 0
        )
    many = (
        "replicate",
        "a.yaml",
        "-n",
        "5",
        "--no-charts",
        "--no-files",
        "--db",
        "file:base.db",
        "--engine",
        "reference",
    )
    assert call(*many).status == 0
    with closing(sqlite3.connect("base.db")) as connection, connection:
        [(experiment,)] = connection.execute("SELECT id FROM experiments").fetchall()
        runs = connection.execute("SELECT id FROM runs WHERE experiment_id IS NULL ORDER BY id").fetchall()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(replace(sql, ' NOT NULL', ''), ' STRICT', '')")
    return experiment, runs[0][0], runs[1][0]


def damage(sql: str) -> bool:
    """Put a damaged copy of the base to `damaged.db`; tell whether that is possible."""
    for left in Path().glob("damaged.db*"):
        left.unlink()
    shutil.copy("base.db", "damaged.db")
    with closing(sqlite3.connect("damaged.db")) as connection:
        try:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in sql.split("; ") if "TRIGGER" not in sql else [sql]:
                connection.execute(statement)
            connection.commit()
        except sqlite3.Error as error:
            print(f"left out: {sql[:100]}: {error}")
            return False
    return True


def campaign(every: int) -> int:
    """Call the commands and return how many ended in a traceback or in nothing that can be understood."""
    experiment, run, other = prepare()
    names = {"EXPERIMENT": experiment, "RUN": run, "OTHER": other}
    statuses: Counter[int] = Counter()
    faults = 0
    for number, sql in enumerate(damages(Path("base.db"))):
        for place, command in enumerate(COMMANDS):
            if (number + place) % every or not damage(sql):
                continue
            words = [names.get(word, word) for word in command.split()]
            outcome = call(*words, "--db", "file:damaged.db")
            statuses[outcome.status] += 1
            silent = outcome.status not in (0, 1) and not outcome.complaints
            if outcome.status == 70 or silent or any("Traceback" in line for line in outcome.complaints):
                faults += 1
                print(f"{command}\n  after {sql[:150]}\n  {outcome.status} {outcome.complaints[-1:]}")
    print(f"{statuses.total():,} commands, {faults} faults; by status {dict(sorted(statuses.items()))}")
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.damage", description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th damage for each command")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        sys.exit(campaign(arguments.every) > 0)
