"""JSON documents of replications: estimates with their intervals, differences, and what became of thresholds."""

from typing import TYPE_CHECKING, Any

from sim.experiment.frames import interval_cells
from sim.model import unit_of
from sim.statistics import Interval

if TYPE_CHECKING:
    from sim.experiment import Pair, Replications


def replications_document(replications: "Replications") -> dict[str, Any]:
    """Return what `sim replicate --json` prints, and `sim check --json` of each scenario, too."""
    return {
        "scenario": replications.scenario.name,
        "seed": replications.seed,
        "replications": len(replications.results),
        "metrics": estimates_of(replications),
    }


def pair_document(pair: "Pair") -> dict[str, Any]:
    """Return one metric beside the baseline's."""
    difference = pair.difference
    document = {
        "metric": pair.metric,
        "baseline": pair.baseline_mean,
        "mean": pair.mean,
        "difference": None if difference is None else ends(difference.interval),
        "p_adjusted": pair.p_adjusted,
        "significant": pair.is_significant,
        "correlation": None if difference is None else difference.correlation,
        "variance_ratio": None if difference is None else difference.variance_ratio,
    }
    bounds = zip(("baseline_bound", "bound"), pair.bounds, strict=True)
    return document | {name: "lower" for name, is_bound in bounds if is_bound}


def ends(estimate: Interval | None) -> dict[str, Any]:
    """Return an estimate as `mean`, with the ends of its interval and the number of values."""
    return dict(zip(("mean", "low", "high", "n"), interval_cells(estimate), strict=True))


def estimates_of(replications: "Replications") -> dict[str, Any]:
    """Return the estimate of each metric with its interval and where a day lies, None where nothing was observed."""
    estimates = {name: replications.estimate(name) for name in replications.metric_names}
    return {
        name: None if estimate is None else _estimate(replications, name, estimate)
        for name, estimate in estimates.items()
    }


def _estimate(replications: "Replications", name: str, estimate: Interval) -> dict[str, Any]:
    day = replications.day(name)
    low, high = (None, None) if day is None else day[:2]
    document = {"estimate": estimate.estimate, **ends(estimate), "unit": unit_of(name)}
    document |= {"day_low": low, "day_high": high}
    if replications.columns.is_bound(name):
        document["bound"] = "lower"
    return document


def threshold_documents(replications: "Replications") -> list[dict[str, Any]]:
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
