"""Which weekdays are alike: those that a test tells apart have a scenario each."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sim.fitting.days import WEEKDAYS
from sim.statistics import table_dispersion

_LEVEL = 0.01
_FEWEST = 2  # days of a weekday by which it can be told from others


def weekday_groups(
    counts: NDArray[np.int64], weekdays: Sequence[int], within: float = 1.0
) -> tuple[list[tuple[int, ...]], str]:
    """Return groups of weekdays whose days are alike, by the counts of (days, slots) with a dispersion `within` days,
    and what was tested.

    A test of all weekdays together says whether any differ, in how many orders come or in when they do. Then the two
    most alike are put together again and again, as long as a test adjusted for all pairs does not tell them apart.
    """
    present = sorted(set(weekdays))
    days_of = {weekday: [day for day, name in enumerate(weekdays) if name == weekday] for weekday in present}
    together = [tuple(present)]
    if len(present) < 2:
        return together, "all days are of one weekday"
    if any(len(days) < _FEWEST for days in days_of.values()):
        return together, "too few days to tell weekdays apart: two of each are needed"
    p = _p_alike(counts, list(days_of.values()), within)
    if p >= _LEVEL:
        return together, f"weekdays do not differ more than by chance (p {p:.2g})"
    groups: list[tuple[int, ...]] = [(weekday,) for weekday in present]
    while len(groups) > 1:
        pairs = list(combinations(range(len(groups)), 2))
        alike = [_p_alike(counts, [_days(groups[index], days_of) for index in pair], within) for pair in pairs]
        closest = int(np.argmax(alike))
        if alike[closest] * len(pairs) < _LEVEL:
            break
        first, second = pairs[closest]
        merged = tuple(sorted(groups[first] + groups[second]))
        groups = [*(group for index, group in enumerate(groups) if index not in (first, second)), merged]
    names = ", ".join(map(group_name, sorted(groups)))
    return sorted(groups), f"weekdays differ (p {p:.1g}): {names}"


def group_name(group: Sequence[int]) -> str:
    """Return the name of some weekdays, such as `mon-thu`."""
    runs: list[list[int]] = []
    for weekday in sorted(group):
        if runs and weekday == runs[-1][-1] + 1:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    ends = [WEEKDAYS[run[0]] if len(run) == 1 else f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}" for run in runs]
    return "_".join(ends)


def _days(group: Sequence[int], days_of: dict[int, list[int]]) -> list[int]:
    return [day for weekday in group for day in days_of[weekday]]


def _p_alike(counts: NDArray[np.int64], groups: Sequence[Sequence[int]], within: float) -> float:
    """Return the p-value of days of some groups being alike: in their totals by analysis of variance of square roots,
    whose variance does not grow with the mean, and in their shape by a table; twice the smaller of both.
    """
    from scipy.stats import f_oneway

    roots = [np.sqrt(counts[list(group)].sum(1)) for group in groups]
    if all(len(values) < 2 for values in roots):
        return 1.0
    p_totals = float(f_oneway(*roots).pvalue)
    shape = table_dispersion(np.array([counts[list(group)].sum(0) for group in groups]) / max(1.0, within))
    return min(1.0, 2 * min(1.0 if np.isnan(p_totals) else p_totals, shape.p_high))
