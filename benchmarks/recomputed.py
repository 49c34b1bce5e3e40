"""`python -m benchmarks.recomputed [--quick]`: hold metrics against others that are made from the files of runs alone.

First against orders.csv, attempts.csv and events.csv of random scenarios, by pandas and nothing of kitchensim; then
shares and percentiles of all orders against numpy, on the orders of many runs.
"""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from math import ceil, isclose, nan
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.common import numbers_by

US, HOUR, DAY = 10**6, 3600 * 10**6, 24 * 3600 * 10**6
CLASSES = ("", ".VIP", ".NORMAL")
TIMES = ("mean", "sd", "min", "p50", "p80", "p95", "p99.5", "max", "n", "within(3m)")
FATES = ("completed", "pending", "processing", "abandoned", "returned")
NAMES = [
    *(f"{family}{of}.{statistic}" for family in ("wait", "flow", "service") for of in CLASSES for statistic in TIMES),
    *(f"queue{of}.{statistic}" for of in CLASSES for statistic in ("mean", "max", "end")),
    *(f"orders{of}.{fate}{part}" for of in CLASSES for fate in FATES for part in ("", ".rate")),
    *(f"{family}{of}" for family in ("throughput", "wasted") for of in CLASSES),
    *(f"orders{of}.created" for of in CLASSES),
    *(f"bots.{statistic}" for statistic in ("mean", "max", "end")),
    "utilisation",
]
Spans = list[tuple[int, int]]


def scenario(number: int) -> tuple[dict[str, object], dict[str, Spans], int]:
    """Return a random scenario, its windows, the last of which is the run, and its horizon in microseconds."""
    draw = random.Random(number)
    hours = draw.choice([3, 5, 50])
    start, length = draw.randrange(hours * 30), draw.randrange(20, 90)
    spans = [(start * 60 * US, (start + length) * 60 * US)]
    is_daily = draw.random() < 0.5
    if is_daily:
        spans = [(begin + day * DAY, end + day * DAY) for begin, end in spans for day in range(hours // 24 + 1)]
    end = hours * HOUR
    spans = [(begin, stop) for begin, stop in spans if begin < end]
    warmup = draw.choice([0, 0, 40])
    clock = {"until": f"{hours}h"} | ({"closes": True} if draw.random() < 0.25 else {})
    rate = draw.randrange(20, 70)
    text = {
        "scenario": 1,
        "name": f"random-{number}",
        "seed": number,
        "clock": clock,
        "service": {"VIP": {"exponential": {"mean": "3m"}}, "NORMAL": {"gamma": {"mean": "4m", "cv": 0.7}}},
        "patience": {"NORMAL": {"exponential": {"mean": draw.choice(["10m", "40m"])}}},
        "bots": {
            "initial": 3,
            "on_remove": draw.choice(["restart", "finish"]),
            "schedule": [{"at": f"{10 + 20 * place}m", "count": draw.randrange(1, 6)} for place in range(6)],
        },
        "arrivals": [{"class": {"VIP": "30%", "NORMAL": "70%"}, "poisson": {"rate": f"{rate}/h"}}],
        "windows": {
            "rush": {"from": f"{start}m", "until": f"{start + length}m"} | ({"daily": True} if is_daily else {})
        },
        "metrics": [f"{name}@rush" for name in NAMES] + [name for name in NAMES if "(" in name or ".p" in name],
    }
    if warmup:
        text["warmup"] = f"{warmup}m"
    return text, {"@rush": spans, "": [(warmup * 60 * US, end)]}, end


class Files:
    """The files of a run, and metrics made from them."""

    def __init__(self, folder: Path, end: int) -> None:
        self.orders = pd.read_csv(folder / "orders.csv")
        self.attempts = pd.read_csv(folder / "attempts.csv")
        self.events = pd.read_csv(folder / "events.csv")
        self.end = end

    def metric(self, name: str, spans: Spans) -> float:
        """Return a metric of the orders that were created within spans, or of these."""
        family, *rest = name.split(".")
        order_class = rest.pop(0) if rest and rest[0] in ("VIP", "NORMAL") else None
        orders = self.orders
        if order_class is not None:
            orders = orders[orders["class"] == order_class]
        created = orders.created_us
        orders = orders[
            np.logical_or.reduce([(created >= begin) & self.before(created, stop) for begin, stop in spans])
        ]
        if family in ("wait", "flow", "service"):
            return self.of_times(orders, family, ".".join(rest))
        if family == "orders":
            return self.of_fates(orders, *rest)
        if family == "wasted":
            lost = self.attempts[(self.attempts.outcome == "returned") & self.attempts.order.isin(orders.order)]
            return float((lost.ended_us - lost.picked_up_us).sum()) / US
        length = sum(min(stop, self.end) - begin for begin, stop in spans)
        if family == "throughput":
            of_class = self.orders if order_class is None else self.orders[self.orders["class"] == order_class]
            at = of_class.completed_us
            return sum(int(((at >= begin) & self.before(at, stop)).sum()) for begin, stop in spans) / (length / HOUR)
        if family == "utilisation":
            busy = self.area(("order_picked_up",), ("order_completed", "order_returned"), None, spans)[0]
            bots = self.area(("bot_added",), ("bot_removed",), None, spans)[0]
            return busy / bots if bots else nan
        pending = ("order_created", "order_returned"), ("order_picked_up", "order_abandoned")
        kinds = pending if family == "queue" else (("bot_added",), ("bot_removed",))
        area, most, last = self.area(*kinds, order_class, spans)
        return {"mean": area / length, "max": most, "end": last}[rest[0]]

    def before(self, times: pd.Series, stop: int) -> pd.Series:
        """Tell which times lie before the end of a span; the horizon itself belongs to the last one."""
        return times < stop if stop < self.end else times <= self.end

    def of_times(self, orders: pd.DataFrame, family: str, statistic: str) -> float:
        """Return a statistic of waits, flows or services that are over."""
        if family == "wait":
            times = orders[orders.final_status != "ABANDONED"].final_wait_us
            settled = orders[orders.final_status.isin(["PROCESSING", "COMPLETE"])].final_wait_us
        else:
            complete = orders[orders.final_status == "COMPLETE"]
            waited = complete.final_wait_us if family == "service" else 0
            times = settled = complete.final_completed_us - complete.created_us - waited
        times = np.sort(times.to_numpy(np.int64))
        n = len(times)
        if statistic == "n":
            return n
        if statistic.startswith("within"):
            number = n if family == "service" else len(orders)
            return float((settled <= 180 * US).sum()) / number if number else nan
        if n == 0 or (statistic == "sd" and n < 2):
            return nan
        if statistic.startswith("p"):
            return times[max(1, ceil(round(float(statistic[1:]) * 10) * n / 1000)) - 1] / US
        return {"mean": times.mean(), "sd": times.std(ddof=1) if n > 1 else nan, "min": times[0], "max": times[-1]}[
            statistic
        ] / US

    def of_fates(self, orders: pd.DataFrame, fate: str, rate: str = "") -> float:
        """Return how many orders had a fate, or their share."""
        if fate == "created":
            return len(orders)
        if fate == "returned":
            returned = self.attempts[self.attempts.outcome == "returned"].order
            hits = int(orders.order.isin(returned).sum())
        else:
            status = {"completed": "COMPLETE"}.get(fate, fate.upper())
            column = orders.final_status if rate and fate in ("completed", "abandoned") else orders.status
            hits = int((column == status).sum())
        if not rate:
            return hits
        return hits / len(orders) if len(orders) else nan

    def area(
        self, up: tuple[str, ...], down: tuple[str, ...], order_class: str | None, spans: Spans
    ) -> tuple[float, float, float]:
        """Return the integral of a level over spans, its highest value and its last one."""
        events = self.events[self.events.event.isin([*up, *down])]
        if order_class is not None:
            events = events[events["class"] == order_class]
        moves = events.event.isin(up).astype(int) * 2 - 1
        by_instant = moves.groupby(events.t_us).sum().cumsum()
        times, levels = np.array([-1, *by_instant.index]), np.array([0, *by_instant.to_numpy()])
        area, most = 0.0, 0
        for begin, stop in spans:
            last = min(stop, self.end)
            inside = (times > begin) & (times <= last)
            edges = np.array([begin, *times[inside], last])
            heights = np.array([levels[times <= begin][-1], *levels[inside]])
            area += float((np.diff(edges) * heights).sum())
            most = max(most, int(heights.max()))
        return area, most, int(heights[-1])


def comparisons(number: int, folder: Path) -> Iterator[tuple[str, float | None, float]]:
    """Run a random scenario and yield names, values of metrics.json, and values made from the other files.

    What is only a lower bound is left out: the files do not tell until when its orders were followed.
    """
    text, windows, end = scenario(number)
    path = folder / "random.yaml"
    path.write_text(json.dumps(text))
    command = [sys.executable, "-m", "sim", "run", str(path), "--no-charts", "--no-save", "--out", str(folder / "out")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    document = json.loads((folder / "out" / "metrics.json").read_text())
    files = Files(folder / "out", end)
    for window, spans in windows.items():
        for name in NAMES:
            if name + window not in document.get("bounds", {}):
                yield name + window, document["metrics"][name + window], files.metric(name, spans)


def compare_files(scenarios: int) -> None:
    """Print how many metrics of random scenarios are others than those made from their files."""
    equal, different, empty = 0, [], 0
    for number in range(1, scenarios + 1):
        with TemporaryDirectory() as folder:
            for name, stored, again in comparisons(number, Path(folder)):
                is_empty = stored is None and np.isnan(again)
                empty += is_empty
                if is_empty or (stored is not None and isclose(stored, again, rel_tol=1e-12, abs_tol=1e-12)):
                    equal += 1
                else:
                    different.append(f"scenario {number}: {name} is {stored}, from the files {again}")
    print(f"\n{scenarios} random scenarios: {equal:,} metrics are equal, {empty:,} of them empty")
    print(f"{len(different):,} are different", *different[:20], sep="\n")


def compare_pools(runs: int) -> None:
    """Print shares and percentiles of all orders of many runs beside those of numpy."""
    from sim import load_scenario, replicate, run

    metrics = ["wait.NORMAL.p90", "wait.NORMAL.p95", "wait.NORMAL.p99.5", "wait.NORMAL.within(5m)"]
    lunch = load_scenario("scenarios/lunch_rush.yaml", peak_bots=8).with_keys(metrics=metrics)
    done = replicate(lunch, runs, engine="compiled", fingerprints=False)
    tables = (run(lunch, replication=number, engine="compiled").orders for number in range(1, runs + 1))
    waits = np.concatenate([table.loc[table["class"] == "NORMAL", "final_wait_us"].to_numpy() for table in tables]) / US
    print(f"\n{len(waits):,} NORMAL orders of {runs:,} runs of the lunch rush; durations in s")
    print(
        f"{'':24}{'kitchensim':>14}{'numpy':>14}{'apart by':>12}   asked: shares 0, percentiles below 1/4096 = 0.000244"
    )
    for name in metrics:
        if "within" in name:
            truth = float((waits <= 300).mean())
        else:
            truth = float(np.quantile(waits, float(name.split(".p")[1]) / 100, method="inverted_cdf"))
        estimate = done.estimate(name).estimate
        print(f"{name:24}{estimate:>14.6f}{truth:>14.6f}{abs(estimate / truth - 1):>12.2g}")


if __name__ == "__main__":
    is_quick = "--quick" in sys.argv
    print(numbers_by())
    compare_files(4 if is_quick else 60)
    compare_pools(50 if is_quick else 1_000)
