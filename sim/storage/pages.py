"""The rows of the bots, orders and events of a run, and the pages in which they travel."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from numpy.typing import NDArray

from sim.events import EventKind
from sim.experiment import Run
from sim.model import NONE, OrderClass, OrderStatus
from sim.storage.connection import Statement, Value
from sim.storage.migrations import USERS, now
from sim.storage.rows import ROWS, adding, page, terms

_AT_ONCE = 200  # rows with a value for each column in a statement
_ORDERS = 1 << 40  # how far the ids of orders lie behind those of bots


def pages(run: Run, run_id: str, is_remote: bool) -> Iterator[Statement]:
    """Yield what stores the bots, orders and events of a run, on a server or in a file."""
    bot_count = int((run.log.kind == EventKind.BOT_ADDED.value).sum())
    bots = _ids(run_id, 0, range(1 + bot_count))  # by number; there is no 0
    for table, rows in (
        ("bots", _bots(run, bots)),
        ("orders", _orders(run, run_id, bots)),
        ("events", _events(run)),
    ):
        for columns in rows:
            if is_remote:
                yield page(table, run_id, json.dumps(list(zip(*columns, strict=True)), separators=(",", ":")))
            else:
                yield from in_values(table, run_id, columns)


def in_values(table: str, run_id: str, columns: tuple[list[Value], ...]) -> Iterator[Statement]:
    """Yield what adds rows from their columns where they are not there yet, with a value for each column."""
    row = f"(?, {terms(table, ['?'] * len(columns))})"
    for start in range(0, len(columns[0]), _AT_ONCE):
        part = [column[start : start + _AT_ONCE] for column in columns]
        count = len(part[0])
        values = chain.from_iterable(zip([run_id] * count, *part, strict=True))
        yield f"{adding(table)} VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING", tuple(values)


def _slices(table: str, count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS[table]) for start in range(0, count, ROWS[table]))


def _known(column: NDArray[Any]) -> list[int | None]:
    """Return a column as Python integers, None where unknown."""
    return [None if value == NONE else value for value in column.tolist()]


def _bots(run: Run, ids: list[str]) -> Iterator[tuple[list[Any], ...]]:
    log = run.log
    attempts = run.measures.attempts
    gone = log.kind == EventKind.BOT_REMOVED.value
    removed = dict(zip(log.bot[gone].tolist(), log.time[gone].tolist(), strict=True))
    working = set(attempts.bot[attempts.ended == NONE].tolist())
    added = log.time[log.kind == EventKind.BOT_ADDED.value]
    for rows in _slices("bots", len(added)):
        since = added[rows].tolist()
        numbers = range(rows.start + 1, rows.start + 1 + len(since))
        yield (
            list(numbers),
            [ids[number] for number in numbers],
            [USERS["MANAGER"]] * len(since),
            [_bot_status(number in removed, number in working) for number in numbers],
            since,
            [removed.get(number, start) for number, start in zip(numbers, since, strict=True)],
            [removed.get(number) for number in numbers],
        )


def _bot_status(is_removed: bool, is_working: bool) -> str:
    if is_removed:
        return "REMOVED"
    return "PROCESSING" if is_working else "IDLE"


def _orders(run: Run, run_id: str, bot_ids: list[str]) -> Iterator[tuple[list[Any], ...]]:
    orders, final, streams = run.measures.orders, run.final, run.workload.stream_names
    classes, states = tuple(OrderClass.__members__), tuple(OrderStatus.__members__)
    stamp = now()
    for rows in _slices("orders", len(orders.number)):
        numbers = orders.number[rows].tolist()
        names = [classes[code] for code in orders.order_class[rows].tolist()]
        yield (
            numbers,
            _ids(run_id, _ORDERS, numbers),
            [USERS[name] for name in names],
            [None if bot == NONE else bot_ids[bot] for bot in orders.bot[rows].tolist()],
            names,
            [streams[code] for code in orders.stream[rows].tolist()],
            [states[code] for code in orders.status[rows].tolist()],
            orders.created[rows].tolist(),
            _known(orders.picked_up[rows]),
            _known(orders.completed[rows]),
            orders.wait[rows].tolist(),
            orders.attempts[rows].tolist(),
            [states[code] for code in final.status[rows].tolist()],
            _known(final.picked_up[rows]),
            _known(final.completed[rows]),
            final.wait[rows].tolist(),
            [stamp] * len(numbers),
            [stamp] * len(numbers),
            [None] * len(numbers),
        )


def _events(run: Run) -> Iterator[tuple[list[Any], ...]]:
    log = run.log
    kinds = [kind.label for kind in EventKind]
    for rows in _slices("events", len(log)):
        time = log.time[rows].tolist()
        yield (
            list(range(rows.start, rows.start + len(time))),
            time,
            [kinds[code] for code in log.kind[rows].tolist()],
            _known(log.order[rows]),
            _known(log.bot[rows]),
        )


def _ids(run_id: str, offset: int, numbers: Iterable[int]) -> list[str]:
    base = UUID(run_id).int + offset
    texts = (f"{base + number:032x}" for number in numbers)
    return [f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" for text in texts]
