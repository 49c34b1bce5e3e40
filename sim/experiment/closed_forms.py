"""Queueing theory beside a simulation: which closed forms hold for a scenario, and whether they agree."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sim.experiment.replications import Replications
from sim.model import UNITS, OrderClass
from sim.scenario import Scenario, crew_changes, stream_names
from sim.statistics import Interval, holm, paired_difference
from sim.statistics.queueing import erlang_a, priority_waits
from sim.units import HOUR, MICROSECONDS, SECOND, format_duration

if TYPE_CHECKING:
    import pandas as pd

_MINUTE = MICROSECONDS["m"]
_DISAGREES = 0.05
_FORGOTTEN, _LONG_RUN = 4, 20  # relaxation times
_LONGEST_QUEUE = 10_000_000


class Beside(NamedTuple):
    """A metric as theory and as replications have it; `adjusted` is the p-value of "they are the same" after Holm's
    procedure over all metrics.
    """

    metric: str
    theory: float
    estimate: Interval | None
    adjusted: float

    @property
    def agrees(self) -> bool | None:
        """Whether nothing speaks against it, with at most 5% false alarms over all; None without an interval."""
        return None if self.estimate is None or self.estimate.low is None else self.adjusted > _DISAGREES


@dataclass(frozen=True)
class Theory:
    """What closed forms say of a scenario in the long run: values by metric, in the metric's unit.

    Where none holds, `values` is empty and `failing` says which assumption fails.
    """

    model: str
    source: str
    values: dict[str, float]
    failing: str = ""

    def beside(self, done: Replications) -> list[Beside]:
        """Return each value with the estimate of replications."""
        rows = []
        for metric, value in self.values.items():
            seen = done.values(metric)
            p = paired_difference(seen, [value] * len(seen)).p if len(seen) > 1 else None
            rows.append((metric, value, done.estimate(metric), p))
        adjusted = iter(holm([p for *_, p in rows if p is not None]))
        return [Beside(*row[:3], 1.0 if row[3] is None else next(adjusted)) for row in rows]

    def to_frame(self, replications: Replications | None = None) -> "pd.DataFrame":
        """Return a row for each metric: metric, theory, unit; with replications metric, theory, mean, low, high, n,
        agrees. Without a theory there are no rows.

        `low` and `high` are the unadjusted 95% interval; `agrees` is by Holm's procedure over all metrics.
        """
        import pandas as pd

        if replications is None:
            values = [(metric, value, UNITS[metric]) for metric, value in self.values.items()]
            return pd.DataFrame(values, columns=["metric", "theory", "unit"])
        rows = [
            (row.metric, row.theory, *(row.estimate or (None, None, None, 0)), row.agrees)
            for row in self.beside(replications)
        ]
        frame = pd.DataFrame(rows, columns=["metric", "theory", "mean", "low", "high", "n", "agrees"])
        return frame.astype({"mean": "Float64", "low": "Float64", "high": "Float64", "n": "Int64"})


def theory(scenario: Scenario) -> Theory:
    """Return what queueing theory says of a scenario in the long run, or which assumption of it fails."""
    failing = next(_failing(scenario), None)
    if failing is not None:
        return Theory("", "", {}, failing)
    file, bots = scenario.file, crew_changes(scenario.file)[-1][2]
    rates = {one: rate for one, rate in _rates(scenario).items() if rate}
    services = {one: file.service.of(one) for one in rates}
    means = {one: service.mean / SECOND for one, service in services.items()}
    if any(file.patience.of(one) is not None for one in rates):
        return _with_patience(scenario, rates, means, bots)
    squares = [services[one].mean_square / SECOND**2 for one in rates]
    waits = dict(zip(rates, priority_waits(list(rates.values()), list(means.values()), squares, bots), strict=True))
    name, source = _kendall(scenario, list(rates), bots)
    values = _by_class("wait.{}mean", waits, rates)
    values |= _by_class("flow.{}mean", {one: waits[one] + means[one] for one in rates}, rates)
    queue = {one: rates[one] * waits[one] for one in rates}
    values |= {f"queue.{one.name}.mean": length for one, length in queue.items() if len(rates) > 1}
    values |= {"queue.mean": sum(queue.values()), "utilisation": sum(rates[one] * means[one] for one in rates) / bots}
    values["throughput"] = sum(rates.values()) * HOUR / SECOND
    return Theory(name, source, values)


def _by_class(form: str, values: dict[OrderClass, float], rates: dict[OrderClass, float]) -> dict[str, float]:
    """Return a mean for each class, if there is more than one, and that of all orders."""
    found = {form.format(f"{one.name}."): value for one, value in values.items() if len(values) > 1}
    return found | {form.format(""): sum(rates[one] * values[one] for one in rates) / sum(rates.values())}


def _with_patience(
    scenario: Scenario, rates: dict[OrderClass, float], means: dict[OrderClass, float], bots: int
) -> Theory:
    """Return Erlang A; priorities do not change how many wait in all, since those who wait are all alike."""
    patience = scenario.file.patience.of(next(iter(rates)))
    assert patience is not None
    total, mean = sum(rates.values()), next(iter(means.values()))
    found = erlang_a(total, mean, bots, patience.mean / SECOND)
    values = {"orders.abandoned.rate": found.abandoned, "queue.mean": found.queue, "utilisation": found.utilisation}
    values["throughput"] = total * (1 - found.abandoned) * HOUR / SECOND
    if len(rates) == 1:
        values |= {"wait.mean": found.wait, "flow.mean": found.wait + mean}
    return Theory(f"M/M/{bots}+M (Erlang A)", "Garnett, Mandelbaum and Reiman 2002", values)


def _kendall(scenario: Scenario, classes: list[OrderClass], bots: int) -> tuple[str, str]:
    """Return the name of the model of a scenario without patience, and where its closed forms come from."""
    services = [scenario.file.service.of(one) for one in classes]
    kind = "G"
    if all(service == services[0] for service in services):
        kind = "M" if services[0].exponential is not None else "D" if services[0].constant is not None else kind
    name = f"M/{kind}/{bots}"
    if len(classes) > 1:
        return f"{name} with non-preemptive priority", "Cobham 1954"
    return name, "Erlang 1917" if kind == "M" else "Pollaczek 1930, Khinchine 1932"


def _rates(scenario: Scenario) -> dict[OrderClass, float]:
    """Return the arrival rate of each class, in orders per second."""
    rates = dict.fromkeys(OrderClass, 0.0)
    for stream in scenario.file.arrivals:
        rates[OrderClass.VIP] += stream.process.mean_rate * stream.vip_share
        rates[OrderClass.NORMAL] += stream.process.mean_rate * (1 - stream.vip_share)
    return rates


def _failing(scenario: Scenario) -> Iterator[str]:
    """Yield each assumption that fails."""
    file = scenario.file
    if any(entry.order is not None for entry in file.timeline):
        yield "orders of the timeline are no Poisson arrivals"
    yield from _failing_arrivals(scenario)
    if not any(stream.process.mean_rate for stream in file.arrivals if stream.trace is None):
        yield "there are no arrivals"
    changes, horizon = crew_changes(file), file.clock.until
    if any(time > 0 and change and (horizon is None or time <= horizon) for time, change, *_ in changes):
        yield "the crew changes with time"
    if not changes[-1][2]:
        yield "there are no bots"
    if file.queue.promote_after is not None:
        yield "NORMAL orders are promoted"
    if not file.warmup:
        yield "the kitchen starts empty and nothing is left out; write warmup: 1h or more"
    yield from _failing_times(scenario, changes[-1][2])


def _failing_arrivals(scenario: Scenario) -> Iterator[str]:
    """Yield each assumption on arrivals that fails."""
    file = scenario.file
    for name, stream in zip(stream_names(file), file.arrivals, strict=True):
        if stream.poisson is None or stream.poisson.rate is None:
            yield f"arrivals of {name} are not Poisson with one rate"
        if stream.batch is not None and set(stream.batch) != {1}:
            yield f"orders of {name} come in batches"
        if stream.from_ or stream.until is not None or stream.limit is not None:
            yield f"arrivals of {name} do not go on from the start to the horizon"


def _failing_times(scenario: Scenario, bots: int) -> Iterator[str]:
    """Yield each assumption on service and patience that fails."""
    file = scenario.file
    classes = [one for one, rate in _rates(scenario).items() if rate]
    services = [file.service.of(one) for one in classes]
    patiences = [file.patience.of(one) for one in classes]
    alike = all(one == services[0] for one in services) and services[0].exponential is not None
    impatient = any(one is not None for one in patiences)
    if impatient and not all(one is not None and one == patiences[0] and one.exponential for one in patiences):
        yield "patience is not exponential and the same for all orders"
    if impatient and not alike:
        yield "customers lose patience, and service is not exponential and the same for all orders"
    if bots > 1 and not alike:
        yield "service is not exponential and the same for all orders, and there is more than one bot"
    if not all(one.mean_square for one in services):
        yield "service takes no time"
    if not all(math.isfinite(one.mean_square) for one in services):
        yield "the variance of service times has no bound"
    yield from _failing_length(scenario, classes, bots)


def _failing_length(scenario: Scenario, classes: list[OrderClass], bots: int) -> Iterator[str]:
    """Yield why there is no long run, or why the run is too short for it: what came before a few relaxation times is
    forgotten (Morse 1955, Stochastic properties of waiting lines).
    """
    file, rates = scenario.file, _rates(scenario)
    total = sum(rates.values())
    mean = sum(rates[one] * file.service.of(one).mean for one in classes) / total
    square = sum(rates[one] * file.service.of(one).mean_square for one in classes) / total
    load = total / SECOND * mean / bots
    patience = file.patience.of(classes[0])
    if patience is not None and total / SECOND * patience.mean > _LONGEST_QUEUE:
        yield "customers are so patient that millions of them would wait"
    if patience is None and load >= 1:
        yield f"orders keep {load * bots:.3g} bots busy and there are {bots}, so that the queue grows for ever"
    relaxation = mean + patience.mean if patience is not None else square / mean / 2 / bots / (1 - load**0.5) ** 2
    warmup = 0 if file.warmup == "mser5" else file.warmup or 0
    horizon = file.clock.until or 0
    if file.warmup != "mser5" and warmup < _FORGOTTEN * relaxation:
        needed = format_duration(math.ceil(_FORGOTTEN * relaxation / _MINUTE) * _MINUTE)
        yield f"such a queue forgets its beginning in {needed}; write a warmup as long"
    if horizon - warmup < _LONG_RUN * relaxation:
        needed = format_duration(math.ceil(_LONG_RUN * relaxation / _MINUTE) * _MINUTE)
        yield f"the run is short for such a queue; write a horizon {needed} behind the warmup"
