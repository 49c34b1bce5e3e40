"""JSON documents of checks."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.errors import Fault
from sim.output.documents.estimates import pair_document, replications_document
from sim.verdicts import Finding, Outcome

if TYPE_CHECKING:
    from sim.experiment import CheckedFile


def check_document(files: "Sequence[CheckedFile]", unchecked: Sequence[Fault]) -> dict[str, Any]:
    """Return what `sim check --json` writes."""
    tally = Counter(str(checked.outcome) for checked in files)
    return {
        "outcomes": {str(outcome): tally[outcome] for outcome in Outcome},
        "scenarios": [_of_file(checked) for checked in files],
        "not_checked": [{"file": fault.file, "reason": fault.message} for fault in unchecked],
    }


def _of_file(checked: "CheckedFile") -> dict[str, Any]:
    """Return what was found of one scenario file."""
    document: dict[str, Any] = {"file": checked.file, "outcome": str(checked.outcome)}
    if checked.replications is None:
        return {**document, "faults": [str(fault) for fault in checked.faults]}
    findings = [finding_document(finding) for finding in checked.findings]
    document |= {**replications_document(checked.replications), "findings": findings}
    if checked.pairs is not None:
        document["against"] = [pair_document(pair) for pair in checked.pairs]
    return document


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return what became of one thing that a scenario asks."""
    return {
        "kind": finding.kind,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "asked": finding.requirement,
        "verdict": str(finding.judgement),
        "outcome": str(finding.outcome),
        "got": finding.got,
        "note": finding.note,
        "diff": list(finding.diff),
    }
