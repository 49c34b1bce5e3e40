"""Traces in the long form: orders from a file of ours, or from one that a till or a call centre wrote."""

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from sim.errors import Fault, few_of_a_kind
from sim.model import NONE
from sim.scenario.files import fault_of, inside, read_bytes
from sim.scenario.mapping import Part, WrongValueError
from sim.scenario.parts import MOST_ORDERS, Context
from sim.scenario.records import ClassWords, Columns, Records, find_zone, read_records
from sim.scenario.tables import TraceOrders, note_rows, read_trace
from sim.scenario.tree import Place
from sim.units import DAY, OutsideRunError, shown

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what the clock of the shop reads has no zone


def _zone(name: str) -> str:
    find_zone(name)
    return name


class TraceColumns(Part):
    """Which columns of a file say what."""

    time: str | None = None
    order_class: str | None = Field(None, alias="class")
    service: str | None = None


class TraceClasses(Part):
    """The words that stand for the classes."""

    VIP: list[str] = Field([])
    NORMAL: list[str] = Field([])


class TraceTable(Part):
    """A trace in the long form: which file, how it is to be read, and what becomes of its rows outside the run."""

    foreign: ClassVar = ("columns", "classes", "unit", "dates", "zone")
    """The keys of which one says that the file is not in our own form."""

    file: str
    columns: TraceColumns = Field({}, validate_default=True)
    classes: TraceClasses = Field({}, validate_default=True)
    unit: Literal["s", "m", "h", "ms"] | None = None
    dates: Literal["dmy", "mdy"] | None = None
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    outside: Literal["drop"] | None = None


def read_table(value: dict[str, Any], context: Context) -> TraceOrders:
    """Return the orders of a trace in the long form.

    Raises:
        WrongValueError: with what is wrong in it, or in its file.

    """
    table = TraceTable.model_validate(value)
    if table.findings:
        raise WrongValueError(*table.findings)
    try:
        if table.model_fields_set & set(TraceTable.foreign):
            return _read_foreign(table, context)
        return read_trace(table.file, context, table.outside == "drop")
    except ValueError as error:
        raise WrongValueError((("file",), str(error))) from None


def _read_foreign(table: TraceTable, context: Context) -> TraceOrders:
    """Return the orders of a file in a form that is not ours.

    Raises:
        ValueError: it cannot be read, or its days cannot be placed on the clock of the scenario.
        WrongValueError: with what is wrong in its rows.

    """
    name = table.file
    try:
        data = context.known[name] if name in context.known else read_bytes(inside(context.folder, name))
    except ValueError as error:
        raise ValueError(fault_of(name, error)) from None
    context.files[name] = data
    label = f"{context.label}{name}"
    names = {
        "time": table.columns.time,
        "class": table.columns.order_class,
        "service": table.columns.service,
    }
    columns = Columns(
        names={role: header for role, header in names.items() if header is not None},
        words=ClassWords(tuple(table.classes.VIP), tuple(table.classes.NORMAL)),
        unit=table.unit,
        dates=table.dates,
        zone=table.zone,
        option="{0}: {1}",
    )
    try:
        records = read_records(data, label, columns, ["service"])
    except ValueError as error:
        raise ValueError(f"{shown(name)} {error}") from None
    if len(records) > MOST_ORDERS:
        raise ValueError(f"{shown(name)} has {len(records):,} orders; one run holds at most {MOST_ORDERS:,}")
    if not context.has_service and (not records.says("service") or (records.service == NONE).any()):
        problem = "has orders without a service time, and the scenario has none either; write one of the two"
        raise ValueError(f"{shown(name)} {problem}")
    context.notes.extend(f"{label}: {note}" for note in records.notes)
    if not records.says("class"):
        context.notes.append(f"{label}: no column says the class; all orders are NORMAL")
    time, faults = _instants(records, table, context, label)
    faults = few_of_a_kind([*records.faults, *faults])
    if faults:
        raise WrongValueError(*(((), fault) for fault in faults))
    in_time = np.argsort(time, kind="stable")
    in_time = in_time[np.searchsorted(time[in_time], 0) :]
    note_rows(label, len(time) - len(in_time), len(time), "outside the run are left out", context)
    if records.says("service"):
        blank = int(np.count_nonzero(records.service[in_time] == NONE))
        note_rows(label, blank, len(in_time), "without a service time take the scenario's", context)
    return TraceOrders(time[in_time], records.order_class[in_time], records.service[in_time])


def _instants(
    records: Records, table: TraceTable, context: Context, label: str
) -> tuple[NDArray[np.int64], list[Fault]]:
    """Return when orders come, in microseconds from the start of the run, NONE for rows outside it that are dropped.

    Raises:
        ValueError: the file has several days, and the clock of the scenario no date.

    """
    clock = context.clock
    time = np.full(len(records), NONE, np.int64)
    faults: list[Fault] = []
    if not len(records):
        return time, faults
    with_date = records.has_dates and clock.day is not None
    if records.has_dates and not with_date:
        first, last = int(records.time[0]), int(records.time[-1])
        if last - first >= DAY:
            day = _date_text(first)
            raise ValueError(
                f"has orders from {day} to {_date_text(last)}, and clock.start has no date; write one, "
                f'such as clock: {{start: "{day}T{clock.reading(0)}"}}'
            )
    for row, instant in enumerate(records.time.tolist()):
        text = _reading(instant, with_date)
        try:
            time[row] = clock.instant_of_run(text, context.horizon)
        except OutsideRunError as error:
            if table.outside is None:
                message = f"{error}, or outside: drop in the trace"
                faults.append(Place(label, int(records.line[row])).fault(records.named["time"], message))
        except ValueError as error:
            faults.append(Place(label, int(records.line[row])).fault(records.named["time"], str(error)))
    return time, faults


def _date_text(instant: int) -> str:
    return str((_EPOCH + timedelta(microseconds=instant)).date())


def _reading(instant: int, with_date: bool) -> str:
    moment = _EPOCH + timedelta(microseconds=instant)
    return moment.isoformat() if with_date else moment.time().isoformat()
