"""`sim check`: scenario files as tests."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from sim.cli.check_reports import CheckReports
from sim.cli.options import Experiment, number_from, option, word_of
from sim.cli.statuses import FAILED, INCONCLUSIVE, WRONG, leave
from sim.cli.work import carry_out, keeper_of
from sim.errors import ArgumentError
from sim.output.terminal import complain

_READ_WORD = word_of("pass", "fail")
_STATUSES = {"WRONG": WRONG, "FAIL": FAILED, "INCONCLUSIVE": INCONCLUSIVE}


@dataclass
class _Options(Experiment):
    jobs: Annotated[
        int | None, option("Number of processes. Default: one for each processor.", "N", parser=number_from(1))
    ] = None
    save: Annotated[
        bool | None, option("Store the results in the database. Default: only with --db.", None, "--save/--no-save")
    ] = None


@dataclass
class _Judging:
    fail_fast: Annotated[bool, option("Stop at the first scenario that fails.", None, "--fail-fast")] = False
    inconclusive: Annotated[
        Literal["pass", "fail"] | None,
        option("Count INCONCLUSIVE as pass or fail. Default: exit status 3.", "<pass|fail>", parser=_READ_WORD),
    ] = None
    against: Annotated[
        str | None, option("Compare with the scenarios or results in a folder, or with a stored run.", "DIR|RUN")
    ] = None
    no_regressions: Annotated[
        bool, option("With --against: fail if a metric is significantly worse.", None, "--no-regressions")
    ] = False
    update_golden: Annotated[
        bool, option("Store golden logs of scenarios without randomness.", None, "--update-golden")
    ] = False
    require_golden: Annotated[
        bool, option("Fail if a scenario without randomness has no golden log.", None, "--require-golden")
    ] = False
    strict: Annotated[
        bool, option("Fail for YAML files that are not scenarios, and for golden logs without one.", None, "--strict")
    ] = False


def check_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Scenario files, and folders of them.")],
    *,
    keyword: Annotated[
        str | None, option('Only files whose path matches, such as "lunch and not staffing".', "EXPRESSION", "-k")
    ] = None,
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
