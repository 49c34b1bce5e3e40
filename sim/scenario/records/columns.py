"""Which column of a file says what: by the name that somebody gives, else by its own name or by what stands in it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.model import OrderClass
from sim.scenario.hints import did_you_mean
from sim.scenario.records.dates import DateOrder, is_instant
from sim.scenario.records.sheet import Sheet
from sim.units import shown

TIME, CLASS, ID, STARTED, COMPLETED, SERVICE, GONE = "time", "class", "id", "started", "done", "service", "left"
_OWN_NAMES = {  # by which a column is taken without a word
    TIME: "time orderedat orderedtime ordertime orderdatetime orderdate createdat created timestamp datetime arrival "
    "arrivaltime arrived placedat invoicedate transactiondatetime transactiondate bestellzeit zeitpunkt zeit fechahora",
    CLASS: "class orderclass",
    ID: "id orderid ordernumber orderno invoiceno invoiceid invoicenumber transactionid transactionno receiptid "
    "receiptno callid bonnr bestellnummer",
    STARTED: "started startedat pickedup pickedupat",
    COMPLETED: "done doneat completed completedat",
    SERVICE: "service servicetime",
    GONE: "left leftat",
}
_LIKELY_NAMES = {  # which are only suggested
    CLASS: "tier priority vip segment customertype membership kundentyp",
    STARTED: "answered answeredat serstart start",
    COMPLETED: "finished finishedat ready readyat closed end serexit",
    SERVICE: "duration preptime cooktime handlingtime talktime sertime secs seconds",
    GONE: "abandoned hungup outcome",
}
_LOOKED_AT = 200  # cells by which a column is told to hold instants


@dataclass(frozen=True)
class ClassWords:
    """The words that stand for the classes; without those of NORMAL, every other word stands for it."""

    vip: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """How a file is to be read, as far as somebody says so: the names of its columns by their roles, the words of its
    classes, the unit of plain numbers, the order of day and month, a time zone, and rows to be skipped, by a column and
    the value there.

    `option` is how the reader of a message writes an option: `{0}` is its name and `{1}` its value.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    words: ClassWords = ClassWords()
    unit: str | None = None
    dates: DateOrder | None = None
    zone: str | None = None
    skip: Sequence[tuple[str, str]] = ()
    option: str = "--{0} {1}"

    def named(self, role: str, sheet: Sheet) -> str | None:
        """Return the column with a role, by the name that somebody gives or by its own, None where there is none.

        Raises:
            ValueError: there is no column of that name, or several have the role by their own names.

        """
        name = self.names.get(role)
        if name is not None:
            return existing(name, sheet)
        by_own_name = [header for header in sheet.columns if _plain(header) in _OWN_NAMES[role].split()]
        if len(by_own_name) > 1:
            cures = " or ".join(self.option.format(role, shown(header)) for header in by_own_name)
            raise ValueError(
                f"columns {' and '.join(map(shown, by_own_name))} both look like the {role}; write {cures}"
            )
        return by_own_name[0] if by_own_name else None

    def suggestions(self, sheet: Sheet, roles: Sequence[str]) -> list[str]:
        """Return which columns could have a role that none has, a line for each."""
        return [
            f"column {shown(header)} may say {_SAID[role]}: {self.option.format(role, shown(header))}"
            for role in roles
            if role not in self.names and role in _LIKELY_NAMES
            for header in sheet.columns
            if _plain(header) in _LIKELY_NAMES[role].split()
        ]


_SAID = {
    CLASS: "the class",
    STARTED: "when an order was begun",
    COMPLETED: "when an order was complete",
    SERVICE: "how long an order took",
    GONE: "who left",
}


def existing(name: str, sheet: Sheet) -> str:
    """Return the column of a name, also where only capitals and blanks differ.

    Raises:
        ValueError: there is none.

    """
    if name in sheet.columns:
        return name
    alike = [header for header in sheet.columns if _plain(header) == _plain(name)]
    if len(alike) == 1:
        return alike[0]
    raise ValueError(f"has no column {shown(name)}{did_you_mean(name, list(sheet.columns))}")


def time_columns(columns: Columns, sheet: Sheet) -> list[str]:
    """Return the column that says when an order came, or two: one of dates and one of times of day.

    Raises:
        ValueError: nobody can say which column that is.

    """
    if "+" in columns.names.get(TIME, "") and columns.names[TIME] not in sheet.columns:
        return [existing(part.strip(), sheet) for part in columns.names[TIME].split("+")]
    try:
        name = columns.named(TIME, sheet)
    except ValueError:
        name = None
        if TIME in columns.names:
            raise
    instants = [header for header in sheet.columns if _holds_instants(sheet.columns[header])]
    if name is None:
        pair = _date_and_time(sheet, instants)
        if pair:
            return pair
        if len(instants) == 1:
            return instants
        named = [header for header in instants if _plain(header) in _OWN_NAMES[TIME].split()]
        cures = " or ".join(columns.option.format(TIME, shown(header)) for header in named or instants)
        if instants:
            raise ValueError(f"several columns hold dates or times; write {cures}")
        cure = columns.option.format(TIME, "COLUMN")
        raise ValueError(f"no column holds dates or times; name it with {cure}, one of {', '.join(sheet.columns)}")
    if TIME in columns.names or name not in instants:
        return [name]
    return _date_and_time(sheet, instants) or [name]


def _date_and_time(sheet: Sheet, instants: list[str]) -> list[str]:
    """Return a column of dates without times of day and the one of times of day beside it, if there is one of each."""
    kinds = {header: _kind(sheet.columns[header]) for header in instants}
    dates = [header for header, kind in kinds.items() if kind == "date"]
    times = [header for header, kind in kinds.items() if kind == "time"]
    combined = [header for header, kind in kinds.items() if kind == "both"]
    return [dates[0], times[0]] if len(dates) == len(times) == 1 and not combined else []


def _kind(cells: Sequence[str]) -> str:
    sample = [text for text in cells[:_LOOKED_AT] if text]
    if all(":" not in text for text in sample):
        return "date"
    return "time" if all(len(text) <= 11 and not re.search(r"[-/]|\d{4}", text) for text in sample) else "both"


def _holds_instants(cells: Sequence[str]) -> bool:
    sample = [text for text in cells[:_LOOKED_AT] if text]
    return bool(sample) and sum(map(is_instant, sample)) >= 0.9 * len(sample)


def read_classes(columns: Columns, sheet: Sheet) -> tuple[NDArray[np.uint8], dict[int, str], str | None]:
    """Return the class of each row, what is wrong with some, and the column that says so; without one all are NORMAL.

    Raises:
        ValueError: the words of the column are not those of classes, and nobody says which are.

    """
    name = columns.named(CLASS, sheet)
    words = columns.words
    if name is None:
        if words.vip:
            raise ValueError(f"no column looks like the class; name one with {columns.option.format(CLASS, 'COLUMN')}")
        return np.full(len(sheet.lines), OrderClass.NORMAL, np.uint8), {}, None
    vip = {word.lower() for word in words.vip or ("VIP",)}
    normal = {word.lower() for word in words.normal or (() if words.vip else ("NORMAL",))}
    cells = [text.lower() for text in sheet.columns[name]]
    if not words.vip and not vip | normal >= set(cells):
        counts = ", ".join(
            f"{shown(word)} ({number:,})" for word, number in Counter(sheet.columns[name]).most_common(5)
        )
        raise ValueError(f"column {shown(name)} holds {counts}; say which are VIPs, such as {_vip_cure(columns)}")
    for word in words.vip:
        if word.lower() not in cells:
            known = sorted(set(sheet.columns[name]))
            raise ValueError(f"column {shown(name)} never says {shown(word)}{did_you_mean(word, known)}")
    is_normal = [text not in vip for text in cells]
    wrong = {
        row: f"{shown(sheet.columns[name][row])} is not among the words of classes; add it"
        for row, text in enumerate(cells)
        if normal and text not in vip | normal
    }
    return np.array(is_normal, np.uint8), wrong, name


def _vip_cure(columns: Columns) -> str:
    return columns.option.format("vip", "WORD") if "--" in columns.option else "classes: {VIP: [gold]}"


def _plain(header: str) -> str:
    """Return a header without what differs from till to till."""
    return re.sub(r"[^a-z0-9]", "", header.lower())
