"""`python -m benchmarks.fitting [--quick]`: print how often `fit` and `calibrate` find what an export was made from.

Kitchens are drawn, their days simulated, written as five tills write them, and fitted again.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.common import share
from sim.fitting import Fit, calibrate, fit
from sim.verdicts import Judgement
from tests.helpers.tills import HALF_HOUR, Day, Till, days_of, export, poisson, served, with_instants

TILLS = {
    "plain": (Till(), {"unit": "s"}),
    "german": (
        Till(";", ("Bestellt am", "Stufe", "Dauer (s)"), "%d.%m.%Y %H:%M:%S", words=("Gold", "Basis"), decimal=","),
        {"columns": {"time": "Bestellt am", "class": "Stufe", "service": "Dauer (s)"}, "vip": ["Gold"]},
    ),
    "american": (
        Till(",", ("Ordered At", "Tier", "Secs"), "%m/%d/%Y %I:%M:%S %p", words=("gold", "basic")),
        {"columns": {"class": "Tier", "service": "Secs"}, "vip": ["gold"], "dates": "mdy"},
    ),
    "tabs": (Till("\t", form="%Y%m%d %H%M%S".replace(" %H%M%S", " %H:%M:%S")), {"unit": "s"}),
    "words": (Till("|", form="%d %b %Y %H:%M:%S"), {"unit": "s"}),
}
SHAPES = [(40, 40, 120, 120, 120, 60, 60, 60), (30, 30, 30, 90, 90, 90, 90, 30), (80, 80, 80, 80, 40, 40, 40, 40)]
LAWS = {
    "exponential": lambda mean, generator, n: generator.exponential(mean, n),
    "erlang": lambda mean, generator, n: generator.gamma(3, mean / 3, n),
    "lognormal": lambda mean, generator, n: generator.lognormal(np.log(mean) - 0.18, 0.6, n),
    "weibull": lambda mean, generator, n: mean / 0.8893 * generator.weibull(1.8, n),
    "normal": lambda mean, generator, n: generator.normal(mean, mean / 6, n),
}
CV = 0.15


class Trips:
    """What became of round trips: hits among trials, by what was looked at."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "orders.csv"
        self.hits: defaultdict[str, list[bool]] = defaultdict(list)
        self.values: defaultdict[str, list[float]] = defaultdict(list)
        self.families: Counter[tuple[str, str]] = Counter()

    def fitted(self, text: str, **options) -> Fit:
        self.path.write_text(text, encoding="utf-8")
        return fit(self.path, **options)

    def round_trip(self, number: int) -> None:
        generator = np.random.default_rng(number)
        shape = SHAPES[number % len(SHAPES)]
        name = list(LAWS)[number % len(LAWS)]
        mean = float(generator.uniform(60, 240))
        cv = CV if number % 2 else 0.0
        till, options = list(TILLS.values())[number // 2 % len(TILLS)]

        def arrivals(generator, _):
            factor = generator.gamma(cv**-2, cv**2) if cv else 1.0
            return poisson(generator, shape, factor)

        days = days_of(number, arrivals, service=lambda generator, n: LAWS[name](mean, generator, n))
        result = self.fitted(export(days, till), **options)
        truth = [0, *(slot for slot in range(1, 8) if shape[slot] != shape[slot - 1])]
        stream = result.overall.arrivals.streams[0]
        if len(result.overall.arrivals.streams) == 1 and not result.groups:
            found = [phase.first for phase in stream.phases]
            self.hits["change points are exactly right"].append(found == truth)
            if found == truth:
                for phase in stream.phases:
                    self.hits["interval of a rate covers"].append(phase.rate.low < shape[phase.first] < phase.rate.high)
            self.hits["interval of the share of VIPs covers"].append(
                stream.vip_share.low < 0.15 < stream.vip_share.high
            )
        self.hits["one stream, as there is"].append(len(result.overall.arrivals.streams) == 1)
        self.hits["weekdays alike, as they are"].append(not result.groups)
        self.hits["Poisson raises no alarm"].append(not any("trace:" in problem for problem in result.problems))
        for service in result.services:
            self.hits["interval of a mean of service covers"].append(service.mean.low < mean < service.mean.high)
            fitted_name = "empirical" if service.law is None else service.law.name
            self.families[name, fitted_name] += 1
        says = "busyness: {" in result.files["orders.yaml"].decode()
        if cv:
            self.hits["a day factor of 15% is found"].append(says)
            self.hits["its interval covers"].append(result.factor.low < cv < result.factor.high)
            self.values["cv of 15% as"].append(result.factor.cv)
        else:
            self.hits["no day factor where there is none"].append(not says)

    def patience(self, number: int) -> None:
        generator = np.random.default_rng(number)
        days = days_of(number, vip=0)
        waits = {
            id(day): (generator.exponential(600, len(day.times)), generator.exponential(400, len(day.times)))
            for day in days
        }

        def columns(day: Day) -> dict[str, np.ndarray]:
            limit, wait = waits[id(day)]
            return {
                "started": np.where(limit < wait, np.nan, day.times + wait),
                "left": np.where(limit < wait, day.times + limit, np.nan),
            }

        for law in self.fitted(with_instants(days, columns)).patience:
            self.hits["patience is found to be exponential"].append(law.mean is not None)
            if law.mean is not None:
                self.hits["interval of mean patience covers"].append(law.mean.low < 600 < law.mean.high)

    def wrong_models(self, number: int) -> None:
        """Fit what a scenario cannot have, or what is no service time."""

        def rushes(generator, _):
            counts = generator.poisson(np.where(generator.random(48) < 0.3, 15, 1.5))
            starts = np.repeat(np.arange(48) * 300.0, counts)
            return np.sort(starts + generator.random(counts.sum()) * 300)

        def regular(generator, _):
            return np.sort(np.arange(0, 8 * HALF_HOUR, 45) + generator.random(320) * 20)

        def batches(generator, _):
            times = poisson(generator)
            return np.repeat(times, generator.choice([1, 2, 3], len(times), p=[0.6, 0.3, 0.1]))

        bare = Till(header=("time",))
        for name, arrivals, word in (("rushes", rushes, "rushes"), ("regular gaps", regular, "regular gaps")):
            problems = self.fitted(export(days_of(number, arrivals), bare)).problems
            self.hits[f"{name} are told"].append(any(word in problem for problem in problems))
        together = self.fitted(export(days_of(number, batches), bare)).overall.arrivals.batches
        self.hits["batches are found"].append(together is not None)
        days = days_of(number)
        for day in days:
            day.services = served(day, 4) + day.services - day.times
        flow = self.fitted(export(days), unit="s")
        self.hits["flow time is refused as service"].append(not flow.services)

        def weekend(generator, day):
            return poisson(generator, factor=1.3 if day % 7 >= 5 else 1.0)

        groups = self.fitted(export(days_of(number, weekend, count=28), bare)).groups
        self.hits["a weekend with 30% more is told apart"].append(
            [group.name for group in groups] == ["mon-fri", "sat-sun"]
        )


def calibrations(folder: Path, number: int, hits: defaultdict[str, list[bool]]) -> None:
    """Fit two weeks of a kitchen whose days differ, and hold the right scenario and wrong ones against the next two."""
    bots = 5

    def busy(generator, _):
        return poisson(generator, factor=generator.gamma(CV**-2, CV**2))

    path = folder / "orders.csv"
    days = days_of(number, busy, count=28, vip=0)
    path.write_text(
        with_instants(days, lambda day: {"started": served(day, bots), "done": served(day, bots) + day.services})
    )
    right = fit(path, until="2026-03-16").scenario.with_keys(bots={"initial": bots})
    wrong = {
        "the right scenario": right,
        "without its day factor": right.with_keys(busyness=None),
        "with a bot less": right.with_keys(bots={"initial": bots - 1}),
    }
    for name, scenario in wrong.items():
        result = calibrate(scenario, path, engine="compiled")
        for check in result.checks:
            hits[f"{name}: {check.name} FAIL"].append(check.judgement is Judgement.FAIL)
        hits[f"{name}: FAIL"].append(result.verdict is Judgement.FAIL)


def main(trips: int, others: int) -> None:
    calibrated = defaultdict[str, list[bool]](list)
    with TemporaryDirectory() as folder:
        for number in range(others):
            calibrations(Path(folder), number, calibrated)
    print(f"{others} calibrations: 14 days fitted, 14 others held against them\n")
    for name, hits in calibrated.items():
        print(f"{name:48}{share(sum(hits), len(hits))}  of {len(hits):,}")
    print()
    with TemporaryDirectory() as folder:
        results = Trips(Path(folder))
        for number in range(trips):
            results.round_trip(number)
        for number in range(others):
            results.patience(number)
            results.wrong_models(number)
    print(f"{trips} round trips of 14 days in {len(TILLS)} dialects, {others} of each other kind\n")
    for name, hits in results.hits.items():
        print(f"{name:42}{share(sum(hits), len(hits))}  of {len(hits):,}")
    for name, values in results.values.items():
        print(f"{name:42}{np.mean(values):>8.1%} +/- {np.std(values):.1%}")
    print("\nservice times, and the law that they were given")
    for (truth, name), count in sorted(results.families.items()):
        print(f"  {truth:12} {name:12} {count:>6,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fitting", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer round trips")
    quick = parser.parse_args().quick
    main(*(30, 5) if quick else (500, 100))
