"""The files of a fit: a scenario with the evidence beside each number, those of weekdays, and their data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.fitting.arrivals import Stream
from sim.fitting.days import SLOT
from sim.model import NONE, OrderClass
from sim.statistics import FittedLaw, Interval
from sim.units import SECOND, count, format_duration, printable

if TYPE_CHECKING:
    from sim.fitting.fits import Fit, Group

STAND_IN = "3m"
"""The service time of a scenario whose file has none."""

LEVEL = 0.05
"""Of the test of a day factor."""

_LEAST_CV = 0.001
_DURATIONS = {"mean", "sd", "scale", "low", "high"}


def files_of(fit: "Fit") -> dict[str, bytes]:
    """Return the scenario, those of weekdays, and the data files that they name, by their names."""
    texts = {f"{fit.name}.yaml": "\n".join([*_base_lines(fit), ""])}
    texts[f"{fit.name}.days.csv"] = _days_table(fit, fit.overall)
    for group in fit.groups:
        name = f"{fit.name}-{group.name}"
        texts[f"{name}.yaml"] = "\n".join([*_group_lines(fit, group), ""])
        texts[f"{name}.days.csv"] = _days_table(fit, group)
    for service in fit.services:
        if service.law is None and service.values[0] < service.values[-1]:
            rows = "".join(f"{_seconds(value)}\n" for value in service.values)
            texts[_empirical_name(fit, service.order_class)] = f"duration\n{rows}"
    return {name: text.encode() for name, text in texts.items()}


def _base_lines(fit: "Fit") -> Iterator[str]:
    days = fit.overall.days
    yield f"# Fitted to {printable(fit.source)}: {count(len(days.records), 'order')} on {fit.span}."
    yield "# Behind each number: how many orders it is from, its 95% interval by days, and the test that it passed."
    for problem in fit.problems:
        yield f"# NOTE: {problem}."
    yield f"# {fit.weekdays[0].upper()}{fit.weekdays[1:]}."
    yield "scenario: 1"
    yield f"name: {fit.name}"
    if not fit.services:
        yield f"params: {{service: {STAND_IN}}} # MADE UP, since the file has no service times: put yours here"
    yield "clock:"
    yield f'  start: "{days.reading(0)}"'
    yield f"  until: {format_duration(days.slots * SLOT)}"
    yield from _service_lines(fit)
    yield from _patience_lines(fit)
    reason = "put your own crew here"
    if fit.records.says("started") and fit.services:
        reason = f"the most orders that were in the making at once; {reason}"
    yield f"bots: {{initial: {fit.crew}}} # {reason}"
    yield from _busyness_lines(fit)
    yield from _arrival_lines(fit.overall)
    yield f"uncertainty: {fit.name}.days.csv"


def _group_lines(fit: "Fit", group: "Group") -> Iterator[str]:
    name = f"{fit.name}-{group.name}"
    yield f"# {fit.name} on {group.name}: {count(len(group.days.records), 'order')} on {len(group.days.dates)} days."
    for problem in group.arrivals.problems:
        yield f"# NOTE: {problem}."
    yield "scenario: 1"
    yield f"name: {name}"
    yield f"extends: {fit.name}.yaml"
    yield from _arrival_lines(group)
    yield f"uncertainty: {name}.days.csv"


def _service_lines(fit: "Fit") -> Iterator[str]:
    if not fit.services:
        yield "service: $service"
        return
    texts = {}
    for service in fit.services:
        if service.law is not None:
            law, test = _law_text(service.law), f"fits, p {service.p:.2g}"
        elif service.values[0] == service.values[-1]:
            law, test = _seconds(service.values[0]), "always the same"
        else:
            law = f"{{empirical: {_empirical_name(fit, service.order_class)}}}"
            test = "too few for a law"
            if service.likeliest is not None:
                test = f"no law fits, {service.likeliest.name} least badly, p {service.p:.2g}"
        evidence = f"{len(service.values):,} orders; mean {_interval(service.mean, 's')}; {test}"
        texts[service.order_class] = f"{law} # {evidence}"
    if len(texts) == 1:  # then the scenario must name the other class too
        yield from (f"service: {text}" for text in texts.values())
        return
    yield "service:"
    for order_class, text in texts.items():
        yield f"  {order_class.name}: {text}"


def _patience_lines(fit: "Fit") -> Iterator[str]:
    if fit.patience:
        yield "patience:"
    for patience in fit.patience:
        mean = "" if patience.mean is None else f"; mean {_interval(patience.mean, 's')}"
        evidence = f"{patience.leavers:,} of {patience.n:,} left; those served would have waited longer{mean}"
        yield f"  {patience.order_class.name}: {_law_text(patience.law)} # {evidence}"


def _busyness_lines(fit: "Fit") -> Iterator[str]:
    factor = fit.factor
    if factor is None:
        yield "# busyness: too few days to say how much they differ"
        return
    interval = f"cv {factor.cv:.1%} ({factor.low:.1%} to {factor.high:.1%}), p {factor.p:.2g}"
    if factor.p >= LEVEL or factor.cv < _LEAST_CV:
        yield f"# busyness: days differ no more than by chance, {interval}"
        return
    cv = min(factor.cv, 1.0)
    yield f"busyness: {{gamma: {{mean: 1, cv: {cv:.3f}}}}} # {len(fit.overall.days.dates)} days; {interval}"


def _arrival_lines(group: "Group") -> Iterator[str]:
    arrivals = group.arrivals
    yield "arrivals:"
    for stream in arrivals.streams:
        yield f"  - name: {stream.name}"
        yield f"    class: {_classes(stream)}"
        if arrivals.batches is not None:
            shares = ", ".join(f"{size}: {share * 100:.1f}%" for size, share in arrivals.batches.shares.items())
            ties = f"ties {arrivals.batches.ties:.0%}, by rounding {arrivals.batches.expected_ties:.0%}"
            yield f"    batch: {{{shares}}} # mean {_interval(arrivals.batches.mean)}; {ties}"
        yield "    poisson:"
        gaps, within = arrivals.gaps, arrivals.within
        yield f"      # Lewis' test of gaps: p {gaps.p:.2g} of {gaps.n:,}; dispersion within days {within.ratio:.2f}"
        yield "      phases:"
        for phase in stream.phases:
            length = format_duration((phase.last - phase.first) * SLOT)
            evidence = f"{group.days.reading(phase.first)}: {count(int(phase.arrivals.sum()), 'arrival')}, "
            yield f"        - {{for: {length}, rate: {phase.rate.estimate:.4f}/h}} # {evidence}{_interval(phase.rate)}"


def _classes(stream: Stream) -> str:
    vip = round(stream.vip_share.estimate * 100, 1)
    if vip in (0, 100):
        return "VIP" if vip else "NORMAL"
    low, high = stream.vip_share.low, stream.vip_share.high
    interval = "" if low is None or high is None else f" # VIP {max(0, low):.1%} to {min(1, high):.1%}"
    return f"{{NORMAL: {100 - vip:.1f}%, VIP: {vip:.1f}%}}{interval}"


def _days_table(fit: "Fit", group: "Group") -> str:
    """Return what each day had: arrivals by stream and phase, orders with a service time and its sum, by class."""
    days = group.days
    columns: dict[str, list[str]] = {"date": [str(day) for day in days.dates]}
    for stream in group.arrivals.streams:
        for number, phase in enumerate(stream.phases, 1):
            columns[f"arrivals.{stream.name}.{number}"] = [str(arrivals) for arrivals in phase.arrivals.tolist()]
    values = group.measured
    for service in fit.services:
        rows = (days.records.order_class == service.order_class) & (values != NONE)
        counts = np.bincount(days.day[rows], minlength=len(days.dates))
        sums = np.bincount(days.day[rows], values[rows] / SECOND, minlength=len(days.dates))
        columns[f"service.{service.order_class.name}.orders"] = [str(number) for number in counts.tolist()]
        columns[f"service.{service.order_class.name}.seconds"] = [f"{total:.3f}" for total in sums.tolist()]
    rows_of_text = zip(*columns.values(), strict=True)
    return "".join(f"{','.join(row)}\n" for row in [tuple(columns), *rows_of_text])


def _empirical_name(fit: "Fit", order_class: OrderClass) -> str:
    return f"{fit.name}.service.{order_class.name}.csv"


def _law_text(law: FittedLaw) -> str:
    parts = []
    for name, value in law.parameters.items():
        if name in _DURATIONS:
            parts.append(f"{name}: {_seconds(value)}")
        elif law.name == "erlang":
            parts.append(f"{name}: {value:.0f}")
        else:
            parts.append(f"{name}: {value:.3f}")
    return f"{{{law.name}: {{{', '.join(parts)}}}}}"


def _seconds(value: float) -> str:
    return format_duration(round(value * SECOND), 3)


def _interval(interval: Interval, unit: str = "") -> str:
    """Return an estimate with its interval, in words."""
    ending = f" {unit}" if unit else ""
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:.4g}{ending}, one day has no interval"
    return f"{interval.estimate:.4g} ({max(0, interval.low):.4g} to {interval.high:.4g}){ending}"
