"""`python -m benchmarks.errors [--quick]`: print how often `select`, its tests and `compare` say what is wrong.

What is right is known from queueing theory, from how numbers were drawn, or since a scenario is compared with itself.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.common import numbers_by, share
from benchmarks.estimates import sample
from sim.experiment import Replications, compare, replicate, select
from sim.experiment.selecting import steps_to
from sim.scenario import Scenario, restore_scenario
from sim.statistics import bounds, mean_interval
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
STARVING = """service: {exponential: {mean: 2m}}
clock: {until: 10h}
bots: {initial: 2}
arrivals:
  - {name: guests, class: VIP, poisson: {rate: 66/h}}
  - {name: others, class: NORMAL, poisson: {rate: 12/h}}
patience: {NORMAL: 30h}
thresholds:
  wait.NORMAL.mean: "< 900h"
  wait.NORMAL.p95: "< 900h"
  flow.NORMAL.p95: "< 900h"
  wait.NORMAL.p95@evening: "< 900h"
  orders.NORMAL.abandoned.rate: "< 99%"
windows: {evening: {from: "08:00:00", until: "10:00:00"}}
"""  # load 1.3, of which VIPs are 1.1: nobody knows how long NORMAL orders would wait, so that any limit is a guess
GROWING = """service: {exponential: {mean: 2m}}
clock: {until: 10h}
bots: {initial: 2}
arrivals: [{name: guests, class: NORMAL, poisson: {rate: 78/h}}]
patience: {NORMAL: {exponential: {mean: 3h}}}
"""  # load 1.3: who comes late waits long, far behind the end of the run, or leaves
STEADY = GROWING.replace("78/h", "42/h").replace("3h", "30m")
ASKED = ("wait.mean", "wait.p95", "flow.p95", "orders.abandoned.rate")
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
    print(f"{'':31}{'right':>7}{'inconclusive':>14}{'wrong':>7}{'of all (95%)':>25}{'replications':>14}")
    for place, (name, (text, right)) in enumerate(studies.items()):
        said, ran = outcomes(text, 1_000_000 * (place + 1), number)
        wrong = number - said[right] - said["INCONCLUSIVE"]
        row = f"{said[right]:>7}{said['INCONCLUSIVE']:>14}{wrong:>7}{share(wrong, number)}"
        print(f"{name:31}{row}{ran:>14.0f}")


def print_limits(number: int) -> None:
    """Print how often `select` claims something about a crew whose mean queue is the limit."""
    print(f"\nselect, the limit is the true mean queue of a crew; {number:,} repetitions")
    print("asked: at most 1.7% that it is below, at most 1.7% that it is not")
    print(f"{'':12}{'inconclusive':>14}{'below':>8}{'of all (95%)':>25}{'not':>7}{'of all (95%)':>25}")
    for bots in (5, 6):
        text = f'{CREW}select: {{minimise: bots}}\nthresholds: {{queue.mean: "< {queue(bots)!r}"}}\n'
        said, _ = outcomes(text, 10_000_000 * bots, number)
        below = sum(said[f"bots={fewer}"] for fewer in range(4, bots + 1))
        beyond = number - below - said["INCONCLUSIVE"]
        row = f"{below:>8}{share(below, number)}{beyond:>7}{share(beyond, number)}"
        print(f"{bots} bots      {said['INCONCLUSIVE']:>14}{row}")


def print_rare(number: int, selections: int) -> None:
    """Print how often a verdict, or `select`, promises what rare hours break."""
    scenario = restore_scenario(f"scenario: 1\nname: rare\n{RARE}", {}, "rare")
    pool = replicate(scenario, number, seed=1, engine="compiled", fingerprints=False)
    truth = pool.estimate("orders.abandoned.rate")
    equal = np.mean(pool.columns.of_metric("orders.abandoned.rate") == 0)
    print(f"\nabandonment below 0.05%, asked of three bots: {truth.estimate:.3%} ({truth.low:.3%} to {truth.high:.3%})")
    print(f"of {number:,} hours {equal:.1%} have none; asked: PASS at most 2.5%")
    print(f"{'':24}{'experiments':>12}{'PASS':>7}{'of all (95%)':>25}")
    for hours in (250, 1_000, 8_000):  # a PASS on so strict a share needs 7,400 at least
        print_passes(f"check, {hours:,} hours", verdicts(pool, hours, 1_000)["orders.abandoned.rate", "PASS"], 1_000)
    said = Counter(
        select(scenario, BUDGET, seed=seed, engine="compiled", fingerprints=False).outcome
        for seed in range(80_000_000, 80_000_000 + selections)
    )
    print_passes("select, 3 bots", said["bots=3"], selections)


def print_passes(name: str, passes: int, number: int) -> None:
    """Print how many experiments say PASS."""
    print(f"{name:24}{number:>12,}{passes:>7}{share(passes, number)}")


def verdicts(pool: Replications, times: int, number: int) -> Counter[tuple[str, str]]:
    """Return how often thresholds get which judgement in experiments that draw their replications from a pool."""
    said: Counter[tuple[str, str]] = Counter()
    for rows in np.random.default_rng(1).integers(0, len(pool.results), (number, times)):
        experiment = Replications(pool.scenario, 1, sample(pool.columns, rows))
        said.update((verdict.metric, verdict.judgement) for verdict in experiment.verdicts)
    return said


def print_starving(number: int) -> None:
    """Print how often queues that starve or grow get a PASS, and whether a steady kitchen keeps those it deserves."""
    asked = f"clock: {{until: 10h}}; {number:,} experiments of 30 replications each"
    print(f"\nlimits of kitchens that starve, grow and are steady; {asked}")
    print(f"{'':52}{'PASS':>7}{'of all (95%)':>25}")
    starving = restore_scenario(f"scenario: 1\nname: starving\n{STARVING}", {}, "starving")
    pools = {"NORMAL orders starve, any limit, asked: 0%": replicated(starving)}
    kitchens = (
        ("load 1.3, limit 2% below the truth, asked: 2.5%", GROWING, 0.98),
        ("load 0.7, limit twice the truth, asked: 100%", STEADY, 2),
    )
    for name, text, factor in kitchens:
        kitchen = restore_scenario(f"scenario: 1\nname: kitchen\n{text}", {}, "kitchen")
        pool = replicated(kitchen.with_keys(metrics=["wait.p95", "flow.p95"]))
        limits = {metric: factor * pool.estimate(metric).estimate for metric in ASKED}
        conditions = {
            metric: f"< {limit:.6%}" if "rate" in metric else f"< {limit:.6f}s" for metric, limit in limits.items()
        }
        pools[name] = replicated(kitchen.with_keys(thresholds=conditions))
    for name, pool in pools.items():
        said = verdicts(pool, 30, number)
        print(name)
        for metric in dict.fromkeys(metric for metric, _ in said):
            print(f"  {metric:50}{said[metric, 'PASS']:>7}{share(said[metric, 'PASS'], number)}")


def replicated(scenario: Scenario) -> Replications:
    """Return a pool of replications."""
    return replicate(scenario, 2_000, seed=1, engine="compiled", fingerprints=False)


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
    print(f"{'':20}{'':6}{'below':>8}{'of all (95%)':>25}{'above':>8}{'of all (95%)':>25}")
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
        f"asked: at most 5% with a significant metric\n{'':28}{'different':>10}{'significant':>13}{'of all (95%)':>25}"
    )
    for name, alternative in (("another name", same), ("other random numbers", other)):
        different, significant = alarms(lunch, alternative, number)
        print(f"{name:28}{different:>10}{significant:>13}{share(significant, number)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.errors", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 repetitions of each")
    quick = parser.parse_args().quick
    print(numbers_by())
    number = 20 if quick else 500
    print_truth(20 * number)
    selections = 20 if quick else 100
    print_select(selections)
    print_limits(3 * selections)
    print_alike(selections)
    print_rare(2_000 if quick else 40_000, selections)
    print_starving(100 if quick else 1_000)
    print_compare(20 if quick else 1_000)
    print_claims(20 if quick else 20_000)
