"""All JSON documents: what commands print with `--json`, and the JSON files that they write.

Durations are in seconds and shares from 0 to 1; null stands where nothing was observed.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import Fault
from sim.experiment import (
    Candidate,
    CheckedFile,
    Comparison,
    InputUncertainty,
    Pair,
    Replications,
    Run,
    Selection,
    Staffing,
    Sweep,
    Theory,
)
from sim.experiment.frames import interval_cells
from sim.experiment.staffing import Rival
from sim.fitting import Calibration
from sim.model import unit_of
from sim.output.files import text_file, write_files
from sim.scenario import Scenario
from sim.statistics import Interval
from sim.verdicts import Finding, Outcome

if TYPE_CHECKING:
    from sim.storage import ComparedRuns, Entry, ExperimentDetails, RunDetails

_PROCEDURE = "gatekeeping sequence of tests, in the manner of Andradóttir and Kim (2010)"


def metrics_document(run: Run) -> dict[str, Any]:
    """Return the content of `metrics.json`; `bounds` has the metrics that are lower bounds, if any is."""
    document: dict[str, Any] = {
        "scenario": run.scenario.name,
        "seed": run.seed,
        "replication": run.replication,
        "engine": run.engine,
        "fingerprint": run.fingerprint,
        "metrics": run.measures.values,
    }
    if run.measures.bounds:
        document["bounds"] = {name: "lower" for name in run.measures.values if name in run.measures.bounds}
    return document


def kept_run_document(run: Run, run_id: str | None) -> dict[str, Any]:
    """Return what `sim run --json` prints, without an id of a run that is not stored."""
    return {"run": run_id, **metrics_document(run)}


def metrics_json(run: Run) -> str:
    """Return the text of `metrics.json`."""
    return json.dumps(metrics_document(run), indent=2) + "\n"


def calibration_document(calibration: Calibration) -> dict[str, Any]:
    """Return what became of a scenario that met real days."""
    return {
        "scenario": calibration.scenario.name,
        "verdict": str(calibration.verdict),
        "days": [str(day) for day in calibration.days.dates],
        "checks": [
            {"check": check.name, "verdict": str(check.judgement), "finding": check.finding}
            for check in calibration.checks
        ],
        "most_different": calibration.worst or None,
    }


def experiment_document(
    result: Replications | Sweep | Comparison | Selection, uncertainty: InputUncertainty | None = None
) -> dict[str, Any]:
    """Return what `sim replicate`, `sim sweep`, `sim compare` and `sim select` print with `--json`."""
    match result:
        case Replications():
            document = replications_document(result)
            if uncertainty is not None:
                document["input_uncertainty"] = [uncertain._asdict() for uncertain in uncertainty.estimates]
            return document
        case Sweep():
            return sweep_document(result)
        case Comparison():
            return compare_document(result)
        case Selection():
            return select_document(result)


def replications_document(replications: Replications) -> dict[str, Any]:
    """Return what `sim replicate --json` prints, and `sim check --json` of each scenario, too."""
    return {
        "scenario": replications.scenario.name,
        "seed": replications.seed,
        "replications": len(replications.results),
        "metrics": _estimates(replications),
    }


def sweep_document(sweep: Sweep) -> dict[str, Any]:
    """Return what `sim sweep --json` prints."""
    points = [
        {
            "parameters": {name: point.scenario.parameters[name] for name in sweep.parameters},
            "replications": len(point.results),
            "metrics": _estimates(point),
            "thresholds": _thresholds(point),
        }
        for point in sweep.points
    ]
    return {"scenario": sweep.scenario.name, "seed": sweep.seed, "points": points}


def compare_document(comparison: Comparison) -> dict[str, Any]:
    """Return what `sim compare --json` prints."""
    pairs = [{"alternative": pair.alternative, **pair_document(pair)} for pair in comparison.pairs]
    return {"baseline": comparison.labels[0], "seed": comparison.baseline.seed, "adjust": "holm", "pairs": pairs}


def pair_document(pair: Pair) -> dict[str, Any]:
    """Return one metric beside the baseline's."""
    difference = pair.difference
    return {
        "metric": pair.metric,
        "baseline": pair.baseline_mean,
        "mean": pair.mean,
        "difference": None if difference is None else _ends(difference.interval),
        "p_adjusted": pair.p_adjusted,
        "significant": pair.is_significant,
        "correlation": None if difference is None else difference.correlation,
        "variance_ratio": None if difference is None else difference.variance_ratio,
    }


def procedure(selection: Selection) -> str:
    """Return how a selection decides, in words."""
    if selection.bisected:
        return f"{_PROCEDURE}, by bisection along {selection.bisected}"
    if selection.plan.indifference is not None:
        zone = selection.plan.indifference
        return f"{_PROCEDURE}, with an indifference zone of {zone} (Kim and Nelson 2001)"
    return f"{_PROCEDURE}, without an indifference zone"


def select_document(selection: Selection) -> dict[str, Any]:
    """Return what `sim select --json` prints."""

    def parameters(candidate: Candidate) -> dict[str, Any]:
        return {name: candidate.parameters[name] for name in selection.parameters}

    return {
        "scenario": selection.scenario.name,
        "seed": selection.seed,
        "outcome": selection.outcome,
        "selected": None if selection.selected is None else parameters(selection.selected),
        "confidence": selection.plan.confidence,
        "procedure": procedure(selection),
        "replications": selection.replication_count,
        "budget": selection.budget,
        "candidates": [
            {
                "parameters": parameters(candidate),
                "standing": candidate.standing,
                "reason": candidate.reason,
                "replications": len(candidate.replications.results),
                "metrics": _estimates(candidate.replications),
            }
            for candidate in selection.candidates
        ],
    }


def staffing_document(staffing: Staffing) -> dict[str, Any]:
    """Return what `sim staff --json` prints."""
    of_slot = len(staffing.plan.promise)
    rows = [staffing.cells[place : place + of_slot] for place in range(0, len(staffing.cells), of_slot)]
    slots = [
        {
            "slot": slot.name,
            "bots": staffing.schedule[place],
            "offered": staffing.offered[place],
            "needed": slot.name in staffing.needed,
            "erlang_bots": staffing.erlang.schedule[place],
            "promises": {
                cell.promise.metric: {
                    "promise": cell.promise.share,
                    "verdict": str(cell.judgement),
                    **_share(cell.share),
                }
                for cell in rows[place]
            },
        }
        for place, slot in enumerate(staffing.slots)
    ]
    return {
        "scenario": staffing.scenario.name,
        "seed": staffing.seed,
        "verdict": str(staffing.verdict),
        "note": staffing.note,
        "bot_hours": staffing.bot_hours,
        "confidence": staffing.plan.confidence,
        "days": staffing.days,
        "slots": slots,
        "bots": staffing.bots,
        "shifts": [
            {"from": staffing.slots[shift.first].name, "slots": shift.last - shift.first, "bots": bots}
            for shift, bots in staffing.fills
        ],
        "cost": staffing.cost,
        "least_cost": staffing.least,
        "erlang": _rival(staffing, staffing.erlang),
        "constant": None if staffing.constant is None else _rival(staffing, staffing.constant),
    }


def _rival(staffing: Staffing, rival: Rival) -> dict[str, Any]:
    return {"bot_hours": staffing.hours_of(rival.schedule), "breaks": list(rival.broken)}


def _share(estimate: Interval | None) -> dict[str, Any]:
    return dict(zip(("share", "low", "high"), interval_cells(estimate)[:3], strict=True))


def theory_document(theory: Theory, scenario: Scenario, replications: Replications | None) -> dict[str, Any]:
    """Return what `sim theory --json` prints, without replications where no theory holds."""
    return {
        "scenario": scenario.name,
        "seed": None if replications is None else replications.seed,
        "replications": 0 if replications is None else len(replications.results),
        "model": theory.model or None,
        "source": theory.source or None,
        "failing": theory.failing or None,
        "metrics": {
            row.metric: {
                "theory": row.theory,
                **_ends(row.estimate),
                "unit": unit_of(row.metric),
                "agrees": row.agrees,
            }
            for row in ([] if replications is None else theory.beside(replications))
        },
    }


def check_document(files: Sequence[CheckedFile], unchecked: Sequence[Fault]) -> dict[str, Any]:
    """Return what `sim check --json` writes."""
    tally = Counter(str(checked.outcome) for checked in files)
    return {
        "outcomes": {str(outcome): tally[outcome] for outcome in Outcome},
        "scenarios": [_of_file(checked) for checked in files],
        "not_checked": [{"file": fault.file, "reason": fault.message} for fault in unchecked],
    }


def write_check(files: Sequence[CheckedFile], unchecked: Sequence[Fault], path: Path) -> None:
    """Write what was found of scenario files as JSON.

    Raises:
        OSError: the file cannot be written.

    """
    document = json.dumps(check_document(files, unchecked), indent=2)
    write_files({path: text_file(lambda file: file.write(f"{document}\n"))})


def entries_document(entries: "Sequence[Entry]") -> list[dict[str, Any]]:
    """Return what `sim runs --json` prints."""
    return [entry._asdict() for entry in entries]


def details_document(details: "RunDetails | ExperimentDetails") -> dict[str, Any]:
    """Return what `sim runs show --json` prints of a run or of an experiment."""
    from sim.storage import RunDetails

    if isinstance(details, RunDetails):
        return {**details.run._asdict(), "metrics": details.values}
    document = {**details.entry._asdict(), "members": [run._asdict() for run in details.members]}
    return document if details.answer is None else {**document, "answer": details.answer}


def compared_document(compared: "ComparedRuns") -> dict[str, Any]:
    """Return what `sim runs compare --json` prints."""
    return {"runs": [compared.first.id, compared.second.id], "metrics": compared.metrics}


def _of_file(checked: CheckedFile) -> dict[str, Any]:
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


def _ends(estimate: Interval | None) -> dict[str, Any]:
    """Return an estimate as `mean`, with the ends of its interval and the number of values."""
    return dict(zip(("mean", "low", "high", "n"), interval_cells(estimate), strict=True))


def _estimates(replications: Replications) -> dict[str, Any]:
    """Return the estimate of each metric with its interval and where a day lies, None where nothing was observed."""
    estimates = {name: replications.estimate(name) for name in replications.metric_names}
    return {
        name: None if estimate is None else _estimate(replications, name, estimate)
        for name, estimate in estimates.items()
    }


def _estimate(replications: Replications, name: str, estimate: Interval) -> dict[str, Any]:
    day = replications.day(name)
    low, high = (None, None) if day is None else day[:2]
    document = {"estimate": estimate.estimate, **_ends(estimate), "unit": unit_of(name)}
    document |= {"day_low": low, "day_high": high}
    if replications.columns.is_bound(name):
        document["bound"] = "lower"
    return document


def _thresholds(replications: Replications) -> list[dict[str, Any]]:
    """Return what became of each threshold."""
    return [
        {
            "metric": verdict.threshold.metric,
            "condition": verdict.threshold.condition.text,
            "severity": verdict.threshold.severity,
            "verdict": str(verdict.judgement),
            "note": verdict.note,
        }
        for verdict in replications.verdicts
    ]
