"""`sim check`: scenario files as tests."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import typer

import sim
from sim import output
from sim.cli.options import Experiment, argument, choice, flag, number, option
from sim.cli.statuses import STATUSES, leave
from sim.cli.work import carry_out
from sim.errors import ArgumentError
from sim.output.terminal import columns, complain, say, show


@dataclass
class _Options(Experiment):
    jobs: int | None = number("Number of workers. Default: one for each processor.", 1)
    save: bool | None = flag(
        "Store the results in the database. Default: only with --db.", "--save/--no-save", default=None
    )


@dataclass
class _Judging:
    fail_fast: bool = flag("Stop at the first scenario that fails.", "--fail-fast")
    inconclusive: Literal["pass", "fail"] | None = choice(
        "Count INCONCLUSIVE as pass or fail. Default: exit status 3.", "pass", "fail"
    )
    against: str | None = option("Compare with the scenarios or results in a folder, or with a stored run.", "DIR|RUN")
    no_regressions: bool = flag("With --against: fail if a metric is significantly worse.", "--no-regressions")
    update_golden: bool = flag("Store golden logs of scenarios without randomness.", "--update-golden")
    require_golden: bool = flag("Fail if a scenario without randomness has no golden log.", "--require-golden")
    strict: bool = flag("Fail for YAML files that are not scenarios, and for golden logs without one.", "--strict")


@dataclass
class _Reports:
    """What is wanted beside lines."""

    junit: Path | None = option("Write JUnit XML.", "FILE")
    json: Path | None = option("Write JSON; - prints it instead of lines.", "FILE")
    report: Path | None = option("Write a report for browsers, one HTML file.", "FILE")
    github: bool = flag("Print annotations for GitHub, and write its summary of the step.", "--github")
    verbose: bool = flag("Also show expectations and thresholds that hold.", "-v", "--verbose")

    @property
    def prints_json(self) -> bool:
        """Whether JSON is printed in place of lines."""
        return self.json == Path("-")

    def show(self, checked: "sim.experiment.CheckedFile") -> None:
        """Print what is found of a file."""
        from sim.output.ci.github import annotations
        from sim.output.ci.lines import checked_lines

        if not self.prints_json:
            say(*checked_lines(checked, self.verbose, columns()))
            if self.github:
                say(*annotations(checked))

    def write(self, checks: "sim.Checks", problems: list[str]) -> None:
        """Write the files that are asked for; what cannot be written becomes one of the problems."""
        summary = "GITHUB_STEP_SUMMARY"
        for path, write, name in (
            (self.junit, checks.write_junit, "--junit"),
            (self.report, checks.write_report, "--report"),
            (None if self.prints_json else self.json, checks.write_json, "--json"),
            (Path(summary) if self.github else None, lambda _: checks.tell_github(), summary),
        ):
            if path is not None:
                output.files.write_to(path, write, problems, name)


def check_command(
    *,
    paths: list[Path] = argument("Scenario files, and folders of them.", "PATH"),
    keyword: str | None = option(
        'Only files whose path matches, such as "lunch and not staffing".', "EXPRESSION", "-k"
    ),
    options: _Options,
    judging: _Judging,
    reports: _Reports,
) -> None:
    """Test the expectations, thresholds and golden logs of scenarios."""
    files = sim.checking.load_files(paths, keyword, options.parameters())
    if judging.no_regressions and judging.against is None:
        raise ArgumentError("no_regressions", "needs --against DIR or --against RUN")
    for name in ("update_golden", "require_golden"):
        if getattr(judging, name) and options.settings:
            raise ArgumentError(name, "takes files as they are; leave --set out")
    if reports.github and reports.prints_json:
        raise typer.BadParameter("would stand between GitHub's annotations; name a file", param_hint="--json -")
    documents = {"junit": reports.junit, "json": reports.json, "report": reports.report}
    output.files.refuse_documents(documents, files.sources)
    keeper = options.keeper()
    complain(*(note for scenario in files.scenarios for note in scenario.notes))
    how = {"times": options.times, "database": options.db, "judged": reports.show, **vars(judging)}
    checks = carry_out(partial(sim.check, files, **how), options, keeper)
    keeper.problems += [checked.problem for checked in checks.files if checked.problem]
    show(checks.lines(columns()), lambda: checks.document, reports.prints_json)
    reports.write(checks, keeper.problems)
    leave(STATUSES.get(str(checks.outcome), 0), keeper.problems)
