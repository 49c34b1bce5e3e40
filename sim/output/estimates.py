"""What replications say: a table of the metrics that matter, and one by time of day of each that has slots."""

from collections.abc import Iterator, Sequence

from sim.experiment import InputUncertainty, Replications, key_metrics
from sim.model import metric_named, unit_of
from sim.output.layout import Report, Row
from sim.output.wording import BOUND, CONFIDENCE, LONGER, at_least, how_often, in_unit, interval_text, shown
from sim.scenario import Scenario, Threshold
from sim.verdicts import LEVEL, SINGLE_RUN, Judgement, ThresholdVerdict

_OF_ORDERS = "percentiles and shares are over all orders of all days; other metrics, max too, are means of days"
_NO_INTERVAL = "name a percentile under metrics in the file, so that each replication keeps it"
_HEADINGS = ("estimate", "95% interval", "a day", "n")


def replications_reports(replications: Replications) -> Iterator[Report]:
    """Yield the metrics that matter most and those that the scenario asks about, then by time of day those with slots.

    A metric of which one slot alone is asked stands among the others.
    """
    names = key_metrics(replications.scenario)
    by_slot = _by_slot(replications.scenario, names)
    of_slots = {name for members in by_slot.values() for name in members}
    of_run = [name for name in names if name not in of_slots]
    rows: list[Row] = [("metric", *_HEADINGS), *((name, *_cells(replications, name)) for name in of_run)]
    yield Report(list(head_lines(replications)), rows, _notes(replications, of_run))
    for name, members in by_slot.items():
        thresholds = [threshold for threshold in replications.scenario.thresholds if threshold.metric == name]
        by_metric = [_verdicts_by_metric(replications, threshold) for threshold in thresholds]
        notes = _notes(replications, members)
        if any(verdict.longer is not None for verdicts in by_metric for verdict in verdicts.values()):
            notes.append(LONGER)
        yield Report([f"{name}, slot by slot"], _slot_rows(replications, members, by_metric), notes)


def uncertainty_report(uncertainty: InputUncertainty) -> Report:
    """Return intervals of metrics by chance alone beside those that know of the days to which a scenario was fitted."""
    plain = uncertainty.plain
    table = plain.scenario.file.uncertainty
    days = 0 if table is None else len(table.dates)
    head = [f"Input uncertainty: rates and service times are known from {days} days alone"]
    rows: list[Row] = [("metric", "estimate", "95% by chance", "95% with the data", "due to the data")]
    for uncertain in uncertainty.estimates:
        name = uncertain.metric
        intervals = [(uncertain.low, uncertain.high), (uncertain.low_with_data, uncertain.high_with_data)]
        texts = [f"{shown(name, low)} to {shown(name, high)}" for low, high in intervals]
        rows.append((name, shown(name, uncertain.estimate), *texts, f"{uncertain.data_share:.0%}"))
    notes = ["More replications shorten the interval by chance; more days of data shorten the part of the data"]
    return Report(head, rows, notes)


def head_lines(replications: Replications) -> Iterator[str]:
    """Yield what was run, and what its estimates are."""
    scenario = replications.scenario
    yield f"{scenario.name}, seed {replications.seed}, {how_often([replications])}"
    if len(replications.results) > 1:
        yield _OF_ORDERS
        day = replications.day("orders.created")
        if scenario.is_random and day is not None:
            yield (
                "95% interval: of the estimate, by differences between days; "
                f"a day: the range of about {day.coverage:.0%} of days"
            )
    elif scenario.is_random:
        yield SINGLE_RUN
    plan = scenario.file.replications
    if replications.stopped and plan is not None and plan.until is not None:
        yield (
            f"stopped when the half-width of {plan.until.metric} was at most {plan.until.half_width}, from {plan.min} "
            f"replications on; such an interval's {plan.until.confidence:.0%} is nominal"
        )


def _by_slot(scenario: Scenario, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the metrics of slots by the name that stands for all of them, such as wait.p95@slots."""
    groups = {window.name: window.group for window in scenario.windows if window.group}
    by_slot: dict[str, list[str]] = {}
    for name in names:
        metric = metric_named(name)
        if metric.window in groups:
            by_slot.setdefault(metric._replace(window=groups[metric.window]).name, []).append(name)
    return {name: members for name, members in by_slot.items() if len(members) > 1}


def _cells(replications: Replications, name: str) -> tuple[str, str, str, str]:
    estimate, day = replications.estimate(name, CONFIDENCE), replications.day(name)
    if day is None:
        return "no data", "", "", "0"
    unit, n = unit_of(name), len(replications.values(name))
    has_days = replications.scenario.is_random and n > 1
    days = f"{in_unit(unit, day.low)} to {in_unit(unit, day.high)}" if has_days else ""
    if estimate is None:
        return "not kept", "", days, f"{n:,}"
    text = at_least(in_unit(unit, estimate.estimate), replications.columns.is_bound(name))
    return text, interval_text(unit, estimate), days, f"{n:,}"


def _slot_rows(
    replications: Replications, members: Sequence[str], verdicts: Sequence[dict[str, ThresholdVerdict]]
) -> list[Row]:
    """Return a row for each slot, with how many orders it has in the mean and what became of each threshold there."""
    conditions = (by_metric[members[0]].threshold.asked for by_metric in verdicts)
    rows: list[Row] = [("slot", "orders", *_HEADINGS[:-1], *conditions)]
    for member in members:
        metric = metric_named(member)
        orders = replications.estimate(metric.weight) if metric.weight else None
        rows.append(
            (
                metric.window,
                shown(metric.weight, orders.estimate) if metric.weight and orders else "",
                *_cells(replications, member)[:-1],
                *(verdict_word(by_metric[member]) for by_metric in verdicts),
            )
        )
    return rows


def _verdicts_by_metric(replications: Replications, threshold: Threshold) -> dict[str, ThresholdVerdict]:
    return {verdict.metric: verdict for verdict in replications.judged_slots(threshold, LEVEL)}


def verdict_word(verdict: ThresholdVerdict) -> str:
    """Return the judgement on a threshold, marked where it only warns."""
    only_warns = verdict.threshold.severity == "warn" and verdict.judgement is not Judgement.PASS
    return f"{verdict.judgement} (warn)" if only_warns else str(verdict.judgement)


def _notes(replications: Replications, names: Sequence[str]) -> list[str]:
    notes = []
    if replications.scenario.is_random and len(replications.results) > 1:
        known = replications.columns.counts
        pooled = [metric for metric in map(metric_named, names) if metric.is_pooled]
        lacking = [metric.name for metric in pooled if metric.distribution not in known]
        if lacking:
            notes.append(f"no interval of {', '.join(lacking)}: {_NO_INTERVAL}")
    if any(replications.columns.is_bound(name) for name in names):
        notes.append(BOUND)
    return notes
