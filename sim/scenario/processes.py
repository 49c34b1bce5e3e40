"""Arrival processes: the instants at which orders come, in whole microseconds from the beginning of a stream."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.scenario.distributions import Distribution
from sim.scenario.generators import Draw
from sim.scenario.inverses import Curve, Numbers, exponential, rounded
from sim.scenario.mapping import Part
from sim.scenario.parts import PhaseRate, PositiveDuration, Rate
from sim.units import LONGEST, SECOND

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Open = Callable[[int], Draw]
"""Opens the numbers of one of two parts: 0 for arrivals, 1 for what modulates their rate."""

_BLOCK = 1024
_LARGEST_BLOCK = 1 << 16


class Rates(NamedTuple):
    """Stretches of time in which the rate moves in a straight line; times in microseconds, rates in arrivals in one."""

    length: float  # of all of them
    arrivals: float  # expected in all of them
    bounds: Floats  # (stretches + 1,), how many arrivals are expected until a stretch begins; outside, all there are
    columns: Floats  # (5, stretches): start, arrivals expected until then, half of the rate, its square, half the slope
    falls_low: bool  # whether a rate falls so low that rounding may take its square below 0

    @classmethod
    def of(cls, length: Floats, first: Floats, last: Floats) -> "Rates":
        """Return stretches of some lengths, each with the rate at its start and at its end."""
        starts = np.concatenate(([0.0], np.cumsum(length)))
        levels = np.concatenate(([0.0], np.cumsum(length * (first + last) / 2)))
        half, slope = first / 2, (last - first) / length / 2
        bounds = np.concatenate(([-np.inf], levels[1:-1], [np.inf]))
        columns = np.array((starts[:-1], levels[:-1], half, half * half, slope))
        return cls(float(starts[-1]), float(levels[-1]), bounds, columns, bool((last * 1000 < first).any()))

    def instants(self, points: Floats) -> Floats:
        """Return when as many arrivals are expected as each point says; the sorted points are used up.

        A point falls into a stretch, `above` its level, at the time t that solves rate t + slope t²/2 = above, which is
        t = above / (rate/2 + sqrt((rate/2)² + slope/2 above)). This form divides by no slope, which may be 0.
        """
        edges = points.searchsorted(self.bounds)
        start, level, half, square, speed = self.columns.repeat(edges[1:] - edges[:-1], axis=1)
        points -= level
        speed *= points  # which is the slope so far
        speed += square
        if self.falls_low:
            np.maximum(speed, 0, out=speed)
        np.sqrt(speed, out=speed)
        speed += half
        points /= speed
        points += start
        return points


class Gaps(NamedTuple):
    """Independent gaps between arrivals, or between those of a process of rate 1 where there are `rates`."""

    curve: Curve
    scales: Floats  # (days,), in place of the curve's own; infinite where nobody comes
    rates: Rates | None = None


class Process(ABC):
    """An arrival process. Spans and times are microseconds from its beginning, rates are arrivals in a second."""

    @property
    def span(self) -> int | None:
        """After what time it is over by itself, None for never."""
        return None

    @property
    @abstractmethod
    def mean_rate(self) -> float:
        """The rate in the long run."""

    def expected_arrivals(self, span: float) -> float:
        """Return how many arrivals there are in `span` on average."""
        return span / SECOND * self.mean_rate

    def gaps(self, factors: Sequence[float]) -> Gaps | None:  # noqa: ARG002 - of some processes alone
        """Return its gaps on days of which each has rates times a factor; None where it is more than gaps."""
        return None

    @abstractmethod
    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:
        """Return the first `most` instants of each day, or at least all before `end`, sorted, with rates times a factor
        above 0.
        """


def _from_gaps(
    opens: Sequence[Open], gaps: Callable[[Numbers], Times], rate: float, end: int | None, most: int
) -> list[Times]:
    """Return each day's instants, with gaps of `rate` in a second on average between them, made from numbers."""
    count = _draws_at_once(most if end is None else rate * end / SECOND, most)
    numbers = [opened(0)(count) for opened in opens]
    days = list(gaps(np.concatenate(numbers)).reshape(len(opens), count).cumsum(axis=1))
    for place, times in enumerate(days):
        if count < most and (end is None or times[-1] < end):
            draw = opens[place](0)
            draw(count)
            blocks = [times]
            while len(blocks) * count < most and (end is None or blocks[-1][-1] < end):
                blocks.append(blocks[-1][-1] + np.cumsum(gaps(draw(count))))
            days[place] = np.concatenate(blocks)[:most]
    return days


def _draws_at_once(expected: float, most: int) -> int:
    """Return how many to draw at once, where so many are expected: rarely too few, and never very many."""
    likely = max(expected, 0)
    return max(1, min(most, _LARGEST_BLOCK, int(likely + 3 * likely**0.5) + 8))


def from_rates(blocks: Iterator[Rates], draw: Draw, factor: float, end: int | None, most: int) -> Times:
    """Return the instants of a Poisson process with a rate that changes: those of a process of one rate, put through
    the inverse of the expected number of arrivals up to an instant (Çinlar 1975, Introduction to Stochastic Processes).
    """
    gap = exponential(1 / factor)
    instants: list[Floats] = []
    count = 0
    time = level = 0.0  # where the blocks have come to, and how many arrivals are expected until then
    points, last_point = np.empty(0), 0.0  # of the process of one rate, beyond `level`
    for rates in blocks:
        next_level = level + rates.arrivals
        parts, drawn = [points], count + len(points)
        while last_point < next_level and drawn < most:
            gaps = gap.values(draw(_draws_at_once((next_level - last_point) * factor, most)))
            gaps[0] += last_point  # one sum from the beginning on, however it is divided
            parts.append(gaps.cumsum(out=gaps))
            last_point = float(gaps[-1])
            drawn += len(gaps)
        points = np.concatenate(parts) if len(parts) > 2 or len(points) else parts[-1]
        edge = points.searchsorted(next_level)
        inside, points = points[:edge], points[edge:]
        if time:
            instants.append(rates.instants(inside - level) + time)
        else:
            instants.append(rates.instants(inside))
        time, level = time + rates.length, next_level
        count += len(inside)
        if count >= most or (end is not None and time >= end):
            break
    times = (np.concatenate(instants) if len(instants) > 1 else instants[0])[:most]
    return rounded(np.minimum(times, LONGEST, out=times) if len(times) and times[-1] > LONGEST else times)


class Phase(Part):
    """A stretch of time with one rate, or with a rate that moves in a straight line to `ramp_to`."""

    length: PositiveDuration = Field(alias="for")
    rate: PhaseRate
    ramp_to: PhaseRate | None = None

    def ends(self) -> tuple[float, float]:
        """Return the rate at its beginning and at its end, in arrivals in a second."""
        return self.rate, self.rate if self.ramp_to is None else self.ramp_to


class Poisson(Part, Process):
    """Arrivals with independent exponential gaps; with phases, at a rate that changes with time."""

    exactly_one: ClassVar = ("rate", "phases")
    likely_form: ClassVar = "poisson: {{rate: {}}}"
    likely_unit: ClassVar = "/h"

    rate: Rate | None = None
    phases: list[Phase] | None = Field(None, min_length=1)

    @cached_property
    def span(self) -> int | None:
        return None if self.phases is None else sum(phase.length for phase in self.phases)

    @property
    def mean_rate(self) -> float:
        assert self.rate is not None
        return self.rate

    @cached_property
    def _rates(self) -> Rates:
        phases = self.phases or []
        length = np.array([phase.length for phase in phases], float)
        return Rates.of(length, *(np.array(rates) / SECOND for rates in zip(*map(Phase.ends, phases), strict=True)))

    def expected_arrivals(self, span: float) -> float:
        if self.phases is None:
            return super().expected_arrivals(span)
        expected, remaining_span = 0.0, span
        for phase in self.phases:
            inside = min(max(remaining_span, 0), phase.length)
            first, last = phase.ends()
            expected += inside / SECOND * (first + (last - first) * inside / phase.length / 2)
            remaining_span -= phase.length
        return expected

    def gaps(self, factors: Sequence[float]) -> Gaps:
        rate = 1.0 if self.rate is None else self.rate
        unit = 1 if self.rate is None else SECOND
        scales = np.array([unit / (rate * factor) if factor else np.inf for factor in factors])
        return Gaps(exponential(1), scales, self._rates if self.rate is None else None)

    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:
        if self.rate is None:
            return [from_rates(iter([self._rates]), opened(0), factor, end, most) for opened in opens]
        rate = self.rate * factor
        return _from_gaps(opens, exponential(SECOND / rate).durations, rate, end, most)


class State(Part):
    """A state of a modulated process: its rate, and how long it lasts on average."""

    rate: PhaseRate
    stay: PositiveDuration


class Mmpp(Part, Process):
    """A Markov-modulated Poisson process: its states follow each other in a circle, from the first on; each lasts an
    exponential time.
    """

    states: list[State] = Field(min_length=1)

    @property
    def mean_stay(self) -> float:
        """The mean time in a state, in microseconds."""
        return sum(state.stay for state in self.states) / len(self.states)

    @property
    def mean_rate(self) -> float:
        return sum(state.rate * state.stay for state in self.states) / (len(self.states) * self.mean_stay)

    def _rates(self, draw: Draw) -> Iterator[Rates]:
        rounds = max(1, _BLOCK // len(self.states))
        stays = np.tile([float(state.stay) for state in self.states], rounds)
        rates = np.tile([state.rate / SECOND for state in self.states], rounds)
        while True:
            yield Rates.of(stays * exponential(1).values(draw(len(stays))), rates, rates)

    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:
        return [from_rates(self._rates(opened(1)), opened(0), factor, end, most) for opened in opens]


@dataclass(frozen=True)
class Every(Process):
    """Arrivals at equal distances, the first one at once."""

    gap: int

    @property
    def mean_rate(self) -> float:
        return SECOND / self.gap

    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:  # noqa: ARG002 - nothing is drawn
        last = most * self.gap
        last = last if end is None else min(end, last)
        return [np.arange(0, last, self.gap, dtype=np.int64)] * len(opens)


@dataclass(frozen=True)
class Renewal(Process):
    """Arrivals with independent gaps of one distribution."""

    gap: Distribution

    @property
    def mean_rate(self) -> float:
        return SECOND / self.gap.mean

    def gaps(self, factors: Sequence[float]) -> Gaps | None:
        curve = self.gap.curve
        return None if curve is None else Gaps(curve, np.full(len(factors), float(curve.scale)))

    def times(self, opens: Sequence[Open], end: int | None, most: int, factor: float) -> list[Times]:  # noqa: ARG002 - of rates alone
        if self.gap.constant is not None:
            opens = [_no_chance] * len(opens)
        return _from_gaps(opens, self.gap.durations, self.mean_rate, end, most)


def _no_chance(_: int) -> Draw:
    return lambda count: np.zeros(count, np.uint64)
