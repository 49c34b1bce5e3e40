"""Parameters drawn anew: what a fit would have said of other days, chosen by chance among those that there were.

Source: Barton, Lam and Song (2022), Input uncertainty in stochastic simulation; the bootstrap of days of Efron and
Tibshirani (1993), An Introduction to the Bootstrap.
"""

from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.model import OrderClass
from sim.scenario.arrivals import Stream
from sim.scenario.busyness import Busyness
from sim.scenario.distributions import Distribution
from sim.scenario.generators import Chance
from sim.scenario.laws import Law
from sim.scenario.mapping import Part
from sim.scenario.processes import Poisson
from sim.scenario.schema import ScenarioFile, Service
from sim.scenario.uncertainty import FittedDays
from sim.statistics import day_factor
from sim.units import LONGEST

_SHARED_BY = 2  # replications that follow each other and have the same parameters
_LENGTHS = ("mean", "scale", "sd", "low", "mode", "high")
_LEAST_CV, _MOST_CV = 0.001, 1.0

Days = NDArray[np.intp]
P = TypeVar("P", bound=Part)


def redrawn(file: ScenarioFile, seed: int, replication: int) -> ScenarioFile:
    """Return a file with rates, service times and the spread of days as other days would have given them.

    Replications 1 and 2 share theirs, as do 3 and 4 and so on: see `experiment.uncertain`.
    """
    table = file.uncertainty
    assert table is not None
    numbers = Chance(seed, (replication + 1) // _SHARED_BY).numbers("day", "inputs", len(table.dates))
    days = (numbers.astype(np.float64) / 2.0**64 * len(table.dates)).astype(np.intp).clip(max=len(table.dates) - 1)
    values = {
        "arrivals": [_stream(stream, table, days) for stream in file.arrivals],
        "service": _service(file.service, table, days),
    }
    if file.busyness is not None:
        values["busyness"] = _busyness(file.busyness, table, days)
    return _changed(file, **values)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], days: Days) -> float:
    """Return how many times as large a ratio of totals is on the days that were drawn."""
    totals = float(above.sum()), float(below.sum()), float(above[days].sum()), float(below[days].sum())
    return 1.0 if not all(totals) else totals[2] / totals[3] / (totals[0] / totals[1])


def _stream(stream: Stream, table: FittedDays, days: Days) -> Stream:
    poisson = stream.poisson
    if poisson is None or poisson.phases is None:
        return stream
    phases = []
    for number, phase in enumerate(poisson.phases, 1):
        counts = table.columns.get(f"arrivals.{stream.name}.{number}")
        factor = 1.0 if counts is None else _ratio(counts, np.ones(len(counts)), days)
        phases.append(_changed(phase, rate=phase.rate * factor))
    changed: Poisson = _changed(poisson, phases=phases)
    return _changed(stream, poisson=changed)


def _service(service: Service, table: FittedDays, days: Days) -> Service:
    laws = {}
    for order_class in OrderClass:
        law = service.of(order_class.value)
        sums = table.columns.get(f"service.{order_class.name}.seconds")
        counts = table.columns.get(f"service.{order_class.name}.orders")
        laws[order_class.name] = law if sums is None or counts is None else _scaled(law, _ratio(sums, counts, days))
    return _changed(service, **laws)


def _scaled(law: Distribution, factor: float) -> Distribution:
    """Return a distribution whose durations are all so many times as long."""

    def longer(duration: int) -> int:
        return min(max(1, round(duration * factor)), LONGEST)

    if law.constant is not None:
        return _changed(law, constant=longer(law.constant))
    if law.choice is not None:
        shares: dict[int, Fraction] = {}
        for duration, share in law.choice.items():
            shares[longer(duration)] = shares.get(longer(duration), Fraction(0)) + share
        return _changed(law, choice=shares)
    if law.empirical is not None:
        return _changed(law, empirical=tuple(longer(duration) for duration in law.empirical))
    name = next(name for name in law.exactly_one if isinstance(getattr(law, name), Law))
    of_name: Law = getattr(law, name)
    lengths = {field: longer(getattr(of_name, field)) for field in _LENGTHS if field in type(of_name).model_fields}
    return _changed(law, **{name: _changed(of_name, **lengths)})


def _busyness(busyness: Busyness, table: FittedDays, days: Days) -> Busyness:
    """Return a factor whose spread is that of the days that were drawn."""
    spread = busyness.gamma or busyness.lognormal
    if spread is None:
        return busyness
    counts = [values for name, values in table.columns.items() if name.startswith("arrivals.")]
    totals = np.sum(counts, axis=0)[days]
    if not totals.all():
        return busyness
    cv = min(max(day_factor(totals, [0] * len(totals)).cv, _LEAST_CV), _MOST_CV)
    return _changed(busyness, **{"gamma" if busyness.gamma else "lognormal": _changed(spread, cv=cv)})


def _changed(part: P, **values: Any) -> P:
    """Return a part with other values, without what was worked out from those that it had."""
    changed = part.model_copy(update=values)
    for kind in type(part).__mro__:
        for name, value in vars(kind).items():
            if isinstance(value, cached_property):
                changed.__dict__.pop(name, None)
    return changed
