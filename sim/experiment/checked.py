"""What a check finds of a scenario file: `sim.checking` finds it, `sim.output.ci` puts it into words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import Fault
from sim.experiment.comparing import Pair
from sim.experiment.looking import Look
from sim.experiment.replications import Replications
from sim.verdicts import Finding, Outcome, worst


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """What a check finds of one file: `faults` of one that cannot be run; else a first look at it, its replications and
    what became of each thing that it asks.

    `pairs` are its metrics beside those that it is compared with, None where there are none. `problem` says why its
    golden log could not be stored.
    """

    file: str
    faults: Sequence[Fault] = ()
    look: Look | None = None
    replications: Replications | None = None
    findings: Sequence[Finding] = ()
    pairs: Sequence[Pair] | None = None
    is_golden_stored: bool = False
    problem: str = ""

    @property
    def outcome(self) -> Outcome:
        """The worst of what became of it."""
        if self.faults:
            return Outcome.WRONG
        return worst(finding.outcome for finding in self.findings) if self.findings else Outcome.NOTHING
