"""The metrics of runs in the database: the values of a run are one JSON list in its row, their names stand there once
for all runs that have the same names.

A replication has 136 metrics; a row for each took 9.4 kB of it, this takes 1.5 kB (docs/decisions/0009).
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from sim.model import metric_named
from sim.statistics import Counts
from sim.storage.connection import Connection, Statement


class StoredMetrics(NamedTuple):
    """What the row of a run says of its metrics: which set of names they have, and their values in that order."""

    metric_set: str
    metrics: str


def stored_metrics(metrics: Mapping[str, float | None]) -> StoredMetrics:
    """Return metrics by name as the row of a run has them."""
    return StoredMetrics(key_of(list(metrics)), json.dumps(list(metrics.values()), separators=(",", ":")))


def counts_text(counts: Mapping[str, Counts]) -> str:
    """Return counts by name as the row of a run has them: as text, which every database and SQL's JSON take."""
    return json.dumps({name: b64encode(part.to_bytes()).decode() for name, part in counts.items()})


def counts_of(texts: Mapping[str, str]) -> dict[str, Counts]:
    """Return counts by name from what the row of a run says.

    Raises:
        ValueError: they are none.

    """
    return {name: Counts.from_bytes(b64decode(text, validate=True)) for name, text in texts.items()}


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of metrics in the order in which they are shown, those of other versions at the end."""

    def place(name: str) -> tuple[bool, tuple[float | str, ...], str]:
        try:
            return False, metric_named(name).place, name
        except ValueError:
            return True, (), name

    return sorted(names, key=place)


def name_statement(names: Sequence[str]) -> Statement:
    """Return the statement that stores a set of names where it is not there yet."""
    return (
        "INSERT INTO metric_names (metric_set, position, name) SELECT ?, key, value FROM json_each(?) "
        "WHERE true ON CONFLICT DO NOTHING",
        (key_of(names), json.dumps(list(names))),
    )


def metric_names(connection: Connection) -> dict[str, list[str]]:
    """Return the names of each set, in the order of values.

    Raises:
        StorageError: the database cannot be read.

    """
    sets: dict[str, list[str]] = {}
    sql = "SELECT metric_set, name FROM metric_names ORDER BY metric_set, position"
    for key, name in connection.query(sql, width=2):
        sets.setdefault(key, []).append(name)
    return sets


def key_of(names: Sequence[str]) -> str:
    """Return what stands for a set of names in a database."""
    return _digest(tuple(names))


@cache  # all replications of an experiment have the same names
def _digest(names: tuple[str, ...]) -> str:
    # of the names themselves, so that databases agree on it without asking each other
    return sha256(json.dumps(names).encode()).hexdigest()[:16]
