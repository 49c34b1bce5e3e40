"""The CSV files that a scenario names: traces of orders, and measured durations."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.model import NONE, OrderClass
from sim.scenario.files import inside, read_bytes
from sim.scenario.parts import CLASS_NAMES, MOST_ORDERS, Context, one_of
from sim.scenario.source import Place, decoded
from sim.units import parse_duration, shown


class TraceOrders(NamedTuple):
    """The orders of a trace, sorted by time: columns of equal length, times in microseconds."""

    time: NDArray[np.int64]
    order_class: NDArray[np.uint8]
    service: NDArray[np.int64]  # NONE where the file leaves it to the scenario


def read_durations(name: object, context: Context) -> tuple[int, ...]:
    """Return the durations of a one-column CSV file in microseconds; a header line that is no duration is skipped.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.

    """
    durations, before = [], len(context.faults)
    for number, (place, row) in enumerate(_rows(name, context)):
        if len(row) > 1:
            context.faults.append(place.fault("", f"holds {len(row)} values; write one duration on each line"))
            continue
        try:
            durations.append(parse_duration(row[0].strip()))
        except ValueError as error:
            if number > 0 or re.match(r"\s*[-+.]?\d", row[0]):
                context.faults.append(place.fault("", str(error)))
    if not durations and len(context.faults) == before:
        raise ValueError(f"{shown(name)} has no durations; write one on each line, such as 12.5s")
    return tuple(durations)


def read_trace(name: object, context: Context) -> TraceOrders:
    """Return the orders of a CSV file with the columns time, class and, if wanted, service.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.

    """
    already = len(context.faults)
    rows = _rows(name, context)
    place, header = next(rows, (Place(f"{context.label}{name}"), []))
    columns = [column.strip() for column in header]
    if sorted(columns) not in (["class", "time"], ["class", "service", "time"]) and len(context.faults) == already:
        context.faults.append(place.fault("", f"the header is {shown(','.join(header))}; write time,class,service"))
    if len(context.faults) > already:
        rows = iter(())
    times, classes, services = [], [], []
    parsers = {
        "time": lambda text: times.append(context.clock.instant(text)),
        "class": lambda text: classes.append(OrderClass[one_of(text, CLASS_NAMES)]),
        "service": lambda text: services.append(parse_duration(text) if text else NONE),
    }
    for place, row in rows:
        if len(row) != len(columns):
            context.faults.append(
                place.fault("", f"holds {len(row)} instead of {len(columns)} values; write one for each column")
            )
            continue
        for index, (column, text) in enumerate(zip(columns, row, strict=True)):
            try:
                parsers[column](text.strip())
            except ValueError as error:
                cell = place._replace(column=1 + sum(len(before) + 1 for before in row[:index]))
                context.faults.append(cell.fault(column, str(error)))
    if len(times) > MOST_ORDERS:
        raise ValueError(f"{shown(name)} has {len(times)} orders; one run holds at most {MOST_ORDERS}")
    if len(context.faults) > already:
        times, classes, services = [], [], []
    time = np.array(times, np.int64)
    order = np.argsort(time, kind="stable")
    service = np.array(services, np.int64) if services else np.full(len(time), NONE, np.int64)
    return TraceOrders(time[order], np.array(classes, np.uint8)[order], service[order])


def _rows(name: object, context: Context) -> Iterator[tuple[Place, list[str]]]:
    """Yield the rows of a CSV file in the scenario's folder with their places; blank lines are left out."""
    if not isinstance(name, str):
        raise ValueError(f"{shown(name)} is not a file name; write the name of a CSV file")
    label = f"{context.label}{name}"
    try:
        data = context.known[name] if name in context.known else read_bytes(inside(context.folder, name))
    except ValueError as error:
        raise ValueError(f"{shown(name)} {error}") from None
    try:
        text = decoded(data, label)
    except ScenarioError as error:
        context.faults += error.faults
        return
    context.files[name] = data
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield Place(label, reader.line_num), row
    except csv.Error as error:
        context.faults.append(Place(label, reader.line_num).fault("", f"is not valid CSV: {error}; mend this line"))
