"""Quantiles of very many numbers: exact counts that merge, and intervals with days as clusters."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sim.statistics.intervals import Interval, Ints, hall_bounds, t_quantile, unseen_share
from sim.statistics.leb128 import decoded, encoded

BITS = 12  # each power of two is cut into 4,096 ranges
PLACES = (64 - BITS) << BITS
"""How many ranges there are."""
_NO_COUNTS = "these bytes are not counts"


def places_of(numbers: Ints) -> Ints:
    """Return the place of the range of each number: numbers below 8,192 have one each. numba can compile it."""
    exponent = (numbers.astype(np.float64).view(np.int64) >> 52) - 1023  # the power of two below each number
    power = np.maximum(exponent - BITS, 0)
    places: Ints = (power << BITS) + (numbers >> power)
    return places


def _middle(place: int) -> float:
    """Return the middle of the range at a place."""
    power = max((place >> BITS) - 1, 0)
    low = (place - (power << BITS)) << power
    return low + ((1 << power) - 1) / 2


def _rank(share: float, n: int) -> int:
    """Return which of `n` ordered numbers, from 1, is the smallest that at least this share of them does not exceed."""
    return max(1, math.ceil(share * n * (1 - 1e-12)))  # 0.07 * 100 is 7, not a little more


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many whole numbers from 0 on lie in each of many ranges: exact counts that merge exactly, in any order.

    Numbers below 8,192 have a range each; each power of two above is cut into 4,096, so that a quantile is off by less
    than 1/8192 of itself. Source: the log-linear form of HdrHistogram (Tene 2012).
    """

    places: NDArray[np.int32]  # of the ranges, ascending
    counts: Ints  # at least 1 each

    @classmethod
    def of(cls, numbers: Ints) -> "Counts":
        """Return the counts of some numbers."""
        places, counts = np.unique(places_of(np.asarray(numbers, np.int64)), return_counts=True)
        return cls(places.astype(np.int32), counts.astype(np.int64))

    @classmethod
    def join(cls, parts: Sequence["Counts"]) -> "Counts":
        """Return the counts of all numbers of some parts, the same however they were divided."""
        if not parts:
            return cls.of(np.zeros(0, np.int64))
        pool = _pool(np.concatenate([part.places for part in parts]), np.concatenate([part.counts for part in parts]))
        return cls.of_pool(pool)

    @classmethod
    def of_pool(cls, pool: NDArray[np.signedinteger[Any]]) -> "Counts":
        """Return the counts that an array has by place."""
        places = np.flatnonzero(pool != 0)  # much faster than of numbers
        return cls(places.astype(np.int32), pool[places].astype(np.int64))

    @property
    def n(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    def up_to(self, number: float) -> int:
        """Return how many numbers are at most this one, to within its range."""
        place = int(places_of(np.array([number], np.int64))[0])
        return int(self.counts[: np.searchsorted(self.places, place, side="right")].sum())

    def quantile(self, share: float) -> float:
        """Return the smallest number that at least this share of all does not exceed: the middle of its range.

        Raises:
            ValueError: nothing was counted.

        """
        if not len(self.places):
            raise ValueError("no numbers")
        return _middle(int(self.places[np.searchsorted(np.cumsum(self.counts), _rank(share, self.n))]))

    def to_bytes(self) -> bytes:
        """Return these counts as few bytes, the same on every machine.

        They are LEB128 numbers: how many ranges there are, for each of them twice the distance from the one before,
        plus 1 where it holds more than one number, and then for each such range how many more than two it holds.
        """
        several = self.counts > 1
        gaps = np.diff(self.places, prepend=0).astype(np.int64)
        return encoded(np.concatenate([[len(gaps)], 2 * gaps + several, self.counts[several] - 2]))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Counts":
        """Return the counts that became these bytes.

        Raises:
            ValueError: the bytes are no counts.

        """
        numbers = decoded(content)
        size = int(numbers[0])
        heads, excess = numbers[1 : size + 1], numbers[size + 1 :]
        several = (heads & 1).astype(bool)
        if len(heads) != size or len(excess) != several.sum():
            raise ValueError(_NO_COUNTS)
        gaps, counts = heads >> 1, np.ones(size, np.int64)
        counts[several] = excess + 2
        is_in_range = ((gaps >= 0) & (gaps < PLACES)).all() and gaps.sum() < PLACES
        if not is_in_range or (gaps[1:] < 1).any() or (counts < 1).any():
            raise ValueError(_NO_COUNTS)
        return cls(np.cumsum(gaps).astype(np.int32), counts)


class DailyCounts(Sequence[Counts]):
    """The counts of some days in columns; as a sequence, one object for each day."""

    def __init__(self, places: NDArray[np.int32], counts: Ints, ends: Ints) -> None:
        self.places = places  # of all days, one after the other
        self.counts = counts
        self.edges = np.concatenate(([0], ends))  # where the places of a day begin, and where the last one ends

    @classmethod
    def of(cls, days: Iterable[Counts]) -> "DailyCounts":
        """Return the counts of some days in columns."""
        parts = [Counts.join([]), *days]
        ends = np.cumsum([len(day.places) for day in parts[1:]], dtype=np.int64)
        return cls(np.concatenate([day.places for day in parts]), np.concatenate([day.counts for day in parts]), ends)

    @classmethod
    def join(cls, parts: Iterable["DailyCounts"]) -> "DailyCounts":
        """Return all days of some parts, one part after the other."""
        several = [cls.of([]), *parts]
        lengths = np.concatenate([np.diff(part.edges) for part in several])
        return cls(
            np.concatenate([part.places for part in several]),
            np.concatenate([part.counts for part in several]),
            np.cumsum(lengths),
        )

    def __len__(self) -> int:
        """Return the number of days."""
        return len(self.edges) - 1

    @overload
    def __getitem__(self, row: int) -> Counts: ...
    @overload
    def __getitem__(self, row: slice) -> list[Counts]: ...
    def __getitem__(self, row: int | slice) -> Counts | list[Counts]:
        if isinstance(row, slice):
            return [self[index] for index in range(*row.indices(len(self)))]
        row = range(len(self))[row]
        of_day = slice(self.edges[row], self.edges[row + 1])
        return Counts(self.places[of_day], self.counts[of_day])

    def take(self, rows: Ints) -> "DailyCounts":
        """Return some days, in the order of `rows`."""
        lengths = np.diff(self.edges)[rows]
        ends = np.cumsum(lengths)
        chosen = np.repeat(self.edges[:-1][rows] - ends + lengths, lengths) + np.arange(lengths.sum())
        return DailyCounts(self.places[chosen], self.counts[chosen], ends)

    @property
    def n(self) -> Ints:
        """How many numbers were counted each day."""
        return self._by_day(self.counts)

    def up_to(self, number: float) -> Ints:
        """Return how many numbers of each day are at most this one, to within its range."""
        return self.up_to_place(int(places_of(np.array([number], np.int64))[0]))

    def up_to_place(self, place: int) -> Ints:
        """Return how many numbers of each day lie in ranges up to the one at a place."""
        return self._by_day(np.where(self.places <= place, self.counts, 0))

    def counter(self) -> Callable[[int], Ints]:
        """Return `up_to_place` as a function that is quick for many places: it looks them up in each day."""
        days = np.arange(len(self)) * PLACES
        keys = np.repeat(days, np.diff(self.edges)) + self.places  # ascending
        running = np.concatenate(([0], np.cumsum(self.counts)))
        earlier_days = running[self.edges[:-1]]
        return lambda place: running[np.searchsorted(keys, days + place, side="right")] - earlier_days

    def pool(self) -> Ints:
        """Return how many numbers of all days lie at each place, up to the last one with any."""
        return _pool(self.places, self.counts)

    def _by_day(self, counts: Ints) -> Ints:
        return np.diff(np.concatenate(([0], np.cumsum(counts)))[self.edges])


def woodruff_bounds(days: DailyCounts, share: float, level: float) -> Interval:
    """Return the quantile of all numbers of all days, between two bounds, each wrong at most with probability `level`.

    Numbers of a day depend on each other, so the day is the unit. The bounds are the quantiles at `share` less and more
    than t standard errors of the share of numbers up to the quantile, a ratio estimate over days. Where that share is
    the same on each day, days that were not seen may have any other. A bound that would need a quantile beyond all
    numbers is 0 or infinite. `n` is the number of days with numbers; of one day alone there are no bounds.
    Source: Woodruff (1952), Confidence intervals for medians and other position measures, Journal of the American
    Statistical Association 47; Cochran (1977), Sampling techniques, section 6.3.

    Raises:
        ValueError: there are no numbers.

    """
    orders = days.n
    n = int(np.count_nonzero(orders))
    if not n:
        raise ValueError("no numbers")
    running = np.cumsum(days.pool())
    total = int(running[-1])

    def place_of(part: float) -> int:
        """Return the place of the range in which a quantile of all numbers lies."""
        return int(np.searchsorted(running, _rank(part, total)))

    place = place_of(share)
    if n == 1:
        return Interval(_middle(place), None, None, 1)
    below = days.up_to_place(place)[orders > 0]
    orders = orders[orders > 0]
    is_alike = (below * total == orders * int(running[place])).all()
    residual = below - running[place] / total * orders
    error = math.sqrt(n / (n - 1) * float((residual**2).sum())) / total
    away = unseen_share(n, level) if is_alike else t_quantile(1 - 2 * level, n - 1) * error
    low = _middle(place_of(share - away)) if share > away else 0.0
    high = _middle(place_of(share + away)) if share + away < 1 else math.inf
    return Interval(_middle(place), low, high, n)


def quantile_bounds(days: DailyCounts, share: float, level: float) -> Interval:
    """Return the quantile of all numbers of all days, between two bounds, each wrong at most with probability `level`.

    It is the wider of two intervals. `woodruff_bounds` takes the spread of days at the estimate. Few days have numbers
    far above that, so that alone it is wrong too often for high quantiles of few days (docs/coverage.md). The other
    interval asks of each number how many of a day lie up to it, less `share` of the day's. That is 0 on average at the
    quantile; `hall_bounds` exclude the numbers where it is not. `n` is the number of days with numbers; of one day
    alone there are no bounds.

    Raises:
        ValueError: there are no numbers.

    """
    interval = woodruff_bounds(days, share, level)
    if interval.low is None or interval.high is None:
        return interval
    orders = days.n
    places = np.flatnonzero(days.pool())
    up_to_place = days.counter()

    def side_of(place: int) -> int:
        """Return 1 where the range at a place is shown to lie above the quantile, -1 below it, 0 where neither is."""
        excess = hall_bounds((up_to_place(place) - share * orders)[orders > 0], level)
        assert excess.low is not None
        assert excess.high is not None
        return int(excess.low > 0) - int(excess.high < 0)

    middle = int(np.searchsorted(places, places_of(np.array([interval.estimate], np.int64))[0]))
    first = bisect_left(places, 0, hi=middle, key=side_of)  # not shown to lie below
    last = bisect_left(places, 1, lo=middle, hi=len(places) - 1, key=side_of)
    return interval._replace(
        low=min(interval.low, _middle(int(places[first]))), high=max(interval.high, _middle(int(places[last])))
    )


def _pool(places: NDArray[np.int32], counts: Ints) -> Ints:
    """Return how many numbers lie at each place, up to the last one with any."""
    return np.bincount(places, counts).astype(np.int64)  # exact below 2**53
