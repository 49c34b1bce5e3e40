"""Rates by time of day from a CSV file, such as those that a call centre plans with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Annotated, NamedTuple, cast

import numpy as np
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from sim.errors import Fault, few_of_a_kind
from sim.scenario.mapping import WrongValueError
from sim.scenario.parts import Context
from sim.scenario.processes import Floats, Open, Process, Rates, Times, from_rates
from sim.scenario.tables import rows_of
from sim.scenario.tree import Place
from sim.units import DAY, HOUR, SECOND, Clock, shown

_HEADER = ["from", "rate_per_h"]
_LARGEST = 1e9  # arrivals in an hour


class DayRates(NamedTuple):
    """Rates in the course of a day, which each day repeats: `starts` in microseconds, the first 0, and the arrivals in
    a microsecond from then on.
    """

    starts: tuple[int, ...]
    rates: tuple[float, ...]

    def turned(self, begin: int) -> "DayRates":
        """Return the same rates for a day that begins `begin` microseconds later."""
        shift = begin % DAY
        if not shift:
            return self
        first = int(np.searchsorted(self.starts, shift, side="right")) - 1
        order = [*range(first, len(self.starts)), *range(first + 1)]
        starts = [0, *((self.starts[index] - shift) % DAY for index in order[1:])]
        if self.starts[first] == shift:  # no rate is cut in two
            order, starts = order[:-1], starts[:-1]
        return DayRates(tuple(starts), tuple(self.rates[index] for index in order))


def _read(value: object, info: ValidationInfo) -> DayRates:
    context = cast(Context, info.context)
    faults: list[Fault] = []
    rows = rows_of(value, context, faults)
    place, header = next(rows, (Place(f"{context.label}{value}"), []))
    rates: dict[int, float] = {}
    if not faults and [column.strip() for column in header] != _HEADER:
        faults.append(place.fault("", f"the header is {shown(','.join(header))}; write {','.join(_HEADER)}"))
    elif not faults:
        faults += few_of_a_kind(_add_rates(rows, rates))
    if faults:
        raise WrongValueError(*(((), fault) for fault in faults))
    if not any(rates.values()):
        raise ValueError(f"{shown(value)} has no rate above 0; write lines such as 11:30,42")
    starts = sorted(rates)
    by_time = DayRates((0, *starts), (rates[starts[-1]], *(rates[start] for start in starts)))
    if starts[0] == 0:
        by_time = DayRates(by_time.starts[1:], by_time.rates[1:])
    return by_time.turned(context.clock.start)


def _add_rates(rows: Iterator[tuple[Place, list[str]]], rates: dict[int, float]) -> Iterator[Fault]:
    """Add the rate of each row, and yield what is wrong with the row."""
    for place, row in rows:
        if len(row) != len(_HEADER):
            yield place.fault("", f"holds {len(row)} instead of {len(_HEADER)} values; write a clock time and a rate")
            continue
        try:
            clock = Clock.parse(row[0].strip())
            rate = float(row[1])
        except ValueError as error:
            advice = f"{shown(row[1])} is not a rate; write a number of orders in an hour, such as 42"
            yield place.fault("", advice if str(error).startswith("could not convert") else str(error))
            continue
        if clock.day is not None:
            yield place.fault("from", f"{shown(row[0])} has a date; write a time of day, which comes again each day")
        elif not 0 <= rate <= _LARGEST:
            yield place.fault("rate_per_h", f"{shown(row[1])} is not a rate; write a number from 0 to {_LARGEST:,.0f}")
        elif clock.start in rates:
            yield place.fault("from", f"{shown(row[0])} stands twice; keep one of the two")
        else:
            rates[clock.start] = rate / HOUR


RatesTable = Annotated[
    DayRates,
    PlainValidator(_read),
    WithJsonSchema({"type": "string", "description": "a CSV file with the columns from and rate_per_h"}),
]
"""Rates of a day that begins when the clock of the scenario starts."""


@dataclass(frozen=True)
class DailyRates(Process):
    """Poisson arrivals with rates that come again each day."""

    day: DayRates

    @cached_property
    def _lengths(self) -> Floats:
        return np.diff(np.array([*self.day.starts, DAY], float))

    @property
    def mean_rate(self) -> float:
        return float(self._lengths @ np.array(self.day.rates)) / DAY * SECOND

    def expected_arrivals(self, span: float) -> float:
        if span == float("inf"):
            return span
        days, over = divmod(span, DAY)
        rates = np.array(self.day.rates)
        inside = np.clip(over - np.array(self.day.starts, float), 0, self._lengths)
        return float(days * (self._lengths @ rates) + inside @ rates)

    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:
        each_rate = np.array(self.day.rates)
        rates = Rates.of(self._lengths, each_rate, each_rate)
        return [from_rates(repeat(rates), opened(0), factor, end, most) for opened in opens]
