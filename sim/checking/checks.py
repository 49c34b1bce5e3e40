"""Checks of scenario files, as the command, the pytest plugin and notebooks make them."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from sim.checking.base import Base
from sim.checking.files import Paths, ScenarioFiles, load_files
from sim.checking.findings import adjusted_files, with_regressions
from sim.checking.judging import Judge
from sim.errors import ArgumentError, Fault
from sim.experiment import CheckedFile, Options, refuse_unknown
from sim.output.ci.lines import notes, total_line
from sim.output.documents import check_document, finding_document
from sim.output.files import write_text
from sim.output.layout import WIDTH, Report
from sim.output.reports import against_report
from sim.verdicts import Outcome, worst

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("file", "line", "kind", "asked", "verdict", "outcome", "got", "note")


@dataclass(frozen=True, eq=False, repr=False)
class Checks:
    """What a check finds of scenario files, in their order; of `planned` ones fewer where it stopped at the first one
    that failed. `unchecked` is what lay beside them and is no scenario; `against` names what they are compared with.
    """

    files: Sequence[CheckedFile]
    unchecked: Sequence[Fault]
    planned: int
    against: str | None = None

    def __repr__(self) -> str:
        """Return what became of all, in one line."""
        return f"<Checks of {self.total_line()}>"

    @property
    def outcome(self) -> Outcome:
        """The worst of what became of the files."""
        return worst(checked.outcome for checked in self.files)

    @cached_property
    def differences(self) -> Report | None:
        """How all files differ from those that they are compared with, None where there are none."""
        if self.against is None:
            return None
        pairs = [pair for checked in self.files for pair in checked.pairs or ()]
        missing = [checked.file for checked in self.files if checked.replications is not None and checked.pairs is None]
        return against_report(pairs, self.against, missing)

    def total_line(self) -> str:
        """Return how many files came to which end."""
        return total_line(self.files, self.planned, self.unchecked)

    def notes(self) -> list[str]:
        """Return what there is to say of all files together, in lines."""
        return notes(self.files, self.unchecked)

    def lines(self, width: int = WIDTH) -> list[str]:
        """Return what there is to say of all files together: differences, notes and the total."""
        differences = [] if self.differences is None else self.differences.lines(width)
        return [*differences, *self.notes(), self.total_line()]

    @property
    def document(self) -> dict[str, Any]:
        """What is found, as `sim check --json` says it."""
        return check_document(self.files, self.unchecked)

    def write_json(self, path: str | PathLike[str]) -> None:
        """Write `document` as JSON.

        Raises:
            OSError: the file cannot be written.

        """
        write_text(Path(path), f"{json.dumps(self.document, indent=2)}\n")

    def write_junit(self, path: str | PathLike[str]) -> None:
        """Write JUnit XML: a test suite for each file, a test case for each thing that it asks.

        Raises:
            OSError: the file cannot be written.

        """
        from sim.output.ci.junit import write_junit  # not needed by most checks

        write_junit(self.files, Path(path))

    def write_report(self, path: str | PathLike[str]) -> None:
        """Write a report for browsers: one HTML file with all files, the worst first, and pages that replay those that
        do not pass.

        Raises:
            OSError: the file cannot be written.

        """
        from sim.output.ci.report import write_report  # not needed by most checks

        write_report(self.files, self.unchecked, self.differences, Path(path))

    def tell_github(self) -> None:
        """Add the summary and the outcome to the files that GitHub names for a step in the environment.

        Raises:
            OSError: a file cannot be written.

        """
        from sim.output.ci.github import tell_github  # not needed by most checks

        tell_github(self.files, self.differences, self.unchecked)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each thing that a file asks, and for each fault of one that cannot be run: file, line, kind,
        asked, verdict, outcome, got, note.

        `kind` is expectation, threshold, demand, golden log, comparison or fault; of a fault `asked` is the key that is
        wrong, and `note` says why. A file that asks nothing has no row.
        """
        import pandas as pd

        return pd.DataFrame(chain.from_iterable(map(_rows, self.files)), columns=list(_COLUMNS))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what became of each file, then all that did not hold."""
        from sim.output.notebooks import checks_html  # not needed by a command

        return checks_html(self.files, self.total_line(), self.notes(), self.differences)


def check(
    paths: Paths | ScenarioFiles,
    keyword: str | None = None,
    times: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    against: str | PathLike[str] | None = None,
    database: str | None = None,
    no_regressions: bool = False,
    update_golden: bool = False,
    require_golden: bool = False,
    strict: bool = False,
    inconclusive: Literal["pass", "fail"] | None = None,
    fail_fast: bool = False,
    judged: Callable[[CheckedFile], None] = lambda _: None,
    **options: Unpack[Options],
) -> Checks:
    """Judge what scenario files expect, their thresholds and golden logs, and return what is found of each.

    `paths` are files and folders, of which `keyword` selects, or what `load_files` has loaded; `parameters` are values
    for those of all scenarios, and without `times` each is replicated as often as it says. `inconclusive` is what
    counts where it is too early to say, else INCONCLUSIVE. With `fail_fast` nothing is looked at behind the first file
    that fails.

    `against` names what files are compared with: a folder of other versions of them or of what runs of them left
    behind, or a run in a `database`, by default that of the commands. With `no_regressions` a metric that is
    significantly worse there is a failure. `update_golden` stores the event logs of scenarios in which nothing is
    random, and `require_golden` takes it for a failure where there is none. With `strict`, other YAML files, and golden
    logs left alone, are wrong scenarios. `judged` is told of each file when it is judged, or at the end where it is
    compared with another. Options are those of `Options`; where `finished` is given, all replications of each scenario
    are run and told, also of those that have no thresholds.

    Raises:
        ArgumentError: there are no such files, or nothing to compare them with, or arguments do not go together.
        StorageError: the run to compare with cannot be read.
        ValueError: times, seed, jobs or engine is out of range.

    """
    refuse_unknown(options)
    files = paths if isinstance(paths, ScenarioFiles) else load_files(paths, keyword, parameters)
    if no_regressions and against is None:
        raise ArgumentError("no_regressions", "needs against: a folder, or the id of a run")
    # Golden logs are those of the files, which would not pass with them once they are stored with other values.
    if files.parameters and (update_golden or require_golden):
        argument = "update_golden" if update_golden else "require_golden"
        raise ArgumentError(argument, "takes files as they are; leave parameters out")
    base = None if against is None else Base(fspath(against), database)
    counts_as = Outcome.INCONCLUSIVE if inconclusive is None else Outcome[inconclusive.upper()]
    judge = Judge(times, base, counts_as, not files.parameters, update_golden, require_golden, options)
    faults = [*files.unreadable, *files.unchecked] if strict else files.unreadable
    checked_files = []
    with closing(judge.judge(files.loaded)) as judgements:
        for checked in chain((CheckedFile(fault.file, [fault]) for fault in faults), judgements):
            checked_files.append(checked)
            if base is None:
                judged(checked)
            if fail_fast and checked.outcome in (Outcome.WRONG, Outcome.FAIL):
                break
    if base is not None:
        checked_files = adjusted_files(checked_files)  # only now, since all pairs are one family of tests
        if no_regressions:
            checked_files = [with_regressions(checked, base.name, counts_as) for checked in checked_files]
        for checked in checked_files:
            judged(checked)
    planned = len(faults) + len(files.loaded)
    return Checks(checked_files, [] if strict else files.unchecked, planned, None if base is None else base.name)


def _rows(checked: CheckedFile) -> list[dict[str, Any]]:
    """Return what is found of a file, by the names of columns."""
    wrong = {"kind": "fault", "verdict": "WRONG", "outcome": "WRONG", "got": ""}
    return [
        *(
            {**wrong, "file": file, "line": line, "asked": path, "note": note}
            for file, line, _, path, note in checked.faults
        ),
        *map(finding_document, checked.findings),
    ]
