"""`python -m benchmarks.variance [--quick]`: print what it saves that two kitchens meet the same customers.

Paired kitchens run under one seed, independent ones under two.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import numbers_by
from sim.experiment import replicate
from sim.model import Action, OrderClass
from sim.scenario import Scenario, load_scenario
from sim.statistics import replications_for

LUNCH = load_scenario("scenarios/lunch_staffing.yaml")
WAITS = ("wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95")
BOT = load_scenario(
    {
        "scenario": 1,
        "name": "bot",
        "params": {"cv": 1},
        "clock": {"until": "50h"},
        "service": {"gamma": {"mean": "6m", "cv": "$cv"}},
        "bots": {"initial": 1},
        "arrivals": [{"class": "NORMAL", "poisson": {"rate": "8/h"}}],
    }
)
OTHER_VIPS = LUNCH.with_keys(
    service={"VIP": {"exponential": {"mean": "2m"}}, "NORMAL": {"lognormal": {"mean": "3m", "cv": 0.5}}}
)
PAIRS = {
    "a sixth bot at lunch": (LUNCH.set(peak_bots=5), LUNCH.set(peak_bots=6), WAITS),
    "one bot, gamma, cv 1 or 0.98": (BOT, BOT.set(cv=0.98), ("wait.mean", "wait.p95")),
    "another law of VIPs at lunch": (LUNCH, OTHER_VIPS, ("wait.VIP.mean", "wait.NORMAL.mean")),
}
Floats = NDArray[np.float64]


def values(scenario: Scenario, seed: int, metrics: tuple[str, ...], times: int) -> Floats:
    """Return a row for each replication and a column for each metric; a percentile is that of the day."""
    columns = replicate(scenario, times, seed=seed, engine="compiled", fingerprints=False).columns
    return np.column_stack([columns.of_metric(name) for name in metrics])


def bootstrap(independent: Floats, paired: Floats) -> tuple[Floats, Floats]:
    """Return the 95% percentile interval of the ratio of two variances (Efron 1979)."""
    generator = np.random.default_rng(1)
    ratios = []
    for _ in range(500):
        apart, together = (
            rows[generator.integers(len(rows), size=len(rows))].var(axis=0) for rows in (independent, paired)
        )
        ratios.append(apart / together)
    low, high = np.quantile(ratios, (0.025, 0.975), axis=0)
    return low, high


def print_pair(name: str, pair: tuple[Scenario, Scenario, tuple[str, ...]], times: int) -> None:
    """Print the variance of differences, and how many replications tell them from 0, paired and independent."""
    base, alternative, metrics = pair
    first, same, other = (
        values(scenario, seed, metrics, times) for scenario, seed in ((base, 1), (alternative, 1), (alternative, 2))
    )
    paired, independent = same - first, other - first
    low, high = bootstrap(independent, paired)
    print(name)
    for place, metric in enumerate(metrics):
        difference = paired[:, place].mean()
        variances = [rows[:, place].var(ddof=1) for rows in (paired, independent)]
        needed = [replications_for(rows[:, place], abs(difference)) for rows in (paired, independent)]
        interval = f"{low[place]:,.2f} to {high[place]:,.2f}"
        print(
            f"  {metric:24}{difference:>12.2f}{variances[0]:>14,.1f}{variances[1]:>14,.1f}"
            f"{variances[1] / variances[0]:>9,.1f}{interval:>22}{needed[0]:>9,}{needed[1]:>13,}"
        )


def print_normal_orders(times: int) -> None:
    """Print how many NORMAL orders are others when VIPs get another law."""
    orders = changed = 0
    for replication in range(1, times + 1):
        before, after = (scenario.workload(1, replication) for scenario in (LUNCH, OTHER_VIPS))
        is_normal = before.order_class == OrderClass.NORMAL
        times_before, times_after = (
            workload.action_time[workload.action == Action.CREATE_ORDER] for workload in (before, after)
        )
        is_same = (times_before == times_after) & (before.order_class == after.order_class)
        is_same &= before.service == after.service
        orders += int(is_normal.sum())
        changed += int((~is_same & is_normal).sum())
    print(f"\nof {orders:,} NORMAL orders of {times:,} lunches, another law of VIPs changes {changed:,}")


if __name__ == "__main__":
    times = 200 if "--quick" in sys.argv else 4_000
    print(numbers_by())
    print(f"\nvariance of a difference in s2, {times:,} replications; replications that would tell it from 0")
    print(
        f"{'':26}{'difference':>12}{'variance':>28}{'ratio':>9}{'95% interval':>22}{'replications':>22}\n"
        f"{'':26}{'s':>12}{'paired':>14}{'independent':>14}{'':31}{'paired':>9}{'independent':>13}"
    )
    for name, pair in PAIRS.items():
        print_pair(name, pair, times)
    print_normal_orders(times)
