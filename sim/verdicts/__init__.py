"""Verdicts: what a scenario expects, and what must hold of its metrics, against what happened."""

from sim.verdicts.expectations import Verdict, expectation_text, judge_expectations
from sim.verdicts.facts import facts
from sim.verdicts.findings import Finding, Outcome, worst
from sim.verdicts.thresholds import (
    LEVEL,
    NOTHING_OBSERVED,
    SINGLE_RUN,
    STILL_OPEN,
    Judgement,
    Sample,
    ThresholdVerdict,
    judge_threshold,
    worst_slot,
)

__all__ = [
    "LEVEL",
    "NOTHING_OBSERVED",
    "SINGLE_RUN",
    "STILL_OPEN",
    "Finding",
    "Judgement",
    "Outcome",
    "Sample",
    "ThresholdVerdict",
    "Verdict",
    "expectation_text",
    "facts",
    "judge_expectations",
    "judge_threshold",
    "worst",
    "worst_slot",
]
