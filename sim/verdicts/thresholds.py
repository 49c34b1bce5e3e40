"""Thresholds: what must hold of a metric, against its values in replications."""

import math
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model import metric_named
from sim.scenario import Condition, Place, Threshold
from sim.statistics import Interval, clopper_pearson, unseen_share
from sim.units import count

LEVEL = 0.025
"""With what probability either judgement may be wrong: PASS and FAIL ask for the whole of a 95% interval."""

NOTHING_OBSERVED = "nothing was observed"
STILL_OPEN = "orders unfinished at the end could push it over the limit"
SINGLE_RUN = "one run of a random scenario has no interval; run more with -n"


class Judgement(StrEnum):
    """What became of a threshold."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_DATA = "NO DATA"


_FROM_WORST = (Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.PASS, Judgement.NO_DATA)


class ThresholdVerdict(NamedTuple):
    """What became of one condition of a threshold: `note` says why, or what would settle it.

    `metric` is the one that was judged: of a threshold that must hold in each slot, that of the worst one.
    """

    threshold: Threshold
    metric: str
    judgement: Judgement
    estimate: Interval | None
    note: str
    is_bound: bool = False  # whether values were counted so far, since orders were not over at the last
    longer: float | None = None  # the confidence of the interval, where it is the longer one that FAIL asks for

    @property
    def place(self) -> Place:
        """Where the file asks for it."""
        return self.threshold.place


class Sample(NamedTuple):
    """A metric in each replication: NaN where nothing was observed, and whether a value is counted so far, since orders
    were not over at the last.
    """

    values: NDArray[np.float64]  # (replications,)
    bounds: NDArray[np.bool_]  # (replications,)
    is_random: bool
    can_fall: bool = False  # whether such a value may still become smaller; else it is a lower bound

    @property
    def is_single(self) -> bool:
        """Whether it is one replication of many that might have come."""
        return self.is_random and len(self.values) == 1


def judge_threshold(
    threshold: Threshold,
    metric: str,
    sample: Sample,
    estimate: Callable[[float], Interval | None],
    to_settle: Callable[[float], int | None],
    level: float,
    level_to_fail: float,
) -> ThresholdVerdict:
    """Return the verdict on a threshold for one metric.

    PASS and FAIL ask that the whole interval, each of whose ends is wrong with probability `level`, lies on that side;
    FAIL asks it of the interval at `level_to_fail`, which the verdict has where that at `level` lies on the wrong side.
    `==` and `!=` must hold in each replication.
    `estimate` gives the interval at a level, `to_settle` about how many replications tell the metric from a limit.
    """
    observed = sample.values[~np.isnan(sample.values)]
    if not len(observed):
        return ThresholdVerdict(threshold, metric, Judgement.NO_DATA, None, NOTHING_OBSERVED)
    if threshold.days is not None:
        return _judge_days(threshold, metric, sample, level, level_to_fail)
    interval, longer = None if sample.is_single else estimate(level), None
    if threshold.condition.operator in ("==", "!="):
        judgement, note = _judge_each(threshold.condition, sample)
    elif interval is None:
        judgement, note = Judgement.INCONCLUSIVE, SINGLE_RUN
    elif sample.is_random and interval.low is None:
        judgement, note = Judgement.INCONCLUSIVE, "only one replication observed it; run more"
    else:
        if sample.is_random and level_to_fail < level and _side(threshold.condition, interval) is Judgement.FAIL:
            interval, longer = estimate(level_to_fail) or interval, 1 - 2 * level_to_fail
        judgement, note = _judge_interval(threshold, sample, interval, to_settle)
    return ThresholdVerdict(threshold, metric, judgement, interval, note, bool(sample.bounds.any()), longer)


def _judge_each(condition: Condition, sample: Sample) -> tuple[Judgement, str]:
    """Return whether a condition holds in each replication, and what that says of others."""
    holds, may_hold = _days(condition, sample)
    if not may_hold.all():
        return Judgement.FAIL, _share_of_runs(int(holds.sum()), len(holds)) if sample.is_random else ""
    if sample.is_single:
        return Judgement.INCONCLUSIVE, SINGLE_RUN
    if not holds.all():
        return Judgement.INCONCLUSIVE, STILL_OPEN
    return Judgement.PASS, _unseen(len(holds)) if sample.is_random else ""


def _judge_interval(
    threshold: Threshold,
    sample: Sample,
    interval: Interval,
    to_settle: Callable[[float], int | None],
) -> tuple[Judgement, str]:
    """Return on which side of its limits an interval lies, and what would settle it where it lies on neither."""
    condition = threshold.condition
    judgement = _side(condition, interval)
    if sample.bounds.any() and not _holds_whatever_comes(condition, judgement, interval, sample.can_fall):
        return Judgement.INCONCLUSIVE, STILL_OPEN
    if judgement is Judgement.INCONCLUSIVE:
        return judgement, _what_settles(threshold, interval, len(sample.values), to_settle)
    return judgement, ""


def worst_slot(verdicts: Iterable[ThresholdVerdict]) -> ThresholdVerdict:
    """Return the verdict on a threshold for all its slots: that of the worst one, which its note names.

    A slot in which no replication observed anything promises nothing, unless there is no other.
    """
    all_slots = list(verdicts)
    slots = [verdict for verdict in all_slots if verdict.judgement is not Judgement.NO_DATA] or all_slots
    worst = min(slots, key=lambda verdict: (_FROM_WORST.index(verdict.judgement), _margin(verdict)))
    if len(all_slots) == 1:
        return worst
    longer = "" if worst.longer is None else _longer_interval(worst.longer)
    notes = [f"worst of {count(len(slots), 'slot')}: {metric_named(worst.metric).window}", longer, worst.note]
    if len(slots) < len(all_slots):
        notes.append(f"{count(len(all_slots) - len(slots), 'slot')} without orders")
    return worst._replace(note="; ".join(filter(None, notes)))


def _longer_interval(confidence: float) -> str:
    """Say why the interval of a slot is a longer one, with two digits of its error."""
    places = math.ceil(-math.log10(1 - confidence)) - 1
    return f"{confidence:.{places}%} interval, since one of many slots fails by chance more easily"


def _margin(verdict: ThresholdVerdict) -> float:
    """Return how far an estimate lies on the right side of its limit."""
    condition, estimate = verdict.threshold.days or verdict.threshold.condition, verdict.estimate
    if estimate is None:
        return 0.0
    if condition.operator in ("<", "<="):
        return condition.high - estimate.estimate
    if condition.operator in (">", ">="):
        return estimate.estimate - condition.low
    return min(condition.high - estimate.estimate, estimate.estimate - condition.low)


def _judge_days(
    threshold: Threshold, metric: str, sample: Sample, level: float, level_to_fail: float
) -> ThresholdVerdict:
    """Return the verdict on the share of days on which a condition holds, of days on which anything was observed.

    The share is that of the days on which it is known to hold. On days with a lower bound it may hold as well, and the
    verdict is the same whether it does or not.
    """
    days = threshold.days
    assert days is not None
    if sample.is_single:
        return ThresholdVerdict(threshold, metric, Judgement.INCONCLUSIVE, None, SINGLE_RUN)
    holds, may_hold = _days(threshold.condition, sample)
    hits, n = int(holds.sum()), len(holds)

    def share_of(count_of_days: int, at_level: float) -> Interval:
        if not sample.is_random:
            return Interval(count_of_days / n, None, None, n)
        return clopper_pearson(count_of_days, n, at_level)

    def judged(count_of_days: int) -> Judgement:
        judgement = _side(days, share_of(count_of_days, level))
        return _side(days, share_of(count_of_days, level_to_fail)) if judgement is Judgement.FAIL else judgement

    interval, longer = share_of(hits, level), None
    if sample.is_random and level_to_fail < level and _side(days, interval) is Judgement.FAIL:
        interval, longer = share_of(hits, level_to_fail), 1 - 2 * level_to_fail
    judgement, note = judged(hits), f"held on {hits} of {count(n, 'day')}"
    if judgement is not judged(int(may_hold.sum())):
        judgement, note = Judgement.INCONCLUSIVE, f"{note}; {STILL_OPEN}"
    elif judgement is Judgement.INCONCLUSIVE:
        note += "; run more with -n"
    is_open = not np.array_equal(holds, may_hold)
    return ThresholdVerdict(threshold, metric, judgement, interval, note, is_open, longer)


def _days(condition: Condition, sample: Sample) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each replication that observed anything whether a condition holds, and whether it may do so: a value
    that is counted so far may be any larger one; where it can fall as well, nothing is known to hold.
    """
    is_observed = ~np.isnan(sample.values)
    values, is_bound = sample.values[is_observed], sample.bounds[is_observed]
    low, high, never, always = condition.low, condition.high, np.zeros(len(values), bool), np.ones(len(values), bool)
    holds, for_all_larger, for_some_larger = {
        "<": (values < high, never, values < high),
        "<=": (values <= high, never, values <= high),
        ">": (values > low, values > low, always),
        ">=": (values >= low, values >= low, always),
        "==": (values == low, never, values <= low),
        "!=": (values != low, values > low, always),
        "between": ((low <= values) & (values <= high), never, values <= high),
    }[condition.operator]
    if sample.can_fall:
        for_all_larger = never
    return np.where(is_bound, for_all_larger, holds), np.where(is_bound, for_some_larger, holds)


def _holds_whatever_comes(condition: Condition, judgement: Judgement, interval: Interval, can_fall: bool) -> bool:
    """Whether a judgement on a value that is counted so far stays what it is when the value is larger; one that can
    fall passes nothing, and what it breaks so far is broken.
    """
    if can_fall and judgement is Judgement.PASS:
        return False
    if condition.operator == "between":
        return judgement is Judgement.FAIL and interval.estimate > condition.high
    if condition.operator in ("<", "<="):
        return judgement is Judgement.FAIL
    return judgement is Judgement.PASS


def _side(condition: Condition, estimate: Interval) -> Judgement:
    """Tell on which side of its limits an interval lies; a single value is an interval without width."""
    low = estimate.estimate if estimate.low is None else estimate.low
    high = estimate.estimate if estimate.high is None else estimate.high
    is_right, is_wrong = {
        "<": (high < condition.high, low >= condition.high),
        "<=": (high <= condition.high, low > condition.high),
        ">": (low > condition.low, high <= condition.low),
        ">=": (low >= condition.low, high < condition.low),
        "between": (condition.low <= low and high <= condition.high, high < condition.low or low > condition.high),
    }[condition.operator]
    if is_right:
        return Judgement.PASS
    return Judgement.FAIL if is_wrong else Judgement.INCONCLUSIVE


def _what_settles(
    threshold: Threshold, estimate: Interval, replications: int, to_settle: Callable[[float], int | None]
) -> str:
    condition = threshold.condition
    limit = min(condition.low, condition.high, key=lambda end: abs(estimate.estimate - end))
    n = to_settle(limit)
    if n is None:
        return "the estimate equals the limit; more replications are unlikely to settle it"
    if n <= replications:  # what was not seen yet keeps it open, of which the values tell nothing
        n = max(2 * replications, threshold.replications_needed)
    # To look again at more replications until it passes is a test with more false alarms than 5%, hence "nominal".
    return f"about {n:,} replications (-n {n}) would likely settle it; after extending, the confidence is only nominal"


def _share_of_runs(held: int, n: int) -> str:
    share = clopper_pearson(held, n, LEVEL)
    return (
        f"held in {held} of {n} replications ({share.estimate:.0%}; 95% interval {share.low:.0%} to {share.high:.0%})"
    )


def _unseen(n: int) -> str:
    """Say what a condition proves that held in each replication."""
    return f"in all {n}; it may fail on up to {unseen_share(n, 2 * LEVEL):.1%} of days (one-sided 95%)"
