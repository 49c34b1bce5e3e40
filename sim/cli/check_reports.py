"""What `sim check` prints, and the files that it writes for programs."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sim.cli.common import columns, refuse_sources, say, say_json
from sim.cli.keeping import write_to
from sim.units import printable

if TYPE_CHECKING:
    from sim.checking import Checks
    from sim.experiment import CheckedFile
    from sim.storage import Keeper

_STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True)
class CheckReports:
    """What is wanted beside lines: JUnit XML, JSON, which stands in place of lines where it is printed, what GitHub
    shows, and lines on what held, too.
    """

    junit: Path | None
    json: Path | None
    github: bool
    verbose: bool

    def refuse(self, sources: Iterable[Path]) -> None:
        """Refuse to write where scenarios are read from, and two documents to one place.

        Raises:
            BadParameter: an option names such a place.

        """
        if self.github and self.json == _STANDARD_OUTPUT:
            raise typer.BadParameter("would stand between GitHub's annotations; name a file", param_hint="--json -")
        known = list(sources)
        targets = {"--junit": self.junit, "--json": self.json}
        for option, target in targets.items():
            if target is not None and target.suffix in (".yaml", ".yml"):
                problem = f"{printable(str(target))} looks like a scenario; name another file"
                raise typer.BadParameter(problem, param_hint=option)
            refuse_sources([] if target is None else [target], known, option)
        paths = [os.path.abspath(target) for target in targets.values() if target is not None]  # noqa: PTH100  # follows no link
        if len(set(paths)) < len(paths):
            raise typer.BadParameter("names the file of --junit; name another", param_hint="--json")

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
        from sim.output.documents import check_document

        if self.json == _STANDARD_OUTPUT:
            say_json(check_document(checks.files, checks.unchecked))
            return
        if checks.differences is not None:
            say(*checks.differences.lines(columns()))
        say(*checks.notes(), checks.total_line())

    def write(self, checks: "Checks", keeper: "Keeper") -> None:
        """Write the files that are asked for; what cannot be written becomes one of the keeper's problems."""
        from sim.output.ci.github import tell_github
        from sim.output.documents import write_check

        if self.junit is not None:
            from sim.output.ci.junit import write_junit

            write_to(keeper, partial(write_junit, checks.files), self.junit, "--junit")
        if self.json is not None and self.json != _STANDARD_OUTPUT:
            write_to(keeper, partial(write_check, checks.files, checks.unchecked), self.json, "--json")
        if self.github:

            def tell(_: Path) -> None:
                tell_github(checks.files, checks.differences, checks.unchecked)

            write_to(keeper, tell, Path("GITHUB_STEP_SUMMARY"), "GITHUB_STEP_SUMMARY")
