"""From an export to orders: when each came, of which class, and what else the file says of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.errors import Fault
from sim.model import NONE
from sim.scenario.records import columns as roles
from sim.scenario.records.columns import Columns, existing, read_classes, time_columns
from sim.scenario.records.dates import Instants, find_zone, read_instants
from sim.scenario.records.numbers import read_durations
from sim.scenario.records.sheet import Sheet, read_sheet
from sim.units import DAY, count, shown

Ints = NDArray[np.int64]
_NO_ORDERS = {"cancel", "canceled", "cancelled", "void", "voided"}
_LIKELY_ITEMS = 0.95  # of neighbours with one number that also have one time


@dataclass(frozen=True)
class Records:
    """Orders as a file says them, sorted by time: columns of equal length, in microseconds, NONE where it does not say.

    Instants count from 1970 as the clock of the shop reads; without dates, from midnight. `line` is where an order
    stands first. `named` has the columns that were read, by their roles. `faults` are those of rows that are left out,
    `rows` counts all rows of the file. `notes` tell what was decided, `suggestions` what else the file may say.
    """

    time: Ints
    order_class: NDArray[np.uint8]
    service: Ints
    started: Ints
    completed: Ints
    gone: Ints
    line: Ints
    has_dates: bool
    named: dict[str, str]
    rows: int
    faults: list[Fault]
    notes: list[str]
    suggestions: list[str]

    def __len__(self) -> int:
        return len(self.time)

    def chosen(self, rows: NDArray[np.bool_] | Ints) -> "Records":
        """Return some of these orders."""
        return replace(
            self,
            time=self.time[rows],
            order_class=self.order_class[rows],
            service=self.service[rows],
            started=self.started[rows],
            completed=self.completed[rows],
            gone=self.gone[rows],
            line=self.line[rows],
        )

    def says(self, role: str) -> bool:
        """Whether a column of the file has this role."""
        return role in self.named


def read_records(data: bytes, file: str, columns: Columns, looked_for: Sequence[str]) -> Records:
    """Return the orders of a CSV file as tills and call centres write it; `looked_for` are the roles of columns beside
    time and class that are of use. What is wrong with a row is in `faults`, and the row is left out.

    Raises:
        ValueError: the file as a whole cannot be read, and what to do about that.

    """
    sheet = read_sheet(data, file)
    total = len(sheet.lines) + len(sheet.faults)
    notes: list[str] = []
    sheet = _skipped(sheet, columns, notes)
    named: dict[str, str] = {}
    wrong: dict[int, tuple[str, str]] = {}  # the column and what is wrong there, by row
    moments = _time(sheet, columns, named, wrong)
    notes += moments.notes
    order_class, wrong_classes, class_column = read_classes(columns, sheet)
    if class_column is not None:
        named[roles.CLASS] = class_column
        wrong |= {row: (class_column, problem) for row, problem in wrong_classes.items()}
    instants_of = {
        role: np.full(len(sheet.lines), NONE, np.int64) for role in (roles.STARTED, roles.COMPLETED, roles.GONE)
    }
    for role in (roles.STARTED, roles.COMPLETED):
        name = columns.named(role, sheet) if role in looked_for else None
        if name is not None:
            named[role] = name
            instants_of[role] = _instants_beside(sheet, name, columns, moments, wrong)
    if roles.GONE in looked_for:
        instants_of[roles.GONE] = _left(sheet, columns, moments, instants_of, named, wrong)
    service = np.full(len(sheet.lines), NONE, np.int64)
    name = columns.named(roles.SERVICE, sheet) if roles.SERVICE in looked_for else None
    if name is not None:
        named[roles.SERVICE] = name
        durations = read_durations(sheet.columns[name], name, columns.unit, sheet.separator, columns.option)
        service, notes = durations.values, [*notes, *durations.notes]
        wrong |= {row: (name, problem) for row, problem in durations.wrong.items()}
    id_column = columns.named(roles.ID, sheet) if roles.ID in looked_for else None
    ids = None if id_column is None else sheet.columns[id_column]
    if id_column is not None:
        named[roles.ID] = id_column
    faults = [*sheet.faults, *(sheet.fault(row, column, problem) for row, (column, problem) in sorted(wrong.items()))]
    suggestions = columns.suggestions(sheet, [role for role in (roles.CLASS, *looked_for) if role not in named])
    records = Records(
        time=moments.time,
        order_class=order_class,
        service=service,
        started=instants_of[roles.STARTED],
        completed=instants_of[roles.COMPLETED],
        gone=instants_of[roles.GONE],
        line=np.array(sheet.lines),
        has_dates=moments.has_dates,
        named=named,
        rows=total,
        faults=faults,
        notes=notes,
        suggestions=suggestions,
    )
    if roles.ID in looked_for:
        suggestions += _likely_cancelled(sheet, named, columns)
    records = _sorted(records, np.array([row not in wrong for row in range(len(sheet.lines))], bool), ids)
    if ids is None and roles.ID in looked_for:
        suggestions += _likely_items(sheet, moments.time, named, columns)
    return records


def _skipped(sheet: Sheet, columns: Columns, notes: list[str]) -> Sheet:
    """Return the sheet without the rows that are to be skipped, which a note counts."""
    for column, value in columns.skip:
        name = existing(column, sheet)
        rows = {row for row, text in enumerate(sheet.columns[name]) if text.lower() == value.lower()}
        notes.append(f"{count(len(rows), 'row')} with {name}={value} skipped")
        sheet = sheet.without(rows)
    if not sheet.lines:
        raise ValueError("has no row that is not skipped; skip fewer")
    return sheet


def _time(sheet: Sheet, columns: Columns, named: dict[str, str], wrong: dict[int, tuple[str, str]]) -> Instants:
    """Return when each order came."""
    names = time_columns(columns, sheet)
    named[roles.TIME] = " + ".join(names)
    texts = [" ".join(cells) for cells in zip(*(sheet.columns[name] for name in names), strict=True)]
    zone = None if columns.zone is None else find_zone(columns.zone)
    moments = read_instants(texts, columns.dates, zone, columns.option)
    wrong |= {row: (names[0], problem) for row, problem in moments.wrong.items()}
    empty = [row for row, text in enumerate(texts) if not text.strip()]
    wrong |= dict.fromkeys(empty, (names[0], "is empty; say when the order came"))
    if not moments.has_times and len(wrong) < len(texts):
        cure = columns.option.format(roles.TIME, "COLUMN")
        raise ValueError(f"column {shown(names[0])} has dates without a time of day; name another with {cure}")
    if moments.has_dates:
        undated = (moments.time >= 0) & (moments.time < DAY)
        wrong |= {
            int(row): (names[0], f"{shown(texts[row])} has no date; write one") for row in np.flatnonzero(undated)
        }
    return moments


def _instants_beside(
    sheet: Sheet, name: str, columns: Columns, moments: Instants, wrong: dict[int, tuple[str, str]]
) -> Ints:
    """Return the instants of a column that belong to those at which orders came: a time of day is that day's, or, long
    before the order came, that of the next day.
    """
    zone = None if columns.zone is None else find_zone(columns.zone)
    instants = read_instants(sheet.columns[name], columns.dates, zone, columns.option)
    wrong |= {row: (name, problem) for row, problem in instants.wrong.items()}
    time = instants.time
    if not instants.has_dates:
        days = moments.time // DAY * DAY
        of_day = np.where(time == NONE, NONE, days + time)
        time = np.where((time != NONE) & (of_day < moments.time - DAY // 2), of_day + DAY, of_day)
    return time


def _left(
    sheet: Sheet,
    columns: Columns,
    moments: Instants,
    instants_of: dict[str, Ints],
    named: dict[str, str],
    wrong: dict[int, tuple[str, str]],
) -> Ints:
    """Return when customers left: by a column of instants, or by a word such as `outcome=HANG` and when waits end."""
    asked_for = columns.names.get(roles.GONE, "")
    column, equals, word = asked_for.partition("=")
    if not equals:
        name = columns.named(roles.GONE, sheet)
        if name is None:
            return instants_of[roles.GONE]
        named[roles.GONE] = name
        return _instants_beside(sheet, name, columns, moments, wrong)
    name = named[roles.GONE] = existing(column, sheet)
    has_left = np.array([text.lower() == word.lower() for text in sheet.columns[name]])
    if roles.COMPLETED not in named:
        cure = columns.option.format(roles.COMPLETED, "COLUMN")
        raise ValueError(f"{shown(asked_for)} says who left and not when; name the column of their end with {cure}")
    gone = np.where(has_left, instants_of[roles.COMPLETED], NONE)
    for role in (roles.COMPLETED, roles.STARTED):
        instants_of[role] = np.where(has_left, NONE, instants_of[role])
    return gone


def _sorted(records: Records, is_right: NDArray[np.bool_], ids: Sequence[str] | None) -> Records:
    """Return the right rows as orders, in order of time; rows with one number on one day are one order."""
    rows = np.flatnonzero(is_right)
    rows = rows[np.argsort(records.time[rows], kind="stable")]
    if ids is None:
        return records.chosen(rows)
    groups = defaultdict[tuple[str, int], list[int]](list)
    for row in rows.tolist():
        groups[ids[row], int(records.time[row] // DAY)].append(row)
    first = np.array([group[0] for group in groups.values()])
    orders = records.chosen(first)
    if len(first) == len(rows):
        return orders

    def longest(values: Ints) -> Ints:
        return np.array([max(values[row] for row in group) for group in groups.values()], np.int64)

    order_class = np.array([min(records.order_class[row] for row in group) for group in groups.values()], np.uint8)
    note = f"{len(rows):,} rows are items of {len(first):,} orders, by {shown(records.named[roles.ID])}"
    if records.says(roles.SERVICE):
        note += "; an order takes as long as its longest item"
    return replace(
        orders,
        order_class=order_class,  # VIP where one of its items is
        service=longest(records.service),
        completed=longest(records.completed),
        gone=longest(records.gone),
        notes=[*records.notes, note],
    )


def _likely_cancelled(sheet: Sheet, named: Mapping[str, str], columns: Columns) -> list[str]:
    """Return how many rows say that they were cancelled; they are not left out, since some may have been cooked."""
    suggestions = []
    for name, cells in sheet.columns.items():
        if name in named.values():
            continue
        for word, number in sorted(Counter(cells).items()):
            if word.lower() in _NO_ORDERS:
                cure = columns.option.format("skip", shown(f"{name}={word}"))
                suggestions.append(f"{count(number, 'row')} with {word!r} counted as orders; to leave them out: {cure}")
    return suggestions


def _likely_items(sheet: Sheet, time: Ints, named: Mapping[str, str], columns: Columns) -> list[str]:
    """Return which column may number orders of several rows: neighbours with one number have one time."""
    suggestions = []
    for name, cells in sheet.columns.items():
        if name in " + ".join(named.values()).split(" + "):
            continue
        pairs = [row for row in range(1, len(cells)) if cells[row] and cells[row] == cells[row - 1]]
        alike = sum(time[row] == time[row - 1] for row in pairs)
        distinct = len(set(cells))
        if len(pairs) >= 10 and alike >= _LIKELY_ITEMS * len(pairs) and distinct > len(cells) / 10:
            cure = columns.option.format(roles.ID, shown(name))
            suggestions.append(f"rows with one {shown(name)} have one time; are they items of one order? {cure}")
    return suggestions
