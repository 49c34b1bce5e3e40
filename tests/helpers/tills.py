"""Exports of tills whose truth is known: orders drawn from rates, classes, batches and services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

Times = list[np.ndarray]

RATES = (40.0, 40.0, 120.0, 120.0, 120.0, 60.0, 60.0, 60.0)
"""Orders in an hour, by half-hours from 11:00 on."""
HALF_HOUR = 1800.0


@dataclass(frozen=True)
class Till:
    """How a till writes: its separator, its header, the form of instants, and how it rounds them, in seconds."""

    separator: str = ","
    header: Sequence[str] = ("time", "class", "service")
    form: str = "%Y-%m-%d %H:%M:%S"
    grain: float = 1.0
    words: Sequence[str] = ("VIP", "NORMAL")
    decimal: str = "."


@dataclass
class Day:
    """The orders of a day: seconds from 11:00, who is a VIP, and service times in seconds."""

    times: np.ndarray
    vips: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    services: np.ndarray = field(default_factory=lambda: np.empty(0))


def poisson(generator: np.random.Generator, rates: Sequence[float] = RATES, factor: float = 1.0) -> np.ndarray:
    """Return Poisson arrivals in seconds, with a rate for each half-hour."""
    counts = generator.poisson(np.asarray(rates) * factor / 2)
    starts = np.repeat(np.arange(len(counts)) * HALF_HOUR, counts)
    return np.sort(starts + generator.random(counts.sum()) * HALF_HOUR)


def days_of(
    seed: int,
    times: Callable[[np.random.Generator, int], np.ndarray] = lambda generator, _: poisson(generator),
    count: int = 14,
    vip: float = 0.15,
    service: Callable[[np.random.Generator, int], np.ndarray] = lambda generator, n: generator.gamma(4, 30, n),
) -> list[Day]:
    """Return days with arrivals, classes and service times drawn by functions of a generator."""
    generator = np.random.default_rng(seed)
    days = []
    for number in range(count):
        arrivals = times(generator, number)
        n = len(arrivals)
        days.append(Day(arrivals, generator.random(n) < vip, service(generator, n)))
    return days


def export(days: Sequence[Day], till: Till = Till(), first: str = "2026-03-02", opens: float = 11.0) -> str:
    """Return the text that a till exports; the first of its columns is the instant."""
    begin = datetime.fromisoformat(first)
    lines = [till.separator.join(till.header)]
    for number, day in enumerate(days):
        midnight = begin + timedelta(days=number, hours=opens)
        for row, time in enumerate(day.times):
            instant = midnight + timedelta(seconds=float(time // till.grain * till.grain))
            cells = [instant.strftime(till.form), till.words[0 if day.vips[row] else 1]]
            cells.append(f"{day.services[row]:.1f}".replace(".", till.decimal))
            lines.append(till.separator.join(cells[: len(till.header)]))
    return "\n".join(lines) + "\n"


def with_instants(
    days: Sequence[Day], columns: Callable[[Day], dict[str, np.ndarray]], first: str = "2026-03-02"
) -> str:
    """Return an export with classes and instants beside each order: `columns` gives for a day what stands in each, in
    seconds from 11:00, NaN where nothing does.
    """
    lines = [",".join(["time", "class", *columns(days[0])])]
    for number, day in enumerate(days):
        midnight = datetime.fromisoformat(first) + timedelta(days=number, hours=11)
        values = columns(day)
        for row, time in enumerate(day.times):
            cells = [time, *(value[row] for value in values.values())]
            texts = ["" if np.isnan(cell) else str(midnight + timedelta(seconds=int(cell))) for cell in cells]
            lines.append(",".join([texts[0], "VIP" if day.vips[row] else "NORMAL", *texts[1:]]))
    return "\n".join(lines) + "\n"


def served(day: Day, bots: int) -> np.ndarray:
    """Return when each order of a day is begun by so many bots, in order of arrival."""
    free = np.zeros(bots)
    begins = np.empty(len(day.times))
    for row, time in enumerate(day.times):
        bot = int(free.argmin())
        begins[row] = max(time, free[bot])
        free[bot] = begins[row] + day.services[row]
    return begins
