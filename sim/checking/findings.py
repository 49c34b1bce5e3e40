"""What becomes of each thing that a scenario asks, as a finding."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sim.experiment import CheckedFile, Pair, Replications, adjusted
from sim.model import metric_named
from sim.output.reports import difference_text
from sim.output.wording import verdict_text
from sim.scenario import Place
from sim.units import count
from sim.verdicts import NOTHING_OBSERVED, Finding, Judgement, Outcome, ThresholdVerdict, Verdict


def expectation_finding(verdict: Verdict) -> Finding:
    """Return what became of an entry of `expect`."""
    if verdict.held:
        return Finding("expectation", verdict.place, verdict.expected, Judgement.PASS, Outcome.PASS)
    return Finding("expectation", verdict.place, verdict.expected, Judgement.FAIL, Outcome.FAIL, verdict.got)


def threshold_finding(verdict: ThresholdVerdict, inconclusive: Outcome) -> Finding:
    """Return what became of a threshold; `inconclusive` is what counts where it is too early to say."""
    threshold = verdict.threshold
    return Finding(
        "threshold",
        verdict.place,
        str(threshold),
        verdict.judgement,
        Outcome.PASS if threshold.severity == "warn" else _outcome_of(verdict.judgement, inconclusive),
        verdict_text(verdict),
        verdict.note,
    )


def _outcome_of(judgement: Judgement, inconclusive: Outcome) -> Outcome:
    """Return what a judgement counts as; where nothing was observed, that is a failure."""
    return {Judgement.PASS: Outcome.PASS, Judgement.INCONCLUSIVE: inconclusive}.get(judgement, Outcome.FAIL)


def demand_finding(replications: Replications) -> Finding | None:
    """Return NO DATA where customers may come and no order was ever created, unless a threshold asks for just that."""
    scenario = replications.scenario
    may_come = scenario.is_random or scenario.file.arrivals
    is_asked = any(threshold.metric == "orders.created" for threshold in scenario.thresholds)
    if is_asked or not may_come or any(replications.values("orders.created")):
        return None
    # All thresholds may hold in an empty kitchen, and then nothing was shown.
    since = " after the warm-up" if scenario.warmup else ""
    note = (
        f"no order was created{since} in {count(len(replications.results), 'replication')}; look at arrivals, "
        'or write orders.created: "== 0" under thresholds if this is intended'
    )
    place = scenario.root.value.get("arrivals", scenario.root).place
    return Finding("demand", place, "orders are created", Judgement.NO_DATA, Outcome.FAIL, note=note)


def adjusted_files(files: Sequence[CheckedFile]) -> list[CheckedFile]:
    """Return checked files with their pairs adjusted: those of all files are one family of tests."""
    pairs = iter(adjusted([pair for checked in files for pair in checked.pairs or ()]))
    return [
        checked if checked.pairs is None else replace(checked, pairs=[next(pairs) for _ in checked.pairs])
        for checked in files
    ]


def with_regressions(checked: CheckedFile, base: str, inconclusive: Outcome) -> CheckedFile:
    """Return a checked file with findings on whether its metrics are no worse than those of `base`."""
    if checked.replications is None or checked.pairs is None:
        return checked
    findings = _comparison_findings(checked.pairs, checked.replications.scenario.root.place, base, inconclusive)
    return replace(checked, findings=[*checked.findings, *findings])


def _comparison_findings(pairs: Sequence[Pair], place: Place, base: str, inconclusive: Outcome) -> Iterator[Finding]:
    """Yield whether each metric of which more or less is worse is no worse; one that the base observed must be observed
    still.
    """
    for pair in pairs:
        # Of some metrics, such as orders created, neither more nor less is worse.
        if metric_named(pair.metric).worse and (pair.difference is not None or pair.baseline_mean is not None):
            judgement, note = _judged(pair)
            got = "" if pair.difference is None else difference_text(pair)
            limit = f"{pair.metric} no worse than in {base}"
            yield Finding("comparison", place, limit, judgement, _outcome_of(judgement, inconclusive), got, note)


def _judged(pair: Pair) -> tuple[Judgement, str]:
    """Return whether a metric is no worse than the base's, and what there is to say about that."""
    if pair.difference is None:
        return Judgement.NO_DATA, NOTHING_OBSERVED if pair.mean is None else "no replication in common"
    if pair.is_single:
        return Judgement.INCONCLUSIVE, "one pair of random replications has no interval; run more of both"
    return Judgement.FAIL if pair.is_worse else Judgement.PASS, ""
