"""`sim check`: scenario files as tests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.cli.check_reports import CheckReports
from sim.cli.common import (
    FAILED,
    INCONCLUSIVE,
    NOT_SAVED,
    WRONG,
    DatabaseOption,
    EngineOption,
    SeedOption,
    SettingsOption,
    TagsOption,
    complain,
    destination,
    number_from,
    parameters_of,
)
from sim.cli.keeping import DaskOption, TimesOption, at_work, keeper_of, tell
from sim.errors import ArgumentError

if TYPE_CHECKING:
    from sim.verdicts import Outcome

_OPTIONS = {"paths": "PATH", "keyword": "-k", "against": "--against"}


def check_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Scenario files, and folders of them.")],
    keyword: Annotated[
        str | None,
        typer.Option("-k", metavar="EXPRESSION", help='Only files with such paths: "lunch and not staffing".'),
    ] = None,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            parser=number_from(1), metavar="N", help="Processes that share the work. Default: as many as processors."
        ),
    ] = None,
    dask: DaskOption = None,
    engine: EngineOption = "auto",
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first scenario that fails.")] = False,
    inconclusive: Annotated[
        Literal["pass", "fail"] | None,
        typer.Option(help="What counts where it is too early to say. Default: exit status 3."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="DIR|RUN", help="Show differences to the scenarios or results of a folder, or to a run."),
    ] = None,
    no_regressions: Annotated[
        bool, typer.Option("--no-regressions", help="With --against: fail where something is significantly worse.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update-golden", help="Store the golden logs of scenarios in which nothing is random.")
    ] = False,
    require_golden: Annotated[
        bool,
        typer.Option("--require-golden", help="Fail where nothing is random and no golden log is stored."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Take other YAML files, and golden logs left alone, for wrong scenarios.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write JSON; - prints it instead of lines.")
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub, and write its summary of the step.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show what held, too.")] = False,
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: Annotated[
        bool | None,
        typer.Option("--save/--no-save", help="Keep replications in the database. Default: only with --db."),
    ] = None,
) -> None:
    """Judge what scenarios expect, their thresholds and golden logs."""
    from sim.checking import check, load_files
    from sim.experiment import available_processors

    reports = CheckReports(junit, as_json, github, verbose)
    try:
        files = load_files(paths, keyword, parameters_of(settings))
        _refuse(settings, against, no_regressions, {"--update-golden": update, "--require-golden": require_golden})
        reports.refuse(files.sources)
        address = destination(tags, db, db is not None if save is None else save)
        keeper = keeper_of("replicate", None, seed, address, tags)
        complain(*(note for scenario in files.scenarios for note in scenario.notes))
        with at_work(keeper, jobs or available_processors(), engine, dask) as options:
            if address is None:  # else all replications of all scenarios would be run, so that they can be kept
                del options["earlier"], options["finished"]
            checks = check(
                files,
                times=times,
                against=against,
                database=db,
                no_regressions=no_regressions,
                update_golden=update,
                require_golden=require_golden,
                strict=strict,
                inconclusive=inconclusive,
                fail_fast=fail_fast,
                judged=reports.show,
                **options,
            )
            keeper.problems += [checked.problem for checked in checks.files if checked.problem]
    except ArgumentError as error:
        raise typer.BadParameter(error.problem, param_hint=_OPTIONS[error.argument]) from None
    reports.show_total(checks)
    reports.write(checks, keeper)
    tell(keeper.problems)
    raise typer.Exit(_status(checks.outcome, keeper.problems))


def _refuse(settings: list[str] | None, against: str | None, no_regressions: bool, golden: dict[str, bool]) -> None:
    """Refuse options that do not go together."""
    if no_regressions and against is None:
        raise typer.BadParameter("needs --against DIR or --against RUN", param_hint="--no-regressions")
    for option, is_given in golden.items():
        if is_given and settings:
            raise typer.BadParameter("is about what files say; leave --set out", param_hint=option)


def _status(outcome: "Outcome", problems: list[str]) -> int:
    """Return the exit status: of what is worst, where a file that is not written is worse than what is inconclusive."""
    if outcome in ("WRONG", "FAIL"):
        return WRONG if outcome == "WRONG" else FAILED
    if problems:
        return NOT_SAVED
    return INCONCLUSIVE if outcome == "INCONCLUSIVE" else 0
