"""`sim replicate`, `sweep`, `compare`, `select` and `theory`: a scenario again and again, and beside other versions of
itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import sim
from sim import output
from sim.cli.options import FILE, FILES, JSON, Experiment, Files, argument, flag, option, replications
from sim.cli.statuses import STATUSES, leave
from sim.cli.work import carry_out
from sim.errors import ArgumentError
from sim.output.terminal import columns, show


@dataclass
class _Study(Files, Experiment):
    files: bool = FILES
    as_json: bool = JSON


@dataclass
class _Selection(_Study):
    times: int | None = replications("Most replications of a candidate. Default: the file's max, or 1000.")


@dataclass
class _Theory(Experiment):
    as_json: bool = JSON


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
    experiment = partial(sim.compare, *scenarios, metric_names=names, times=options.times)
    _run("compare", scenarios, options, experiment, _side_by_side(scenarios, options) if page else None)


def _side_by_side(scenarios: "Sequence[sim.Scenario]", options: _Study) -> str:
    """Return the page of two scenarios with the same customers."""
    if len(scenarios) != 2:
        raise ArgumentError("page", "shows two files side by side; name two")
    if not options.files:
        raise ArgumentError("page", "is a file; leave out --no-files")
    seed = scenarios[0].seed if options.seed is None else options.seed
    first, second = (sim.run(scenario, seed, engine=options.engine) for scenario in scenarios)
    return output.page.comparison_page(first, second)


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


def theory_command(*, file: Path = FILE, options: _Theory) -> None:
    """Compare replications with queueing theory, where it applies."""
    scenario = options.load(file)
    keeper = options.keeper("replicate", scenario)
    closed_forms, replications = sim.theory(scenario), None
    if not closed_forms.failing:
        replications = carry_out(partial(sim.replicate, scenario, options.times), options, keeper)
    lines = output.reports.theory_lines(closed_forms, replications, columns())
    show(lines, partial(output.documents.theory_document, closed_forms, scenario, replications), options.as_json)
    leave(0, keeper.problems)
