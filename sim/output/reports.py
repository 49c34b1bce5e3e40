"""What sweeps, comparisons, selections and theory say: in words, and as HTML for notebooks."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sim.experiment import Candidate, Comparison, Pair, Replications, Selection, Sweep, Theory, shared_conditions
from sim.model import WORSE
from sim.output.documents import PROCEDURE
from sim.output.estimates import BOUND, estimate_of, estimate_text, how_often, shown
from sim.output.tables import html_lines, html_table
from sim.output.text import WIDTH, aligned, count, folded
from sim.statistics import Difference
from sim.verdicts import Judgement, ThresholdVerdict

_ALONE = "intervals are 95% intervals (Student's t) of each row alone"
RUN_MORE = "run more: with -n, or with larger min and max in the file's replications"


class Report(NamedTuple):
    """A table with what is said before and after it; its first row has the headings, a row of one cell is a title."""

    head: list[str]
    rows: list[tuple[str, ...]]
    notes: list[str]

    def lines(self, width: int = WIDTH) -> Iterator[str]:
        """Yield it as text of at most `width` signs in a line."""
        for line in self.head:
            yield from folded(line, width)
        yield from aligned(self.rows, width)
        for line in self.notes:
            yield from folded(line, width)

    def html(self) -> str:
        """Return it as notebooks show it."""
        return html_lines(self.head) + html_table(self.rows) + html_lines(self.notes)


def _bound_note(points: Sequence[Replications], metrics: Sequence[str]) -> list[str]:
    return [BOUND] if any(point.columns.is_bound(metric) for point in points for metric in metrics) else []


def _judged(point: Replications, metric: str, named: bool) -> str:
    """Return what became of a point's thresholds on a metric, with conditions that are not `named` above, and its
    estimate.
    """
    verdicts = [
        f"{verdict_word(row)}{'' if named else f' {row.threshold.condition.text}'}"
        for row in point.verdicts
        if row.threshold.metric == metric
    ]
    return ", ".join([*verdicts, estimate_text(point, metric)])


def verdict_word(row: ThresholdVerdict) -> str:
    """Return the judgement on a threshold, marked where it only warns."""
    is_warning = row.threshold.severity == "warn" and row.judgement is not Judgement.PASS
    return f"{row.judgement}{' (warn)' * is_warning}"


def _worst(point: Replications) -> str:
    """Return the worst of what became of a point's thresholds."""
    order = (Judgement.FAIL, Judgement.NO_DATA, Judgement.INCONCLUSIVE, Judgement.PASS)
    rows = sorted(point.verdicts, key=lambda row: (row.threshold.severity == "warn", order.index(row.judgement)))
    return verdict_word(rows[0]) if rows else ""


def _asked(points: Sequence[Replications], metric: str) -> str:
    """Return a metric, with the conditions on it where they are the same at all points."""
    texts = [one.text for one in shared_conditions(points, metric)]
    return f"{metric} {', '.join(texts)}".rstrip()


def sweep_report(done: Sweep) -> Report:
    """Return the estimates and verdicts of each point."""
    points, names = done.points, done.parameters
    has_verdicts, has_several = (len(done.scenario.thresholds) > number for number in (0, 1))
    rows = [
        (*([_worst(point)] * has_verdicts), *(str(point.scenario.parameters[name]) for name in names))
        for point in points
    ]
    heading: tuple[str, ...] = (*([""] * has_verdicts), *names)
    for metric in done.metric_names:
        heading += (_asked(points, metric),)
        named = bool(shared_conditions(points, metric))
        cells = [_judged(point, metric, named) if has_several else estimate_text(point, metric) for point in points]
        rows = [(*row, cell) for row, cell in zip(rows, cells, strict=True)]
    head = [
        f"{done.scenario.name}, seed {done.seed}, {count(len(points), 'point')} of {how_often(points)}, "
        "all with the same random numbers"
    ]
    notes = [_ALONE] if any(point.scenario.is_random for point in points) else []
    if any(row.judgement is Judgement.INCONCLUSIVE for point in points for row in point.verdicts):
        notes.append(f"to settle what is INCONCLUSIVE, {RUN_MORE}")
    return Report(head, [heading, *rows], [*notes, *_bound_note(points, done.metric_names)])


def compare_report(done: Comparison) -> Report:
    """Return each metric of each alternative beside the baseline's."""
    runs = how_often([done.baseline, *done.alternatives])
    head = [
        f"{done.baseline.scenario.name}, seed {done.baseline.seed}, {runs} of each, paired by common random numbers",
        f"baseline: {done.labels[0]}",
    ]
    return Report(head, _pair_rows(done.pairs, ("baseline", "mean")), _pair_notes(done.pairs))


def _pair_notes(pairs: Sequence[Pair]) -> list[str]:
    notes, tests = [], sum(pair.is_test for pair in pairs)
    if tests:
        notes.append(
            "intervals are 95% intervals of each difference alone, unadjusted; worse, better and differs are "
            f"significant by Holm's procedure, with at most 5% false alarms over {count(tests, 'test')}"
        )
    if any(pair.is_single for pair in pairs):
        notes.append("one pair of random replications has neither interval nor p; run more of both, with -n")
    if any(pair.difference is not None and not pair.is_random for pair in pairs):
        notes.append("where nothing is random there is no p: any difference is significant")
    return [*notes, *([BOUND] if any(pair.is_bound for pair in pairs) else [])]


def _pair_rows(pairs: Sequence[Pair], names: tuple[str, str]) -> list[tuple[str, ...]]:
    """Return a table of metrics beside those of a baseline, by these names, with a title for each alternative."""
    rows: list[tuple[str, ...]] = [("", "metric", *names, "difference (95% interval)", "p (Holm)")]
    for alternative, of_it in groupby(pairs, attrgetter("alternative")):
        rows += [(f"{alternative}:",), *map(_pair_row, of_it)]
    return rows


def _pair_row(pair: Pair) -> tuple[str, ...]:
    if pair.difference is None or pair.mean is None or pair.baseline_mean is None:
        return ("", pair.metric, "no data", "", "", "")
    values = (f"{'≥ ' * pair.is_bound}{shown(pair.metric, value)}" for value in (pair.baseline_mean, pair.mean))
    return (
        _direction(pair),
        pair.metric,
        *values,
        _difference(pair.metric, pair.difference),
        _p_value(pair.p_adjusted),
    )


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
    return "worse" if pair.is_worse else "better" if WORSE[pair.metric] else "differs"


def difference_text(pair: Pair) -> str:
    """Return a metric, the baseline's, and their difference with its interval, in words."""
    if pair.difference is None or pair.mean is None or pair.baseline_mean is None:
        return "no data"
    now, before = ("≥ " * pair.is_bound + shown(pair.metric, value) for value in (pair.mean, pair.baseline_mean))
    return f"{now} after {before}, {_difference(pair.metric, pair.difference)}"


def _difference(metric: str, paired: Difference) -> str:
    """Return a difference with its interval, if it has one."""
    mean, *ends = (_signed(metric, value) for value in paired.interval[:3] if value is not None)
    return f"{mean} ({' to '.join(ends)})" if ends else mean


def _signed(metric: str, value: float) -> str:
    text = shown(metric, value)
    return f"+{text}" if value > 0 and text != shown(metric, 0) else text


def select_report(done: Selection) -> Report:
    """Return what is selected, why, and where each candidate stands."""
    candidates = done.candidates
    points = [one.replications for one in candidates]
    asked = (_asked(points, metric) for metric in done.metric_names)
    heading = ("standing", "candidate", "n", *asked)
    rows = [row for candidate in candidates for row in _candidate_rows(candidate, done.metric_names)]
    error = f"{100 * (1 - done.plan.confidence):.3g}%"
    notes = [
        f"{done.replication_count:,} of at most {done.budget * len(candidates):,} replications; {_ALONE}",
        f"Procedure: {PROCEDURE}",
        f"Guarantee: a wrong candidate is selected with a probability of at most {error}, as far as t tests corrected "
        "for skewness hold their level",
    ]
    notes = notes if any(point.scenario.is_random for point in points) else []
    if done.outcome == "INCONCLUSIVE":
        notes.insert(0, f"to settle it, {RUN_MORE}")
    head = [f"{done.scenario.name}, seed {done.seed}, {count(len(candidates), 'candidate')}", _answer(done)]
    return Report(head, [heading, *rows], [*notes, *_bound_note(points, done.metric_names)])


def _candidate_rows(candidate: Candidate, metrics: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield where a candidate stands, with its estimates, and why below."""
    estimates = (estimate_text(candidate.replications, metric) for metric in metrics)
    yield (candidate.standing, candidate.label, f"{len(candidate.replications.results):,}", *estimates)
    if candidate.reason:
        before = f"{candidate.standing} " if candidate.reason.startswith("than ") else ""
        yield (f"    {before}{candidate.reason}",)


def _answer(done: Selection) -> str:
    block = done.plan
    best = f"the {'smallest' if block.minimise else 'largest'} {block.objective}"
    if block.objective in done.parameters:
        best += " that keeps all thresholds"
    else:
        best = f"with {best}{' of those that keep all thresholds' if done.scenario.thresholds else ''}"
    sure = f"the confidence of this whole statement is {100 * block.confidence:.4g}%"
    if not any(one.replications.scenario.is_random for one in done.candidates):
        sure = "nothing is random"
    if done.selected is not None:
        return f"selected {done.selected.label}, {best}; {sure}"
    if done.outcome == "none":
        return f"none selected, since no candidate keeps all thresholds; {sure}"
    undecided = [one.label for one in done.candidates if one.standing == "undecided"]
    equals = [one.label for one in done.candidates if one.standing == "feasible"]
    settle = f"settle {'; '.join(undecided)}" if undecided else f"tell apart {'; '.join(equals)}"
    return f"INCONCLUSIVE, since {count(done.budget, 'replication')} of each cannot {settle}"


def theory_report(found: Theory, done: Replications | None) -> Report:
    """Return closed-form values beside the estimates, or the assumption that fails, for which none are needed."""
    if done is None or found.failing:
        return Report([f"Theory: none, since {found.failing}"], [], [])
    heading = ("", "metric", "theory", "mean (95% interval)")
    words = {True: "agrees", False: "differs", None: "not known"}
    rows = [
        (words[one.agrees], one.metric, shown(one.metric, one.theory), estimate_of(one.metric, one.estimate))
        for one in found.beside(done)
    ]
    note = (
        "the 95% intervals are unadjusted; what differs is decided by Holm's procedure, with at most 5% false alarms "
        f"over {count(len(rows), 'row')}"
    )
    return Report([f"Theory: {found.model} ({found.source})"], [heading, *rows], [note])
