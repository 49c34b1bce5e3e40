"""Thresholds: what must hold of a metric, against its values in replications."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from sim.scenario import Condition, Place, Threshold
from sim.statistics import Interval, mean_interval, replications_for, share_interval

NOTHING_OBSERVED = "nothing was observed"
STILL_PENDING = "orders still PENDING could carry it over the limit; run longer"
SINGLE_RUN = "one run of a random scenario has no interval; run more with -n"


class Judgement(StrEnum):
    """What became of a threshold."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NO_DATA = "NO DATA"


class ThresholdVerdict(NamedTuple):
    """What became of one condition of a threshold: `note` says why, or what would settle it."""

    threshold: Threshold
    judgement: Judgement
    estimate: Interval | None
    note: str

    @property
    def place(self) -> Place:
        """Where the file asks for it."""
        return self.threshold.place


def judge_threshold(
    threshold: Threshold,
    values: Sequence[float | None],
    worst_values: Sequence[float | None],
    is_random: bool,
    interval: Callable[[Sequence[float]], Interval] = mean_interval,
) -> ThresholdVerdict:
    """Return the verdict on a threshold from a metric's value in each replication, None where nothing was observed.

    PASS and FAIL ask that the whole interval of the mean, by default that of 95%, lies on that side. `worst_values` are
    those that orders still PENDING at the end could bring about, None where there are none. `==` and `!=` must hold in
    each replication.
    """
    observed = [value for value in values if value is not None]
    is_single = is_random and len(values) == 1
    estimate = interval(observed) if observed and not is_single else None

    def verdict(judgement: Judgement, note: str = "") -> ThresholdVerdict:
        return ThresholdVerdict(threshold, judgement, estimate, note)

    if not observed:
        return verdict(Judgement.NO_DATA, NOTHING_OBSERVED)
    condition = threshold.condition
    if condition.operator in ("==", "!="):
        held = sum((value == condition.low) == (condition.operator == "==") for value in observed)
        if held < len(observed):
            return verdict(Judgement.FAIL, _share_of_runs(held, len(observed)) if is_random else "")
        return verdict(Judgement.INCONCLUSIVE, SINGLE_RUN) if is_single else verdict(Judgement.PASS)
    if is_single:
        return verdict(Judgement.INCONCLUSIVE, SINGLE_RUN)
    assert estimate is not None
    if is_random and estimate.low is None:
        return verdict(Judgement.INCONCLUSIVE, "only one replication observed it; run more")
    judgement = _side(condition, estimate)
    if judgement is Judgement.INCONCLUSIVE:
        return verdict(judgement, _what_settles(condition, observed))
    # Orders that still wait make a metric larger, so they can spoil only a limit from above.
    if judgement is Judgement.PASS and condition.operator in ("<", "<=", "between"):
        carried = [value if bound is None else bound for value, bound in zip(values, worst_values, strict=True)]
        if not _holds_of_mean(condition, [value for value in carried if value is not None], interval):
            return verdict(Judgement.INCONCLUSIVE, STILL_PENDING)
    return verdict(judgement)


def _holds_of_mean(
    condition: Condition, values: Sequence[float], interval: Callable[[Sequence[float]], Interval]
) -> bool:
    """Whether the mean of these values, of which some may be infinite, lies on the right side."""
    return all(map(math.isfinite, values)) and _side(condition, interval(values)) is Judgement.PASS


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


def _what_settles(condition: Condition, observed: Sequence[float]) -> str:
    mean = mean_interval(observed).estimate
    distance = min(abs(mean - condition.low), abs(mean - condition.high))
    if distance == 0:
        return "its mean is the limit; no number of replications is likely to settle it"
    n = replications_for(observed, distance)
    # To look again at more replications until it passes is a test with more false alarms than 5%, hence "nominal".
    return f"about {n:,} replications (-n {n}) would likely settle it; a verdict after extending is nominal"


def _share_of_runs(held: int, n: int) -> str:
    share = share_interval(held, n)
    return (
        f"held in {held} of {n} replications ({share.estimate:.0%}, 95% interval {share.low:.0%} to {share.high:.0%})"
    )
