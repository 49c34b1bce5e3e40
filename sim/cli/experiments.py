"""`sim replicate`, `sweep`, `compare`, `select`, `theory` and `staff`: a scenario again and again, and beside other
versions of itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, FILES, JOBS, JSON, TIMES, Experiment, Files, Keeping, argument, flag, number, option
from sim.cli.statuses import STATUSES, leave
from sim.cli.work import carry_out
from sim.errors import ArgumentError
from sim.output.terminal import columns, show, working


@dataclass
class _Study(Files, Experiment):
    files: bool = FILES
    as_json: bool = JSON


@dataclass
class _Selection(_Study):
    times: int | None = number("Most replications of a candidate. Default: the file's max, or 1000.", *TIMES)


def replicate_command(
    *,
    file: Path = FILE,
    with_inputs: bool = flag("Add the uncertainty of parameters that were fitted to few days.", "--input-uncertainty"),
    options: _Study,
) -> None:
    """Run a scenario many times; show estimates with their intervals."""
    scenario = options.load(file)
    if with_inputs:
        sim.experiment.refuse_unfitted(scenario)
    _run("replicate", [scenario], options, partial(sim.replicate, scenario, options.times), with_inputs=with_inputs)


def sweep_command(*, file: Path = FILE, options: _Study) -> None:
    """Run a scenario with each value of its sweep; show curves."""
    scenario = _load_swept(file, options)
    _run("sweep", [scenario], options, partial(sim.sweep, scenario, options.times))


def select_command(*, file: Path = FILE, options: _Selection) -> None:
    """Select the best candidate that keeps all thresholds."""
    scenario = _load_swept(file, options)
    _run("select", [scenario], options, partial(sim.select, scenario, options.times))


def _load_swept(file: Path, options: _Study) -> "sim.Scenario":
    """Return a scenario; refuse a value for a parameter that is swept, which nothing would come of."""
    scenario = options.load(file)
    for name in options.parameters():
        if scenario.file.sweep is not None and name in scenario.file.sweep.values:
            raise ArgumentError("set", f"{name} is swept; set another parameter, or edit the sweep")
    return scenario


def compare_command(
    *,
    paths: list[Path] = argument("The baseline and other files, or one file with a sweep.", "FILE"),
    metrics: list[str] | None = option("Metric to compare; may be repeated.", "NAME", "--metric"),
    page: bool = flag("Write a page of replication 1 of two files, side by side.", "--page"),
    options: _Study,
) -> None:
    """Compare files, or the values of a sweep, with a baseline."""
    scenarios = [options.load(path) for path in paths]
    try:
        names = [scenarios[0].metric_name(name) for name in metrics or ()]
    except ValueError as error:
        raise ArgumentError("metric", str(error)) from None
    html = None
    if page:
        if len(scenarios) != 2:
            raise ArgumentError("page", "shows two files side by side; name two")
        if not options.files:
            raise ArgumentError("page", "is a file; leave out --no-files")
        seed = scenarios[0].seed if options.seed is None else options.seed
        html = output.page.comparison_page(*(sim.run(scenario, seed, engine=options.engine) for scenario in scenarios))
    experiment = partial(sim.compare, *scenarios, metric_names=names, times=options.times)
    _run("compare", scenarios, options, experiment, html)


def _run(
    kind: "sim.storage.experiments.Kind",
    scenarios: "Sequence[sim.Scenario]",
    options: _Study,
    experiment: "Callable[..., sim.Replications | sim.Sweep | sim.Comparison | sim.Selection]",
    page: str | None = None,
    with_inputs: bool = False,
) -> None:
    """Carry out an experiment, keep it, write its files, print it, and exit with its status."""
    keeper = options.keeper(kind, scenarios[0])
    with output.folder.output_folder(kind, scenarios, options.out, options.files) as folder:
        result = carry_out(experiment, options, keeper)
        more_lines = output.leaving.leave_experiment(result, keeper, folder, options.charts, page)
    uncertainty = None
    if with_inputs and isinstance(result, sim.Replications):
        jobs = options.jobs or sim.experiment.available_processors()
        uncertainty = sim.input_uncertainty(scenarios[0], plain=result, jobs=jobs, engine=options.engine)
        more_lines += output.estimates.uncertainty_report(uncertainty).lines(columns())
    lines = chain(output.reports.experiment_lines(result, columns()), more_lines)
    show(lines, partial(output.documents.experiment_document, result, uncertainty), options.as_json)
    leave(STATUSES.get(result.outcome, 0) if isinstance(result, sim.Selection) else 0, keeper.problems)


def theory_command(*, file: Path = FILE, options: Experiment, as_json: bool = JSON) -> None:
    """Compare replications with queueing theory, where it applies."""
    scenario = options.load(file)
    keeper = options.keeper("replicate", scenario)
    closed_forms, replications = sim.theory(scenario), None
    if not closed_forms.failing:
        replications = carry_out(partial(sim.replicate, scenario, options.times), options, keeper)
    lines = output.reports.theory_lines(closed_forms, replications, columns())
    show(lines, partial(output.documents.theory_document, closed_forms, scenario, replications), as_json)
    leave(0, keeper.problems)


def staff_command(
    *,
    file: Path = FILE,
    options: Keeping,
    folders: Files,
    jobs: int = JOBS,
    prove: bool = flag("Also prove the lowest possible cost on the days of the search.", "--prove"),
    orders: int | None = number("Most orders that a crew is tested on. Default: 3200000.", 1, 10**9),
    write: Path | None = option("Also write a scenario that extends this one with the crew.", "FILE"),
    files: bool = FILES,
    as_json: bool = JSON,
) -> None:
    """Find the cheapest crew of each slot that keeps all promises."""
    scenario = options.load(file)
    if write is not None:
        output.staffing.refuse_target(scenario, write)
    keeper = options.keeper("staff", scenario)
    how = (options.seed, jobs, options.engine, prove, orders)
    interim: list[sim.Staffing] = []
    with output.folder.output_folder("staff", [scenario], folders.out, files) as folder:
        places_of = partial(
            output.leaving.leave_staffing,
            keeper=keeper,
            folder=folder,
            charts=folders.charts,
            path=write,
            settings=options.parameters(),
        )
        try:
            with working("fresh days", options.engine) as progress:
                staffing = sim.staff(scenario, *how, progress, interim.append)
        except KeyboardInterrupt:
            places = places_of(interim[-1]) if interim else []
            raise KeyboardInterrupt("; ".join(places) or "no crew was found yet") from None
        places = places_of(staffing)
    lines = chain(output.staffing.staffing_lines(staffing, columns()), places)
    show(lines, partial(output.documents.staffing_document, staffing), as_json)
    leave(STATUSES.get(str(staffing.verdict), 0), keeper.problems)
