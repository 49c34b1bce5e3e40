"""`sim replicate` and `sim theory`: what a random scenario says, and what queueing theory says."""

from functools import partial
from typing import TYPE_CHECKING

from sim.cli.common import (
    ChartsOption,
    DatabaseOption,
    EngineOption,
    FileArgument,
    JsonOption,
    OutOption,
    SaveOption,
    SeedOption,
    SettingsOption,
    TagsOption,
    columns,
    output_folder,
    prepared,
    say,
    say_json,
)
from sim.cli.keeping import DaskOption, FilesOption, JobsOption, TimesOption, at_work, keeper_of, leave, write_to
from sim.engines import Engine

if TYPE_CHECKING:
    from sim.experiment import Replications
    from sim.scenario import Scenario
    from sim.storage import Keeper


def replicate_command(
    file: FileArgument,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    engine: EngineOption = "auto",
    out: OutOption = None,
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    files: FilesOption = True,
    charts: ChartsOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario many times; show means with their uncertainty."""
    from sim.experiment import theory
    from sim.output.documents import replications_document
    from sim.output.estimates import estimate_lines
    from sim.output.folder import write_replications
    from sim.output.reports import theory_report

    scenario, address = prepared(file, settings, tags, db, save)
    keeper = keeper_of("replicate", scenario, seed, address, tags)
    with output_folder("replicate", [scenario], out, files) as folder:
        replications = _replicated(keeper, scenario, times, jobs, engine, dask)
        lines = [
            *estimate_lines(replications, columns()),
            *theory_report(theory(scenario), replications).lines(columns()),
        ]
        if folder is not None:
            lines += write_to(keeper, partial(write_replications, replications, charts=charts), folder)
    if as_json:
        say_json(replications_document(replications))
    else:
        say(*lines)
    leave(keeper.problems)


def theory_command(
    file: FileArgument,
    times: TimesOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    jobs: JobsOption = 1,
    dask: DaskOption = None,
    engine: EngineOption = "auto",
    db: DatabaseOption = None,
    tags: TagsOption = None,
    save: SaveOption = True,
    as_json: JsonOption = False,
) -> None:
    """Show what queueing theory says of a scenario beside what replications say."""
    from sim.experiment import theory
    from sim.output.documents import theory_document
    from sim.output.reports import theory_report
    from sim.output.wording import how_often

    scenario, address = prepared(file, settings, tags, db, save)
    closed_forms = theory(scenario)
    if closed_forms.failing:
        if as_json:
            say_json(theory_document(closed_forms, scenario, None))
        else:
            say(*theory_report(closed_forms, None).lines(columns()))
        return
    keeper = keeper_of("replicate", scenario, seed, address, tags)
    replications = _replicated(keeper, scenario, times, jobs, engine, dask)
    head = f"{scenario.name}, seed {replications.seed}, {how_often([replications])}"
    report = theory_report(closed_forms, replications)
    if as_json:
        say_json(theory_document(closed_forms, scenario, replications))
    else:
        say(head, *report.lines(columns()))
    leave(keeper.problems)


def _replicated(
    keeper: "Keeper", scenario: "Scenario", times: int | None, jobs: int, engine: Engine, dask: str | None
) -> "Replications":
    """Run what is not in the database yet, and keep it there."""
    from sim.experiment import replicate

    with at_work(keeper, jobs, engine, dask) as options:
        return replicate(scenario, times, **options)
