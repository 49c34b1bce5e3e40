"""What a check found of each scenario file: its findings, in words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sim.errors import Fault
from sim.experiment import Look, Pair, Replications
from sim.output.estimates import estimate_of
from sim.output.text import WIDTH, count, folded
from sim.verdicts import Finding, Judgement, Outcome, ThresholdVerdict, Verdict, worst

_HANGING = 14  # signs before what follows a verdict


def of_expectation(verdict: Verdict) -> Finding:
    """Return what became of an entry of `expect`."""
    if verdict.held:
        return Finding("expectation", verdict.place, verdict.expected, Judgement.PASS, Outcome.PASS)
    return Finding("expectation", verdict.place, verdict.expected, Judgement.FAIL, Outcome.FAIL, verdict.got)


def of_threshold(verdict: ThresholdVerdict, inconclusive: Outcome = Outcome.INCONCLUSIVE) -> Finding:
    """Return what became of a threshold; `inconclusive` is what counts where it is too early to say."""
    threshold = verdict.threshold
    outcome = {Judgement.PASS: Outcome.PASS, Judgement.INCONCLUSIVE: inconclusive}.get(verdict.judgement, Outcome.FAIL)
    return Finding(
        "threshold",
        verdict.place,
        str(threshold),
        verdict.judgement,
        Outcome.PASS if threshold.severity == "warn" else outcome,
        estimate_of(threshold.metric, verdict.estimate),
        verdict.note,
    )


def of_demand(replications: Replications) -> Finding | None:
    """Return NO DATA where customers may come and no order was ever created, unless a threshold asks for just that."""
    scenario = replications.scenario
    may_come = scenario.is_random or scenario.file.arrivals
    is_asked = any(threshold.metric == "orders.created" for threshold in scenario.thresholds)
    if is_asked or not may_come or any(replications.values("orders.created")):
        return None
    since = " after the warm-up" if scenario.warmup else ""
    note = (
        f"no order was created{since} in {count(len(replications.results), 'replication')}; look at arrivals, "
        'or write orders.created: "== 0" under thresholds if that is meant'
    )
    place = scenario.root.value.get("arrivals", scenario.root).place
    return Finding("demand", place, "orders are created", Judgement.NO_DATA, Outcome.FAIL, note=note)


@dataclass
class Checked:
    """What a check found of one file: `faults` of one that cannot be run, else what replications and `first` say.

    `pairs` are its metrics beside those that it is compared with, None where there are none; `inconclusive` is what a
    threshold counts as of which it is too early to say.
    """

    file: str
    faults: Sequence[Fault] = ()
    done: Replications | None = None
    first: Look | None = None
    golden: Finding | None = None
    pairs: Sequence[Pair] | None = None
    regressions: Sequence[Finding] = ()
    stored: bool = False  # whether its golden log was stored just now
    inconclusive: Outcome = Outcome.INCONCLUSIVE

    @cached_property
    def judged(self) -> list[Finding]:
        """What became of expectations and thresholds, after whether there was anything to judge."""
        demand = None if self.done is None else of_demand(self.done)
        expected = [] if self.first is None else [of_expectation(one) for one in self.first.verdicts]
        asked = [] if self.done is None else [of_threshold(one, self.inconclusive) for one in self.done.verdicts]
        return [*([] if demand is None else [demand]), *expected, *asked]

    @property
    def findings(self) -> list[Finding]:
        """What became of each thing that is asked of the scenario."""
        return [*self.judged, *([] if self.golden is None else [self.golden]), *self.regressions]

    @property
    def outcome(self) -> Outcome:
        """The worst of what was found."""
        outcomes = {finding.outcome for finding in self.findings}
        return Outcome.WRONG if self.faults else worst(outcomes or {Outcome.NOTHING})

    def counts(self) -> str:
        """Return how much of what is asked held, in words."""
        parts = [] if self.findings else ["nothing to judge"]
        for kind, all_of_them in _by_kind(self.findings).items():
            held = sum(finding.judgement is Judgement.PASS for finding in all_of_them)
            is_new = self.stored and kind == "golden log"
            words = {"demand": "no orders", "golden log": "golden log stored" if is_new else ""}.get(kind)
            parts.append(words or f"{held} of {count(len(all_of_them), kind)}")
        if self.done is not None and len(self.done.results) > 1:
            parts.append(count(len(self.done.results), "replication"))
        return ", ".join(parts)


def _by_kind(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    return by_kind


def checked_lines(checked: Checked, verbose: bool = False, width: int = WIDTH) -> Iterator[str]:
    """Yield a line that says what became of a file, and for each thing that did not hold, or for each at all, what
    came, with what there is to say about it below; faults are not folded.
    """
    if checked.faults:
        yield f"{checked.outcome:12}  {checked.file}"
        yield from (f"  {fault}" for fault in checked.faults)
        return
    yield from folded(f"{checked.outcome:12}  {checked.file}: {checked.counts()}", width, hanging=_HANGING)
    for finding in checked.findings:
        if verbose or finding.judgement is not Judgement.PASS:
            yield from _finding_lines(finding, width)
            yield from (f"    {line}" for line in finding.diff)


def _finding_lines(finding: Finding, width: int) -> Iterator[str]:
    """Yield the judgement, where and what is asked, and what came, below if it does not fit; notes stand below."""
    row = f"{finding.verdict:{_HANGING - 2}}  {finding.place.file}:{finding.place.line}: {finding.requirement}"
    got = f"got {finding.got}" if finding.got else ""
    if got and len(row) + len(got) + 4 <= width:
        row, got = f"{row}, {got}", ""
    yield from folded(row, width, indent=2, hanging=_HANGING)
    for below in filter(None, (got, finding.note)):
        yield from folded(below, width, indent=2 + _HANGING)


def unique(names: Iterable[str]) -> list[str]:
    """Return names, with a number behind those that came before."""
    seen = Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


_IN_WORDS = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.WRONG: "wrong",
    Outcome.NOTHING: "with nothing to judge",
}


def total_line(files: Sequence[Checked], most: int = 0, unchecked: Sequence[Fault] = ()) -> str:
    """Return how many files came to which end, how many of `most` were not looked at, and how many more lie there."""
    tally = Counter(checked.outcome for checked in files)
    ends = ", ".join(f"{tally[outcome]} {words}" for outcome, words in _IN_WORDS.items() if tally[outcome])
    parts = [f"{count(len(files), 'scenario')}: {ends}"]
    if most > len(files):
        parts.append(f"{most - len(files)} not looked at")
    if unchecked:
        parts.append(f"{count(len(unchecked), 'file')} not checked")
    return "; ".join(parts)


_NEXT = (
    "INCONCLUSIVE is too early to say: run more (-n N, or replications: {min, max, until} in the file), "
    "or let it pass (--inconclusive=pass)"
)


def notes(files: Sequence[Checked], unchecked: Sequence[Fault]) -> list[str]:
    """Return what there is to say of all files together: which ones were not checked and why, and what to do where it
    is too early to say.
    """
    lines = [f"NOT CHECKED   {fault.file}: {fault.message}" for fault in unchecked]
    findings = [finding for checked in files for finding in checked.findings]
    is_open = any(finding.judgement is Judgement.INCONCLUSIVE and not finding.is_warning for finding in findings)
    return [*lines, *folded(_NEXT, WIDTH)] if is_open else lines
