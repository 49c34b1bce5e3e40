"""What sweeps, comparisons, selections and theory say: in words, as JSON, and as HTML for notebooks."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sim.checks import Judgement
from sim.experiment import Candidate, Comparison, Pair, Replications, Selection, Sweep, Theory, shared_conditions
from sim.model import UNITS, WORSE
from sim.output.estimates import BOUND, estimate_text, how_often, shown
from sim.output.tables import estimates, html_lines, html_table, threshold_documents
from sim.output.text import aligned, count
from sim.scenario import Scenario

_ALONE = "intervals are 95% intervals (Student's t) of each row alone"
PROCEDURE = "gatekeeping sequence of tests, in the manner of Andradóttir and Kim (2010), without an indifference zone"


class Report(NamedTuple):
    """A table with what is said before and after it; its first row has the headings."""

    head: list[str]
    rows: list[tuple[str, ...]]
    notes: list[str]

    def lines(self) -> Iterator[str]:
        """Yield it as text."""
        yield from self.head
        yield from aligned(self.rows)
        yield from self.notes

    def html(self) -> str:
        """Return it as notebooks show it."""
        return html_lines(self.head) + html_table(self.rows) + html_lines(self.notes)


def _bound_note(points: Sequence[Replications], metrics: Sequence[str]) -> list[str]:
    return [BOUND] if any(point.columns.is_bound(metric) for point in points for metric in metrics) else []


def _cells(points: Sequence[Replications], metric: str) -> list[str]:
    """Return the estimates of a metric of several points, one each."""
    return [estimate_text(point, metric) for point in points]


def _verdicts(point: Replications, metric: str, named: bool) -> str:
    """Return what became of a point's thresholds on a metric, with conditions that are not `named` above."""
    return ", ".join(
        f"{one.judgement}{' (warn)' * (one.threshold.severity == 'warn' and one.judgement is not Judgement.PASS)}"
        f"{'' if named else f' {one.threshold.condition.text}'}"
        for one in point.thresholds
        if one.threshold.metric == metric
    )


def _asked(points: Sequence[Replications], metric: str) -> str:
    """Return a metric, with the conditions on it where they are the same at all points."""
    texts = [one.text for one in shared_conditions(points, metric)]
    return f"{metric} {', '.join(texts)}".rstrip()


def sweep_report(done: Sweep) -> Report:
    """Return the estimates and verdicts of each point."""
    points, names = done.points, done.parameters
    rows = [tuple(str(point.scenario.parameters[name]) for name in names) for point in points]
    heading: tuple[str, ...] = tuple(names)
    for metric in done.metrics:
        heading += (_asked(points, metric),)
        rows = [(*row, cell) for row, cell in zip(rows, _cells(points, metric), strict=True)]
        if any(threshold.metric == metric for _, threshold in done.scenario.thresholds):
            heading += ("",)
            named = bool(shared_conditions(points, metric))
            rows = [(*row, _verdicts(point, metric, named)) for row, point in zip(rows, points, strict=True)]
    head = [
        f"{done.scenario.name}, seed {done.seed}, {count(len(points), 'point')} of {how_often(points)}, "
        "all with the same random numbers"
    ]
    notes = [_ALONE] if any(point.scenario.is_random for point in points) else []
    return Report(head, [heading, *rows], [*notes, *_bound_note(points, done.metrics)])


def compare_report(done: Comparison) -> Report:
    """Return each metric of each alternative beside the baseline's."""
    runs = how_often([done.baseline, *done.alternatives])
    head = [
        f"{done.baseline.scenario.name}, seed {done.baseline.seed}, {runs} of each, paired by common random numbers",
        f"baseline: {done.labels[0]}",
    ]
    heading = ("alternative", "metric", "baseline", "mean", "difference", "low", "high", "correlation", "p (Holm)", "")
    return Report(head, [heading, *map(_pair_row, done.pairs)], _pair_notes(done.pairs))


def _pair_notes(pairs: Sequence[Pair]) -> list[str]:
    notes, tests = [], sum(pair.is_test for pair in pairs)
    if tests:
        notes.append(
            "low and high are the 95% interval of each difference alone, unadjusted; significant is what Holm's "
            f"procedure finds so, with at most 5% false alarms over {count(tests, 'test')}"
        )
    if any(pair.is_single for pair in pairs):
        notes.append("one pair of random replications has neither interval nor p; run more of both")
    if any(pair.difference is not None and not pair.is_random for pair in pairs):
        notes.append("where nothing is random there is no p: any difference is significant")
    return [*notes, *([BOUND] if any(pair.is_bound for pair in pairs) else [])]


def _pair_row(pair: Pair) -> tuple[str, ...]:
    if pair.difference is None or pair.mean is None or pair.baseline_mean is None:
        return (pair.alternative, pair.metric, "no data", *[""] * 7)
    interval = pair.difference.interval
    bound = "≥ " * pair.is_bound
    ends = ("" if end is None else _signed(pair.metric, end) for end in (interval.low, interval.high))
    correlation = pair.difference.correlation
    return (
        *(pair.alternative, pair.metric),
        *(f"{bound}{shown(pair.metric, value)}" for value in (pair.baseline_mean, pair.mean)),
        *(_signed(pair.metric, interval.mean), *ends),
        "" if correlation is None else f"{correlation:.2f}",
        _p_value(pair.p_adjusted),
        "significant" if pair.is_significant else "",
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
    heading = ("scenario", "metric", "base", "now", "difference", "low", "high", "p (Holm)", "")
    rows = []
    for pair in pairs:
        cells = _pair_row(pair)
        rows.append((*cells[:7], cells[8], _direction(pair)))
    return Report(head, [heading, *rows], [*_pair_notes(pairs), *absent])


def _direction(pair: Pair) -> str:
    if not pair.is_significant:
        return ""
    return "worse" if pair.is_worse else "better" if WORSE[pair.metric] else "differs"


def difference_text(pair: Pair) -> str:
    """Return a metric, the baseline's, and their difference with its interval, in words."""
    if pair.difference is None or pair.mean is None or pair.baseline_mean is None:
        return "no data"
    now, before = ("≥ " * pair.is_bound + shown(pair.metric, value) for value in (pair.mean, pair.baseline_mean))
    found = pair.difference.interval
    ends = " to ".join(_signed(pair.metric, end) for end in (found.low, found.high) if end is not None)
    return f"{now} after {before}, {_signed(pair.metric, found.mean)}" + f" ({ends})" * bool(ends)


def _signed(metric: str, value: float) -> str:
    return f"{'+' * (value > 0)}{shown(metric, value)}"


def select_report(done: Selection) -> Report:
    """Return what is selected, why, and where each candidate stands."""
    candidates = done.candidates
    points = [one.done for one in candidates]
    asked = (_asked(points, metric) for metric in done.metrics)
    heading = ("candidate", "standing", "why", "replications", *asked)
    estimates = zip(*(_cells(points, metric) for metric in done.metrics), strict=True)
    rows = [
        (one.label, one.standing, one.reason, f"{len(one.done.results):,}", *cells)
        for one, cells in zip(candidates, estimates, strict=True)
    ]
    error = f"{100 * (1 - done.block.confidence):.3g}%"
    notes = [
        f"{done.replications:,} of at most {done.budget * len(candidates):,} replications; {_ALONE}",
        f"Procedure: {PROCEDURE}",
        f"Guarantee: a wrong candidate is selected with a probability of at most {error}, as far as t tests corrected "
        "for skewness hold their level",
    ]
    notes = notes if any(point.scenario.is_random for point in points) else []
    head = f"{done.scenario.name}, seed {done.seed}: {_answer(done)}"
    return Report([head], [heading, *rows], [*notes, *_bound_note(points, done.metrics)])


def _answer(done: Selection) -> str:
    block = done.block
    best = f"the {'smallest' if block.minimise else 'largest'} {block.objective}"
    if block.objective in done.parameters:
        best += " that keeps all thresholds"
    else:
        best = f"with {best}{' of those that keep all thresholds' if done.scenario.thresholds else ''}"
    sure = f"the confidence of this whole statement is {100 * block.confidence:.4g}%"
    if not any(one.done.scenario.is_random for one in done.candidates):
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
    heading = ("metric", "theory", "mean", "low", "high", "")
    rows = [
        (
            *(one.metric, shown(one.metric, one.theory)),
            *(
                "" if value is None else shown(one.metric, value)
                for value in (one.estimate[:3] if one.estimate else (None, None, None))
            ),
            {True: "agrees", False: "differs", None: "not known"}[one.agrees],
        )
        for one in found.beside(done)
    ]
    note = (
        "the 95% intervals are unadjusted; what differs is decided by Holm's procedure, with at most 5% false alarms "
        f"over {count(len(rows), 'row')}"
    )
    return Report([f"Theory: {found.model} ({found.source})"], [heading, *rows], [note])


def sweep_document(done: Sweep) -> dict[str, Any]:
    """Return what `sim sweep --json` prints."""
    points = [
        {
            "parameters": {name: point.scenario.parameters[name] for name in done.parameters},
            "replications": len(point.results),
            "metrics": estimates(point),
            "thresholds": threshold_documents(point),
        }
        for point in done.points
    ]
    return {"scenario": done.scenario.name, "seed": done.seed, "points": points}


def compare_document(done: Comparison) -> dict[str, Any]:
    """Return what `sim compare --json` prints."""
    pairs = [{"alternative": pair.alternative, **pair_document(pair)} for pair in done.pairs]
    return {"baseline": done.labels[0], "seed": done.baseline.seed, "adjust": "holm", "pairs": pairs}


def pair_document(pair: Pair) -> dict[str, Any]:
    """Return one metric beside the baseline's."""
    found = pair.difference
    return {
        "metric": pair.metric,
        "baseline": pair.baseline_mean,
        "mean": pair.mean,
        "difference": None if found is None else found.interval._asdict(),
        "p_adjusted": pair.p_adjusted,
        "significant": pair.is_significant,
        "correlation": None if found is None else found.correlation,
        "variance_ratio": None if found is None else found.variance_ratio,
    }


def select_document(done: Selection) -> dict[str, Any]:
    """Return what `sim select --json` prints."""
    return {
        "scenario": done.scenario.name,
        "seed": done.seed,
        "outcome": done.outcome,
        "selected": None if done.selected is None else _parameters(done, done.selected),
        "confidence": done.block.confidence,
        "procedure": PROCEDURE,
        "replications": done.replications,
        "budget": done.budget,
        "candidates": [
            {
                "parameters": _parameters(done, one),
                "standing": one.standing,
                "reason": one.reason,
                "replications": len(one.done.results),
                "metrics": estimates(one.done),
            }
            for one in done.candidates
        ],
    }


def _parameters(done: Selection, one: Candidate) -> dict[str, Any]:
    return {name: one.parameters[name] for name in done.parameters}


def theory_document(found: Theory, scenario: Scenario, done: Replications | None) -> dict[str, Any]:
    """Return what `sim theory --json` prints, without replications where no theory holds."""
    return {
        "scenario": scenario.name,
        "seed": None if done is None else done.seed,
        "replications": 0 if done is None else len(done.results),
        "model": found.model or None,
        "source": found.source or None,
        "failing": found.failing or None,
        "metrics": {
            one.metric: {
                "theory": one.theory,
                **(one.estimate._asdict() if one.estimate else {"mean": None, "low": None, "high": None, "n": 0}),
                "unit": UNITS[one.metric],
                "agrees": one.agrees,
            }
            for one in ([] if done is None else found.beside(done))
        },
    }
