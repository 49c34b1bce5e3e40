"""What the row of a run must say, checked where it is read: a row that says something else is a damaged run.

Other programs write to these tables too, and what is on a disk may change; see docs/database.md.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NamedTuple, TypeVar
from warnings import warn

from sim.errors import StorageError
from sim.experiment import Replication
from sim.statistics import Counts
from sim.storage.connection import Connection
from sim.storage.metrics import counts_of, key_of
from sim.units import shown

T = TypeVar("T")
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST = 2**63 - 1
# what reading a value of any type and any text as what it should be can raise
_WRONG = (AttributeError, OverflowError, RecursionError, TypeError, ValueError)


class DamagedRunError(StorageError):
    """A run whose row says what the row of no run says."""


Damaged = Callable[[DamagedRunError], None]
"""Is told of each damaged run that is left out of what is read."""


def warn_of(error: DamagedRunError) -> None:
    """Warn of a damaged run."""
    warn(str(error), stacklevel=3)


class StoredRun(NamedTuple):
    """A row of `sim runs`; instants are wall-clock, UTC, ISO 8601. `pushed_at` is None while it was never pushed,
    `experiment` is the id of the experiment that it belongs to.
    """

    id: str
    scenario: str | None
    tags: list[str]
    seed: int
    replication: int
    engine: str
    fingerprint: str
    started_at: str
    finished_at: str
    pushed_at: str | None
    parameters: dict[str, Any]
    versions: dict[str, str]
    experiment: str | None


class Entry(NamedTuple):
    """A line of `sim runs`: a run by itself, or an experiment with its `runs`, of which so many were `pushed`.

    `size` is about how many bytes they take. An experiment has neither replication nor fingerprint, and parameters only
    where its runs have the same.
    """

    id: str
    kind: str
    scenario: str | None
    seed: int
    replication: int | None
    runs: int
    fingerprint: str | None
    started_at: str
    parameters: dict[str, Any] | None
    tags: list[str]
    pushed: int
    size: int

    @classmethod
    def of_run(cls, run: StoredRun) -> "Entry":
        """Return a run by itself; its size is 0 yet."""
        facts = {name: getattr(run, name) for name in cls._fields if name in StoredRun._fields}
        return cls(**facts, kind="run", runs=1, pushed=int(run.pushed_at is not None), size=0)


class _Column(NamedTuple):
    """How a column is read, and what it must be; `read` raises one of _WRONG for anything else."""

    read: Callable[[Any], Any]
    expected: str


def _require(holds: bool, value: T) -> T:
    if not holds:
        raise ValueError
    return value


def _text(value: str) -> str:
    return value.encode().decode()  # what was no UTF-8 cannot be encoded again


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda value: _require(pattern.fullmatch(value) is not None, value)


def _whole(least: int) -> Callable[[int], int]:
    return lambda value: _require(type(value) is int and least <= value <= _LAST, value)


def _instant(value: str) -> str:
    instant = datetime.fromisoformat(value)
    return _require(instant.tzinfo is not None and instant.astimezone(UTC).year > 1, value)


def _words(value: str) -> list[str]:
    words = json.loads(_text(value))
    return [_text(word) for word in _require(isinstance(words, list), words)]


def _mapping(value: str) -> dict[str, Any]:
    mapping: dict[str, Any] = json.loads(_text(value))
    return _require(isinstance(mapping, dict), mapping)


def _texts(value: str) -> dict[str, str]:
    return {name: _text(text) for name, text in _mapping(value).items()}


def _number(value: Any) -> float:
    number: float = _require(type(value) in (int, float) and isfinite(value), value)
    return number


def _counts(value: str) -> dict[str, Counts]:
    return counts_of(_mapping(value))


def _metric_values(value: str | None) -> list[float | None]:
    values: list[Any] = [] if value is None else json.loads(_text(value))
    return [None if number is None else _number(number) for number in _require(isinstance(values, list), values)]


def _or_none(column: _Column) -> _Column:
    return _Column(lambda value: None if value is None else column.read(value), column.expected)


_ID = _Column(_matching(_UUID), "an id")
_SOME_TEXT = _Column(_text, "a text")
_INSTANT = _Column(_instant, "an instant with its zone")
_FINGERPRINT = _Column(_matching(re.compile("[0-9a-f]{16}")), "16 hex digits")
_WORD = _Column(_matching(re.compile("[a-z]+")), "a word")
_REPLICATION = _Column(_whole(1), "a whole number from 1")
_RUN = {
    "id": _ID,
    "name of its scenario": _or_none(_SOME_TEXT),
    "tags": _Column(_words, "a JSON list of words"),
    "seed": _Column(_whole(0), "a whole number from 0"),
    "replication": _REPLICATION,
    "engine": _WORD,
    "fingerprint": _FINGERPRINT,
    "started_at": _INSTANT,
    "finished_at": _INSTANT,
    "pushed_at": _or_none(_INSTANT),
    "parameters": _Column(_mapping, "a JSON object"),
    "versions": _Column(_texts, "a JSON object of texts"),
    "experiment_id": _or_none(_ID),
}
_EXPERIMENT = {
    "id": _ID,
    "kind": _WORD,
    **{name: _RUN[name] for name in ("name of its scenario", "seed", "started_at", "tags")},
    "parameters": _or_none(_RUN["parameters"]),
    "number of runs": _REPLICATION,
    "number of pushed runs": _Column(_whole(0), "a whole number from 0"),
}
_METRICS = {
    "id": _ID,
    "metric_set": _or_none(_FINGERPRINT),
    "metrics": _Column(_metric_values, "a JSON list of numbers"),
}
_REPLICATIONS = {
    "id": _ID,
    "replication": _REPLICATION,
    "bounds": _or_none(_Column(_words, "a JSON list of names")),
    "counts": _or_none(_Column(_counts, "a JSON object of counts in base64")),
    "fingerprint": _FINGERPRINT,
    "engine": _WORD,
    "warmup_us": _Column(_whole(0), "a whole number from 0"),
    "started_at": _INSTANT,
    "finished_at": _INSTANT,
}


REPLICATION = (
    "runs.id, runs.replication, runs.bounds, runs.counts, runs.fingerprint, runs.engine, runs.warmup_us, "
    "runs.started_at, runs.finished_at, runs.metric_set, runs.metrics"
)
"""The columns of a replication, for `read_replication`."""


def is_text(value: object) -> bool:
    """Tell whether a value is text that can be stored: what is no UTF-8 comes with characters that are none."""
    try:
        return isinstance(value, str) and value == _text(value)
    except UnicodeEncodeError:
        return False


def read_run(connection: Connection, row: Sequence[Any]) -> StoredRun:
    """Return a run from its row, which has the columns of `StoredRun`.

    Raises:
        DamagedRunError: the row says what no run says.

    """
    return StoredRun(*_checked(connection, _RUN, row))


def read_experiment(connection: Connection, row: Sequence[Any]) -> Entry:
    """Return an experiment from its id, kind, scenario, seed, start, tags, parameters, and its numbers of runs and of
    pushed ones; its size is 0 yet.

    Raises:
        DamagedRunError: the row says what no experiment says.

    """
    key, kind, scenario, seed, began, tags, parameters, runs, pushed = _checked(
        connection, _EXPERIMENT, row, "experiment"
    )
    return Entry(key, kind, scenario, seed, None, runs, None, began, parameters, tags, pushed, 0)


def read_versions(connection: Connection, run_id: object, value: object) -> dict[str, str]:
    """Return the versions that a run was made with.

    Raises:
        DamagedRunError: they are none.

    """
    _, versions = _checked(connection, {"id": _ID, "versions": _RUN["versions"]}, [run_id, value])
    return dict(versions)


def read_metrics(connection: Connection, names: Mapping[str, list[str]], row: Sequence[Any]) -> dict[str, float | None]:
    """Return the metrics of a run by name from its id, `metric_set` and `metrics`; `names` are those of each set.

    Raises:
        DamagedRunError: the row says what no run says.

    """
    run_id, metric_set, values = _checked(connection, _METRICS, row)
    metric_names = names.get(metric_set, [])
    if len(metric_names) != len(values) or (metric_names and key_of(metric_names) != metric_set):
        raise damaged_run(connection, run_id, "metrics", row[-1], "a value for each name in metric_names")
    return dict(zip(metric_names, values, strict=True))


def read_replication(connection: Connection, names: Mapping[str, list[str]], row: Sequence[Any]) -> Replication:
    """Return a replication from the columns REPLICATION of its run; `names` are those of each set of metrics.

    Raises:
        DamagedRunError: the row says what no run says.

    """
    facts, (metric_set, values) = row[:-2], row[-2:]
    checked = _checked(connection, _REPLICATIONS, facts)
    run_id, number, bounds, counts, fingerprint, engine, warmup, began, ended = checked
    metrics = read_metrics(connection, names, (run_id, metric_set, values))
    instants = (datetime.fromisoformat(began), datetime.fromisoformat(ended))
    named = frozenset(bounds or ())
    if not metrics.keys() >= named:
        raise damaged_run(connection, run_id, "bounds", row[2], "names of its metrics")
    return Replication(number, metrics, named, counts or {}, fingerprint, engine, warmup, *instants)


def damaged_run(
    connection: Connection, key: object, name: str, value: object, expected: str, kind: str = "run"
) -> DamagedRunError:
    """Return the error for a run, or what else `kind` says, whose `name` is `value` and not what is expected."""
    named = key if isinstance(key, str) and _UUID.fullmatch(key) else shown(key)
    problem = f"{kind} {named} is damaged: its {name} is {shown(value)}, not {expected}"
    return DamagedRunError(str(connection.error(problem, "DAMAGED")))


def _checked(
    connection: Connection, columns: Mapping[str, _Column], row: Sequence[Any], kind: str = "run"
) -> list[Any]:
    """Return what a row says that begins with its id."""
    values = []
    for (name, column), value in zip(columns.items(), row, strict=True):
        try:
            values.append(column.read(value))
        except _WRONG:
            raise damaged_run(connection, row[0], name, value, column.expected, kind) from None
    return values
