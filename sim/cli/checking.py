"""`sim check`: scenario files as tests."""

import os
from collections.abc import Collection, Sequence
from functools import partial
from itertools import chain
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
    destination,
    number_from,
    parameters_of,
    say,
    say_json,
)
from sim.cli.files import scenario_files
from sim.cli.judging import Check
from sim.cli.keeping import DaskOption, Keeper, TimesOption
from sim.errors import Fault
from sim.units import printable

if TYPE_CHECKING:
    from sim.cli.against import Base
    from sim.output.findings import Checked
    from sim.output.reports import Report
    from sim.verdicts import Outcome

_STANDARD_OUTPUT = Path("-")


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
    from sim.output.documents import check_document
    from sim.output.findings import Checked, notes, total_line
    from sim.verdicts import Outcome

    files = scenario_files(paths, keyword)
    unchecked = [] if strict else files.unchecked
    wrong = [Checked(fault.file, [fault]) for fault in (*files.unreadable, *(files.unchecked if strict else []))]
    golden = {"--update-golden": update, "--require-golden": require_golden}
    targets = {"--junit": junit, "--json": as_json}
    _refuse(settings, against, no_regressions, golden, github, targets)
    keeper = Keeper("replicate", None, seed, destination(tags, db, db is not None if save is None else save), tags)
    base = None if against is None else _base(against, db)
    counts_as = {None: Outcome.INCONCLUSIVE, "pass": Outcome.PASS, "fail": Outcome.FAIL}[inconclusive]
    show = as_json != _STANDARD_OUTPUT
    checked: list[Checked] = []
    with keeper.at_work(_processors() if jobs is None else jobs, engine, dask) as options:
        check = Check(keeper, options, times, base, counts_as, update, targets, not settings, require_golden)
        for found in chain(wrong, check.all(files.scenarios, parameters_of(settings))):
            checked.append(found)
            if show and base is None:
                _show(found, verbose, github)
            if fail_fast and found.outcome in (Outcome.WRONG, Outcome.FAIL):
                break
    report = None if base is None else base.report(checked, no_regressions)
    if report is not None and show:
        for found in checked:
            _show(found, verbose, github)
        say(*report.lines(columns()))
    if show:
        most = len(wrong) + len(files.scenarios)
        say(*notes(checked, unchecked), total_line(checked, most, unchecked))
    else:
        say_json(check_document(checked, unchecked))
    _write(keeper, checked, unchecked, report, junit, as_json, github)
    _leave(keeper, {found.outcome for found in checked})


def _refuse(
    settings: list[str] | None,
    against: str | None,
    no_regressions: bool,
    golden: dict[str, bool],
    github: bool,
    targets: dict[str, Path | None],
) -> None:
    """Refuse options that do not go together, and to write where scenarios are."""
    if no_regressions and against is None:
        raise typer.BadParameter("needs --against DIR or --against RUN", param_hint="--no-regressions")
    for option, is_given in golden.items():
        if is_given and settings:
            raise typer.BadParameter("is about what files say; leave --set out", param_hint=option)
    if github and targets["--json"] == _STANDARD_OUTPUT:
        raise typer.BadParameter("would stand between GitHub's annotations; name a file", param_hint="--json -")
    for option, target in targets.items():
        if target is not None and target.suffix in (".yaml", ".yml"):
            problem = f"{printable(str(target))} looks like a scenario; name another file"
            raise typer.BadParameter(problem, param_hint=option)
    given = [os.path.abspath(target) for target in targets.values() if target is not None]  # noqa: PTH100  # follows no link
    if len(set(given)) < len(given):
        raise typer.BadParameter("names the file of --junit; name another", param_hint="--json")


def _base(against: str, db: str | None) -> "Base":
    from sim.cli.against import Base  # late, since it loads the database

    return Base(against, db)


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _show(found: "Checked", verbose: bool, github: bool) -> None:
    from sim.output.findings import checked_lines

    say(*checked_lines(found, verbose, columns()))
    if github:
        from sim.output.github import annotations

        say(*annotations(found))


def _write(
    keeper: Keeper,
    checked: Sequence["Checked"],
    unchecked: Sequence[Fault],
    report: "Report | None",
    junit: Path | None,
    as_json: Path | None,
    github: bool,
) -> None:
    """Write the files that are asked for; what cannot be written becomes a problem."""
    from sim.output.documents import write_check

    if junit is not None:
        from sim.output.junit import write_junit

        keeper.write(partial(write_junit, checked), junit, "--junit")
    if as_json is not None and as_json != _STANDARD_OUTPUT:
        keeper.write(partial(write_check, checked, unchecked), as_json, "--json")
    if github:
        from sim.output.github import tell_github

        keeper.write(
            lambda _: tell_github(checked, report, unchecked), Path("GITHUB_STEP_SUMMARY"), "GITHUB_STEP_SUMMARY"
        )


def _leave(keeper: Keeper, outcomes: Collection["Outcome"]) -> None:
    """Exit with what is worst."""
    keeper.tell()
    for outcome, status in (("WRONG", WRONG), ("FAIL", FAILED)):
        if outcome in outcomes:
            raise typer.Exit(status)
    if keeper.problems:
        raise typer.Exit(NOT_SAVED)
    if "INCONCLUSIVE" in outcomes:
        raise typer.Exit(INCONCLUSIVE)
