"""Whether checked files are worse than those that they are compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sim.checking.findings import outcome_of
from sim.experiment import CheckedFile, Pair, adjusted
from sim.model import WORSE
from sim.output.reports import difference_text
from sim.scenario import Place
from sim.verdicts import NOTHING_OBSERVED, Finding, Judgement, Outcome


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
    findings = _findings(checked.pairs, checked.replications.scenario.root.place, base, inconclusive)
    return replace(checked, findings=[*checked.findings, *findings])


def _findings(pairs: Sequence[Pair], place: Place, base: str, inconclusive: Outcome) -> Iterator[Finding]:
    """Yield whether each metric of which more or less is worse is no worse; one that the base observed must be observed
    still.
    """
    for pair in pairs:
        # Of some metrics, such as orders created, neither more nor less is worse.
        if WORSE[pair.metric] and (pair.difference is not None or pair.baseline_mean is not None):
            judgement, note = _judged(pair)
            got = "" if pair.difference is None else difference_text(pair)
            limit = f"{pair.metric} no worse than in {base}"
            yield Finding("comparison", place, limit, judgement, outcome_of(judgement, inconclusive), got, note)


def _judged(pair: Pair) -> tuple[Judgement, str]:
    """Return whether a metric is no worse than the base's, and what there is to say about that."""
    if pair.difference is None:
        return Judgement.NO_DATA, NOTHING_OBSERVED if pair.mean is None else "no replication in common"
    if pair.is_single:
        return Judgement.INCONCLUSIVE, "one pair of random replications has no interval; run more of both"
    return Judgement.FAIL if pair.is_worse else Judgement.PASS, ""
