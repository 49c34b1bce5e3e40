"""`sim check`: scenario files as tests."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

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
    columns,
    complain,
    destination,
    number_from,
    parameters_of,
    refuse_sources,
    say,
    say_json,
)
from sim.cli.keeping import DaskOption, TimesOption, at_work, keeper_of, tell, write_to
from sim.units import printable

if TYPE_CHECKING:
    from sim.checking import Checks
    from sim.experiment import CheckedFile
    from sim.storage import Keeper
    from sim.verdicts import Outcome

_STANDARD_OUTPUT = Path("-")
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
            parser=number_from(1),
            metavar="N",
            help="Processes that share the work. Default: as many as processors.",
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
    from sim.errors import ArgumentError
    from sim.output.documents import check_document

    targets = {"--junit": junit, "--json": as_json}
    try:
        files = load_files(paths, keyword, parameters_of(settings))
        _refuse(settings, against, no_regressions, {"--update-golden": update, "--require-golden": require_golden})
        _refuse_targets(targets, files.sources, github)
        keeper = keeper_of(
            "replicate", None, seed, destination(tags, db, db is not None if save is None else save), tags
        )
        complain(*(note for scenario in files.scenarios for note in scenario.notes))
        show = partial(_show, verbose=verbose, github=github) if as_json != _STANDARD_OUTPUT else _show_nothing
        with at_work(keeper, _processors() if jobs is None else jobs, engine, dask) as options:
            if keeper.address is None:
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
                judged=show,
                **options,
            )
            keeper.problems += [checked.problem for checked in checks.files if checked.problem]
    except ArgumentError as error:
        raise typer.BadParameter(error.problem, param_hint=_OPTIONS[error.argument]) from None
    if as_json == _STANDARD_OUTPUT:
        say_json(check_document(checks.files, checks.unchecked))
    else:
        say(*([] if checks.differences is None else checks.differences.lines(columns())))
        say(*checks.notes(), checks.total_line())
    _write(keeper, checks, junit, as_json, github)
    _leave(keeper, checks.outcome)


def _refuse(settings: list[str] | None, against: str | None, no_regressions: bool, golden: dict[str, bool]) -> None:
    """Refuse options that do not go together."""
    if no_regressions and against is None:
        raise typer.BadParameter("needs --against DIR or --against RUN", param_hint="--no-regressions")
    for option, is_given in golden.items():
        if is_given and settings:
            raise typer.BadParameter("is about what files say; leave --set out", param_hint=option)


def _refuse_targets(targets: dict[str, Path | None], sources: Iterable[Path], github: bool) -> None:
    """Refuse to write where scenarios are, and two documents to one place."""
    if github and targets["--json"] == _STANDARD_OUTPUT:
        raise typer.BadParameter("would stand between GitHub's annotations; name a file", param_hint="--json -")
    known = list(sources)
    paths = set()
    for option, target in targets.items():
        if target is None:
            continue
        if target.suffix in (".yaml", ".yml"):
            problem = f"{printable(str(target))} looks like a scenario; name another file"
            raise typer.BadParameter(problem, param_hint=option)
        refuse_sources([target], known, option)
        path = os.path.abspath(target)  # noqa: PTH100  # follows no link
        if path in paths:
            raise typer.BadParameter("names the file of --junit; name another", param_hint=option)
        paths.add(path)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _show(checked: "CheckedFile", verbose: bool, github: bool) -> None:
    from sim.output.ci.lines import checked_lines

    say(*checked_lines(checked, verbose, columns()))
    if github:
        from sim.output.ci.github import annotations

        say(*annotations(checked))


def _show_nothing(_: "CheckedFile") -> None:
    """Show nothing, since JSON follows."""


def _write(keeper: "Keeper", checks: "Checks", junit: Path | None, as_json: Path | None, github: bool) -> None:
    """Write the files that are asked for; what cannot be written becomes a problem."""
    from sim.output.documents import write_check

    if junit is not None:
        from sim.output.ci.junit import write_junit

        write_to(keeper, partial(write_junit, checks.files), junit, "--junit")
    if as_json is not None and as_json != _STANDARD_OUTPUT:
        write_to(keeper, partial(write_check, checks.files, checks.unchecked), as_json, "--json")
    if github:
        from sim.output.ci.github import tell_github

        summary = "GITHUB_STEP_SUMMARY"
        write_to(
            keeper, lambda _: tell_github(checks.files, checks.differences, checks.unchecked), Path(summary), summary
        )


def _leave(keeper: "Keeper", outcome: "Outcome") -> None:
    """Exit with what is worst."""
    tell(keeper.problems)
    if outcome in ("WRONG", "FAIL"):
        raise typer.Exit(WRONG if outcome == "WRONG" else FAILED)
    if keeper.problems:
        raise typer.Exit(NOT_SAVED)
    if outcome == "INCONCLUSIVE":
        raise typer.Exit(INCONCLUSIVE)
