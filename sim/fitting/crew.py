"""The crew that really worked, from a file with the columns `at` and `count`."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import Fault, FileError
from sim.scenario import Place
from sim.scenario.files import read_bytes
from sim.scenario.parts import MOST_BOTS
from sim.scenario.records.sheet import Sheet, read_sheet
from sim.units import DAY, Clock, format_duration, shown


class Change(NamedTuple):
    """From when on there are how many bots: microseconds from midnight, of each day where `day` is None."""

    day: date | None
    time: int
    bots: int


class Crew(NamedTuple):
    """The changes of a crew in order of time."""

    changes: list[Change]

    @property
    def has_dates(self) -> bool:
        """Whether it was another one on other days."""
        return any(change.day is not None for change in self.changes)

    def bots(self, day: date | None, start: int, end: int | None) -> Mapping[str, Any]:
        """Return the key `bots` of a run on a day whose clock starts so many microseconds after midnight."""
        initial, schedule = 0, list[dict[str, Any]]()
        for change in self.changes:
            if change.day is not None and day is not None and change.day != day:
                continue
            instant = change.time - start
            if instant < 0 and _is_night(start, end):
                instant += DAY
            if instant <= 0:
                initial = change.bots
            elif end is None or instant <= end:
                schedule.append({"at": format_duration(instant, 6), "count": change.bots})
        return {"initial": initial, "schedule": schedule}


def _is_night(start: int, end: int | None) -> bool:
    """Whether a run goes on after midnight."""
    return end is not None and start + end > DAY


def read_crew(path: Path) -> Crew:
    """Return the crew of a CSV file.

    Raises:
        FileError: with what is wrong in it.

    """
    try:
        sheet = read_sheet(read_bytes(path), str(path))
    except ValueError as error:
        raise FileError([Place(str(path)).fault("", str(error))]) from None
    if list(sheet.columns) != ["at", "count"]:
        header = sheet.separator.join(sheet.columns)
        raise FileError([Place(str(path)).fault("", f"the header is {shown(header)}; write at,count")])
    faults = [*sheet.faults]
    changes = [change for row in range(len(sheet.lines)) if (change := _change(sheet, row, faults)) is not None]
    if faults:
        raise FileError(faults)
    return Crew(sorted(changes, key=lambda change: (change.day or date.min, change.time)))


def _change(sheet: Sheet, row: int, faults: list[Fault]) -> Change | None:
    """Return what a row says, None where that is wrong, which is added to the faults."""
    text, number = sheet.columns["at"][row], sheet.columns["count"][row]
    try:
        clock = Clock.parse(text)
    except ValueError as error:
        faults.append(sheet.fault(row, "at", str(error)))
        return None
    if not (number.isdecimal() and int(number) <= MOST_BOTS):
        faults.append(sheet.fault(row, "count", f"{shown(number)} is not a number of bots; write 0 to {MOST_BOTS:,}"))
        return None
    return Change(clock.day, clock.start, int(number))
