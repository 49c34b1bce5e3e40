"""The CSV files that a scenario names: traces of orders, and measured durations."""

import csv
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Annotated, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from sim.errors import Fault, ScenarioError, few_of_a_kind
from sim.model import NONE, OrderClass
from sim.scenario.files import fault_of, inside, read_bytes
from sim.scenario.hints import one_of
from sim.scenario.mapping import WrongValueError
from sim.scenario.parts import CLASS_NAMES, MOST_ORDERS, Context
from sim.scenario.source import decoded
from sim.scenario.tree import Place
from sim.units import OutsideRunError, parse_duration, shown

Row = tuple[Place, list[str]]


class _Orders(NamedTuple):
    """The orders of a trace while it is read; `service` stays empty where the file has no such column."""

    time: list[int]
    order_class: list[int]
    service: list[int]


class TraceOrders(NamedTuple):
    """The orders of a trace, sorted by time: columns of equal length, times in microseconds."""

    time: NDArray[np.int64]
    order_class: NDArray[np.uint8]
    service: NDArray[np.int64]  # NONE where the file leaves it to the scenario


def read_durations(name: object, context: Context) -> tuple[int, ...]:
    """Return the durations of a one-column CSV file in microseconds; a header line that is no duration is skipped.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.
        WrongValueError: with all that is wrong in the file.

    """
    durations, faults = list[int](), list[Fault]()
    faults += few_of_a_kind(_add_durations(rows_of(name, context, faults), durations))
    if faults:
        raise WrongValueError(*(((), fault) for fault in faults))
    if not durations:
        raise ValueError(f"{shown(name)} has no durations; write one on each line, such as 12.5s")
    return tuple(durations)


def _add_durations(rows: Iterator[Row], durations: list[int]) -> Iterator[Fault]:
    """Add the duration of each row to a list and yield what is wrong with the row."""
    for number, (place, row) in enumerate(rows):
        if len(row) > 1:
            yield place.fault("", f"holds {len(row)} values; write one duration on each line")
            continue
        try:
            durations.append(parse_duration(row[0].strip()))
        except ValueError as error:
            if number > 0 or re.match(r"\s*[-+.]?\d", row[0]):
                yield place.fault("", str(error))


def read_trace(name: object, context: Context, drop_outside: bool = False) -> TraceOrders:
    """Return the orders of a CSV file with the columns time, class and, if wanted, service.

    With `drop_outside`, rows before the start and behind the horizon are left out, and a note counts them.

    Raises:
        ValueError: the name is no file name, or leaves the scenario's folder.
        WrongValueError: with all that is wrong in the file.

    """
    faults: list[Fault] = []
    rows = rows_of(name, context, faults)
    place, header = next(rows, (Place(f"{context.label}{name}"), []))
    columns = [column.strip() for column in header]
    orders = _Orders([], [], [])
    if not faults and sorted(columns) not in (["class", "time"], ["class", "service", "time"]):
        cure = f"write time,class,service, or name its columns: trace: {{file: {name}, columns: {{time: …, class: …}}}}"
        faults.append(place.fault("", f"the header is {shown(','.join(header))}; {cure}"))
    elif not faults and "service" not in columns and not context.has_service:
        message = "has no column service, and the scenario has no service time; write one of the two"
        faults.append(place.fault("", message))
    elif not faults:
        faults += few_of_a_kind(_add_orders(rows, columns, _parsers(orders, name, context, drop_outside)))
    # Of a file that is too large, its size is all that matters.
    if len(orders.time) > MOST_ORDERS:
        raise ValueError(f"{shown(name)} has {len(orders.time)} orders; one run holds at most {MOST_ORDERS}")
    if faults:
        raise WrongValueError(*(((), fault) for fault in faults))
    time = np.array(orders.time, np.int64)
    service = np.array(orders.service, np.int64) if orders.service else np.full(len(time), NONE, np.int64)
    in_time = np.argsort(time, kind="stable")
    in_time = in_time[np.searchsorted(time[in_time], 0) :]  # what lies outside the run has no time, which is NONE
    note_rows(place.file, len(time) - len(in_time), len(time), "outside the run are left out", context)
    if "service" in columns:
        blank = int(np.count_nonzero(service[in_time] == NONE))
        note_rows(place.file, blank, len(in_time), "without a service time take the scenario's", context)
    return TraceOrders(time[in_time], np.array(orders.order_class, np.uint8)[in_time], service[in_time])


def note_rows(file: str, count: int, total: int, fate: str, context: Context) -> None:
    """Note what became of some of the rows of a file."""
    if count:
        context.notes.append(f"{file}: {count:,} of {total:,} rows {fate}")


def _add_orders(rows: Iterator[Row], columns: list[str], parsers: dict[str, Callable[[str], None]]) -> Iterator[Fault]:
    """Give each cell to the parser of its column, which adds it to the orders, and yield what is wrong with it."""
    for place, row in rows:
        if len(row) != len(columns):
            yield place.fault("", f"holds {len(row)} instead of {len(columns)} values; write one for each column")
            continue
        for index, (column, text) in enumerate(zip(columns, row, strict=True)):
            try:
                parsers[column](text.strip())
            except ValueError as error:
                cell = place._replace(column=1 + sum(len(left_of_it) + 1 for left_of_it in row[:index]))
                yield cell.fault(column, str(error))


def _parsers(orders: _Orders, name: object, context: Context, drop_outside: bool) -> dict[str, Callable[[str], None]]:
    """Return what adds the text of a cell to the orders, by column; each raises a ValueError where that is wrong."""

    def add_time(text: str) -> None:
        try:
            orders.time.append(context.clock.instant_of_run(text, context.horizon))
        except OutsideRunError as error:
            if not drop_outside:
                raise ValueError(f"{error}, or trace: {{file: {name}, outside: drop}}") from None
            orders.time.append(NONE)

    def add_class(text: str) -> None:
        orders.order_class.append(OrderClass[one_of(text, CLASS_NAMES)])

    def add_service(text: str) -> None:
        if not text and not context.has_service:
            raise ValueError("is empty, and the scenario has no service time; write one of the two")
        orders.service.append(parse_duration(text) if text else NONE)

    return {"time": add_time, "class": add_class, "service": add_service}


def rows_of(name: object, context: Context, faults: list[Fault]) -> Iterator[Row]:
    """Yield the rows of a CSV file in the scenario's folder with their places; blank lines are left out.

    `faults` gets what ends them early.
    """
    if not isinstance(name, str):
        raise ValueError(f"{shown(name)} is not a file name; write the name of a CSV file")
    label = f"{context.label}{name}"
    try:
        data = context.known[name] if name in context.known else read_bytes(inside(context.folder, name))
    except ValueError as error:
        raise ValueError(fault_of(name, error)) from None
    try:
        text = decoded(data, label)
    except ScenarioError as error:
        faults += error.faults
        return
    context.files[name] = data
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield Place(label, reader.line_num), row
    except csv.Error as error:
        faults.append(Place(label, reader.line_num).fault("", f"is not valid CSV: {error}; correct this line"))


def _read_trace(value: object, info: ValidationInfo) -> TraceOrders:
    context = cast(Context, info.context)
    if isinstance(value, dict):
        from sim.scenario.traces import read_table  # with all forms in which tills write

        return read_table(value, context)
    return read_trace(value, context)


_TEXT = {"type": "string"}
_WORDS = {"type": "array", "items": _TEXT}


def _mapping(properties: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **keys}


_TRACE_FILE = {"type": "string", "description": "a CSV file of orders"}
Trace = Annotated[
    TraceOrders,
    PlainValidator(_read_trace),
    WithJsonSchema(
        {
            "anyOf": [
                _TRACE_FILE,
                _mapping(
                    {
                        "file": _TRACE_FILE,
                        "columns": _mapping({"time": _TEXT, "class": _TEXT, "service": _TEXT}),
                        "classes": _mapping({"VIP": _WORDS, "NORMAL": _WORDS}),
                        "unit": {"enum": ["s", "m", "h", "ms"]},
                        "dates": {"enum": ["dmy", "mdy"]},
                        "zone": {"type": "string", "description": "a time zone such as Europe/Rome"},
                        "outside": {"const": "drop"},
                    },
                    required=["file"],
                ),
            ]
        }
    ),
]
