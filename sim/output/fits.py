"""What a fit says: in words, and as HTML for notebooks."""

from collections.abc import Iterator

from sim.fitting import Calibration, Fit
from sim.fitting.writing import LEVEL
from sim.output.layout import Report, Row
from sim.units import count, format_duration


def fit_report(fit: Fit) -> Report:
    """Return the rates of a fit with their intervals, and what else was found of the file."""
    days = fit.overall.days
    head = [f"{fit.name}: {count(len(days.records), 'order')} on {fit.span}"]
    rows: list[Row] = [("days", "stream", "from", "until", "rate/h (95% interval)", "arrivals")]
    for group in fit.groups or [fit.overall]:
        for stream in group.arrivals.streams:
            for phase in stream.phases:
                low, high = phase.rate.low, phase.rate.high
                places = 1 if phase.rate.estimate >= 10 else 2
                interval = "" if low is None or high is None else f" ({max(0, low):.{places}f} to {high:.{places}f})"
                ends = group.days.reading(phase.first), group.days.reading(phase.last)
                text = f"{phase.rate.estimate:.{places}f}{interval}"
                rows.append((group.name, stream.name, *ends, text, f"{phase.arrivals.sum():,}"))
    return Report(head, rows, [*findings(fit), *(f"NOTE: {problem}" for problem in fit.problems)])


def calibration_report(calibration: Calibration) -> Report:
    """Return what became of each check of a scenario against real days."""
    days = calibration.days
    dates = f"{count(len(days.dates), 'day')} from {days.dates[0]} to {days.dates[-1]}"
    head = [f"{calibration.verdict}  {calibration.scenario.name} against {count(len(days.records), 'order')}, {dates}"]
    rows: list[Row] = [("verdict", "check", "finding")]
    rows += [(str(check.judgement), check.name, check.finding) for check in calibration.checks]
    return Report(head, rows, [calibration.worst] if calibration.worst else [])


def findings(fit: Fit) -> Iterator[str]:
    """Yield what was found beside rates, a line for each."""
    yield f"{fit.weekdays[0].upper()}{fit.weekdays[1:]}"
    if fit.factor is not None:
        factor = fit.factor
        interval = f"{factor.cv:.1%} ({factor.low:.1%} to {factor.high:.1%})"
        how = "beyond chance by" if factor.p < LEVEL else "no more than by chance,"
        yield f"Days differ {how} cv {interval}, p {factor.p:.2g}"
    for group in fit.groups or [fit.overall]:
        arrivals = group.arrivals
        name = f"Arrivals {group.name}".strip()
        gaps = f"Lewis' test of gaps p {arrivals.gaps.p:.2g}"
        yield f"{name}: {gaps}, dispersion within days {arrivals.within.ratio:.2f} (1 for Poisson)"
        if arrivals.batches is not None:
            yield f"{name}: batches of {arrivals.batches.mean.estimate:.2f} orders on average"
    for service in fit.services:
        law = "always the same" if service.likeliest is None else f"no law fits (p {service.p:.2g}): empirical"
        if service.law is not None:
            law = f"{service.law.name} fits, p {service.p:.2g}"
        mean = format_duration(round(service.mean.estimate * 1_000_000), 1)
        yield f"Service of {service.order_class.name}: mean {mean} of {count(len(service.values), 'order')}, {law}"
    for patience in fit.patience:
        share = f"{patience.leavers:,} of {patience.n:,} left"
        yield f"Patience of {patience.order_class.name}: {patience.law.name}, {share}"
