"""What sweeps, comparisons, selections and theory say: in words, and as HTML for notebooks."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sim.experiment import (
    OPEN_REASONS,
    Candidate,
    Comparison,
    Pair,
    Replications,
    Selection,
    Sweep,
    Theory,
    shared_thresholds,
    theory,
)
from sim.model import metric_named
from sim.output.documents import procedure
from sim.output.estimates import replications_reports, verdict_word
from sim.output.layout import WIDTH, Report, Row
from sim.output.wording import BOUND, LONGER, at_least, estimate_text, how_often, shown, verdict_text, worst_metric
from sim.units import count
from sim.verdicts import Judgement

_ALONE = "intervals are 95% intervals of each row alone"
RUN_MORE = "run more: with -n, or with larger min and max in the file's replications"


def _bound_note(points: Sequence[Replications], metric_names: Sequence[str]) -> list[str]:
    is_bound = any(point.columns.is_bound(worst_metric(point, metric)) for point in points for metric in metric_names)
    return [BOUND] if is_bound else []


def _metric_with_conditions(points: Sequence[Replications], metric: str) -> str:
    """Return a metric, with the conditions on it where they are the same at all points."""
    texts = [threshold.asked for threshold in shared_thresholds(points, metric)]
    return f"{metric} {', '.join(texts)}".rstrip()


def _estimate_in(point: Replications, name: str) -> str:
    """Return a metric's estimate with its interval, of one with slots that of the worst one."""
    metric = worst_metric(point, name)
    slot = f" at {metric_named(metric).window}" if metric != name else ""
    return f"{estimate_text(point, metric)}{slot}"


def _judged(point: Replications, metric: str, with_conditions: bool) -> str:
    """Return what became of a point's thresholds on a metric, with their conditions if wanted, and its estimate."""
    verdicts = [verdict for verdict in point.verdicts if verdict.threshold.metric == metric]
    words = []
    for verdict in verdicts:
        words.append(f"{verdict_word(verdict)} {verdict.threshold.asked if with_conditions else ''}".rstrip())
        if verdict.threshold.days is not None:
            words.append(verdict_text(verdict))
    return ", ".join([*words, _estimate_in(point, metric)])


def _worst(point: Replications) -> str:
    """Return the worst of what became of a point's thresholds."""
    order = (Judgement.FAIL, Judgement.NO_DATA, Judgement.INCONCLUSIVE, Judgement.PASS)
    verdicts = sorted(
        point.verdicts,
        key=lambda verdict: (verdict.threshold.severity == "warn", order.index(verdict.judgement)),
    )
    return verdict_word(verdicts[0]) if verdicts else ""


def sweep_report(sweep: Sweep) -> Report:
    """Return the estimates and verdicts of each point."""
    points = sweep.points
    thresholds = len(sweep.scenario.thresholds)
    columns = [[name, *(str(point.scenario.parameters[name]) for point in points)] for name in sweep.parameters]
    if thresholds:
        columns.insert(0, ["", *map(_worst, points)])
    for metric in sweep.metric_names:
        heading = _metric_with_conditions(points, metric)
        if thresholds > 1:  # of one threshold, the first column has the verdict
            is_in_heading = heading != metric
            cells = [_judged(point, metric, with_conditions=not is_in_heading) for point in points]
        else:
            cells = [_estimate_in(point, metric) for point in points]
        columns.append([heading, *cells])
    head = (
        f"{sweep.scenario.name}, seed {sweep.seed}, {count(len(points), 'point')} of {how_often(points)}, "
        "all with the same random numbers"
    )
    notes = [_ALONE] if any(point.scenario.is_random for point in points) else []
    if any(verdict.judgement is Judgement.INCONCLUSIVE for point in points for verdict in point.verdicts):
        notes.append(f"to settle what is INCONCLUSIVE, {RUN_MORE}")
    if any(verdict.longer is not None for point in points for verdict in point.verdicts):
        notes.append(LONGER)
    return Report([head], list(zip(*columns, strict=True)), [*notes, *_bound_note(points, sweep.metric_names)])


def compare_report(comparison: Comparison) -> Report:
    """Return each metric of each alternative beside the baseline's."""
    baseline, pairs = comparison.baseline, comparison.pairs
    runs = how_often([baseline, *comparison.alternatives])
    head = [
        f"{baseline.scenario.name}, seed {baseline.seed}, {runs} of each, paired by common random numbers",
        f"baseline: {comparison.labels[0]}",
    ]
    return Report(head, _pair_rows(pairs, ("baseline", "estimate")), _pair_notes(pairs))


def _pair_notes(pairs: Sequence[Pair]) -> list[str]:
    notes = []
    tests = sum(pair.is_test for pair in pairs)
    if tests:
        notes.append(
            "intervals are 95% intervals of each difference alone, unadjusted; worse, better and differs are "
            f"significant by Holm's procedure, with at most 5% false alarms over {count(tests, 'test')}"
        )
    if any(pair.is_single for pair in pairs):
        notes.append("one pair of random replications has neither interval nor p; run more of both, with -n")
    if any(pair.difference is not None and not pair.is_random for pair in pairs):
        notes.append("where nothing is random there is no p: any difference is significant")
    if any(pair.is_of_days for pair in pairs):
        notes.append(".daily is the mean of the days' percentiles, where that of all orders has no interval")
    if any(any(pair.bounds) for pair in pairs):
        notes.append(BOUND)
    if any(pair.is_open for pair in pairs):
        notes.append("what unfinished orders could turn round is neither better nor worse")
    return notes


def _pair_rows(pairs: Sequence[Pair], names: tuple[str, str]) -> list[Row]:
    """Return a table of metrics beside those of a baseline, by these names, with a title for each alternative."""
    rows: list[Row] = [("", "metric", *names, "difference (95% interval)", "p (Holm)")]
    for alternative, pairs_of_it in groupby(pairs, attrgetter("alternative")):
        rows += [(f"{alternative}:",), *map(_pair_row, pairs_of_it)]
    return rows


def _pair_row(pair: Pair) -> Row:
    words = _pair_words(pair)
    if words is None:
        return ("", pair.metric, "no data", "", "", "")
    return (_direction(pair), pair.metric, *words, _p_value(pair.p_adjusted))


def _pair_words(pair: Pair) -> tuple[str, str, str] | None:
    """Return the baseline's mean, the mean, and the difference with its interval, if it has one; None without pairs."""
    if pair.difference is None or pair.mean is None or pair.baseline_mean is None:
        return None
    baseline, mean = (
        at_least(shown(pair.metric, value), is_bound)
        for value, is_bound in zip((pair.baseline_mean, pair.mean), pair.bounds, strict=True)
    )
    difference, *ends = (_signed(pair.metric, value) for value in pair.difference.interval[:3] if value is not None)
    return baseline, mean, f"{difference} ({' to '.join(ends)})" if ends else difference


def difference_text(pair: Pair) -> str:
    """Return a metric, the baseline's, and their difference with its interval, in words."""
    words = _pair_words(pair)
    if words is None:
        return "no data"
    baseline, mean, difference = words
    return f"{mean} after {baseline}, {difference}"


def _signed(metric: str, value: float) -> str:
    text = shown(metric, value)
    return f"+{text}" if value > 0 and text != shown(metric, 0) else text


def _p_value(p: float | None) -> str:
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def against_report(pairs: Sequence[Pair], base: str, missing: Sequence[str]) -> Report:
    """Return metrics of checked scenarios beside those of a base, and which ones that does not have."""
    head = [f"Against {base}: {count(len(pairs), 'paired difference')}"]
    absent = [f"not in {base}, so compared with nothing: {', '.join(missing)}"] if missing else []
    if not pairs:
        return Report(head, [], absent)
    return Report(head, _pair_rows(pairs, ("base", "now")), [*_pair_notes(pairs), *absent])


def _direction(pair: Pair) -> str:
    if not pair.is_significant:
        return ""
    if pair.is_worse:
        return "worse"
    return "better" if metric_named(pair.metric).worse else "differs"


def select_report(selection: Selection) -> Report:
    """Return what is selected, why, and where each candidate stands."""
    candidates = selection.candidates
    points = [candidate.replications for candidate in candidates]
    headings = [_metric_with_conditions(points, metric) for metric in selection.metric_names]
    rows: list[Row] = [("standing", "candidate", "n", *headings)]
    for candidate in candidates:
        rows += _candidate_rows(candidate, selection.metric_names)
    notes = []
    reasons = {candidate.reason for candidate in selection.unsettled}
    if reasons - OPEN_REASONS:
        notes.append(f"to settle it, {RUN_MORE}")
    if reasons & OPEN_REASONS:
        notes.append("more replications settle nothing about unfinished orders; let arrivals end before the run does")
    if any(point.scenario.is_random for point in points):
        most = selection.budget * len(candidates)
        error = f"{100 * (1 - selection.plan.confidence):.3g}%"
        monotony = "more bots help in the mean and " if selection.bisected else ""
        notes += [
            f"{selection.replication_count:,} of at most {most:,} replications; {_ALONE}",
            f"Procedure: {procedure(selection)}",
            f"Guarantee: a wrong candidate is selected with a probability of at most {error}, as far as "
            f"{monotony}t tests corrected for skewness hold their level",
        ]
    head = [
        f"{selection.scenario.name}, seed {selection.seed}, {count(len(candidates), 'candidate')}",
        _answer(selection),
    ]
    return Report(head, rows, [*notes, *_bound_note(points, selection.metric_names)])


def _candidate_rows(candidate: Candidate, metric_names: Sequence[str]) -> Iterator[Row]:
    """Yield where a candidate stands, with its estimates, and why below."""
    replications = candidate.replications
    estimates = (_estimate_in(replications, metric) if replications.results else "" for metric in metric_names)
    yield (candidate.standing, candidate.label, f"{len(replications.results):,}", *estimates)
    if candidate.reason.startswith("than "):
        yield (f"    {candidate.standing} {candidate.reason}",)
    elif candidate.reason:
        yield (f"    {candidate.reason}",)


def _answer(selection: Selection) -> str:
    """Return in a sentence what is selected, or why nothing is, and how sure that is."""
    plan = selection.plan
    best = f"the {'smallest' if plan.minimise else 'largest'} {plan.objective}"
    if plan.metric(selection.parameters) is None:
        best += " that keeps all thresholds"
    else:
        near = f"a {plan.objective} within {plan.indifference} of " if plan.indifference is not None else ""
        of_those = " of those that keep all thresholds" if selection.scenario.thresholds else ""
        best = f"with {near}{best}{of_those}"
    confidence = f"the confidence of this whole statement is {100 * plan.confidence:.4g}%"
    if not any(candidate.replications.scenario.is_random for candidate in selection.candidates):
        confidence = "nothing is random"
    if selection.selected is not None:
        return f"selected {selection.selected.label}, {best}; {confidence}"
    if selection.outcome == "none":
        return f"none selected, since no candidate keeps all thresholds; {confidence}"
    verb = "tell apart" if selection.unsettled[0].standing == "feasible" else "settle"
    labels = "; ".join(candidate.label for candidate in selection.unsettled)
    return f"INCONCLUSIVE, since {count(selection.budget, 'replication')} of each cannot {verb} {labels}"


def theory_report(theory: Theory, replications: Replications | None) -> Report:
    """Return closed-form values beside the estimates, or the assumption that fails, for which none are needed."""
    if replications is None or theory.failing:
        return Report([f"Theory: none, since {theory.failing}"], [], [])
    words = {True: "agrees", False: "differs", None: "not known"}
    rows: list[Row] = [("", "metric", "theory", "estimate (95% interval)")]
    beside = theory.beside(replications)
    rows += [
        (words[row.agrees], row.metric, shown(row.metric, row.theory), estimate_text(replications, row.metric))
        for row in beside
    ]
    note = (
        "the 95% intervals are unadjusted; what differs is decided by Holm's procedure, with at most 5% false alarms "
        f"over {count(sum(row.agrees is not None for row in beside), 'row')}"
    )
    lacking = [f"no formula here for {', '.join(theory.without_formula)}"] if theory.without_formula else []
    return Report([f"Theory: {theory.model} ({theory.source})"], rows, [note, *lacking])


def theory_lines(theory: Theory, replications: Replications | None, width: int = WIDTH) -> Iterator[str]:
    """Yield what was run to stand beside theory, if there is any, and the report."""
    if replications is not None:
        yield f"{replications.scenario.name}, seed {replications.seed}, {how_often([replications])}"
    yield from theory_report(theory, replications).lines(width)


def experiment_lines(result: Replications | Sweep | Comparison | Selection, width: int = WIDTH) -> Iterator[str]:
    """Yield what an experiment says as text; replications stand beside theory."""
    match result:
        case Replications():
            for report in replications_reports(result):
                yield from report.lines(width)
            yield from theory_report(theory(result.scenario), result).lines(width)
        case Sweep():
            yield from sweep_report(result).lines(width)
        case Comparison():
            yield from compare_report(result).lines(width)
        case Selection():
            yield from select_report(result).lines(width)
