"""How much room things take in a database, about: SQLite tells it of whole files alone, and servers not even that.

What a row takes with its index entries was measured on files of 30,000 orders and of 10,000 replications; see
docs/decisions/0009. Long texts are counted by their length.
"""

import json
from typing import NamedTuple

from sim.storage.connection import Connection
from sim.storage.rows import PAGED

_ROW = {"runs": 1_020, "events": 130, "orders": 480, "bots": 330, "scenarios": 400, "experiments": 250, "files": 140}
_TEXT = {
    "runs": "coalesce(length(metrics), 0) + coalesce(length(bounds), 0) + coalesce(length(counts), 0)",
    "scenarios": "length(yaml)",
    "experiments": "length(parameters)",
    "files": "length(content)",
}


class TableSize(NamedTuple):
    """How many rows a table has, and about how many bytes they take."""

    table: str
    rows: int
    size: int


def table_sizes(connection: Connection, deleted: bool = False) -> list[TableSize]:
    """Return what each table takes, or what deleted runs take of it.

    Raises:
        StorageError: the database cannot be read.

    """
    # scenarios and data files are shared, so that nobody can say which deleted run their room belongs to
    doomed = "(SELECT id FROM runs WHERE deleted_at IS NOT NULL)"
    where = {"runs": f"WHERE id IN {doomed}"} | dict.fromkeys(PAGED, f"WHERE run_id IN {doomed}")
    tables = where if deleted else _ROW
    return [_size(connection, table, where[table] if deleted else "") for table in tables]


def entry_sizes(connection: Connection, keys: list[str]) -> dict[str, int]:
    """Return about how many bytes runs and experiments take, by their ids, without scenarios and data files.

    Raises:
        StorageError: the database cannot be read.

    """
    counts = " + ".join(f"{_ROW[table]} * (SELECT count(*) FROM {table} WHERE run_id = runs.id)" for table in PAGED)
    sql = (
        f"SELECT coalesce(experiment_id, id) AS entry, sum({_ROW['runs']} + {_TEXT['runs']} + {counts}) FROM runs "
        "WHERE entry IN (SELECT value FROM json_each(?)) GROUP BY entry"
    )
    return {key: int(size) for key, size in connection.query(sql, json.dumps(keys), width=2)}


def file_size(connection: Connection) -> tuple[int, int]:
    """Return how many bytes the database has, and how many of them are free.

    Raises:
        StorageError: the database cannot be read.

    """
    pages, free, size = (connection.number(f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size"))
    return pages * size, free * size


def _size(connection: Connection, table: str, where: str) -> TableSize:
    sql = f"SELECT count(*), coalesce(sum({_TEXT.get(table, '0')}), 0) FROM {table} {where}"
    rows, text = connection.row(sql, width=2)
    return TableSize(table, int(rows), _ROW[table] * int(rows) + int(text))
