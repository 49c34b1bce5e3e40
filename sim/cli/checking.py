"""`sim check`: scenario files as tests."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from sim.cli.check_reports import CheckReports
from sim.cli.options import Experiment, choice, flag, number, option
from sim.cli.statuses import FAILED, INCONCLUSIVE, WRONG, leave
from sim.cli.work import carry_out, keeper_of
from sim.errors import ArgumentError
from sim.output.terminal import complain

_STATUSES = {"WRONG": WRONG, "FAIL": FAILED, "INCONCLUSIVE": INCONCLUSIVE}


@dataclass
class _Options(Experiment):
    jobs: int | None = number("Number of processes. Default: one for each processor.", 1)
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


def check_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Scenario files, and folders of them.")],
    *,
    keyword: str | None = option(
        'Only files whose path matches, such as "lunch and not staffing".', "EXPRESSION", "-k"
    ),
    options: _Options,
    judging: _Judging,
    reports: CheckReports,
) -> None:
    """Test the expectations, thresholds and golden logs of scenarios."""
    from sim.checking import check, load_files

    files = load_files(paths, keyword, options.parameters())
    _refuse(options, judging)
    reports.refuse(files.sources)
    keeper = keeper_of("replicate", None, options)
    complain(*(note for scenario in files.scenarios for note in scenario.notes))
    checking = partial(check, files, times=options.times, database=options.db, judged=reports.show, **vars(judging))
    checks = carry_out(checking, options, keeper)
    keeper.problems += [checked.problem for checked in checks.files if checked.problem]
    reports.show_total(checks)
    reports.write(checks, keeper.problems)
    leave(keeper.problems, _STATUSES.get(checks.outcome, 0))


def _refuse(options: _Options, judging: _Judging) -> None:
    """Refuse options that do not go together."""
    if judging.no_regressions and judging.against is None:
        raise ArgumentError("no_regressions", "needs --against DIR or --against RUN")
    for argument in ("update_golden", "require_golden"):
        if getattr(judging, argument) and options.settings:
            raise ArgumentError(argument, "takes files as they are; leave --set out")
