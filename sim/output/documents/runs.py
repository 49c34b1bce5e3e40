"""JSON documents of runs: `metrics.json`, and stored runs and experiments."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.experiment import Run

if TYPE_CHECKING:
    from sim.storage import ComparedRuns, Entry, ExperimentDetails, RunDetails


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
