"""The CSV files that a scenario names: traces of orders, and measured durations."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.model import NONE, OrderClass
from sim.scenario.parts import CLASS_NAMES, MOST_ORDERS, Context, one_of
from sim.scenario.source import Place, read_file
from sim.units import parse_duration, shown


@dataclass(frozen=True, slots=True, eq=False)
class TraceOrders:
    """The orders of a trace, sorted by time: columns of equal length, times in microseconds."""

    time: NDArray[np.int64]
    order_class: NDArray[np.uint8]
    service: NDArray[np.int64]  # NONE where the file leaves it to the scenario


def read_durations(name: object, context: Context) -> NDArray[np.int64]:
    """Return the durations of a one-column CSV file in microseconds; a header line that is no duration is skipped.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.

    """
    rows = _rows(name, context)
    durations = []
    for number, (place, row) in enumerate(rows):
        try:
            durations.append(parse_duration(row[0].strip()))
        except ValueError as error:
            if number > 0 or row[0][:1].isdigit():
                context.faults.append(place.fault("", str(error)))
    if not durations and not context.faults:
        raise ValueError(f"{shown(name)} has no durations; write one on each line, such as 12.5s")
    return np.array(durations, np.int64)


def read_trace(name: object, context: Context) -> TraceOrders:
    """Return the orders of a CSV file with the columns time, class and, if wanted, service.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.

    """
    rows = _rows(name, context)
    place, header = next(rows, (Place(str(name)), []))
    columns = [column.strip() for column in header]
    if sorted(columns) not in (["class", "time"], ["class", "service", "time"]):
        context.faults.append(place.fault("", f"the header is {shown(','.join(header))}; write time,class,service"))
        return TraceOrders(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))
    times, classes, services = [], [], []
    parsers = {
        "time": lambda text: times.append(context.clock.instant(text)),
        "class": lambda text: classes.append(OrderClass[one_of(text, CLASS_NAMES)]),
        "service": lambda text: services.append(parse_duration(text) if text else NONE),
    }
    for place, row in rows:
        if len(row) != len(columns):
            context.faults.append(place.fault("", f"has {len(row)} values; write {len(columns)}, as in the header"))
            continue
        for column, text in zip(columns, row, strict=True):
            try:
                parsers[column](text.strip())
            except ValueError as error:
                context.faults.append(place.fault(column, str(error)))
    if len(times) > MOST_ORDERS:
        raise ValueError(f"{shown(name)} has {len(times)} orders; one run holds at most {MOST_ORDERS}")
    if context.faults:
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
        text = read_file(inside(context.folder, name), label)
    except ScenarioError as error:
        raise ValueError(str(error)) from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield Place(label, reader.line_num), row
    except csv.Error as error:
        context.faults.append(Place(label, reader.line_num).fault("", f"is not valid CSV: {error}; mend this line"))


def inside(folder: Path, name: str) -> Path:
    """Return the path of file `name` in `folder`.

    Raises:
        ValueError: the name is absolute or leads out of the folder, also by a symbolic link.

    """
    home = folder.resolve()
    try:
        path = (home / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"{shown(name)} is not a file name ({error})") from None
    if Path(name).is_absolute() or not path.is_relative_to(home):
        raise ValueError(f"{shown(name)} leaves the scenario's folder; put the file beside the scenario")
    return path
