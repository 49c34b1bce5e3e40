"""Instants as tills write them: some twenty forms of date and time, of which one column may mix several."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from sim.model import NONE
from sim.scenario.hints import did_you_mean
from sim.units import DAY, HOUR, MICROSECONDS, SECOND, shown

DateOrder = Literal["dmy", "mdy"]

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?\s+)?"
_DATES = (
    r"(?P<year>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})",
    r"(?P<year>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})",
    rf"(?P<d>\d{{1,2}})[- .]\s*{_NAMED}[-, ]\s*(?P<year>\d{{4}}|\d{{2}})",
    rf"{_NAMED}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}|\d{{2}})",
)
_TIME = (
    r"(?:(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second_of_minute>\d{2})(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"\s*(?P<half>[ap])\.?m\.?|(?P<hour24>\d{1,2})[:.h](?P<minute24>\d{2})"
    r"(?:[:.](?P<second24>\d{2})(?:[.,](?P<part24>\d{1,9}))?)?)"
)
_OFFSET = r"\s*(?P<offset>z|utc|gmt|[+-]\d{2}:?\d{2})?"
_FORMS = tuple(re.compile(rf"{_WEEKDAY}{form}(?:(?:\s*[t,]\s*|\s+){_TIME}{_OFFSET})?") for form in _DATES)
_TIME_ALONE = re.compile(_TIME)
_USUAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ Tt](\d\d):(\d\d):(\d\d)")
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_EPOCH, _LAST_EPOCH = 946_684_800, 4_102_444_800  # seconds from 1970: the years 2000 to 2100


class Instants(NamedTuple):
    """What the cells of a column say: microseconds from 1970 as the clock of the shop reads, or NONE.

    `wrong` has what is wrong with a cell, by its row. `has_dates` and `has_times` say what stands in the column, where
    all of it is alike. `notes` tell what was decided.
    """

    time: NDArray[np.int64]
    wrong: dict[int, str]
    has_dates: bool
    has_times: bool
    notes: list[str]


class _Cell(NamedTuple):
    """One instant as it is written; the first two numbers of a date wait for their order."""

    year: int
    month: int
    day: int
    first: int
    second: int
    time: int | None  # of the day, in microseconds
    offset: int | None  # from UTC, in microseconds


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of a name such as `Europe/Rome`.

    Raises:
        ValueError: there is none.

    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from zoneinfo import available_timezones

        hint = did_you_mean(name, sorted(available_timezones())) if "/" in name else "; write one such as Europe/Rome"
        raise ValueError(f"{shown(name)} is not a time zone{hint}") from None


def is_instant(text: str) -> bool:
    """Whether a cell looks like a date or a time of day."""
    return _parsed(text) is not None


def read_instants(texts: Sequence[str], order: DateOrder | None, zone: ZoneInfo | None, option: str) -> Instants:
    """Return the instants of a column; empty cells are NONE.

    Which number of 03/04/2026 is the day is decided by numbers above 12, then by days that follow each other. With a
    `zone`, times that say no offset are UTC, and all are shown as the clock reads there. `option` is how its reader
    writes an option, with `{0}` for its name and `{1}` for its value.

    Raises:
        ValueError: the order of day and month, or the zone, is not to be known.

    """
    notes: list[str] = []
    cells = [_parsed(text) if text else None for text in texts]
    wrong = {
        row: f"{shown(text)} is not a date or time; write one such as 2026-03-01 18:05:00"
        for row, (text, cell) in enumerate(zip(texts, cells, strict=True))
        if text and cell is None
    }
    known = [cell for cell in cells if cell is not None]
    if order is None and any(cell.first for cell in known):
        order = _order_of(known, texts[next(row for row, cell in enumerate(cells) if cell and cell.first)], option)
        notes.append(f"dates are read as {'day/month' if order == 'dmy' else 'month/day'}")
    if zone is None and any(cell.offset is not None for cell in known):
        offsets = {cell.offset for cell in known}
        if offsets != {None} and (len(offsets) > 1 or offsets == {0}):
            text = texts[next(row for row, cell in enumerate(cells) if cell and cell.offset is not None)]
            cure = option.format("zone", "Europe/Rome")
            raise ValueError(f"{shown(text)} is not a local time; say where the shop is, such as {cure}")
    time = np.full(len(texts), NONE, np.int64)
    days: dict[tuple[int, int, int], int | None] = {}
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        key = _day_key(cell, order)
        if key not in days:
            days[key] = _ordinal(key)
        day = days[key]
        if day is None:
            wrong[row] = f"{shown(texts[row])} names a day that the calendar does not have; correct it"
        else:
            time[row] = day * DAY + (cell.time or 0)
    has_dates = any(cell.year for cell in known)
    if zone is not None and has_dates:
        time = _local(time, [None if cell is None else cell.offset for cell in cells], zone)
        if any(cell.offset is None for cell in known):
            notes.append(f"times are taken as UTC, and as the clock reads in {zone.key} from here on")
    return Instants(time, wrong, has_dates, any(cell.time is not None for cell in known), notes)


def _parsed(text: str) -> _Cell | None:
    """Return what a cell says, None where that is no instant."""
    if (match := _USUAL.fullmatch(text)) is not None:  # which most files have: a third of the time of all forms
        year, month, day, hour, minute, second = map(int, match.groups())
        if hour > 23 or minute > 59 or second > 59:
            return None
        return _Cell(year, month, day, 0, 0, hour * HOUR + minute * MICROSECONDS["m"] + second * SECOND, None)
    lower = text.lower().strip()
    if (match := _TIME_ALONE.fullmatch(lower)) is not None:
        time = _time_of(match)
        return None if time is None else _Cell(0, 0, 0, 0, 0, time, None)
    if lower.isdigit() and len(lower) in (10, 13):
        seconds = int(lower) / (1 if len(lower) == 10 else 1000)
        if _FIRST_EPOCH <= seconds < _LAST_EPOCH:
            moment = datetime.fromtimestamp(seconds, UTC)
            time = round((seconds % 86_400) * SECOND)
            return _Cell(moment.year, moment.month, moment.day, 0, 0, time, 0)
    for form in _FORMS:
        if (match := form.fullmatch(lower)) is not None:
            return _cell_of(match)
    return None


def _cell_of(match: re.Match[str]) -> _Cell | None:
    groups = match.groupdict()
    year = int(groups["year"])
    if len(groups["year"]) == 2:
        year += 2000 if year < 70 else 1900
    month = int(groups.get("m") or 0)
    if groups.get("month"):
        month = _MONTHS.index(groups["month"]) + 1
    has_time = groups["hour"] is not None or groups["hour24"] is not None
    time = _time_of(match) if has_time else None
    if has_time and time is None:
        return None
    first, second = int(groups.get("first") or 0), int(groups.get("second") or 0)
    return _Cell(year, month, int(groups.get("d") or 0), first, second, time, _offset_of(groups["offset"]))


def _time_of(match: re.Match[str]) -> int | None:
    """Return the time of day in microseconds, None where no clock reads so."""
    half = match["half"]
    texts = match.group("hour", "minute", "second_of_minute", "part")
    if half is None:
        texts = match.group("hour24", "minute24", "second24", "part24")
    hour, minute, second = (int(text or 0) for text in texts[:3])
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    part = int((texts[3] or "").ljust(6, "0")[:6])
    return hour * HOUR + minute * MICROSECONDS["m"] + second * SECOND + part


def _offset_of(text: str | None) -> int | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return 0
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * HOUR + int(text[-2:]) * MICROSECONDS["m"])


def _day_key(cell: _Cell, order: DateOrder | None) -> tuple[int, int, int]:
    if not cell.first:
        return cell.year, cell.month, cell.day
    return (cell.year, cell.second, cell.first) if order == "dmy" else (cell.year, cell.first, cell.second)


def _ordinal(key: tuple[int, int, int]) -> int | None:
    """Return the days from 1970 to a day, None where the calendar has no such day; a time without a date has day 0."""
    if key == (0, 0, 0):
        return 0
    try:
        return date(*key).toordinal() - _EPOCH
    except ValueError:
        return None


def _order_of(cells: Iterable[_Cell], example: str, option: str) -> DateOrder:
    """Return whether the day or the month stands first, by what the calendar has and by days that follow each other."""
    keys = {order: {_day_key(cell, order) for cell in cells if cell.first} for order in ("dmy", "mdy")}
    days = {order: [_ordinal(key) for key in sorted(dates)] for order, dates in keys.items()}
    readable = {order: sum(day is not None for day in numbers) for order, numbers in days.items()}
    if readable["dmy"] != readable["mdy"]:
        return "dmy" if readable["dmy"] > readable["mdy"] else "mdy"
    in_a_row: Counter[str] = Counter()
    for order, numbers in days.items():
        known = {day for day in numbers if day is not None}
        in_a_row[order] = sum(day + 1 in known for day in known)
    if in_a_row["dmy"] == in_a_row["mdy"]:
        cures = " or ".join(option.format("dates", order) for order in ("dmy", "mdy"))
        raise ValueError(f"{shown(example)} can be read as day/month and as month/day; write {cures}")
    return "dmy" if in_a_row["dmy"] > in_a_row["mdy"] else "mdy"


def _local(time: NDArray[np.int64], offsets: Sequence[int | None], zone: ZoneInfo) -> NDArray[np.int64]:
    """Return instants as the clock reads in a zone; without an offset they are UTC."""
    utc = time - np.array([offset or 0 for offset in offsets], np.int64)
    shifts: dict[int, int] = {}
    local = time.copy()
    for row, instant in enumerate(utc.tolist()):
        if time[row] == NONE:
            continue
        quarter = instant // (HOUR // 4)  # clocks change on such
        if quarter not in shifts:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=quarter * (HOUR // 4))
            shift = moment.astimezone(zone).utcoffset()
            assert shift is not None
            shifts[quarter] = round(shift.total_seconds() * SECOND)
        local[row] = instant + shifts[quarter]
    return local
