"""JSON documents of experiments, as `--json` prints them."""

from typing import TYPE_CHECKING, Any

from sim.experiment.frames import interval_cells
from sim.model import unit_of
from sim.output.documents.estimates import ends, estimates_of, pair_document, replications_document, threshold_documents
from sim.scenario import Scenario
from sim.statistics import Interval

if TYPE_CHECKING:
    from sim.experiment import (
        Candidate,
        Comparison,
        InputUncertainty,
        Replications,
        Selection,
        Staffing,
        Sweep,
        Theory,
    )
    from sim.experiment.staffing import Rival
    from sim.fitting import Calibration

_PROCEDURE = "gatekeeping sequence of tests, in the manner of Andradóttir and Kim (2010)"


def experiment_document(
    result: "Replications | Sweep | Comparison | Selection", uncertainty: "InputUncertainty | None" = None
) -> dict[str, Any]:
    """Return what `sim replicate`, `sim sweep`, `sim compare` and `sim select` print with `--json`."""
    from sim.experiment import Comparison, Replications, Selection, Sweep  # a run has no use for them

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


def sweep_document(sweep: "Sweep") -> dict[str, Any]:
    """Return what `sim sweep --json` prints."""
    points = [
        {
            "parameters": {name: point.scenario.parameters[name] for name in sweep.parameters},
            "replications": len(point.results),
            "metrics": estimates_of(point),
            "thresholds": threshold_documents(point),
        }
        for point in sweep.points
    ]
    return {"scenario": sweep.scenario.name, "seed": sweep.seed, "points": points}


def compare_document(comparison: "Comparison") -> dict[str, Any]:
    """Return what `sim compare --json` prints."""
    pairs = [{"alternative": pair.alternative, **pair_document(pair)} for pair in comparison.pairs]
    return {"baseline": comparison.labels[0], "seed": comparison.baseline.seed, "adjust": "holm", "pairs": pairs}


def procedure(selection: "Selection") -> str:
    """Return how a selection decides, in words."""
    if selection.bisected:
        return f"{_PROCEDURE}, by bisection along {selection.bisected}"
    if selection.plan.indifference is not None:
        zone = selection.plan.indifference
        return f"{_PROCEDURE}, with an indifference zone of {zone} (Kim and Nelson 2001)"
    return f"{_PROCEDURE}, without an indifference zone"


def select_document(selection: "Selection") -> dict[str, Any]:
    """Return what `sim select --json` prints."""

    def parameters(candidate: "Candidate") -> dict[str, Any]:
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
                "metrics": estimates_of(candidate.replications),
            }
            for candidate in selection.candidates
        ],
    }


def staffing_document(staffing: "Staffing") -> dict[str, Any]:
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


def _rival(staffing: "Staffing", rival: "Rival") -> dict[str, Any]:
    return {"bot_hours": staffing.hours_of(rival.schedule), "breaks": list(rival.broken)}


def _share(estimate: Interval | None) -> dict[str, Any]:
    return dict(zip(("share", "low", "high"), interval_cells(estimate)[:3], strict=True))


def theory_document(theory: "Theory", scenario: Scenario, replications: "Replications | None") -> dict[str, Any]:
    """Return what `sim theory --json` prints, without replications where no theory holds."""
    return {
        "scenario": scenario.name,
        "seed": None if replications is None else replications.seed,
        "replications": 0 if replications is None else len(replications.results),
        "model": theory.model or None,
        "source": theory.source or None,
        "failing": theory.failing or None,
        "without_formula": list(theory.without_formula),
        "metrics": {
            row.metric: {
                "theory": row.theory,
                **ends(row.estimate),
                "unit": unit_of(row.metric),
                "agrees": row.agrees,
            }
            for row in ([] if replications is None else theory.beside(replications))
        },
    }


def calibration_document(calibration: "Calibration") -> dict[str, Any]:
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
