"""What `sim check` prints, and the files that it writes for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sim.cli.options import flag, option
from sim.cli.work import write_to
from sim.output.terminal import columns, say, say_json

if TYPE_CHECKING:
    from sim.checking import Checks
    from sim.experiment import CheckedFile

_STANDARD_OUTPUT = Path("-")


@dataclass
class CheckReports:
    """What is wanted beside lines; JSON that is printed stands in place of them."""

    junit: Path | None = option("Write JUnit XML.", "FILE")
    json: Path | None = option("Write JSON; - prints it instead of lines.", "FILE")
    report: Path | None = option("Write a report for browsers, one HTML file.", "FILE")
    github: bool = flag("Print annotations for GitHub, and write its summary of the step.", "--github")
    verbose: bool = flag("Also show expectations and thresholds that hold.", "-v", "--verbose")

    def refuse(self, sources: Iterable[Path]) -> None:
        """Refuse to write where scenarios are read from, and two documents to one place.

        Raises:
            ArgumentError: an option names such a place.

        """
        from sim.output.files import refuse_documents

        if self.github and self.json == _STANDARD_OUTPUT:
            raise typer.BadParameter("would stand between GitHub's annotations; name a file", param_hint="--json -")
        refuse_documents({"junit": self.junit, "json": self.json, "report": self.report}, sources)

    def show(self, checked: "CheckedFile") -> None:
        """Print what is found of a file."""
        from sim.output.ci.github import annotations
        from sim.output.ci.lines import checked_lines

        if self.json == _STANDARD_OUTPUT:
            return
        say(*checked_lines(checked, self.verbose, columns()))
        if self.github:
            say(*annotations(checked))

    def show_total(self, checks: "Checks") -> None:
        """Print what there is to say of all files together."""
        if self.json == _STANDARD_OUTPUT:
            say_json(checks.document)
            return
        if checks.differences is not None:
            say(*checks.differences.lines(columns()))
        say(*checks.notes(), checks.total_line())

    def write(self, checks: "Checks", problems: list[str]) -> None:
        """Write the files that are asked for; what cannot be written becomes one of the problems."""
        from sim.output.ci.github import tell_github

        if self.junit is not None:
            write_to(self.junit, checks.write_junit, problems, "--junit")
        if self.report is not None:
            write_to(self.report, checks.write_report, problems, "--report")
        if self.json is not None and self.json != _STANDARD_OUTPUT:
            write_to(self.json, checks.write_json, problems, "--json")
        if self.github:
            summary = "GITHUB_STEP_SUMMARY"
            tell = partial(tell_github, checks.files, checks.differences, checks.unchecked)
            write_to(Path(summary), lambda _: tell(), problems, summary)
