"""From a number to a value: distributions by their inverses.

A number is a word of 64 random bits; u = word / 2^64 is the share of values that lie below its own. So two laws that
are applied to one number give values of equal rank, and what changes a law changes no other number. All that is done
here consists of the operations that `elementary` names: each value has the same bits on every machine.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from itertools import accumulate
from math import ceil, ldexp, sqrt
from mmap import mmap
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.scenario.densities import beta_logits, gamma_logarithms
from sim.scenario.elementary import Floats, exp, log, log1p, normal_below, normal_score
from sim.units import LONGEST

Numbers = NDArray[np.uint64]
Ints = NDArray[np.int64]

# As a signed integer x, a number is the distance from the nearer end: u = x / 2^64 where x > 0, 1 + x / 2^64 where
# x < 0. Each octave of that distance has 512 rows in a table, and each row is a straight line in x. The upper bits of x
# as a floating-point number, down to nine of its fraction, are the row. Far from the middle, where one number in a
# million lies, the rows of an octave share 64 lines.
_ROWS, _LINES = 512, 64
_OCTAVES, _FAR_OCTAVES = 63, 43
_SHIFT = 52 - 9
_FIRST = 1023 * _ROWS  # the upper bits of 1.0
_END = _FIRST + (_OCTAVES + 1) * _ROWS
_NEGATIVE = _END + _FIRST - 2048 * _ROWS  # with the sign they are a negative index, which counts from the end
_LARGEST = 1e100  # instead of infinity, of which there are no differences
_CHUNK = 8192  # numbers at once, so that what lies between them and their values stays in the processor's cache
_TABLES = 16  # tables of a family; each takes 1 MB


class Quantiles(NamedTuple):
    """Values of a law at the ends of lines: at u = p and at u = 1 - p, for p from 2^-64 to 1/2."""

    lower: Floats
    upper: Floats


class Table:
    """The inverse of a continuous distribution in straight lines, from one of its quantiles to the next."""

    def __init__(self, quantiles: Quantiles) -> None:
        # Of most of this memory nothing is ever used. Constant and slope stand side by side, as the two parts of a
        # complex number, so that both come from memory at once.
        self.lines = np.frombuffer(mmap(-1, 16 * _END), np.complex128)
        lower, upper = (np.minimum(values, _LARGEST) for values in quantiles)
        self.lines[0] = lower[0]  # the number 0
        self.largest = float(upper[0])
        for start, x, values in ((_FIRST, _distances(), lower), (_NEGATIVE, -_distances(), upper)):
            lines = np.empty(len(x) - 1, np.complex128)
            lines.imag = (values[1:] - values[:-1]) / (x[1:] - x[:-1])
            lines.real = values[:-1] - lines.imag * x[:-1]
            far = start + _FAR_OCTAVES * _ROWS
            middle = start + _OCTAVES * _ROWS
            self.lines[start:far] = lines[: _FAR_OCTAVES * _LINES].repeat(_ROWS // _LINES)
            self.lines[far:middle] = lines[_FAR_OCTAVES * _LINES :]
            self.lines[middle] = lines[-1]

    def values(self, numbers: Numbers) -> Floats:
        """Return the value of each number."""
        x = numbers.view(np.int64).astype(np.float64)
        lines = self.lines.take(np.right_shift(x.view(np.int64), _SHIFT))
        x *= lines.imag
        x += lines.real
        return x


class Inverse(Protocol):
    """The inverse of a distribution: a value for each number, which grows with it."""

    def values(self, numbers: Numbers) -> Floats:
        """Return the value of each number."""

    def durations(self, numbers: Numbers) -> Ints:
        """Return the value of each number in whole microseconds, rounded once, none above `units.LONGEST`."""


class Curve(NamedTuple):
    """The inverse of a continuous distribution: a table for its shape, a scale, and what is added."""

    table: Table
    scale: float
    start: float = 0

    def values(self, numbers: Numbers) -> Floats:
        values = self.table.values(numbers)
        if self.scale != 1:
            values *= self.scale
        if self.start:
            values += self.start
        return values

    def durations(self, numbers: Numbers) -> Ints:
        durations = np.empty(len(numbers), np.int64)
        for first in range(0, len(numbers), _CHUNK):
            values = self.values(numbers[first : first + _CHUNK])
            if self.table.largest * self.scale + self.start >= LONGEST:
                np.minimum(values, LONGEST, out=values)
            durations[first : first + _CHUNK] = np.rint(values, out=values)
        return durations


def rounded(durations: Floats) -> Ints:
    """Return durations as whole microseconds; the array is used up."""
    return np.rint(durations, out=durations).astype(np.int64)


class Steps:
    """The inverse of a distribution of a few values with shares."""

    def __init__(self, shares: Mapping[int, Fraction] | Mapping[float, Fraction]) -> None:
        ascending = sorted(shares.items())
        self._values = np.array([value for value, _ in ascending])
        bounds = accumulate(share for _, share in ascending)
        self._bounds = np.array([first_number(bound) for bound in bounds if bound < 1], np.uint64)

    def values(self, numbers: Numbers) -> Floats:
        return self._chosen(numbers).astype(np.float64)

    def durations(self, numbers: Numbers) -> Ints:
        return self._chosen(numbers).astype(np.int64)

    def _chosen(self, numbers: Numbers) -> Floats | Ints:
        return self._values[np.searchsorted(self._bounds, numbers, side="right")]


class Sample:
    """The inverse of a distribution of given values that all weigh alike; at most 2^32 of them."""

    def __init__(self, durations: Sequence[int]) -> None:
        self._durations = np.array(sorted(durations), np.int64)

    def values(self, numbers: Numbers) -> Floats:
        return self.durations(numbers).astype(np.float64)

    def durations(self, numbers: Numbers) -> Ints:
        rows = (numbers >> 32) * len(self._durations) >> 32
        return self._durations.take(rows.view(np.int64))


def first_number(share: Fraction) -> int:
    """Return the least number that stands for at least a share below 1."""
    return min(ceil(share * 2**64), 2**64 - 1)


@cache
def _distances() -> Floats:
    """Return the ends of lines, in units of 2^-64."""
    lines = [_LINES] * _FAR_OCTAVES + [_ROWS] * (_OCTAVES - _FAR_OCTAVES)
    inside = [np.ldexp(1 + np.arange(count) / count, octave) for octave, count in enumerate(lines)]
    return np.concatenate([*inside, [ldexp(1, _OCTAVES)]])


@cache
def _shares() -> Floats:
    return _distances() * ldexp(1, -64)


@cache
def _scores() -> Floats:
    return normal_score(_shares())


@cache
def _exponential() -> Quantiles:
    return Quantiles(-log1p(-_shares()), -log(_shares()))


def _all_scores() -> Floats:
    """Return the scores of both halves, ascending."""
    return np.concatenate((-_scores(), _scores()[::-1]))


def _halves(values: Floats) -> Quantiles:
    """Return what belongs to all scores in its halves."""
    count = len(_scores())
    return Quantiles(values[:count], values[: count - 1 : -1])


# Tables, each for all distributions of a shape


@cache
def _unit_exponential() -> Table:
    return Table(_exponential())


@lru_cache(_TABLES)
def _weibull(shape: float) -> Table:
    return Table(Quantiles(*(exp(log(values) / shape) for values in _exponential())))


@lru_cache(_TABLES)
def _lognormal(cv: float) -> Table:
    variance = float(log1p(np.array([cv * cv]))[0])
    spread, middle = _scores() * sqrt(variance), variance * -0.5
    return Table(Quantiles(exp(middle - spread), exp(middle + spread)))


@lru_cache(_TABLES)
def _gamma(shape: float) -> Table:
    values = exp(gamma_logarithms(shape, _all_scores()))
    return Table(_halves(values))


@cache
def _normal() -> Table:
    return Table(Quantiles(-_scores(), _scores()))


@lru_cache(_TABLES)
def _cut_normal(mean: float) -> Table:
    """Return the table of a normal distribution with the sd 1 without its part below 0."""
    shares, above = _shares(), normal_below(mean)
    share, complement = (1 - above) + shares * above, (1 - shares) * above
    score = normal_score(np.minimum(share, complement))
    lower = np.where(share < complement, -score, score)
    return Table(Quantiles(np.maximum(mean + lower, 0), mean + normal_score(shares * above)))


@cache
def _uniform() -> Table:
    return Table(Quantiles(_shares(), 1 - _shares()))


@lru_cache(_TABLES)
def _triangular(mode: float) -> Table:
    """Return the table of a triangular distribution from 0 over `mode` to 1."""
    shares, complements = _shares(), 1 - _shares()
    quantiles = []
    for below, above in ((shares, complements), (complements, shares)):
        falling = 1 - np.sqrt(above * (1 - mode))
        quantiles.append(np.where(below < mode, np.sqrt(below * mode), falling))
    return Table(Quantiles(*quantiles))


@lru_cache(_TABLES)
def _pert(mode: float) -> Table:
    """Return the table of a PERT distribution from 0 over `mode` to 1."""
    logits = beta_logits(1 + 4 * mode, 1 + 4 * (1 - mode), _all_scores())
    return Table(_halves(1 / (1 + exp(-logits))))


# Distributions; means, scales and bounds in any unit, that of the values


def exponential(mean: float) -> Curve:
    """Return the inverse of the exponential distribution."""
    return Curve(_unit_exponential(), mean)


def weibull(scale: float, shape: float) -> Curve:
    """Return the inverse of a Weibull distribution."""
    return Curve(_weibull(shape), scale)


def lognormal(mean: float, cv: float) -> Curve:
    """Return the inverse of a lognormal distribution with a coefficient of variation."""
    return Curve(_lognormal(cv), mean)


def gamma(mean: float, shape: float) -> Curve:
    """Return the inverse of a gamma distribution; with a whole shape it is an Erlang distribution."""
    return Curve(_gamma(shape), mean)


def normal(mean: float, sd: float) -> Curve:
    """Return the inverse of a normal distribution without its part below 0."""
    if mean >= 10 * sd:
        return Curve(_normal(), sd, mean)
    return Curve(_cut_normal(mean / sd), sd)


def uniform(low: float, high: float) -> Curve:
    """Return the inverse of a uniform distribution."""
    return Curve(_uniform(), high - low, low)


def triangular(low: float, mode: float, high: float) -> Curve:
    """Return the inverse of a triangular distribution."""
    return Curve(_triangular((mode - low) / (high - low)), high - low, low)


def pert(low: float, mode: float, high: float) -> Curve:
    """Return the inverse of a PERT distribution: beta with the shapes 1 + 4 mode and 5 - 4 mode, from 0 to 1."""
    return Curve(_pert((mode - low) / (high - low)), high - low, low)
