"""`python -m benchmarks.errors [--quick]`: print how often `select`, its tests and `compare` say what is wrong.

What is right is known from queueing theory, from how numbers were drawn, or since a scenario is compared with itself.
"""

import argparse
import platform
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np

from sim.experiment import compare, replicate, select
from sim.experiment.selecting import steps_to
from sim.scenario import Scenario, restore_scenario
from sim.statistics import bounds, mean_interval, share_interval
from sim.statistics.queueing import priority_waits

BUDGET = 250
LEVEL = 0.025
RATE, SERVICE = 100, 2 / 60  # per hour, and in hours
# 2h are ten relaxation times of five bots, and more of one at 72/h (Morse 1955): the empty start has faded by exp(-10).
HEAD = "scenario: 1\nname: known\nclock: {until: 10h}\nwarmup: 2h\n"
CREW = """params: {bots: 4}
service: {exponential: {mean: 2m}}
bots: {initial: $bots}
arrivals: [{name: guests, class: NORMAL, poisson: {rate: 100/h}}]
sweep: {bots: [4, 5, 6, 7]}
"""
SPREAD = """params: {cv: 1}
service: {gamma: {mean: 30s, cv: $cv}}
bots: {initial: 1}
arrivals: [{name: guests, class: NORMAL, poisson: {rate: 72/h}}]
select: {minimise: queue.mean}
"""  # Pollaczek and Khinchine: the queue grows with the coefficient of variation
ALIKE = """params: {guests: a}
service: {exponential: {mean: 30s}}
bots: {initial: 1}
arrivals: [{name: $guests, class: NORMAL, poisson: {rate: 72/h}}]
sweep: {guests: [a, b]}
select: {minimise: queue.mean}
"""
RARE = """params: {bots: 3}
clock: {until: 1h}
service: {exponential: {mean: 3m}}
patience: {NORMAL: 9m}
bots: {initial: $bots}
arrivals: [{name: guests, class: NORMAL, poisson: {rate: 30/h}}]
sweep: {bots: [3, 4]}
select: {minimise: bots}
thresholds: {orders.abandoned.rate: "< 0.05%"}
"""  # nearly all hours have no abandonment at all, but with three bots there are too many others
LUNCH = Path("scenarios/lunch_staffing.yaml")
METRICS = (
    *("wait.VIP.mean", "wait.VIP.p95", "wait.NORMAL.mean", "wait.NORMAL.p95", "queue.mean", "queue.VIP.mean"),
    *("flow.VIP.mean", "flow.NORMAL.mean", "utilisation", "throughput"),
)
DATA = {
    "normal": (lambda generator, n: generator.normal(size=n), 0.0),
    "exponential": (lambda generator, n: generator.exponential(size=n), 1.0),
    "gamma, shape 0.25": (lambda generator, n: generator.gamma(0.25, size=n), 0.25),
    "lognormal, sigma 1": (lambda generator, n: generator.lognormal(size=n), np.exp(0.5)),
}


def queue(bots: int) -> float:
    """Return the mean number of orders that wait, in the long run."""
    [wait] = priority_waits([RATE], [SERVICE], [2 * SERVICE**2], bots)
    return RATE * wait


def share(hits: int, number: int) -> str:
    """Return a share with Wilson's 95% interval."""
    found = share_interval(hits, number)
    return f"{found.estimate:>8.1%}{f'{found.low:.1%} to {found.high:.1%}':>15}"


def outcomes(text: str, seed: int, number: int) -> tuple[Counter[str], float]:
    """Return how often `select` said what under seeds of their own, and the mean replications of all candidates."""
    said, ran = Counter[str](), 0
    scenario = restore_scenario(HEAD + text, {}, "known")
    for one in range(seed, seed + number):
        found = select(scenario, BUDGET, seed=one, engine="compiled", fingerprints=False)
        said[found.outcome] += 1
        ran += found.replication_count
    return said, ran / number


def print_truth(number: int) -> None:
    """Print the mean queue of each crew beside theory."""
    print(f"\nmean queue by theory, and of {number:,} replications with its 95% interval")
    for bots in (5, 6):
        scenario = restore_scenario(HEAD + CREW, {}, "known").set(bots=bots)
        found = replicate(scenario, number, seed=1, engine="compiled", fingerprints=False).estimate("queue.mean")
        print(f"{bots} bots{queue(bots):>10.4f}{found.estimate:>10.4f}{found.low:>10.4f} to {found.high:.4f}")


def print_select(number: int) -> None:
    """Print how often `select` is right where one answer is."""
    smallest, busiest = "select: {minimise: bots}\n", "select: {maximise: utilisation}\n"
    limits = {"10% below 5 bots": 0.9 * queue(5), "halfway": (queue(5) + queue(6)) / 2, "10% above 6": 1.1 * queue(6)}
    studies = {
        f"{name}: {place}": (f'{CREW}{asked}thresholds: {{queue.mean: "< {limit!r}"}}\n', "bots=6")
        for name, asked in (("fewest bots", smallest), ("utilisation", busiest))
        for place, limit in limits.items()
    }
    many = CREW.replace("[4, 5, 6, 7]", "[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]")
    limit = limits["halfway"]
    studies["fewest of 11: halfway"] = f'{many}{smallest}thresholds: {{queue.mean: "< {limit!r}"}}\n', "bots=6"
    studies["least queue: cv 0.8, 1, 1.2"] = f"{SPREAD}sweep: {{cv: [0.8, 1, 1.2]}}\n", "cv=0.8"
    studies["least queue: cv 0.98, 1, 1.02"] = f"{SPREAD}sweep: {{cv: [0.98, 1, 1.02]}}\n", "cv=0.98"
    print(f"\nselect, 95% confidence, budget {BUDGET}, {number:,} repetitions; asked: wrong at most 5%")
    print(f"{'':31}{'right':>7}{'inconclusive':>14}{'wrong':>7}{'of all (95%)':>23}{'replications':>14}")
    for place, (name, (text, right)) in enumerate(studies.items()):
        said, ran = outcomes(text, 1_000_000 * (place + 1), number)
        wrong = number - said[right] - said["INCONCLUSIVE"]
        row = f"{said[right]:>7}{said['INCONCLUSIVE']:>14}{wrong:>7}{share(wrong, number)}"
        print(f"{name:31}{row}{ran:>14.0f}")


def print_limits(number: int) -> None:
    """Print how often `select` claims something about a crew whose mean queue is the limit."""
    print(f"\nselect, the limit is the true mean queue of a crew; {number:,} repetitions")
    print("asked: at most 1.7% that it is below, at most 1.7% that it is not")
    print(f"{'':12}{'inconclusive':>14}{'below':>8}{'of all (95%)':>23}{'not':>7}{'of all (95%)':>23}")
    for bots in (5, 6):
        text = f'{CREW}select: {{minimise: bots}}\nthresholds: {{queue.mean: "< {queue(bots)!r}"}}\n'
        said, _ = outcomes(text, 10_000_000 * bots, number)
        below = sum(said[f"bots={fewer}"] for fewer in range(4, bots + 1))
        beyond = number - below - said["INCONCLUSIVE"]
        row = f"{below:>8}{share(below, number)}{beyond:>7}{share(beyond, number)}"
        print(f"{bots} bots      {said['INCONCLUSIVE']:>14}{row}")


def print_rare(number: int) -> None:
    """Print how often `select` promises what rare hours break."""
    scenario = restore_scenario(f"scenario: 1\nname: rare\n{RARE}", {}, "rare")
    done = replicate(scenario, 40 * number, seed=1, engine="compiled", fingerprints=False)
    seen = done.estimate("orders.abandoned.rate")
    equal = np.mean(done.columns.of_metric("orders.abandoned.rate") == 0)
    said = Counter(
        select(scenario, BUDGET, seed=seed, engine="compiled", fingerprints=False).outcome
        for seed in range(80_000_000, 80_000_000 + number)
    )
    print(f"\nselect with abandonment below 0.05%; {number:,} repetitions; asked: wrong at most 5%")
    print(f"3 bots: {seen.estimate:.3%} ({seen.low:.3%} to {seen.high:.3%}); {equal:.1%} of the replications have none")
    print(f"3 bots are said to do{said['bots=3']:>7}{share(said['bots=3'], number)}")


def print_alike(number: int) -> None:
    """Print how often `select` says that one of two kitchens is better that differ in nothing but chance."""
    said, _ = outcomes(ALIKE, 70_000_000, number)
    better = number - said["INCONCLUSIVE"]
    print(f"\nselect the least queue of two kitchens that are alike; {number:,} repetitions; asked: at most 5%")
    print(f"one is said to be better{better:>7}{share(better, number)}")


def print_claims(number: int) -> None:
    """Print how often one-sided tests of numbers whose mean is the limit claim something at any look."""
    steps = steps_to(500)
    print(f"\nnumbers whose mean is the limit, looks at {', '.join(map(str, steps))}; {number:,} repetitions")
    print(f"asked: each claim at most {LEVEL:.1%}")
    print(f"{'':20}{'':6}{'below':>8}{'of all (95%)':>15}{'above':>8}{'of all (95%)':>15}")
    generator = np.random.default_rng(1)
    for name, (draw, mean) in DATA.items():
        said = Counter[tuple[str, str]]()
        for _ in range(number):
            values = draw(generator, steps[-1]) - mean
            claims = set()  # in each direction at most one, at whichever look
            for step in steps:
                seen, level = values[:step], LEVEL * step / sum(steps)
                for test, found in (("t", mean_interval(seen, 1 - 2 * level)), ("Hall", bounds(seen, level))):
                    if found.high < 0:
                        claims.add((test, "below"))
                    if found.low > 0:
                        claims.add((test, "above"))
            said.update(claims)
        for test in ("t", "Hall"):
            row = "".join(share(said[test, side], number) for side in ("below", "above"))
            print(f"{name:20}{test:6}{row}")


def alarms(one: Scenario, other: Scenario, number: int) -> tuple[int, int]:
    """Return in how many comparisons there is a difference, and a significant one."""
    different = significant = 0
    for seed in range(number):
        pairs = compare(
            one, other, metric_names=METRICS, times=30, seed=seed, engine="compiled", fingerprints=False
        ).pairs
        different += any(pair.difference.interval.estimate != 0 for pair in pairs)
        significant += any(pair.is_significant for pair in pairs)
    return different, significant


def print_compare(number: int) -> None:
    """Print how often a scenario is said to differ from itself."""
    text = LUNCH.read_text()
    lunch = restore_scenario(text, {}, "lunch")
    renamed = text.replace("name: walk-in", "name: walk-in-2").replace("name: app", "name: app-2")
    same = lunch.with_keys(name="other")
    other = restore_scenario(renamed, {}, "other").with_keys(name="other")
    print(f"\ncompare a scenario with itself, 30 replications, {len(METRICS)} metrics; {number:,} repetitions")
    print(
        f"asked: at most 5% with a significant metric\n{'':28}{'different':>10}{'significant':>13}{'of all (95%)':>23}"
    )
    for name, alternative in (("another name", same), ("other random numbers", other)):
        different, significant = alarms(lunch, alternative, number)
        print(f"{name:28}{different:>10}{significant:>13}{share(significant, number)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.errors", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 repetitions of each")
    quick = parser.parse_args().quick
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "kitchensim"))
    print(f"python {platform.python_version()}, {packages}; {platform.machine()}")
    number = 20 if quick else 500
    print_truth(20 * number)
    selections = 20 if quick else 100
    print_select(selections)
    print_limits(3 * selections)
    print_alike(selections)
    print_rare(selections)
    print_compare(20 if quick else 2_000)
    print_claims(20 if quick else 20_000)
