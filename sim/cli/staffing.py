"""`sim staff`: how many bots each slot of the day needs."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from sim.cli.options import FILES, JOBS, JSON, FileArgument, Files, Keeping, Model, flag, number, option
from sim.cli.statuses import FAILED, INCONCLUSIVE, InterruptedWorkError, leave
from sim.cli.work import numba_hint, write_to
from sim.output.terminal import columns, progress_bar, say, say_json

if TYPE_CHECKING:
    from sim.experiment import Staffing
    from sim.scenario import Scenario
    from sim.storage import Keeper

_STATUSES = {"PASS": 0, "FAIL": FAILED, "INCONCLUSIVE": INCONCLUSIVE}


@dataclass
class _Staffing(Files, Keeping, Model):
    jobs: int | None = JOBS
    prove: bool = flag("Also prove the lowest possible cost on the days of the search.", "--prove")
    orders: int | None = number("Most orders that a crew is tested on. Default: 3200000.", 1, 10**9)
    write: Path | None = option("Also write a scenario that extends this one with the crew.", "FILE")
    files: bool = FILES
    as_json: bool = JSON


def staff_command(file: FileArgument, options: _Staffing) -> None:
    """Find the cheapest crew of each slot that keeps all promises."""
    from sim.output.documents import staffing_document
    from sim.output.folder import output_folder
    from sim.output.staffing import staffing_lines
    from sim.storage import Keeper

    scenario = options.load(file)
    _refuse_target(scenario, options.write)
    keeper = Keeper(options.address(), options.tags or [], "staff", scenario, options.seed)
    with output_folder("staff", [scenario], options.out) if options.files else nullcontext() as folder:
        staffing = _carried_out(scenario, options, partial(_leave_behind, options, folder, keeper))
        places = _leave_behind(options, folder, keeper, staffing)
    if options.as_json:
        say_json(staffing_document(staffing))
    else:
        say(*staffing_lines(staffing, columns()), *places)
    leave(keeper.problems, _STATUSES[str(staffing.verdict)])


def _refuse_target(scenario: "Scenario", target: Path | None) -> None:
    """Refuse a place for the crew where no file can extend the scenario, before anything is run."""
    from sim.output.files import refuse_sources
    from sim.output.staffing import name_of_base

    if target is not None:
        refuse_sources([target], scenario.sources, "write")
        name_of_base(scenario, target)


def _carried_out(
    scenario: "Scenario", options: _Staffing, leave_behind: Callable[["Staffing"], list[str]]
) -> "Staffing":
    """Return the answer; where it is interrupted, what is there so far is left behind."""
    from sim.experiment import available_processors, staff
    from sim.experiment.staffing import ORDERS

    answers: list[Staffing] = []
    try:
        with numba_hint(options.engine), progress_bar("fresh days") as progress:
            return staff(
                scenario,
                options.seed,
                options.jobs or available_processors(),
                options.engine,
                options.prove,
                options.orders or ORDERS,
                progress,
                answers.append,
            )
    except KeyboardInterrupt:
        places = leave_behind(answers[-1]) if answers else []
        raise InterruptedWorkError("; ".join(places) or "no crew was found yet") from None


def _leave_behind(options: _Staffing, folder: Path | None, keeper: "Keeper", staffing: "Staffing") -> list[str]:
    """Keep an answer in the embedded file, then in files, then on a server; that one fails does not keep the others
    from it. Return the lines that say where it is.
    """
    from sim.output.files import write_text
    from sim.output.folder import write_experiment
    from sim.output.staffing import promise_as_checks, scenario_lines

    lines = []
    keeper.keep_staffing(staffing)
    write = partial(write_experiment, staffing, charts=options.charts)
    if folder is not None and write_to(folder, write, keeper.problems):
        lines.append(f"Files: {folder}/")
    if options.write is not None:
        text = "\n".join(scenario_lines(staffing, options.write, list(options.parameters()))) + "\n"
        if write_to(options.write, partial(write_text, text=text), keeper.problems, "--write"):
            command = f"sim check {quote(str(options.write))}"
            tested = f"; {command} tests its promise" if promise_as_checks(staffing) else ""
            lines.append(f"Scenario: {options.write}{tested}")
    keeper.close()
    if keeper.run_id is not None:
        lines.append(f"Stored: its first day as run {keeper.run_id} {keeper.place}")
    return lines
