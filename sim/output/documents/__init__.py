"""All JSON documents: what commands print with `--json`, and the JSON files that they write.

Durations are in seconds and shares from 0 to 1; null stands where nothing was observed.
"""

from sim.output.documents.checks import check_document, finding_document
from sim.output.documents.estimates import pair_document, replications_document
from sim.output.documents.experiments import (
    calibration_document,
    experiment_document,
    procedure,
    staffing_document,
    theory_document,
)
from sim.output.documents.runs import (
    compared_document,
    details_document,
    entries_document,
    kept_run_document,
    metrics_document,
    metrics_json,
)

__all__ = [
    "calibration_document",
    "check_document",
    "compared_document",
    "details_document",
    "entries_document",
    "experiment_document",
    "finding_document",
    "kept_run_document",
    "metrics_document",
    "metrics_json",
    "pair_document",
    "procedure",
    "replications_document",
    "staffing_document",
    "theory_document",
]
