"""Reading what runs left behind: `replications.csv` of `sim replicate`, and `metrics.json` of `sim run`."""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sim.errors import Fault, FileError
from sim.experiment import Replication
from sim.model import STANDARD
from sim.scenario.files import read_bytes

_COLUMNS = ["replication", "metric", "value", "bound"]  # earlier versions had no bound
_NO_TIME = datetime.fromtimestamp(0, UTC)  # these files do not say when they were run


def read_results(file: Path) -> list[Replication]:
    """Return the replications in such a file.

    Raises:
        FileError: the file cannot be read, or is none of that.

    """
    try:
        text = read_bytes(file).decode()
        if file.suffix == ".csv":
            return _of_table(text.splitlines())
        document = json.loads(text)
        number, values = document["replication"], document["metrics"]
        return [_replication(number, values, frozenset(document.get("bounds", ())))]
    except (csv.Error, ValueError, LookupError, TypeError, OverflowError, RecursionError):
        message = "is not what sim replicate or sim run left behind; run that again, or name another folder"
        raise FileError([Fault(str(file), 1, 1, "", message)]) from None


def _of_table(lines: Iterable[str]) -> list[Replication]:
    """Return the replications of a table, whose rows stand in their order.

    Raises:
        ValueError: it is no such table.

    """
    heading, *rows = csv.reader(lines)
    if not rows or heading not in (_COLUMNS, _COLUMNS[:-1]):
        raise ValueError
    replications = []
    for number, group in groupby(rows, itemgetter(0)):
        cells, bounds = dict[str, float | None](), set[str]()
        for row in group:
            _, metric, value, *bound = row
            if len(row) != len(heading) or metric in cells or bound not in ([], [""], ["lower"]):
                raise ValueError
            cells[metric] = float(value) if value else None
            if bound == ["lower"]:
                bounds.add(metric)
        replications.append(_replication(int(number), cells, frozenset(bounds)))
    if len({replication.number for replication in replications}) != len(replications):
        raise ValueError
    return replications


def _replication(number: int, values: Mapping[str, float | None], bounds: frozenset[str]) -> Replication:
    """Return a replication that has just these values of metrics, among which are all that every run has.

    Raises:
        ValueError: a value is no finite number, a bound is of no metric, or the number of the replication is none from
            1 on.
        LookupError: a metric is missing.

    """
    known = {**{metric.name: values[metric.name] for metric in STANDARD}, **values}
    if type(number) is not int or number < 1 or not bounds <= known.keys():
        raise ValueError
    # JSON has true and Infinity, too, and Python takes true for 1.
    if not all(type(value) in (int, float) and math.isfinite(value) for value in known.values() if value is not None):
        raise ValueError
    floats = {name: None if value is None else float(value) for name, value in known.items()}
    return Replication(number, floats, bounds, {}, None, "", 0, _NO_TIME, _NO_TIME)
