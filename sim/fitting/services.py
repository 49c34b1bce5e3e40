"""How long orders take, and how long customers wait before they leave."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fitting.arrivals import grain_of
from sim.fitting.days import Days
from sim.model import NONE, OrderClass
from sim.scenario.records import Records
from sim.statistics import FittedLaw, Interval, likeliest_law, misfit, ratio_interval, weibull_parameters
from sim.units import SECOND, format_duration

Floats = NDArray[np.float64]

FEWEST = 30  # values to which a law is fitted
_LEVEL = 0.01  # below which a law is refused
_SEED = 20260302
_FLOW_CORRELATION = 0.15  # with the orders in the kitchen, of what is no service time
_FLOW_LEVEL = 1e-4
_FEWEST_LEAVERS = 10
_FAR = 20  # times the median: a value to be looked at
_BIC_UNITS = 2.0


@dataclass(frozen=True)
class Service:
    """How long orders of a class take: values in seconds, their mean, and the law that fits them, or None where none
    does. `p` is that of the test of the law.
    """

    order_class: OrderClass
    values: Floats
    mean: Interval
    law: FittedLaw | None
    likeliest: FittedLaw | None
    p: float


@dataclass(frozen=True)
class Patience:
    """How long customers of a class wait before they leave: how many left, the law and its mean in seconds."""

    order_class: OrderClass
    leavers: int
    n: int
    law: FittedLaw
    mean: Interval | None


class Measured(NamedTuple):
    """The service time of each order in microseconds, NONE where the file does not say it, and why it does not."""

    values: NDArray[np.int64]
    problems: list[str]


def measured_services(records: Records) -> Measured:
    """Return how long each order was in the making: as a column says, or from the start to the end."""
    nothing = np.full(len(records), NONE, np.int64)
    if records.says("service"):
        values = records.service
    elif records.says("started") and records.says("done"):
        values = np.where(
            (records.started == NONE) | (records.completed == NONE), NONE, records.completed - records.started
        )
        early = (values < 0) & (values != NONE)
        if early.any():
            lines = ", ".join(map(str, records.line[early][:10]))
            problem = (
                f"{early.sum():,} orders were complete before they were begun, and have no service time: line {lines}"
            )
            return Measured(np.where(early, NONE, values), [problem])
    elif records.says("done"):
        return Measured(
            nothing,
            ["the time to completion includes the wait, so it is not a service time: name --started or --service"],
        )
    else:
        return Measured(nothing, ["the file has no service times: name --service, or --started and --done"])
    problem = _flow_problem(records, values)
    return Measured(nothing, [problem]) if problem else Measured(values, _far_values(records, values))


def _flow_problem(records: Records, values: NDArray[np.int64]) -> str:
    """Return why values are no service times: they are longer when more orders are in the kitchen, as times to
    completion are.
    """
    known = values != NONE
    time, taken = records.time[known], values[known]
    if len(time) < FEWEST:
        return ""
    load = np.arange(len(time)) - np.searchsorted(np.sort(time + taken), time, side="right")
    from scipy.stats import spearmanr

    if load.min() == load.max() or taken.min() == taken.max():
        return ""
    correlation, p = spearmanr(load, taken)
    if correlation < _FLOW_CORRELATION or p > _FLOW_LEVEL:
        return ""
    return (
        f"the service times are longer the more orders are in the kitchen (correlation {correlation:.2f}), "
        "so it includes waiting: it is not used"
    )


def _far_values(records: Records, values: NDArray[np.int64]) -> list[str]:
    known = np.flatnonzero(values != NONE)
    if not len(known):
        return []
    median = float(np.median(values[known]))
    far = known[values[known] > _FAR * max(median, 1)]
    if not len(far):
        return []
    rows = ", ".join(f"line {records.line[row]} ({format_duration(int(values[row]), 0)})" for row in far[:10])
    ends = f" and {len(far) - 10:,} more" if len(far) > 10 else ""
    return [f"{len(far):,} service times are far above all others and are used as they are: {rows}{ends}"]


def fit_services(days: Days, measured: NDArray[np.int64]) -> list[Service]:
    """Return how long orders of each class take, of classes with service times."""
    services = []
    for order_class in OrderClass:
        rows = (days.records.order_class == order_class) & (measured != NONE)
        if not rows.any():
            continue
        values = measured[rows] / SECOND
        by_day = len(days.dates)
        counts = np.bincount(days.day[rows], minlength=by_day).astype(float)
        mean = ratio_interval(np.bincount(days.day[rows], values, minlength=by_day).astype(float), counts)
        law, p = _law_of(measured[rows], values)
        services.append(Service(order_class, np.sort(values), mean, law if p >= _LEVEL else None, law, p))
    return services


def _law_of(measured: NDArray[np.int64], values: Floats) -> tuple[FittedLaw | None, float]:
    """Return the likeliest law of values spread over what they were rounded to, and the p-value of its test."""
    if len(values) < FEWEST or values.min() == values.max():
        return None, 0.0
    grain = grain_of(measured) / SECOND
    generator = np.random.Generator(np.random.Philox(_SEED))
    spread = np.abs(values + (generator.random(len(values)) - 0.5) * grain)
    spread = np.maximum(spread, np.finfo(float).tiny)
    law = likeliest_law(spread)
    return law, misfit(law, spread, generator)


def fit_patience(days: Days) -> tuple[list[Patience], list[str]]:
    """Return how long customers wait before they leave, by class, where those are known who left; and what nobody can
    say. Those who were served would have waited longer than they did.
    """
    records = days.records
    if not records.says("left"):
        return [], []
    if not records.says("started"):
        return [], ["the file says who left, but not how long others waited: name --started"]
    patience, problems = [], []
    for order_class in OrderClass:
        of_class = records.order_class == order_class
        has_left = of_class & (records.gone != NONE)
        waited = of_class & ~has_left & (records.started != NONE)
        rows = has_left | waited
        leavers = int(has_left.sum())
        if not leavers:
            continue
        if leavers < _FEWEST_LEAVERS:
            problems.append(f"{leavers} of {int(rows.sum()):,} {order_class.name} customers left: too few to say when")
            continue
        waits = np.where(has_left, records.gone, records.started)[rows] - records.time[rows]
        seconds = np.maximum(waits / SECOND, 1e-6)
        law = _censored(seconds, has_left[rows])
        mean = None
        if law.name == "exponential":
            by_day = len(days.dates)
            counts = np.bincount(days.day[has_left], minlength=by_day).astype(float)
            mean = ratio_interval(np.bincount(days.day[rows], seconds, minlength=by_day).astype(float), counts)
        patience.append(Patience(order_class, leavers, int(rows.sum()), law, mean))
    return patience, problems


def _censored(seconds: Floats, is_over: NDArray[np.bool_]) -> FittedLaw:
    """Return the law of largest likelihood, of which waits that ended with service are lower bounds: exponential, or
    Weibull where that is better by more than two units of BIC.
    """
    leavers = int(is_over.sum())
    mean = float(seconds.sum()) / leavers
    exponential = FittedLaw("exponential", {"mean": mean}, -leavers * (np.log(mean) + 1), 0)
    scale, shape = weibull_parameters(seconds, is_over)
    scaled = np.log(seconds / scale)
    likelihood = float((np.log(shape / scale) + (shape - 1) * scaled)[is_over].sum() - np.exp(shape * scaled).sum())
    weibull = FittedLaw("weibull", {"scale": scale, "shape": shape}, likelihood, 2)
    is_better = weibull.bic(leavers) < exponential.bic(leavers) - _BIC_UNITS
    return weibull if is_better else exponential
