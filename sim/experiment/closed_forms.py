"""Queueing theory beside a simulation: which closed forms hold for a scenario, and whether they agree."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.closed_shares import law_of_erlang_a, laws_of_erlang, named_values
from sim.experiment.estimating import day_values
from sim.experiment.frames import frame_of_rows, interval_cells
from sim.experiment.presenting import presenter
from sim.experiment.replications import Replications
from sim.model import OrderClass, unit_of
from sim.scenario import Scenario, crew_changes, stream_names
from sim.statistics import Interval, holm, paired_difference
from sim.statistics.queueing import erlang_a, priority_waits
from sim.units import HOUR, MICROSECONDS, SECOND, format_duration

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario.distributions import Distribution

_MINUTE = MICROSECONDS["m"]
_DISAGREES = 0.05
_FORGOTTEN = 4  # relaxation times
_LONG_RUN = 20  # likewise
_LONGEST_QUEUE = 10_000_000


class Beside(NamedTuple):
    """A metric as theory and as replications have it; `adjusted` is the p-value of "they are the same" after Holm's
    procedure over all metrics, None where too few replications tell.
    """

    metric: str
    theory: float
    estimate: Interval | None
    adjusted: float | None

    @property
    def agrees(self) -> bool | None:
        """Whether nothing speaks against it, with at most 5% false alarms over all; None where nothing was tested."""
        return None if self.adjusted is None else self.adjusted > _DISAGREES


@dataclass(frozen=True)
class Theory:
    """What closed forms say of a scenario in the long run: values by metric, in the metric's unit.

    Where none holds, `values` is empty and `failing` says which assumption fails.
    """

    model: str
    source: str
    values: dict[str, float]
    failing: str = ""
    without_formula: tuple[str, ...] = ()  # service levels and percentiles that the file names beside `values`

    def _repr_html_(self) -> str:
        return presenter().html(self)

    def beside(self, replications: Replications) -> list[Beside]:
        """Return each value with the estimate of replications."""
        estimates = {metric: replications.estimate(metric) for metric in self.values}
        p_values: dict[str, float] = {}
        for metric, value in self.values.items():
            days = day_values(replications.columns, metric)
            observed = days[~np.isnan(days)]
            if len(observed) > 1:
                p_values[metric] = paired_difference(observed, np.full(len(observed), value)).p
        adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        return [Beside(metric, value, estimates[metric], adjusted.get(metric)) for metric, value in self.values.items()]

    def to_frame(self, replications: Replications | None = None) -> "pd.DataFrame":
        """Return a row for each metric: metric, theory, unit; with replications metric, theory, mean, low, high, n,
        agrees. Without a theory there are no rows.

        `low` and `high` are the unadjusted 95% interval; `agrees` is by Holm's procedure over all metrics.
        """
        import pandas as pd

        if replications is None:
            values = [(metric, value, unit_of(metric)) for metric, value in self.values.items()]
            return pd.DataFrame(values, columns=["metric", "theory", "unit"])
        rows = [
            (row.metric, row.theory, *interval_cells(row.estimate), row.agrees) for row in self.beside(replications)
        ]
        return frame_of_rows(rows, ["metric", "theory", "mean", "low", "high", "n", "agrees"])


def theory(scenario: Scenario) -> Theory:
    """Return what queueing theory says of a scenario in the long run, or which assumption of it fails."""
    failing = next(_failing(scenario), None)
    if failing is not None:
        return Theory("", "", {}, failing)
    file = scenario.file
    bots = _crew(scenario)
    rates = _rates(scenario)
    services = [file.service.of(order_class) for order_class in rates]
    means = {order_class: service.mean / SECOND for order_class, service in zip(rates, services, strict=True)}
    if any(file.patience.of(order_class) is not None for order_class in rates):
        return _with_patience(scenario, rates, means, bots)
    squares = [service.mean_square / SECOND**2 for service in services]
    laws = laws_of_erlang(rates, next(iter(means.values())), bots) if _is_exponential(services) else {}
    named, without_formula = named_values(scenario, laws)
    waits = dict(zip(rates, priority_waits(list(rates.values()), list(means.values()), squares, bots), strict=True))
    name, source = _kendall(scenario, list(rates), bots)
    if named and len(rates) > 1:
        source += ", Davis 1966"
    flows = {order_class: wait + means[order_class] for order_class, wait in waits.items()}
    queues = {order_class: rate * waits[order_class] for order_class, rate in rates.items()}  # Little's law
    values = _by_class("wait.{}mean", waits, rates) | named | _by_class("flow.{}mean", flows, rates)
    if len(rates) > 1:
        values |= {f"queue.{order_class.name}.mean": length for order_class, length in queues.items()}
    values["queue.mean"] = sum(queues.values())
    values["utilisation"] = sum(rate * means[order_class] for order_class, rate in rates.items()) / bots
    values["throughput"] = sum(rates.values()) * HOUR / SECOND
    return Theory(name, source, values, without_formula=without_formula)


def _by_class(form: str, values: dict[OrderClass, float], rates: dict[OrderClass, float]) -> dict[str, float]:
    """Return a mean for each class, if there is more than one, and that of all orders."""
    named = {}
    if len(values) > 1:
        named = {form.format(f"{order_class.name}."): value for order_class, value in values.items()}
    named[form.format("")] = _weighted(values, rates)
    return named


def _weighted(values: dict[OrderClass, float], rates: dict[OrderClass, float]) -> float:
    """Return the mean of values of classes over all orders, of which each class has its rate."""
    return sum(rate * values[order_class] for order_class, rate in rates.items()) / sum(rates.values())


def _with_patience(
    scenario: Scenario, rates: dict[OrderClass, float], means: dict[OrderClass, float], bots: int
) -> Theory:
    """Return Erlang A; priorities do not change how many wait in all, since those who wait are all alike."""
    patience = scenario.file.patience.of(next(iter(rates)))
    assert patience is not None
    total = sum(rates.values())
    mean = next(iter(means.values()))
    model = erlang_a(total, mean, bots, patience.mean / SECOND)
    values = {
        "orders.abandoned.rate": model.abandoned,
        "queue.mean": model.queue,
        "utilisation": model.utilisation,
        "throughput": total * (1 - model.abandoned) * HOUR / SECOND,
    }
    if len(rates) == 1:
        values |= {"wait.mean": model.wait, "flow.mean": model.wait + mean}
    named, without_formula = named_values(scenario, law_of_erlang_a(rates, mean, bots, patience.mean / SECOND))
    source = "Garnett, Mandelbaum and Reiman 2002"
    return Theory(f"M/M/{bots}+M (Erlang A)", source, values | named, without_formula=without_formula)


def _kendall(scenario: Scenario, classes: list[OrderClass], bots: int) -> tuple[str, str]:
    """Return the name of the model of a scenario without patience, and where its closed forms come from."""
    services = [scenario.file.service.of(order_class) for order_class in classes]
    kind = "G"
    if _is_exponential(services):
        kind = "M"
    elif all(service == services[0] for service in services) and services[0].constant is not None:
        kind = "D"
    name = f"M/{kind}/{bots}"
    if len(classes) > 1:
        return f"{name} with non-preemptive priority", "Cobham 1954"
    return name, "Erlang 1917" if kind == "M" else "Pollaczek 1930, Khinchine 1932"


def _is_exponential(services: "Sequence[Distribution]") -> bool:
    """Whether all service times have the same exponential law."""
    return services[0].exponential is not None and all(service == services[0] for service in services)


def _rates(scenario: Scenario) -> dict[OrderClass, float]:
    """Return the arrival rate of each class that has orders, in orders per second."""
    rates = dict.fromkeys(OrderClass, 0.0)
    for stream in scenario.file.arrivals:
        rates[OrderClass.VIP] += stream.process.mean_rate * stream.vip_share
        rates[OrderClass.NORMAL] += stream.process.mean_rate * (1 - stream.vip_share)
    return {order_class: rate for order_class, rate in rates.items() if rate}


def _failing(scenario: Scenario) -> Iterator[str]:
    """Yield each assumption that fails."""
    file = scenario.file
    if any(entry.order is not None for entry in file.timeline):
        yield "orders of the timeline are not Poisson arrivals"
    yield from _failing_arrivals(scenario)
    if not any(stream.process.mean_rate for stream in file.arrivals if stream.trace is None):
        yield "there are no arrivals"
    horizon = math.inf if file.clock.until is None else file.clock.until
    if any(0 < time <= horizon and change for time, change, *_ in crew_changes(file)):
        yield "the crew changes with time"
    if not _crew(scenario):
        yield "there are no bots"
    if file.queue.promote_after is not None:
        yield "NORMAL orders are promoted"
    if not file.warmup:
        yield "the kitchen starts empty and nothing is left out; write warmup: 1h or more"
    yield from _failing_times(scenario, _crew(scenario))


def _crew(scenario: Scenario) -> int:
    """Return how many bots there are in the long run."""
    return crew_changes(scenario.file)[-1].size


def _failing_arrivals(scenario: Scenario) -> Iterator[str]:
    """Yield each assumption on arrivals that fails."""
    file = scenario.file
    for name, stream in zip(stream_names(file), file.arrivals, strict=True):
        if stream.poisson is None or stream.poisson.rate is None:
            yield f"arrivals of {name} are not Poisson with one rate"
        if stream.batch is not None and set(stream.batch) != {1}:
            yield f"orders of {name} come in batches"
        if file.busyness is not None or stream.busyness is not None:
            yield f"some days are busier than others for {name}"
        if stream.from_ or stream.until is not None or stream.limit is not None:
            yield f"arrivals of {name} do not last from the start to the end of the run"


def _failing_times(scenario: Scenario, bots: int) -> Iterator[str]:
    """Yield each assumption on service and patience that fails."""
    file = scenario.file
    classes = list(_rates(scenario))
    services = [file.service.of(order_class) for order_class in classes]
    patiences = [file.patience.of(order_class) for order_class in classes]
    is_exponential = _is_exponential(services)
    first = patiences[0]
    if any(patience is not None for patience in patiences):
        if first is None or first.exponential is None or any(patience != first for patience in patiences):
            yield "patience is not exponential and the same for all orders"
        if not is_exponential:
            yield "customers lose patience, and service is not exponential and the same for all orders"
    if bots > 1 and not is_exponential:
        yield "service is not exponential and the same for all orders, and there is more than one bot"
    if not all(service.mean_square for service in services):
        yield "service takes no time"
    if not all(math.isfinite(service.mean_square) for service in services):
        yield "the variance of service times has no bound"
    yield from _failing_length(scenario, bots)


def _failing_length(scenario: Scenario, bots: int) -> Iterator[str]:
    """Yield why there is no long run, or why the run is too short for it: what came before a few relaxation times is
    forgotten (Morse 1955, Stochastic properties of waiting lines).
    """
    file = scenario.file
    rates = _rates(scenario)
    total = sum(rates.values())
    mean = _weighted({order_class: file.service.of(order_class).mean for order_class in rates}, rates)
    square = _weighted({order_class: file.service.of(order_class).mean_square for order_class in rates}, rates)
    load = total / SECOND * mean / bots
    patience = file.patience.of(next(iter(rates)))
    if patience is None:
        if load >= 1:
            yield f"orders keep {load * bots:.3g} bots busy and there are {bots}, so the queue grows without end"
        relaxation = square / mean / 2 / bots / (1 - load**0.5) ** 2
    else:
        if total / SECOND * patience.mean > _LONGEST_QUEUE:
            yield "customers are so patient that millions of them would wait"
        relaxation = mean + patience.mean
    warmup = 0 if file.warmup == "mser5" else file.warmup or 0
    horizon = file.clock.until or 0
    forgotten, long_run = _FORGOTTEN * relaxation, _LONG_RUN * relaxation
    if file.warmup != "mser5" and warmup < forgotten:
        yield f"this queue forgets its empty start in {_whole_minutes(forgotten)}; write a warmup as long"
    if horizon - warmup < long_run:
        yield f"the run is too short for this queue; write an end {_whole_minutes(long_run)} after the warmup"


def _whole_minutes(time: float) -> str:
    """Return a number of microseconds as a duration in minutes, rounded up."""
    return format_duration(math.ceil(time / _MINUTE) * _MINUTE)
