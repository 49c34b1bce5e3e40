"""What becomes of each thing that a scenario asks, as a finding."""

from sim.experiment import Replications
from sim.output.wording import estimate_of
from sim.units import count
from sim.verdicts import Finding, Judgement, Outcome, ThresholdVerdict, Verdict


def expectation_finding(verdict: Verdict) -> Finding:
    """Return what became of an entry of `expect`."""
    if verdict.held:
        return Finding("expectation", verdict.place, verdict.expected, Judgement.PASS, Outcome.PASS)
    return Finding("expectation", verdict.place, verdict.expected, Judgement.FAIL, Outcome.FAIL, verdict.got)


def threshold_finding(verdict: ThresholdVerdict, inconclusive: Outcome = Outcome.INCONCLUSIVE) -> Finding:
    """Return what became of a threshold; `inconclusive` is what counts where it is too early to say."""
    threshold = verdict.threshold
    return Finding(
        "threshold",
        verdict.place,
        str(threshold),
        verdict.judgement,
        Outcome.PASS if threshold.severity == "warn" else outcome_of(verdict.judgement, inconclusive),
        estimate_of(threshold.metric, verdict.estimate),
        verdict.note,
    )


def outcome_of(judgement: Judgement, inconclusive: Outcome) -> Outcome:
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
        'or write orders.created: "== 0" under thresholds if that is meant'
    )
    place = scenario.root.value.get("arrivals", scenario.root).place
    return Finding("demand", place, "orders are created", Judgement.NO_DATA, Outcome.FAIL, note=note)
