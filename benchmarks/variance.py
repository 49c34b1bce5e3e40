"""`python -m benchmarks.variance`: print what common random numbers save where two crews for lunch are compared."""

import platform
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from sim.experiment import Replications, replicate
from sim.scenario import Scenario, load_scenario

FILE, CREWS = "scenarios/lunch_staffing.yaml", (5, 6)
METRICS = ("wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95")
REPLICATIONS = 4_000
PRECISION = 0.05  # of the difference: the worth of a bot to a twentieth, which takes far more than FIRST in all metrics
FIRST, BLOCK, SEEDS = 20, 500, 40

Floats = NDArray[np.float64]


def waits(done: Replications) -> Floats:
    """Return a row for each replication and a column for each metric."""
    return np.column_stack([done.columns.of_metric(name) for name in METRICS])


def bootstrap(ratio: Callable[[Floats, Floats], Floats], above: Floats, below: Floats) -> tuple[Floats, Floats]:
    """Return the 95% percentile interval of a ratio of two independent samples (Efron 1979)."""
    generator = np.random.default_rng(1)
    found = [
        ratio(*(rows[generator.integers(len(rows), size=len(rows))] for rows in (above, below))) for _ in range(1_000)
    ]
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    return low, high


def variance_ratio(independent: Floats, paired: Floats) -> Floats:
    """Return the ratio of the variances of the differences; a row has the waits of the one crew, then the other's."""
    apart, together = (np.subtract(*np.hsplit(rows, 2)).var(axis=0, ddof=1) for rows in (independent, paired))
    return apart / together


def mean_ratio(above: Floats, below: Floats) -> Floats:
    """Return the ratio of the means."""
    return above.mean(axis=0) / below.mean(axis=0)


def print_variance(crews: list[Scenario]) -> Floats:
    """Print the ratio of variances and return the mean differences under common random numbers."""
    seeds = {"paired": (1, 1), "independent": (2, 3)}
    found = {}
    for name, each in seeds.items():
        done = [
            replicate(crew, REPLICATIONS, seed=seed, engine="compiled", fingerprints=False)
            for crew, seed in zip(crews, each, strict=True)
        ]
        found[name] = np.hstack([waits(one) for one in done])
    ratio = variance_ratio(found["independent"], found["paired"])
    low, high = bootstrap(variance_ratio, found["independent"], found["paired"])
    print(f"\n{CREWS[0]} against {CREWS[1]} bots, {REPLICATIONS:,} replications each; variance of the difference in s2")
    print(
        f"{'':18}{'difference':>12}{'correlation':>22}{'variance':>24}{'ratio':>8}{'95% interval':>16}\n"
        f"{'metric':18}{'s':>12}{'paired':>10}{'independent':>12}{'paired':>12}{'independent':>12}"
    )
    for place, name in enumerate(METRICS):
        pair = [rows[:, [place, place + len(METRICS)]].T for rows in found.values()]
        together, apart = (np.corrcoef(one)[0, 1] for one in pair)
        variances = [np.subtract(*one).var(ddof=1) for one in pair]
        print(
            f"{name:18}{np.subtract(*pair[0]).mean():>12.2f}{together:>10.3f}{apart:>12.3f}"
            f"{variances[0]:>12,.0f}{variances[1]:>12,.0f}{ratio[place]:>8.2f}{low[place]:>8.2f} to {high[place]:.2f}"
        )
    return np.subtract(*np.hsplit(found["paired"], 2)).mean(axis=0)


def needed(differences: Floats, precision: Floats) -> Floats:
    """Return after how many differences the half-width of each metric, and of all, is there; NaN where it is not."""
    n = np.arange(1, len(differences) + 1)[:, None]
    centred = differences - differences.mean(axis=0)
    squares = np.cumsum(centred**2, axis=0) - np.cumsum(centred, axis=0) ** 2 / n
    n, squares = n[FIRST - 1 :], squares[FIRST - 1 :]
    there = stdtrit(n - 1, 0.975) * np.sqrt(squares / (n - 1) / n) <= precision
    there = np.column_stack([there, there.all(axis=1)])
    return np.where(there.any(axis=0), FIRST + there.argmax(axis=0), np.nan)


def run_until(crews: list[Scenario], seeds: tuple[int, int], precision: Floats) -> Floats:
    """Run both crews until all metrics are known well enough, and return how many replications of both it took."""
    done = [Replications(crew, seed, []) for crew, seed in zip(crews, seeds, strict=True)]
    found = np.array([np.nan])
    while np.isnan(found).any():
        times = len(done[0].results) + BLOCK
        done = [
            replicate(
                one.scenario,
                times,
                seed=one.seed,
                engine="compiled",
                earlier=lambda _, known=one.results: known,
                fingerprints=False,
            )
            for one in done
        ]
        found = 2 * needed(np.subtract(*map(waits, done)), precision)
    return found


def print_effort(crews: list[Scenario], precision: Floats) -> None:
    """Print how many replications it takes to know the differences that well."""
    paired = np.array([run_until(crews, (seed, seed), precision) for seed in range(101, 101 + SEEDS)])
    independent = np.array([run_until(crews, (seed, seed + 100), precision) for seed in range(201, 201 + SEEDS)])
    low, high = bootstrap(mean_ratio, independent, paired)
    print(
        f"\nreplications of both crews until the 95% half-width is {PRECISION:.0%} of the difference; {SEEDS} seeds\n"
        f"{'metric':18}{'half-width':>12}{'paired':>10}{'independent':>13}{'ratio':>8}{'95% interval':>16}"
    )
    halves = [*(f"{half:.2f}s" for half in precision), ""]
    for place, (name, half) in enumerate(zip((*METRICS, "all four"), halves, strict=True)):
        means = paired[:, place].mean(), independent[:, place].mean()
        print(
            f"{name:18}{half:>12}{means[0]:>10,.0f}{means[1]:>13,.0f}{means[1] / means[0]:>8.2f}"
            f"{low[place]:>8.2f} to {high[place]:.2f}"
        )


if __name__ == "__main__":
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kitchensim"))
    print(f"python {platform.python_version()}, {packages}; {platform.machine()}")
    crews = [load_scenario(FILE, peak_bots=bots) for bots in CREWS]
    print_effort(crews, PRECISION * print_variance(crews))
