"""`fit`: a file of real orders becomes a scenario, with the evidence for each number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import ArgumentError, FileError, few_of_a_kind
from sim.fitting.arrivals import Arrivals, fit_arrivals
from sim.fitting.days import SLOT, WEEKDAYS, Days, business_days
from sim.fitting.presenting import FitPlots, html_of, plots_of
from sim.fitting.services import Patience, Service, fit_patience, fit_services, measured_services
from sim.fitting.weekdays import group_name, weekday_groups
from sim.model import NONE
from sim.scenario import Place, Scenario, restore_scenario
from sim.scenario.files import read_bytes
from sim.scenario.records import ClassWords, Columns, Records, read_records
from sim.scenario.records.dates import DateOrder
from sim.statistics import DayFactor, day_factor
from sim.units import HOUR, SECOND, count

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]

ROLES = ("id", "started", "done", "service", "left")
_MOST_UNREADABLE = 0.01  # of rows
_FEWEST_ORDERS = 50


@dataclass(frozen=True)
class Group:
    """Days that are alike: the name of their weekdays, '' where there is one group, how orders come on them, and the
    service time of each order in microseconds, NONE where nobody says it.
    """

    name: str
    days: Days
    arrivals: Arrivals
    measured: Ints


@dataclass(frozen=True, repr=False)
class Fit:
    """What a file of orders says: a scenario, and the evidence for it.

    `overall` are all days together and `groups` those of weekdays that differ, none where all are alike. `factor` says
    how much days differ beyond chance, None of fewer than three. `problems` is what nobody can say, or what the
    scenario does not have; `notes` tell how the file was read.
    """

    name: str
    source: str
    records: Records
    overall: Group
    groups: list[Group]
    weekdays: str
    factor: DayFactor | None
    services: list[Service]
    patience: list[Patience]
    crew: int
    notes: list[str]
    problems: list[str]

    def __repr__(self) -> str:
        """Return what was fitted, in one line."""
        return f"<Fit {self.name}, {count(len(self.overall.days.records), 'order')}, {self.span}>"

    @property
    def span(self) -> str:
        """How many days there are, from when to when."""
        dates = self.overall.days.dates
        return f"{count(len(dates), 'day')} from {dates[0]} to {dates[-1]}"

    @property
    def plot(self) -> FitPlots:
        """The picture of the evidence, as `fit.plot.evidence()`."""
        return plots_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The scenario and the files beside it, by their names; the first one is the scenario for all days."""
        from sim.fitting.writing import files_of

        return files_of(self)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario for all days, ready to run."""
        return self._scenario(f"{self.name}.yaml")

    def _scenario(self, name: str) -> Scenario:
        return restore_scenario(self.files[name].decode(), self.files, name)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each phase: group (weekdays), stream, from (clock), until, rate_per_h, low, high (95%, by
        days, NA of one day) and orders (how many arrivals there were).
        """
        import pandas as pd

        rows = [
            {
                "group": group.name,
                "stream": stream.name,
                "from": group.days.reading(phase.first),
                "until": group.days.reading(phase.last),
                "rate_per_h": phase.rate.estimate,
                "low": phase.rate.low,
                "high": phase.rate.high,
                "orders": int(phase.arrivals.sum()),
            }
            for group in self.groups or [self.overall]
            for stream in group.arrivals.streams
            for phase in stream.phases
        ]
        return pd.DataFrame(rows)


def fit(
    path: str | Path,
    *,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    vip: Sequence[str] = (),
    unit: str | None = None,
    dates: DateOrder | None = None,
    zone: str | None = None,
    skip: Sequence[tuple[str, str]] = (),
    days: str | None = None,
    until: str | None = None,
) -> Fit:
    """Fit a scenario to a CSV file of real orders, as a till or a call centre wrote it.

    `columns` gives the names of columns by what they say: time, class, id, started, done, service, left. `vip` are the
    words of the class that stand for VIPs, `unit` that of plain numbers of service, `zone` where the shop is, `skip`
    columns with values of rows that do not count, `days` weekdays such as mon-fri, `until` the first date that does
    not count.

    Raises:
        FileError: the file cannot be read, or says too little; the lines say what to give.
        ArgumentError: days or until cannot be read.

    """
    path = Path(path)
    wanted = Columns(dict(columns or {}), ClassWords(tuple(vip)), unit, dates, zone, skip)
    records = load_records(path, wanted)
    chosen_days = weekdays_of(days)
    first_left_out = None if until is None else _date_of(until)
    try:
        by_day = business_days(records, chosen_days, first_left_out)
    except ValueError as error:
        raise refused(path, str(error)) from None
    if len(by_day.records) < _FEWEST_ORDERS:
        orders = count(len(by_day.records), "order")
        raise refused(path, f"has {orders}; at least {_FEWEST_ORDERS} are needed")
    return _fitted(name or path.stem, path.name, records, by_day)


def refused(path: Path, problem: str) -> FileError:
    """Return what refuses a file as a whole."""
    return FileError([Place(str(path)).fault("", problem)])


def load_records(path: Path, wanted: Columns) -> Records:
    """Return the orders of a file; rows that cannot be read are told in its notes, and too many of them are a fault.

    Raises:
        FileError: the file cannot be read.

    """
    try:
        records = read_records(read_bytes(path), str(path), wanted, ROLES)
    except ValueError as error:
        raise refused(path, str(error)) from None
    if not records.has_dates:
        raise refused(path, "has times without dates; name the column of dates too, such as --time 'Date + Time'")
    faults = records.faults
    if len(faults) > max(1, _MOST_UNREADABLE * records.rows):
        raise FileError(faults)
    if faults:
        lines = [str(fault) for fault in few_of_a_kind(faults)]
        records.notes.extend([*lines, f"{count(len(faults), 'row')} of {records.rows:,} that cannot be read left out"])
    return records


def weekdays_of(text: str | None) -> tuple[int, ...]:
    """Return the weekdays of a text such as `mon-fri` or `sat,sun`, none of None.

    Raises:
        ArgumentError: it is no such text.

    """
    weekdays: list[int] = []
    for part in (text or "").split(",") if text else []:
        first, _, last = part.strip().lower().partition("-")
        try:
            begin, end = WEEKDAYS.index(first[:3]), WEEKDAYS.index((last or first)[:3])
        except ValueError:
            raise ArgumentError("days", f"{text!r} are not weekdays; write some such as mon-fri or sat,sun") from None
        weekdays += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return tuple(weekdays)


def _date_of(text: str) -> date:
    """Return the date of a text such as 2026-03-14, for `until`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError("until", f"{text!r} is not a date; write one such as 2026-03-14") from None


def _fitted(name: str, source: str, records: Records, days: Days) -> Fit:
    """Return what is estimated of orders by day."""
    measured = measured_services(days.records)
    overall = Group("", days, fit_arrivals(days), measured.values)
    arrivals = overall.arrivals
    counts, within = days.counts(arrivals.is_first), arrivals.within.ratio
    weekday_sets, verdict = weekday_groups(counts, days.weekdays, within)
    groups = [_group(weekdays, days, measured.values) for weekdays in weekday_sets] if len(weekday_sets) > 1 else []
    alike = groups or [overall]  # days of which none differs from others by its weekday
    factor = None
    if len(days.dates) >= len(weekday_sets) + 2:
        labels = [next(i for i, weekdays in enumerate(weekday_sets) if day in weekdays) for day in days.weekdays]
        ratios, sizes = zip(*((group.arrivals.within.ratio, len(group.days.dates)) for group in alike), strict=True)
        factor = day_factor(counts.sum(1).astype(float), labels, float(np.average(ratios, weights=sizes)))
    services = fit_services(days, measured.values)
    patience, of_patience = fit_patience(days)
    of_arrivals = [
        f"{group.name}: {problem}".removeprefix(": ") for group in alike for problem in group.arrivals.problems
    ]
    problems = [*of_arrivals, *measured.problems, *of_patience]
    if len(days.dates) < 7:
        problems.insert(0, f"{count(len(days.dates), 'day')} say little about how days differ; 14 are better")
    notes = [*records.notes, *days.notes, *records.suggestions]
    crew = _crew(days, measured.values, services)
    return Fit(name, source, records, overall, groups, verdict, factor, services, patience, crew, notes, problems)


def _group(weekdays: Sequence[int], days: Days, measured: Ints) -> Group:
    """Return the days of some weekdays, and how orders come on them."""
    chosen = [day for day, weekday in enumerate(days.weekdays) if weekday in weekdays]
    part = days.chosen(chosen)
    return Group(group_name(weekdays), part, fit_arrivals(part), measured[np.isin(days.day, chosen)])


def _crew(days: Days, measured: Ints, services: Sequence[Service]) -> int:
    """Return how many bots the scenario begins with: the most orders in the making at once where the file says that,
    else enough for the busiest half-hour, with room for chance.
    """
    records = days.records
    if records.says("started") and (measured != NONE).any():
        known = (measured != NONE) & (records.started != NONE)
        begins = np.sort(records.started[known])
        ends = np.sort(records.started[known] + measured[known])
        return int((np.arange(1, len(begins) + 1) - np.searchsorted(ends, begins, side="right")).max())
    if not services:
        return 1
    mean = float(measured[measured != NONE].mean()) / SECOND
    busiest = float(days.counts().mean(0).max()) * HOUR / SLOT
    load = busiest * mean / 3600
    return max(1, int(np.ceil(load + 2 * load**0.5)))
