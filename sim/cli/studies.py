"""`sim sweep`, `sim compare` and `sim select`: a scenario beside other versions of itself."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.common import (
    FAILED,
    INCONCLUSIVE,
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
    number_from,
    output_folder,
    prepared,
    say,
    say_json,
)
from sim.cli.keeping import DaskOption, FilesOption, JobsOption, TimesOption, at_work, keeper_of, leave, tell, write_to

if TYPE_CHECKING:
    from sim.experiment import Comparison, Selection, Sweep
    from sim.output.reports import Report
    from sim.scenario import Scenario
    from sim.storage import Keeper


def sweep_command(
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
    """Run a scenario with each value of its sweep; show curves and thresholds."""
    from sim.experiment import sweep
    from sim.output.documents import sweep_document
    from sim.output.reports import sweep_report

    scenario, address = prepared(file, settings, tags, db, save)
    _check_settings(scenario, settings)
    keeper = keeper_of("sweep", scenario, seed, address, tags)
    with output_folder("sweep", [scenario], out, files) as folder:
        with at_work(keeper, jobs, engine, dask) as options:
            study = sweep(scenario, times, **options)
        _show(keeper, study, sweep_report(study), sweep_document(study) if as_json else None, folder, charts)
    leave(keeper.problems)


def compare_command(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="The baseline, and others; or one with a sweep.")],
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="What to compare; may be repeated.")
    ] = None,
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
    """Compare scenarios with a baseline, pair by pair: two files, or one file's sweep."""
    from sim.experiment import compare
    from sim.output.documents import compare_document
    from sim.output.reports import compare_report
    from sim.scenario import metric_of

    try:
        names = [metric_of(name) for name in metrics or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--metric") from None
    (scenario, address), *prepared_alternatives = (prepared(path, settings, tags, db, save) for path in paths)
    alternatives = [alternative for alternative, _ in prepared_alternatives]
    keeper = keeper_of("compare", scenario, seed, address, tags)
    with output_folder("compare", [scenario, *alternatives], out, files) as folder:
        with at_work(keeper, jobs, engine, dask) as options:
            study = compare(scenario, *alternatives, metric_names=names, times=times, **options)
        _show(keeper, study, compare_report(study), compare_document(study) if as_json else None, folder, charts)
    leave(keeper.problems)


def select_command(
    file: FileArgument,
    budget: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--replications",
            parser=number_from(1, 1_000_000),
            metavar="N",
            help="Most of a candidate. Default: the file's max, or 1000.",
        ),
    ] = None,
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
    """Select the best candidate that keeps all thresholds, with a confidence for that."""
    from sim.experiment import select
    from sim.output.documents import select_document
    from sim.output.reports import select_report

    scenario, address = prepared(file, settings, tags, db, save)
    _check_settings(scenario, settings)
    keeper = keeper_of("select", scenario, seed, address, tags)
    with output_folder("select", [scenario], out, files) as folder:
        with at_work(keeper, jobs, engine, dask) as options:
            study = select(scenario, budget, **options)
        _show(keeper, study, select_report(study), select_document(study) if as_json else None, folder, charts)
    if study.outcome == "none":
        tell(keeper.problems)
        raise typer.Exit(FAILED)
    leave(keeper.problems, INCONCLUSIVE if study.selected is None else 0)


def _show(
    keeper: "Keeper",
    study: "Sweep | Comparison | Selection",
    report: "Report",
    document: dict[str, Any] | None,
    folder: Path | None,
    charts: bool,
) -> None:
    """Write the files of a study into a folder, if any, and print its document, or its report where there is none."""
    from sim.output.folder import write_study

    lines = list(report.lines(columns()))
    if folder is not None:
        lines += write_to(keeper, partial(write_study, study, charts=charts), folder)
    if document is None:
        say(*lines)
    else:
        say_json(document)


def _check_settings(scenario: "Scenario", settings: list[str] | None) -> None:
    """Refuse a value for a parameter that is swept, which nothing would come of."""
    block = scenario.file.sweep
    for setting in settings or []:
        name = setting.partition("=")[0]
        if block is not None and name in block.values:
            raise typer.BadParameter(f"{name} is swept; set another parameter, or edit the sweep", param_hint="--set")
