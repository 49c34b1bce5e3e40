"""Verdicts: what a scenario expects, and what must hold of its metrics, against what happened."""

from sim.verdicts.expectations import Verdict, expectation_text, judge_expectations
from sim.verdicts.findings import Finding, Outcome, worst
from sim.verdicts.thresholds import (
    NOTHING_OBSERVED,
    SINGLE_RUN,
    STILL_PENDING,
    Judgement,
    ThresholdVerdict,
    judge_threshold,
)

__all__ = [
    "NOTHING_OBSERVED",
    "SINGLE_RUN",
    "STILL_PENDING",
    "Finding",
    "Judgement",
    "Outcome",
    "ThresholdVerdict",
    "Verdict",
    "expectation_text",
    "judge_expectations",
    "judge_threshold",
    "worst",
]
