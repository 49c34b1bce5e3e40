"""What a check finds of scenario files, in lines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sim.errors import Fault
from sim.experiment import CheckedFile
from sim.output.layout import WIDTH, folded
from sim.units import count
from sim.verdicts import Finding, Judgement, Outcome

_HANGING = 14  # signs before what follows a verdict
_IN_WORDS = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.WRONG: "wrong",
    Outcome.NOTHING: "with nothing to judge",
}
_RUN_MORE = (
    "INCONCLUSIVE is too early to say: run more (-n N, or replications: {min, max, until} in the file), "
    "or let it pass (--inconclusive=pass)"
)


def counts_text(checked: CheckedFile) -> str:
    """Return how much of what a file asks held, in words."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in checked.findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    parts = [_count_text(kind, findings, checked.is_golden_stored) for kind, findings in by_kind.items()]
    if not parts:
        parts = ["nothing to judge"]
    if checked.replications is not None and len(checked.replications.results) > 1:
        parts.append(count(len(checked.replications.results), "replication"))
    return ", ".join(parts)


def _count_text(kind: str, findings: Sequence[Finding], is_golden_stored: bool) -> str:
    """Return how many of some findings of a kind held."""
    if kind == "demand":
        return "no orders"
    if kind == "golden log" and is_golden_stored:
        return "golden log stored"
    held = sum(finding.judgement is Judgement.PASS for finding in findings)
    return f"{held} of {count(len(findings), kind)}"


def checked_lines(checked: CheckedFile, verbose: bool = False, width: int = WIDTH) -> Iterator[str]:
    """Yield a line that says what became of a file, and for each thing that did not hold, or for each at all, what
    came, with what there is to say about it below; faults are not folded.
    """
    if checked.faults:
        yield f"{checked.outcome:12}  {checked.file}"
        yield from (f"  {fault}" for fault in checked.faults)
        return
    yield from folded(f"{checked.outcome:12}  {checked.file}: {counts_text(checked)}", width, hanging=_HANGING)
    for finding in checked.findings:
        if verbose or finding.judgement is not Judgement.PASS:
            yield from finding_lines(finding, width)


def finding_lines(finding: Finding, width: int = WIDTH) -> Iterator[str]:
    """Yield the judgement, where and what is asked, and what came, below if it does not fit; notes stand below, and how
    a golden log differs.
    """
    row = f"{finding.verdict:{_HANGING - 2}}  {finding.place.file}:{finding.place.line}: {finding.requirement}"
    got = f"got {finding.got}" if finding.got else ""
    if got and len(row) + len(got) + 4 <= width:
        row = f"{row}, {got}"
        got = ""
    yield from folded(row, width, indent=2, hanging=_HANGING)
    for text in filter(None, (got, finding.note)):
        yield from folded(text, width, indent=2 + _HANGING)
    yield from (f"    {line}" for line in finding.diff)


def unique(names: Iterable[str]) -> list[str]:
    """Return names, with a number behind those that came before."""
    counts = Counter[str]()
    numbered = []
    for name in names:
        counts[name] += 1
        numbered.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return numbered


def total_line(files: Sequence[CheckedFile], planned: int = 0, unchecked: Sequence[Fault] = ()) -> str:
    """Return how many files came to which end, how many of those `planned` were not looked at, and how many more lie
    beside them.
    """
    tally = Counter(checked.outcome for checked in files)
    ends = ", ".join(f"{tally[outcome]} {words}" for outcome, words in _IN_WORDS.items() if tally[outcome])
    parts = [f"{count(len(files), 'scenario')}: {ends}"]
    if planned > len(files):
        parts.append(f"{planned - len(files)} not looked at")
    if unchecked:
        parts.append(f"{count(len(unchecked), 'file')} not checked")
    return "; ".join(parts)


def notes(files: Sequence[CheckedFile], unchecked: Sequence[Fault]) -> list[str]:
    """Return what there is to say of all files together: which ones were not checked and why, and what to do where it
    is too early to say.
    """
    lines = [f"NOT CHECKED   {fault.file}: {fault.message}" for fault in unchecked]
    findings = [finding for checked in files for finding in checked.findings]
    is_open = any(finding.judgement is Judgement.INCONCLUSIVE and not finding.is_warning for finding in findings)
    return [*lines, *folded(_RUN_MORE, WIDTH)] if is_open else lines
