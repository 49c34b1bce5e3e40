"""How orders come: rates by time of day, how much days differ, batches, and whether all that is Poisson."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fitting.days import SLOT, Days
from sim.model import OrderClass
from sim.statistics import (
    Departure,
    Dispersion,
    Interval,
    change_points,
    lewis_test,
    mean_interval,
    ratio_interval,
    table_dispersion,
)
from sim.units import HOUR, SECOND

Bools = NDArray[np.bool_]

LEVEL = 0.01  # of tests that change the scenario
_ALARM = 0.001  # of tests that say that arrivals are not Poisson
_MORE_TIES = 0.02  # of arrivals: as many more ties than rounding makes are batches
_MOST_TIES = 0.25  # by rounding, beyond which nobody can tell batches
_SEED = 20260301  # of the numbers by which times are spread over what they were rounded to


class Phase(NamedTuple):
    """A stretch of the day with one rate: its slots, arrivals in an hour, and how many there were by day."""

    first: int
    last: int  # exclusive
    rate: Interval
    arrivals: NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """A stream of orders: its name, the share of VIPs among them, and the rate of each phase."""

    name: str
    vip_share: Interval
    phases: list[Phase]


class Batches(NamedTuple):
    """How many orders come at once: the share of each size, the mean size, and how many ties rounding explains."""

    shares: dict[int, float]
    mean: Interval
    ties: float
    expected_ties: float


@dataclass(frozen=True)
class Arrivals:
    """What is estimated of arrivals, and tests on them. `is_first` marks the first order of each batch."""

    streams: list[Stream]
    batches: Batches | None
    is_first: Bools
    within: Dispersion
    gaps: Departure
    homogeneity: float
    problems: list[str]


def grain_of(values: NDArray[np.int64]) -> int:
    """Return to how many microseconds values are rounded."""
    return max(1, int(np.gcd.reduce(values))) if len(values) else 1


def batches_of(days: Days) -> tuple[Batches | None, Bools, list[str]]:
    """Return how many orders come at once, None where each comes alone, and which order is the first of its batch."""
    time, day = days.time, days.day
    n = len(time)
    is_tie = np.concatenate(([False], (np.diff(time) == 0) & (np.diff(day) == 0)))
    grain = grain_of(days.records.time)
    orders, ticks = days.counts(), SLOT / grain
    expected = float((orders + ticks * np.expm1(-orders / ticks)).sum()) / n  # were each to come alone
    ties = float(is_tie.mean())
    if expected > _MOST_TIES:
        problem = (
            f"times are rounded to {grain // SECOND:,} s, so that {expected:.0%} of orders share theirs by chance: "
            "nobody can tell which came together"
        )
        return None, np.ones(n, bool), [problem]
    if ties < expected + _MORE_TIES or ties * n < expected * n + 5 * (expected * n + 1) ** 0.5:
        return None, np.ones(n, bool), []
    firsts = np.flatnonzero(~is_tie)
    sizes = np.diff(np.append(firsts, n))
    counted = np.bincount(sizes)
    shares = {size: round(counted[size] / len(sizes), 3) for size in range(1, len(counted))}
    shares = {size: share for size, share in shares.items() if share > 0}
    shares[1] = round(1 - sum(share for size, share in shares.items() if size != 1), 3)
    by_day = len(days.dates)
    totals = np.bincount(day, minlength=by_day).astype(float)
    mean = ratio_interval(totals, np.bincount(day[firsts], minlength=by_day).astype(float))
    return Batches(shares, mean, ties, expected), ~is_tie, []


def fit_arrivals(days: Days) -> Arrivals:
    """Return the rates of arrivals by time of day, of all orders together where the share of classes does not change in
    the course of the day, else by class.
    """
    batches, is_first, problems = batches_of(days)
    is_vip = days.records.order_class == OrderClass.VIP
    within = table_dispersion(days.counts(is_first))
    gaps = _gaps(days, is_first)
    homogeneity = 1.0
    if 0 < is_vip.sum() < len(is_vip):
        homogeneity = table_dispersion(np.array([days.counts(is_vip).sum(0), days.counts(~is_vip).sum(0)])).p_high
    groups: list[tuple[str, Bools]] = [("orders", np.ones(len(is_vip), bool))]
    if homogeneity < LEVEL and batches is None:
        groups = [("normal", ~is_vip), ("vip", is_vip)]
    streams = [_stream(name, days, rows & is_first, is_vip & rows, rows, within) for name, rows in groups]
    if homogeneity < LEVEL and batches is not None:
        problems.append(
            "the share of VIPs changes in the course of the day, and batches keep them together: one share is taken"
        )
    problems += _not_poisson(days, is_first, within, gaps)
    return Arrivals(streams, batches, is_first, within, gaps, homogeneity, problems)


def _stream(name: str, days: Days, arrives: Bools, is_vip: Bools, rows: Bools, within: Dispersion) -> Stream:
    counts = days.counts(arrives)
    penalty = float(np.log(max(2, counts.sum()))) * max(1.0, within.ratio)
    begins = change_points(counts.sum(0).astype(float), penalty)
    phases = []
    for first, last in pairwise([*begins, days.slots]):
        arrivals = counts[:, first:last].sum(1)
        hours = (last - first) * SLOT / HOUR
        phases.append(Phase(first, last, mean_interval(arrivals / hours), arrivals))
    by_day = len(days.dates)
    vips, orders = (np.bincount(days.day[chosen], minlength=by_day).astype(float) for chosen in (is_vip, rows))
    return Stream(name, ratio_interval(vips, orders), phases)


def _gaps(days: Days, is_first: Bools) -> Departure:
    """Test the gaps of arrivals within each slot of each day, of times spread over what they were rounded to."""
    grain = grain_of(days.records.time)
    generator = np.random.Generator(np.random.Philox(_SEED))
    time = days.time[is_first] + generator.random(int(is_first.sum())) * grain
    cell = days.day[is_first] * days.slots + (days.time[is_first] // SLOT)
    order = np.lexsort((time, cell))
    time, cell = time[order] % SLOT / SLOT, cell[order]
    return lewis_test(np.split(time, np.flatnonzero(np.diff(cell)) + 1))


def _not_poisson(days: Days, is_first: Bools, within: Dispersion, gaps: Departure) -> list[str]:
    """Return what is not Poisson about arrivals, and what to do about that."""
    advice = "the scenario assumes Poisson arrivals; if that matters, replay the file with trace:"
    if within.p_high < _ALARM and within.ratio > 1.2:
        shift = _clock_change(days, is_first, within)
        if shift:
            return [shift]
        return [f"arrivals come in rushes (dispersion {within.ratio:.1f} within days, 1 for Poisson): {advice}"]
    if within.p_low < _ALARM and within.ratio < 0.8:
        return [f"arrivals come at regular gaps (dispersion {within.ratio:.1f} within days, 1 for Poisson): {advice}"]
    if gaps.p < _ALARM:
        return [f"gaps between arrivals are not those of Poisson arrivals (Lewis' test, p {gaps.p:.1g}): {advice}"]
    return []


def _clock_change(days: Days, is_first: Bools, within: Dispersion) -> str:
    """Return a line where from some day on all comes an hour sooner or later, as UTC does when clocks change."""
    counts = days.counts(is_first)
    best, text = within.ratio, ""
    for first in range(2, len(counts) - 1):
        for hours in (-1, 1):
            moved = counts.copy()
            moved[first:] = np.roll(counts[first:], 2 * hours, axis=1)
            ratio = table_dispersion(moved).ratio
            if ratio < best:
                best = ratio
                text = f"from {days.dates[first]} on the day is an hour {'later' if hours < 0 else 'earlier'}"
    if best > 1 + (within.ratio - 1) / 2:
        return ""
    cause = f"as times in UTC are when clocks change (dispersion {within.ratio:.1f})"
    return f"{text}, {cause}: say --zone, such as Europe/Rome"
