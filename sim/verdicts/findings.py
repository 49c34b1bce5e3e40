"""Findings: what became of each thing that a scenario asks, and what that counts as."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from sim.scenario import Place
from sim.verdicts.thresholds import Judgement


class Outcome(StrEnum):
    """What became of a scenario file, the worst one first; NOTHING of one that asks nothing."""

    WRONG = "WRONG"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    PASS = "PASS"  # noqa: S105 - no password
    NOTHING = "NOTHING"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of some outcomes."""
    return min(outcomes, key=list(Outcome).index)


class Finding(NamedTuple):
    """What became of one thing that a scenario asks: where it is asked, what came, why that is not enough, and what it
    counts as. `diff` are lines that show a golden log beside the one of now.
    """

    kind: str
    place: Place
    requirement: str
    judgement: Judgement
    outcome: Outcome
    got: str = ""
    note: str = ""
    diff: tuple[str, ...] = ()

    @property
    def is_warning(self) -> bool:
        """Whether it did not hold and counts as if it had."""
        return self.outcome is Outcome.PASS and self.judgement is not Judgement.PASS

    @property
    def verdict(self) -> str:
        """The judgement, marked where it is only a warning."""
        return f"{self.judgement} (warn)" if self.is_warning else str(self.judgement)

    @property
    def got_and_note(self) -> str:
        """What came, with what there is to say about it."""
        return "; ".join(filter(None, (self.got, self.note)))

    @property
    def result(self) -> str:
        """The judgement with what came."""
        if self.got:
            return f"{self.verdict}, got {self.got_and_note}"
        return ", ".join(filter(None, (self.verdict, self.note)))

    def __str__(self) -> str:
        """Return all of it in one line."""
        return f"{self.place.file}:{self.place.line}: {self.requirement}: {self.result}"
