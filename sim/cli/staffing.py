"""`sim staff`: how many bots each slot of the day needs."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from shlex import quote

import sim
from sim import output
from sim.cli.options import FILE, FILES, JOBS, JSON, Files, Keeping, flag, number, option
from sim.cli.statuses import STATUSES, InterruptedWorkError, leave
from sim.cli.work import numba_hint, write_to
from sim.output.terminal import columns, progress_bar, show


@dataclass
class _Staffing(Files, Keeping):
    jobs: int = JOBS
    prove: bool = flag("Also prove the lowest possible cost on the days of the search.", "--prove")
    orders: int | None = number("Most orders that a crew is tested on. Default: 3200000.", 1, 10**9)
    write: Path | None = option("Also write a scenario that extends this one with the crew.", "FILE")
    files: bool = FILES
    as_json: bool = JSON


def staff_command(*, file: Path = FILE, options: _Staffing) -> None:
    """Find the cheapest crew of each slot that keeps all promises."""
    scenario = options.load(file)
    if options.write is not None:
        output.staffing.refuse_target(scenario, options.write)
    keeper = options.keeper("staff", scenario)
    claimed = output.folder.output_folder("staff", [scenario], options.out) if options.files else nullcontext()
    interim: list[sim.Staffing] = []
    with claimed as folder:
        leave_behind = partial(_leave_behind, options, folder, keeper)
        try:
            with numba_hint(options.engine), progress_bar("fresh days") as progress:
                staffing = sim.staff(
                    scenario,
                    options.seed,
                    options.jobs,
                    options.engine,
                    options.prove,
                    options.orders or sim.experiment.staffing.ORDERS,
                    progress,
                    interim.append,
                )
        except KeyboardInterrupt:
            places = leave_behind(interim[-1]) if interim else []
            raise InterruptedWorkError("; ".join(places) or "no crew was found yet") from None
        places = leave_behind(staffing)
    lines = chain(output.staffing.staffing_lines(staffing, columns()), places)
    show(lines, partial(output.documents.staffing_document, staffing), options.as_json)
    leave(STATUSES.get(str(staffing.verdict), 0), keeper.problems)


def _leave_behind(
    options: _Staffing, folder: Path | None, keeper: "sim.storage.Keeper", staffing: "sim.Staffing"
) -> list[str]:
    """Keep an answer in the embedded file, then in files, then on a server; that one fails does not keep the others
    from it. Return the lines that say where it is.
    """
    lines = []
    keeper.keep_staffing(staffing)
    write = partial(output.folder.write_experiment, staffing, charts=options.charts)
    if folder is not None and write_to(folder, write, keeper.problems):
        lines.append(f"Files: {folder}/")
    if options.write is not None:
        write = partial(output.staffing.write_scenario, staffing, settings=list(options.parameters()))
        if write_to(options.write, write, keeper.problems, "--write"):
            command = f"sim check {quote(str(options.write))}"
            tested = f"; {command} tests its promise" if output.staffing.promise_as_checks(staffing) else ""
            lines.append(f"Scenario: {options.write}{tested}")
    keeper.close()
    if keeper.run_id is not None:
        lines.append(f"Stored: its first day as run {keeper.run_id} {keeper.place}")
    return lines
