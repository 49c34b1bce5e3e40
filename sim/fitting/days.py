"""Business days: where one ends and the next begins, when the kitchen is open, and how many orders each slot had."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.scenario.records import Records
from sim.units import DAY, HOUR, count

Ints = NDArray[np.int64]

SLOT = HOUR // 2
SLOTS = DAY // SLOT
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_QUIET = 0.02  # of the busiest slot: so few orders are a quiet slot
_APART = 4  # quiet slots that part orders out of hours from the others
_FEW = 0.005  # of all orders, which may lie out of hours
_FIRST = date(1970, 1, 1)


@dataclass(frozen=True)
class Days:
    """Orders by business day. `cut` is when one ends, in microseconds from midnight, maybe before it; `dates` are
    those of the days, whose orders may go on after midnight. `day` and `time` are the day of each order and its
    microseconds since the kitchen opened, which is `opens` after midnight; it is open for `slots` slots of half an
    hour.
    """

    records: Records
    cut: int
    dates: list[date]
    day: Ints
    time: Ints
    opens: int
    slots: int
    notes: list[str]

    @property
    def weekdays(self) -> list[int]:
        """The weekday of each day, 0 for Monday."""
        return [day.weekday() for day in self.dates]

    def counts(self, rows: NDArray[np.bool_] | None = None) -> Ints:
        """Return how many orders came in each slot of each day, of all or of some: (days, slots)."""
        table = np.zeros((len(self.dates), self.slots), np.int64)
        day, slot = self.day, self.time // SLOT
        np.add.at(table, (day, slot) if rows is None else (day[rows], slot[rows]), 1)
        return table

    def reading(self, slot: float) -> str:
        """Return what the clock reads when a slot begins."""
        time = (self.opens + round(slot * SLOT)) % DAY
        return f"{time // HOUR:02d}:{time % HOUR // 60_000_000:02d}"

    def chosen(self, days: list[int]) -> "Days":
        """Return some of these days."""
        number = np.full(len(self.dates), -1)
        number[days] = np.arange(len(days))
        rows = number[self.day] >= 0
        dates = [self.dates[day] for day in days]
        records = self.records.chosen(rows)
        return Days(
            records, self.cut, dates, number[self.day[rows]], self.time[rows], self.opens, self.slots, self.notes
        )


def business_days(records: Records, weekdays: tuple[int, ...] = (), until: date | None = None) -> Days:
    """Return the orders of a file by business day, each cut in the middle of the longest quiet stretch.

    `weekdays` are those that count, by default all; days from `until` on are left out. So are days that the file has in
    part, and orders out of hours, which are told.

    Raises:
        ValueError: no order is left.

    """
    of_day = records.time % DAY
    cut = _quietest(np.bincount(of_day // SLOT, minlength=SLOTS)) * SLOT
    if cut > DAY // 2:  # such a day has the date of the hours that follow
        cut -= DAY
    number = (records.time - cut) // DAY
    notes: list[str] = []
    chosen = np.ones(len(records), bool)
    if weekdays:
        chosen &= np.isin((number + _FIRST.weekday()) % 7, weekdays)
    if until is not None:
        chosen &= number < (until - _FIRST).days
    chosen &= ~_in_part(number, records.time - cut, chosen, notes)
    if not chosen.any():
        raise ValueError("has no order on the days that count; choose other days")
    since_cut = (records.time - cut) % DAY
    first, last = _open_slots(np.bincount(since_cut[chosen] // SLOT, minlength=SLOTS))
    in_hours = chosen & (since_cut // SLOT >= first) & (since_cut // SLOT <= last)
    opens = (cut + first * SLOT) % DAY
    outside = np.flatnonzero(chosen & ~in_hours)
    if len(outside):
        lines = ", ".join(str(line) for line in records.line[outside][:10])
        ends = f" and {len(outside) - 10} more" if len(outside) > 10 else ""
        hours = f"{_clock(opens)} to {_clock(opens + (last + 1 - first) * SLOT)}"
        notes.append(f"{count(len(outside), 'order')} out of hours ({hours}) not counted: line {lines}{ends}")
    numbers = np.unique(number[in_hours])
    dates = [_FIRST + timedelta(days=int(day)) for day in numbers]
    notes += _closed_days(dates, weekdays)
    day = np.searchsorted(numbers, number[in_hours])
    time = since_cut[in_hours] - first * SLOT
    return Days(records.chosen(in_hours), cut, dates, day, time, opens, int(last - first + 1), notes)


def _clock(time: int) -> str:
    return f"{time % DAY // HOUR:02d}:{time % HOUR // 60_000_000:02d}"


def _quietest(counts: Ints) -> int:
    """Return the slot in the middle of the longest stretch of quiet slots, round the clock, or else the quietest."""
    is_quiet = counts <= _QUIET * counts.max()
    best_start, best_length = int(counts.argmin()), 0
    for start in range(SLOTS):
        length = 0
        while length < SLOTS and is_quiet[(start + length) % SLOTS]:
            length += 1
        if length > best_length:
            best_start, best_length = start, length
    return (best_start + best_length // 2) % SLOTS


def _open_slots(counts: Ints) -> tuple[int, int]:
    """Return the first and the last slot with orders, but for few that lie far from all others."""
    busy = np.flatnonzero(counts)
    clusters = np.split(busy, np.flatnonzero(np.diff(busy) > _APART) + 1)
    large = [cluster for cluster in clusters if counts[cluster].sum() > _FEW * counts.sum()]
    return int(large[0][0]), int(large[-1][-1])


def _in_part(number: Ints, since_cut: Ints, chosen: NDArray[np.bool_], notes: list[str]) -> NDArray[np.bool_]:
    """Return which orders are of a first day that begins late, or of a last one that ends early, as exports do that are
    made in the middle of a day.
    """
    of_part = np.zeros(len(number), bool)
    numbers, totals = np.unique(number[chosen], return_counts=True)
    if len(numbers) < 4:
        return of_part
    time = since_cut % DAY
    firsts = [int(time[chosen & (number == day)].min()) for day in numbers]
    lasts = [int(time[chosen & (number == day)].max()) for day in numbers]
    usual = np.median(totals)
    for index, is_part in (
        (0, firsts[0] > max(firsts[1:]) + HOUR),
        (-1, lasts[-1] < min(lasts[:-1]) - HOUR),
    ):
        if is_part and totals[index] < 0.7 * usual:
            of_part |= number == numbers[index]
            day = _FIRST + timedelta(days=int(numbers[index]))
            notes.append(f"{day} is incomplete, with {count(int(totals[index]), 'order')}, and left out")
    return of_part


def _closed_days(dates: list[date], weekdays: tuple[int, ...]) -> list[str]:
    """Return a line on days between the first and the last on which nobody came."""
    span = [dates[0] + timedelta(days=number) for number in range((dates[-1] - dates[0]).days)]
    open_weekdays = {day.weekday() for day in dates}
    closed = [day for day in span if day not in set(dates) and (not weekdays or day.weekday() in weekdays)]
    singles = [str(day) for day in closed if day.weekday() in open_weekdays]
    if not singles:
        return []
    ends = f" and {len(singles) - 5} more" if len(singles) > 5 else ""
    return [f"no order on {', '.join(singles[:5])}{ends}: taken as closed"]
